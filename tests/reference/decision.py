"""The reference decision: slow and obviously right. It reads the rolebook and shares no line with the walk.

No masks, no intervals, no compiled form: parents are followed one by one, cells are read as printed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from rolebook.decision.evaluation import Access, Holding, Person
from rolebook.policy.model import Act, Privilege, Role, Rolebook

type Organizations = Mapping[str, tuple[str | None, str]]
"""Organization id to (parent id or None, kind id)."""


def may(
    rolebook: Rolebook,
    organizations: Organizations,
    person: Person,
    action: str,
    organization_id: str | None,
    at: datetime,
    record_id: str | None = None,
    holds: Callable[[str], bool] = lambda _: False,
) -> bool:
    """Return whether the person may do this there, then; ``holds`` says which conditions are true, by their text."""
    if not person.active:
        return False
    if organization_id is not None and organization_id not in organizations:
        return False
    if not all(holds(one.when) for one in rolebook.conditions if action in one.privilege_ids):
        return False
    return any(
        holding_says_yes(
            rolebook, organizations, person, holding, action, organization_id, at, record_id, holds
        )
        for holding in person.holdings
    )


def holding_says_yes(
    rolebook: Rolebook,
    organizations: Organizations,
    person: Person,
    holding: Holding,
    action: str,
    organization_id: str | None,
    at: datetime,
    record_id: str | None,
    holds: Callable[[str], bool] = lambda _: False,
) -> bool:
    """Return whether one grant of a role is enough."""
    role = next((role for role in (*rolebook.roles, rolebook.steward) if role.id == holding.role_id), None)
    if role is None or not in_force(holding, at) or not well_placed(rolebook, organizations, role, holding):
        return False
    if action.startswith("act:"):
        return act_says_yes(rolebook, organizations, person, role, holding, action, organization_id, at)
    answers = cells_say(rolebook, role, action, holds)
    own_record = record_id is not None and person.record_id == record_id
    if not answers or ("yes" not in answers and not own_record):
        return False
    if role.reach.scope == "own record":
        return own_record
    if role.reach.scope == "everywhere" or action in role.reach.elsewhere:
        return True
    if rolebook.access == "apart from roles":
        return any(
            covers(organizations, access.organization_id, access.lower_levels, organization_id)
            for access in person.accesses
            if in_force(access, at)
        )
    lower_levels = role.reach.lower_levels or role.reach.many
    return covers(organizations, holding.organization_id, lower_levels, organization_id)


def act_says_yes(
    rolebook: Rolebook,
    organizations: Organizations,
    person: Person,
    role: Role,
    holding: Holding,
    action: str,
    organization_id: str | None,
    at: datetime,
) -> bool:
    """Return whether an act of authority is the role's, counted from where grant or access stands."""
    answers = []
    for act in Act:
        for holder in rolebook.authority.acts[act]:
            if f"act:{act.value}" != action or holder.role_id != role.id:
                continue
            below = holder.where == "with lower levels"
            if rolebook.access == "apart from roles" and role.reach.scope == "organization":
                answers += [
                    covers(
                        organizations, access.organization_id, below and access.lower_levels, organization_id
                    )
                    for access in person.accesses
                    if in_force(access, at)
                ]
            elif holding.organization_id is None:
                answers.append(below or organization_id is None)
            else:
                answers.append(covers(organizations, holding.organization_id, below, organization_id))
    return any(answers)


def in_force(grant: Holding | Access, at: datetime) -> bool:
    """Return whether starts_at ≤ at < min(ends_at, closed_at)."""
    ends = [end for end in (grant.ends_at, grant.closed_at) if end is not None]
    return grant.starts_at <= at and all(at < end for end in ends)


def well_placed(rolebook: Rolebook, organizations: Organizations, role: Role, holding: Holding) -> bool:
    """Return whether a grant stands where the role can be held."""
    with_each_role = rolebook.access == "with each role"
    if holding.organization_id is None:
        return not (with_each_role and role.reach.scope == "organization")
    if holding.organization_id not in organizations:
        return False
    _, kind = organizations[holding.organization_id]
    restricted = with_each_role and role.reach.scope == "organization" and role.reach.kinds
    return not restricted or kind in role.reach.kinds


def covers(organizations: Organizations, upper: str | None, lower_levels: bool, asked: str | None) -> bool:
    """Return whether ``asked`` is ``upper`` or, with lower levels, somewhere below it."""
    if upper is None or asked is None or upper not in organizations:
        return False
    here: str | None = asked
    while here is not None:
        if here == upper:
            return True
        if not lower_levels:
            return False
        here = organizations[here][0]
    return False


def cells_say(
    rolebook: Rolebook, role: Role, privilege_id: str, holds: Callable[[str], bool] = lambda _: False
) -> set[str]:
    """Return "yes", "own" or both: what the printed cells and the notes give a role of one privilege."""
    privileges = {privilege.id: privilege for privilege in rolebook.privileges}
    if privilege_id not in privileges:
        return set()
    answers = {"yes" for note in role.by_note if note.privilege_id == privilege_id}
    for table in rolebook.matrix.tables:
        for index, column in enumerate(table.columns):
            if column.role_id != role.id:
                continue
            for row in table.rows:
                printed = privileges[row.privilege_id]
                if privilege_id == printed.id or privilege_id in printed.includes:
                    answers |= cell_says(rolebook, row.cells[index], privileges[privilege_id], holds)
    return answers


def cell_says(rolebook: Rolebook, cell: str, privilege: Privilege, holds: Callable[[str], bool]) -> set[str]:
    """Return what one cell gives of a privilege that its row is about, or includes."""
    if cell == "yes":
        return {"yes"}
    mark = next((mark for mark in rolebook.marks if mark.id == cell), None)
    if mark is None or not mark.allows:
        return set()
    if mark.condition is not None and not holds(mark.condition):
        return set()
    if mark.operations and privilege.operation not in mark.operations:
        return set()
    return {"own"} if mark.own_record else {"yes"}
