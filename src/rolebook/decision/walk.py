"""The one decision walk: what a person's holdings give, where, and from when to when.

Check, batch, explain and search all read the steps made here, so that they cannot disagree (I10). Nobody else
looks at a holding's dates, a role's reach or an organization's place. The walk is necessary and never
sufficient for acts of
authority: the stage also says for which categories somebody decides (design: "Authority").
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from rolebook.decision.compiled import CompiledProgram, CompiledRole, Given
from rolebook.decision.evaluation import Access, Holding, Person, lapse
from rolebook.decision.tree import NOWHERE, OrganizationTree


class Extent(StrEnum):
    """Where a step's actions apply."""

    EVERYWHERE = "everywhere"
    """In every organization of the program, and where none is named."""
    LOWER_LEVELS = "lower_levels"
    """In an organization and all below it."""
    SAME = "same"
    """In exactly one organization; or, held at none, where none is named."""
    NOTHING = "nothing"
    """Nowhere; the step's lapse says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one holding gives in one extent.

    Attributes:
        holding: the grant of the role.
        mask: the actions given, as bits of `CompiledProgram.bits`.
        extent: where.
        first: first preorder position covered (LOWER_LEVELS, SAME).
        last: position after the last one covered.
        organization_id: the organization that the interval belongs to, if any.
        lapse: None when in force; else the code of what keeps it from counting.
        access: the access that answers together with the holding, where a program holds access apart.
        own_record: whether it applies to the person's own record only.
    """

    holding: Holding
    mask: int
    extent: Extent
    first: int = 0
    last: int = 0
    organization_id: str | None = None
    lapse: str | None = None
    access: Access | None = None
    own_record: bool = False

    def covers(self, position: int, own_record: bool) -> bool:
        """Return whether the step applies at a position (`NOWHERE`: none named), or to the record."""
        if self.own_record and not own_record:
            return False
        return self.reaches(position)

    def reaches(self, position: int) -> bool:
        """Return whether the step applies at a position, whatever the record."""
        if self.extent is Extent.EVERYWHERE:
            return True
        return self.extent is not Extent.NOTHING and self.first <= position < self.last


def walk(program: CompiledProgram, tree: OrganizationTree, person: Person, at: datetime) -> Iterator[Step]:
    """Yield what each holding of ``person`` gives at ``at``, the narrowest extent of a holding first.

    Steps with a ``lapse`` give nothing; they are yielded so that a refusal can say what was near. A closed
    account is the caller's first question: the walk reads holdings only.
    """
    for holding in person.holdings:
        role = program.roles.get(holding.role_id)
        if role is None:
            yield Step(holding, program.every_action, Extent.NOTHING, lapse="role_unknown")
            continue
        lapsed = lapse(holding.starts_at, holding.ends_at, holding.closed_at, at)
        place = _place(tree, role, holding)
        if isinstance(place, str):
            yield Step(holding, role.bits, Extent.NOTHING, lapse=place)
            continue
        for given, own_record in ((role.any_record, False), (role.own_record, True)):
            if not given.bits:
                continue
            steps = (
                _through_access(tree, given, holding, person=person, at=at)
                if role.through_access
                else _with_role(given, holding, place, lapsed)
            )
            for step in steps:
                yield replace(step, own_record=True) if own_record else step
            if given.everywhere:
                yield Step(holding, given.everywhere, Extent.EVERYWHERE, lapse=lapsed, own_record=own_record)


def _place(tree: OrganizationTree, role: CompiledRole, holding: Holding) -> tuple[int, int] | str:
    """Return the interval at which a role is held, or the code of why it is held nowhere that counts (I4).

    Held at no organization, it stands above all of them: the interval begins with `NOWHERE` itself.
    """
    if holding.organization_id is None:
        return "held_nowhere" if role.needs_organization else (NOWHERE, len(tree))
    interval = tree.interval(holding.organization_id)
    if interval is None:
        return "held_at_unknown_organization"
    if role.kinds and tree.kind(holding.organization_id) not in role.kinds:
        return "held_at_other_kind"
    return interval


def _with_role(given: Given, holding: Holding, place: tuple[int, int], lapsed: str | None) -> Iterator[Step]:
    """Yield what a role gives at the organization it is held at (access with each role)."""
    first, last = place
    if given.same:
        yield Step(holding, given.same, Extent.SAME, first, first + 1, holding.organization_id, lapsed)
    if given.lower_levels:
        yield Step(
            holding, given.lower_levels, Extent.LOWER_LEVELS, first, last, holding.organization_id, lapsed
        )


def _through_access(
    tree: OrganizationTree, given: Given, holding: Holding, *, person: Person, at: datetime
) -> Iterator[Step]:
    """Yield what a role gives at each organization held apart from roles: the AND of the two.

    Nothing is stored of the product, and both must be in force. The access says whether lower levels are
    included; an organization on the holding itself adds nothing.
    """
    local = given.same | given.lower_levels
    if not local:
        return
    reached = False
    lapsed = lapse(holding.starts_at, holding.ends_at, holding.closed_at, at)
    for access in person.accesses:
        interval = tree.interval(access.organization_id)
        if interval is None:
            continue
        reached = True
        first, last = interval
        why = lapsed
        if why is None and (lost := lapse(access.starts_at, access.ends_at, access.closed_at, at)):
            why = f"access_{lost}"
        if given.same:
            yield Step(
                holding, given.same, Extent.SAME, first, first + 1, access.organization_id, why, access
            )
        if given.lower_levels:
            extent = Extent.LOWER_LEVELS if access.lower_levels else Extent.SAME
            last = last if access.lower_levels else first + 1
            yield Step(holding, given.lower_levels, extent, first, last, access.organization_id, why, access)
    if not reached:
        yield Step(holding, local, Extent.NOTHING, lapse=lapsed or "no_access")
