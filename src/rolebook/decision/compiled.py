"""A rolebook in the form that decisions read: every role's power as bit masks, its reach folded in.

The bits are the privileges in the rolebook's order and, after them, the acts of authority as ``act:decide``
and so on; no printed cell is added or changed for those. A mask belongs to an extent (see
`rolebook.decision.walk.Extent`), so that "does this role give that, there" is one AND.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from rolebook.decision.conditions import ActionConditions, compile_conditions
from rolebook.policy.model import ORGANIZATION, OWN_RECORD, WITH_LOWER_LEVELS, Act, Power, Role, Rolebook

ACT_PREFIX = "act:"


def act_action(act: Act | str) -> str:
    """Return the action name under which an act of authority is asked: ``act:decide`` for ``decide``."""
    return f"{ACT_PREFIX}{act}"


@dataclass(frozen=True, slots=True)
class Given:
    """Bits by extent (see `rolebook.decision.walk.Extent`).

    Attributes:
        lower_levels: bits that hold at the organization it is held at and below it (held at none:
            everywhere).
        same: bits that hold at exactly that organization (held at none: where none is named).
        everywhere: bits that hold in every organization: a nationwide role's, or what still holds elsewhere.
    """

    lower_levels: int = 0
    same: int = 0
    everywhere: int = 0

    @property
    def bits(self) -> int:
        """All of them."""
        return self.lower_levels | self.same | self.everywhere


@dataclass(frozen=True, slots=True)
class CompiledRole:
    """What one role gives.

    Attributes:
        role_id: the role.
        any_record: what it gives on whatever record.
        own_record: what it gives on the person's own record only, and there within its reach.
        needs_organization: whether a grant that names no organization counts for nothing.
        through_access: whether its organizations are those of the person's access instead of the grant's.
        kinds: kinds of organization it may be held at; empty for any.
    """

    role_id: str
    any_record: Given
    own_record: Given
    needs_organization: bool
    through_access: bool
    kinds: frozenset[str]

    @property
    def bits(self) -> int:
        """All bits that the role gives anywhere."""
        return self.any_record.bits | self.own_record.bits


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A program compiled for decisions; immutable, made by `compile_program`.

    Attributes:
        program_id: the program.
        actions: every action in bit order: the privileges of the rolebook, then the acts.
        bits: action to its bit (a power of two).
        roles: role id to its compiled form, the steward's office included.
        access_apart: whether access is held apart from roles.
        kinds: ids of the kinds of organization that the rolebook names.
        zone: the time zone in which the program counts days.
        conditions: what must be true of properties before an action is given, by action; empty for most programs.
        organization_properties: what conditions may ask of shipped organizations, by code.
        record_type: the resource type of the records that people register for; None where nobody does, and a
            person's own record has the person's own id.
    """

    program_id: str
    actions: tuple[str, ...]
    bits: Mapping[str, int]
    roles: Mapping[str, CompiledRole]
    access_apart: bool
    kinds: frozenset[str]
    zone: str = "UTC"
    conditions: Mapping[str, ActionConditions] = field(default_factory=dict)
    organization_properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    record_type: str | None = None

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
        kinds=frozenset(kind.id for kind in rolebook.organization_kinds),
        zone=rolebook.program.zone,
        conditions=compile_conditions(rolebook),
        organization_properties={
            organization.code: organization.properties
            for organization in rolebook.organizations
            if organization.properties
        },
        record_type=None if rolebook.records is None else rolebook.records.resource_type,
    )


def _compile_role(rolebook: Rolebook, role: Role, bits: Mapping[str, int], apart: bool) -> CompiledRole:
    """Fold a role's reach, marks and acts into its four masks."""
    alternatives = rolebook.alternatives(role.id)
    given = _mask((name for name, powers in alternatives.items() if not _all_own(powers)), bits)
    own = _mask((name for name, powers in alternatives.items() if _own_counts(powers)), bits)
    acts_below, acts_there = (_mask(acts, bits) for acts in _acts(rolebook, role.id))
    scope = role.reach.scope
    if scope == OWN_RECORD:
        given, own = 0, given | own
    at_organization = scope == ORGANIZATION and not apart
    return CompiledRole(
        role_id=role.id,
        any_record=_reaching(role, given, apart, bits, Given(acts_below, acts_there)),
        own_record=_reaching(role, own, apart, bits, Given()),
        needs_organization=at_organization,
        through_access=scope == ORGANIZATION and apart,
        kinds=frozenset(role.reach.kinds) if at_organization else frozenset(),
    )


def _all_own(powers: Iterable[Power]) -> bool:
    return all(power.own_record for power in powers)


def _own_counts(powers: Iterable[Power]) -> bool:
    """Whether something on the own record adds to what is given on whatever record."""
    free = any(not power.own_record and power.condition is None for power in powers)
    return not free and any(power.own_record for power in powers)


def _reaching(role: Role, given: int, apart: bool, bits: Mapping[str, int], acts: Given) -> Given:
    """Put the privileges of a role into the extents of its reach, beside its acts."""
    if role.reach.scope != ORGANIZATION:
        return replace(acts, everywhere=given)
    elsewhere = given & _mask(role.reach.elsewhere, bits)
    # Apart from roles, each access says itself whether the lower levels are included.
    if apart or role.reach.lower_levels or role.reach.many:
        return replace(acts, lower_levels=acts.lower_levels | given, everywhere=elsewhere)
    return replace(acts, same=acts.same | given, everywhere=elsewhere)


def _acts(rolebook: Rolebook, role_id: str) -> tuple[list[str], list[str]]:
    """Return the acts that a role may do with lower levels, and those in the same organization only."""
    below: list[str] = []
    there: list[str] = []
    for act in Act:
        for holder in rolebook.authority.acts.get(act, ()):
            if holder.role_id == role_id:
                (below if holder.where == WITH_LOWER_LEVELS else there).append(act_action(act))
    return below, there


def _mask(actions: Iterable[str], bits: Mapping[str, int]) -> int:
    """Return the bits of actions; names that the program does not have give none."""
    mask = 0
    for action in actions:
        mask |= bits.get(action, 0)
    return mask
