"""Which role do I need? The roles that give a privilege, and the smallest sets that give several."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from rolebook.decision.compiled import CompiledProgram
from rolebook.policy.model import OFFICE_CATEGORY_ID, Role, Rolebook

_REQUEST = "request"
_MOST_SETS = 5000
"""Sets kept of one category; programs have some dozens of roles."""


@dataclass(frozen=True, slots=True)
class Way:
    """A role that gives an action.

    Attributes:
        role_id: the role.
        category_id: its user category.
        obtained: "request", "designation" or "registration".
        extents: where it gives it: "lower_levels", "same", "everywhere", or "elsewhere" for what an
            organization's role gives in other organizations too (see `walk.Extent`).
        own_record: whether on the own record only.
    """

    role_id: str
    category_id: str
    obtained: str
    extents: tuple[str, ...]
    own_record: bool

    @property
    def requestable(self) -> bool:
        """Whether somebody can ask for the role."""
        return self.obtained == _REQUEST


@dataclass(frozen=True, slots=True)
class RoleSet:
    """Roles of one category that together give what is needed.

    Attributes:
        category_id: the user category of all of them.
        role_ids: the roles, in the rolebook's order.
        extras: privileges that they give besides, in the rolebook's order.
        not_requestable: those of the roles that cannot be asked for.
        own_record_only: needed privileges that they give on one's own record only.
    """

    category_id: str
    role_ids: tuple[str, ...]
    extras: tuple[str, ...]
    not_requestable: tuple[str, ...]
    own_record_only: tuple[str, ...]


def ways(rolebook: Rolebook, program: CompiledProgram, action: str) -> tuple[Way, ...]:
    """Return every role that gives an action, in the rolebook's order; none for an unknown action."""
    bit = program.bits.get(action, 0)
    found = []
    for role in (*rolebook.roles, rolebook.steward):
        compiled = program.roles[role.id]
        own_record = not compiled.any_record.bits & bit
        given = compiled.own_record if own_record else compiled.any_record
        extents = []
        if given.lower_levels & bit:
            extents.append("lower_levels")
        if given.same & bit:
            extents.append("same")
        if given.everywhere & bit:
            extents.append("elsewhere" if extents else "everywhere")
        if extents:
            found.append(Way(role.id, role.category_id, role.obtained, tuple(extents), own_record))
    return tuple(found)


def which_role(
    rolebook: Rolebook,
    program: CompiledProgram,
    needed: Sequence[str],
    *,
    category_id: str | None = None,
    limit: int = 20,
) -> tuple[RoleSet, ...]:
    """Return the smallest sets of roles of one category that give all of ``needed``.

    Every category gives its smallest sets; a set is smallest when no fewer roles of its category do. They are
    ordered by number of roles, then by number of extra privileges, then by roles that cannot be asked for,
    then as the rolebook lists them.

    Args:
        rolebook: the program's rolebook.
        program: the same, compiled.
        needed: privilege ids; an unknown one is given by no role, so that the answer is empty.
        category_id: only this category, or None for all.
        limit: how many sets at most.
    """
    if not needed or any(privilege_id not in program.bits for privilege_id in needed):
        return ()
    wanted = _mask(program, needed)
    found: list[RoleSet] = []
    for category in rolebook.categories:
        if category_id in (None, category.id):
            roles = [role for role in rolebook.roles if role.category_id == category.id]
            found.extend(_describe(program, wanted, roles_) for roles_ in _smallest(program, wanted, roles))
    order = {role.id: number for number, role in enumerate(rolebook.roles)}
    found.sort(
        key=lambda given: (
            len(given.role_ids),
            len(given.own_record_only),
            len(given.extras),
            len(given.not_requestable),
            [order[role_id] for role_id in given.role_ids],
        )
    )
    return tuple(found[:limit])


def _mask(program: CompiledProgram, actions: Iterable[str]) -> int:
    """Return the bits of known actions."""
    mask = 0
    for action in actions:
        mask |= program.bits[action]
    return mask


def _smallest(program: CompiledProgram, wanted: int, roles: Sequence[Role]) -> list[tuple[Role, ...]]:
    """Return the sets of as few roles as possible that cover ``wanted``."""
    useful = [role for role in roles if program.roles[role.id].bits & wanted]
    together = 0
    for role in useful:
        together |= program.roles[role.id].bits
    if wanted & ~together:
        return []
    for size in range(1, len(useful) + 1):
        sets = list(islice(_covers(program, wanted, useful, size), _MOST_SETS))
        if sets:
            return sets
    return []


def _covers(
    program: CompiledProgram, wanted: int, roles: Sequence[Role], size: int
) -> Iterator[tuple[Role, ...]]:
    """Yield the sets of ``size`` roles, in the rolebook's order, that cover ``wanted``."""
    if not wanted:
        if size == 0:
            yield ()
        return
    if size == 0:
        return
    union = [0] * (len(roles) + 1)
    for index in range(len(roles) - 1, -1, -1):
        union[index] = union[index + 1] | program.roles[roles[index].id].bits
    for index, role in enumerate(roles):
        if wanted & ~union[index]:
            return
        given = program.roles[role.id].bits
        if given & wanted:
            for rest in _covers(program, wanted & ~given, roles[index + 1 :], size - 1):
                yield (role, *rest)


def _describe(program: CompiledProgram, wanted: int, roles: Sequence[Role]) -> RoleSet:
    """Put a set into words."""
    every = full = 0
    for role in roles:
        compiled = program.roles[role.id]
        every |= compiled.bits
        full |= compiled.any_record.bits
    return RoleSet(
        category_id=roles[0].category_id,
        role_ids=tuple(role.id for role in roles),
        extras=program.privileges(every & ~wanted),
        not_requestable=tuple(role.id for role in roles if role.obtained != _REQUEST),
        own_record_only=program.names(wanted & ~full),
    )


def other_category(rolebook: Rolebook, way: Way, held: Iterable[str]) -> bool:
    """Return whether a role cannot be added because one of another exclusive category is held."""
    if way.category_id == OFFICE_CATEGORY_ID:
        return False
    exclusive = {category.id for category in rolebook.categories if category.exclusive}
    return any(
        role is not None
        and role.category_id not in {way.category_id, OFFICE_CATEGORY_ID}
        and exclusive & {role.category_id, way.category_id}
        for role in map(rolebook.role, held)
    )
