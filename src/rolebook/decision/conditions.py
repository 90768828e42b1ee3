"""The conditions of a program: what must be true of properties before a role gives an action.

They narrow what the walk gives, and are asked last, of a step that gives the action there. Nobody asks them in a
program that has none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rolebook.policy.conditions import Compiled, NotDecided, Properties, compile_condition
from rolebook.policy.model import Power, Rolebook


@dataclass(frozen=True, slots=True)
class Told:
    """A condition with what people read of it.

    Attributes:
        name: the mark, or the id of the condition, in the rolebook.
        meaning: the same in words.
        condition: what is asked.
    """

    name: str
    meaning: str
    condition: Compiled


@dataclass(frozen=True, slots=True)
class Failed:
    """A condition that does not let an action be given.

    Attributes:
        told: the condition.
        problem: why it could not be answered; None when it was answered, with false.
    """

    told: Told
    problem: str | None


@dataclass(frozen=True, slots=True)
class ActionConditions:
    """What is asked before one action is given.

    Attributes:
        always: all of them, of whatever role.
        own: by role, those of which one must be true on the own record; no entry where a power there has none.
        any: by role, the same on whatever record.
    """

    always: tuple[Told, ...] = ()
    own: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    any: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)

    def failing(self, role_id: str, properties: Properties, *, own_record: bool) -> Failed | None:
        """Return the first condition that is in the way of a role's power, or None."""
        for told in self.always:
            failed = _failed(told, properties)
            if failed is not None:
                return failed
        nearest: Failed | None = None
        for told in (self.own if own_record else self.any).get(role_id, ()):
            failed = _failed(told, properties)
            if failed is None:
                return None
            nearest = nearest or failed
        return nearest


def _failed(told: Told, properties: Properties) -> Failed | None:
    try:
        return None if told.condition.holds(properties) else Failed(told, None)
    except NotDecided as why:
        return Failed(told, str(why))


def compile_conditions(rolebook: Rolebook) -> dict[str, ActionConditions]:
    """Return the conditions of every action that has any; empty for most programs."""
    always: dict[str, list[Told]] = {}
    for one in rolebook.conditions:
        told = Told(one.id, one.meaning, compile_condition(one.when))
        for privilege_id in one.privilege_ids:
            always.setdefault(privilege_id, []).append(told)
    roles: dict[str, dict[tuple[str, bool], tuple[Told, ...]]] = {}
    if any(mark.condition for mark in rolebook.marks):
        for role in (*rolebook.roles, rolebook.steward):
            for privilege_id, powers in rolebook.alternatives(role.id).items():
                for own_record in (False, True):
                    found = _alternatives(rolebook, powers, own_record=own_record)
                    if found:
                        roles.setdefault(privilege_id, {})[role.id, own_record] = found
    return {
        action: ActionConditions(
            tuple(always.get(action, ())),
            {role_id: told for (role_id, own), told in roles.get(action, {}).items() if own},
            {role_id: told for (role_id, own), told in roles.get(action, {}).items() if not own},
        )
        for action in {*always, *roles}
    }


def _alternatives(rolebook: Rolebook, powers: Iterable[Power], *, own_record: bool) -> tuple[Told, ...]:
    """Return the conditions of which one must be true; none where a power has none.

    What holds on whatever record holds on the own one, too.
    """
    found: dict[str, Told] = {}
    for power in powers:
        if power.own_record and not own_record:
            continue
        mark = rolebook.mark(power.cell)
        if power.condition is None or mark is None:
            return ()
        found[mark.id] = Told(mark.id, mark.meaning, compile_condition(power.condition))
    return tuple(found.values())
