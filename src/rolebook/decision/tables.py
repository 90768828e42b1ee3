"""What a snapshot compares with: the program's power by role code and the tree's intervals by organization
code.

Both are made whole and swapped whole; rows of grants are never touched by a new rolebook or a moved
organization.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rolebook.decision.columns import FIRST_ROLE, MOVED, NO_ORGANIZATION, Codes
from rolebook.decision.compiled import CompiledProgram, CompiledRole, Given
from rolebook.decision.leads import LOOK_ALWAYS, role_mask
from rolebook.decision.tree import NOWHERE, OrganizationTree

LOWER = 1
SAME = 2
EVERYWHERE = 4
EXTENTS = 7
"""Extents of one action for one role, as flags (see `rolebook.decision.walk.Extent`)."""

OWN_SHIFT = 3
OWN = EXTENTS << OWN_SHIFT
GIVES = EXTENTS | OWN
"""The same flags stand in the next three bits when they hold on the own record only."""

VOID = 64
"""The rows are void: the account's are in the overlay now."""

LAST = 128
"""The last row of the account."""

GONE = -2
"""Interval of an organization that the tree does not have: no position lies in it, and none equals it."""

_KIND_GONE = 0
_KIND_NONE = 1


type Power = tuple[int, tuple[int, ...]]
"""An action: which leads may give it (see `rolebook.decision.leads`), and its flags by the role bits of a row."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The comparing side of a snapshot.

    Attributes:
        program: the compiled rolebook in force.
        tree: the organizations.
        powers: what each action is to each role.
        through: for each role code, 1 when its extents are those of the person's access.
        everywhere: for each role code, 1 when it gives something at every organization, wherever it is held.
        valid: for each role code, one byte for each kind number: whether a grant of the role counts there
            (I4).
        positions: organization id to preorder position, None to `NOWHERE`.
        low: first position of each organization code.
        high: position after the last one of each organization code.
        kinds: kind number of each organization code.
    """

    program: CompiledProgram
    tree: OrganizationTree
    powers: Mapping[str, Power]
    through: bytes
    everywhere: bytes
    valid: tuple[bytes, ...]
    positions: Mapping[str | None, int]
    low: Sequence[int]
    high: Sequence[int]
    kinds: Sequence[int]


def make_tables(
    program: CompiledProgram, tree: OrganizationTree, roles: Codes, organizations: Codes
) -> Tables:
    """Make the tables for every code given so far."""
    kind_ids = sorted({kind_id for *_, kind_id in tree.subtrees()})
    compiled = [None] * FIRST_ROLE + [program.roles.get(name or "") for name in roles.names[FIRST_ROLE:]]
    positions: dict[str | None, int] = {organization_id: at for at, organization_id in enumerate(tree)}
    positions[None] = NOWHERE
    low, high, kinds = _intervals(tree, organizations, kind_ids)
    return Tables(
        program=program,
        tree=tree,
        powers={action: _power(compiled, program.bits[action]) for action in program.actions},
        through=bytes(role is not None and role.through_access for role in compiled),
        everywhere=bytes(role is not None and role.any_record.everywhere != 0 for role in compiled),
        valid=tuple(_valid(role, kind_ids) for role in compiled),
        positions=positions,
        low=low,
        high=high,
        kinds=kinds,
    )


def _power(roles: Sequence[CompiledRole | None], bit: int) -> Power:
    """Return the flags of one action, for each role code without and with the mark of the last row."""
    flags: list[int] = []
    mask = LOOK_ALWAYS
    for code, role in enumerate(roles):
        given = VOID if code == MOVED else 0
        if role is not None:
            given = _extents(role.any_record, bit) | _extents(role.own_record, bit) << OWN_SHIFT
            mask |= role_mask(code) if given else 0
        flags += (given, given | LAST)
    return mask, tuple(flags)


def _extents(given: Given, bit: int) -> int:
    """Return in which extents an action is given."""
    return (
        (LOWER if given.lower_levels & bit else 0)
        | (SAME if given.same & bit else 0)
        | (EVERYWHERE if given.everywhere & bit else 0)
    )


def _valid(role: CompiledRole | None, kind_ids: list[str]) -> bytes:
    """Return at which kinds of organization a grant of the role counts."""
    if role is None:
        return bytes(2 + len(kind_ids))
    return bytes(
        (0, not role.needs_organization, *(not role.kinds or kind in role.kinds for kind in kind_ids))
    )


def _intervals(
    tree: OrganizationTree, organizations: Codes, kind_ids: list[str]
) -> tuple[list[int], list[int], list[int]]:
    """Return the first and the last position and the kind number of each organization code."""
    kind_numbers = {kind_id: number for number, kind_id in enumerate(kind_ids, start=_KIND_NONE + 1)}
    codes = len(organizations.names)
    low, high, kinds = [GONE] * codes, [GONE] * codes, [_KIND_GONE] * codes
    low[NO_ORGANIZATION], high[NO_ORGANIZATION], kinds[NO_ORGANIZATION] = NOWHERE, len(tree), _KIND_NONE
    numbers = organizations.numbers
    for organization_id, first, last, kind_id in tree.subtrees():
        code = numbers[organization_id]
        low[code], high[code], kinds[code] = first, last, kind_numbers[kind_id]
    return low, high, kinds
