"""A rolebook in the form that decisions read: every role's power as bit masks, its reach folded in.

The bits are the privileges in the rolebook's order and, after them, the acts of authority as ``act:decide``
and so on; no printed cell is added or changed for those. A mask belongs to an extent (see
`rolebook.decision.walk.Extent`), so that "does this role give that, there" is one AND.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rolebook.policy.model import EVERYWHERE, ORGANIZATION, OWN_RECORD, WITH_LOWER_LEVELS, Act, Role, Rolebook

ACT_PREFIX = "act:"


def act_action(act: Act | str) -> str:
    """Return the action name under which an act of authority is asked: ``act:decide`` for ``decide``."""
    return f"{ACT_PREFIX}{act}"


@dataclass(frozen=True, slots=True)
class CompiledRole:
    """What one role gives, by extent.

    Attributes:
        role_id: the role.
        lower_levels: bits that hold at the organization it is held at and below it (held at none:
            everywhere).
        same: bits that hold at exactly that organization (held at none: where none is named).
        everywhere: bits that hold in every organization: a nationwide role's, or what still holds elsewhere.
        own_record: bits that hold on the person's own record only.
        needs_organization: whether a grant that names no organization counts for nothing.
        through_access: whether its organizations are those of the person's access instead of the grant's.
        kinds: kinds of organization it may be held at; empty for any.
    """

    role_id: str
    lower_levels: int
    same: int
    everywhere: int
    own_record: int
    needs_organization: bool
    through_access: bool
    kinds: frozenset[str]

    @property
    def every_action(self) -> int:
        """All bits that the role gives anywhere."""
        return self.lower_levels | self.same | self.everywhere | self.own_record


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A program compiled for decisions; immutable, made by `compile_program`.

    Attributes:
        program_id: the program.
        actions: every action in bit order: the privileges of the rolebook, then the acts.
        bits: action to its bit (a power of two).
        roles: role id to its compiled form, the steward's office included.
        access_apart: whether access is held apart from roles.
    """

    program_id: str
    actions: tuple[str, ...]
    bits: Mapping[str, int]
    roles: Mapping[str, CompiledRole]
    access_apart: bool

    @property
    def every_action(self) -> int:
        """All bits there are."""
        return (1 << len(self.actions)) - 1

    def names(self, mask: int) -> tuple[str, ...]:
        """Return the actions of a mask in bit order."""
        return tuple(action for action in self.actions if self.bits[action] & mask)

    def privileges(self, mask: int) -> tuple[str, ...]:
        """Return the privileges (no acts) of a mask in the rolebook's order."""
        return tuple(action for action in self.names(mask) if not action.startswith(ACT_PREFIX))


def compile_program(rolebook: Rolebook) -> CompiledProgram:
    """Compile a rolebook. Pure: the same rolebook gives an equal program."""
    privileges = [privilege.id for privilege in rolebook.privileges]
    actions = (*privileges, *(act_action(act) for act in Act))
    bits = {action: 1 << index for index, action in enumerate(actions)}
    apart = rolebook.access == "apart from roles"
    roles = (*rolebook.roles, rolebook.steward)
    return CompiledProgram(
        program_id=rolebook.program.id,
        actions=actions,
        bits=bits,
        roles={role.id: _compile_role(rolebook, role, bits, apart) for role in roles},
        access_apart=apart,
    )


def _compile_role(rolebook: Rolebook, role: Role, bits: Mapping[str, int], apart: bool) -> CompiledRole:
    """Fold a role's reach, marks and acts into its four masks."""
    powers = rolebook.powers(role.id).values()
    given = _mask((power.privilege_id for power in powers if not power.own_record), bits)
    own = _mask((power.privilege_id for power in powers if power.own_record), bits)
    lower_levels = same = everywhere = 0
    scope = role.reach.scope
    if scope == OWN_RECORD:
        own |= given
    elif scope == EVERYWHERE:
        everywhere = given
    elif apart or role.reach.lower_levels or role.reach.many:
        # Apart from roles, each access says itself whether the lower levels are included.
        lower_levels = given
    else:
        same = given
    if scope == ORGANIZATION:
        everywhere |= given & _mask(role.reach.elsewhere, bits)
    acts_below, acts_there = _acts(rolebook, role.id)
    lower_levels |= _mask(acts_below, bits)
    same |= _mask(acts_there, bits)
    return CompiledRole(
        role_id=role.id,
        lower_levels=lower_levels,
        same=same,
        everywhere=everywhere,
        own_record=own,
        needs_organization=scope == ORGANIZATION and not apart,
        through_access=scope == ORGANIZATION and apart,
        kinds=frozenset(role.reach.kinds) if scope == ORGANIZATION and not apart else frozenset(),
    )


def _acts(rolebook: Rolebook, role_id: str) -> tuple[list[str], list[str]]:
    """Return the acts that a role may do with lower levels, and those in the same organization only."""
    below: list[str] = []
    there: list[str] = []
    for act in Act:
        holder = rolebook.authority.holder(act, role_id)
        if holder is not None:
            (below if holder.where == WITH_LOWER_LEVELS else there).append(act_action(act))
    return below, there


def _mask(actions: Iterable[str], bits: Mapping[str, int]) -> int:
    """Return the bits of actions; names that the program does not have give none."""
    mask = 0
    for action in actions:
        mask |= bits.get(action, 0)
    return mask
