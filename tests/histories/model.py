"""A small model of how access is governed, written apart from the flows: what each act must come to, said plainly.

People and places are numbers. An act returns a word: what happened, or why not. It imports nothing of the product.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.histories.programs import (
    EXCLUSIVE,
    OFFICE,
    OFFICES,
    PLACES,
    REMOVED_CELL,
    ROLES,
    STEWARD,
    WITH_STATEMENT,
)

NOT_FOUND, NOT_ALLOWED = "not found", "not allowed"
PENDING, RETURNED = "pending", "returned"
ACTIVE = "active"


def refused(codes: Iterable[str]) -> str:
    """The word for a refusal, with everything that is against it."""
    return "refused: " + " ".join(sorted(set(codes)))


@dataclass
class Held:
    """A role that somebody was given."""

    person: int
    program: str
    role: str
    place: int | None
    starts: datetime
    ends: datetime | None = None
    closed: datetime | None = None

    def in_force(self, at: datetime) -> bool:
        """Whether it counts at an instant."""
        return self.starts <= at and all(end is None or at < end for end in (self.ends, self.closed))

    def counts_still(self, at: datetime) -> bool:
        """Whether it counts, or will."""
        return (self.closed is None or self.closed > at) and (self.ends is None or self.ends > at)


@dataclass
class Item:
    """A role asked for at one place, in one version of a request."""

    place: int | None
    version: int
    state: str = PENDING


@dataclass
class Stage:
    """Who decides some items: an office at a place, after which other stages."""

    office: str
    place: int | None
    items: tuple[int, ...]
    after: tuple[int, ...]
    version: int
    position: int = 0
    state: str = "waiting"
    approver: int | None = None


@dataclass(eq=False)  # two may read alike, and each is a row of its own
class Wish:
    """A request; its items and stages of all versions, in order."""

    person: int
    program: str
    role: str
    shape: str
    state: str = PENDING
    version: int = 1
    items: list[Item] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    again: int | None = None

    def sharing(self, stage: Stage) -> list[Stage]:
        """The other stages that decide one of its items."""
        return [one for one in self.stages if one is not stage and set(one.items) & set(stage.items)]


@dataclass
class Model:
    """Two programs: who holds what, what is asked for, and how each rolebook is shaped."""

    at: datetime
    held: list[Held] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    accounts: dict[int, str] = field(default_factory=dict)
    """Status of the accounts that are not active."""
    parts: dict[tuple[int, str], str] = field(default_factory=dict)
    """Status of the parts in a program that are not active."""
    factorless: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)
    agreed: set[int] = field(default_factory=set)
    taking_part: set[tuple[int, str]] = field(default_factory=set)
    shape: dict[str, str] = field(default_factory=lambda: {"qpp": "one", "iqies": "one"})
    removed: set[tuple[int, int]] = field(default_factory=set)

    # --- who holds what -------------------------------------------------------------------------------------------

    def statuses(self, person: int, program: str) -> set[str]:
        """The status of somebody's account, and of their part in a program."""
        return {self.accounts.get(person, ACTIVE), self.parts.get((person, program), ACTIVE)}

    def is_out(self, person: int, program: str) -> bool:
        """Whether nothing that somebody holds in a program counts."""
        return self.statuses(person, program) != {ACTIVE}

    def may_not_act(self, person: int, program: str) -> bool:
        """Whether somebody may do nothing at all in a program."""
        return self.is_out(person, program) or person in self.factorless

    def holds(self, person: int, program: str, role: str, place: int | None) -> bool:
        """Whether somebody active holds a role somewhere now."""
        return not self.is_out(person, program) and any(
            (one.person, one.program, one.role, one.place) == (person, program, role, place)
            for one in self.held
            if one.in_force(self.at)
        )

    def is_steward(self, person: int, program: str) -> bool:
        """Whether somebody holds the program's own office."""
        return self.holds(person, program, STEWARD, None)

    def manages(self, person: int, program: str, place: int | None) -> bool:
        """Whether somebody sees and removes what is held at a place: its officials and the stewards."""
        office = OFFICE["" if place is None else PLACES[place].kind]
        own = (place is not None or program == "iqies") and self.holds(person, program, office, place)
        return own or self.is_steward(person, program)

    def stranger(self, person: int, place: int | None) -> str:
        """What somebody is told who may not act at a place: one at which they hold nothing does not exist."""
        connected = any(
            one.person == person and one.place == place for one in self.held if one.in_force(self.at)
        )
        return NOT_ALLOWED if place is not None and connected else NOT_FOUND

    def may(self, person: int, program: str, action: str, place: int | None) -> bool:
        """Whether somebody may do something at a place now (None: at none)."""
        if self.is_out(person, program):
            return False
        return any(
            one.program == program and self._gives(one, action, place)
            for one in self.held
            if one.person == person and one.in_force(self.at)
        )

    def _gives(self, one: Held, action: str, place: int | None) -> bool:
        if action.startswith("act:"):
            if one.role == STEWARD:
                return True
            return action != "act:designate" and one.role in OFFICES and one.place == place
        role = ROLES.get(one.role)
        cell = (one.role, action)
        if role is None or action not in role.can or self._is_removed(one.program, cell):
            return False
        if role.wide or action in role.elsewhere:
            return True
        above = place
        while above is not None:
            if above == one.place:
                return True
            above = PLACES[above].above if role.below else None
        return False

    def _is_removed(self, program: str, cell: tuple[str, str]) -> bool:
        return self.shape[program] == "two" and REMOVED_CELL[program] == cell

    # --- what rules say -------------------------------------------------------------------------------------------

    def against(
        self,
        person: int,
        program: str,
        role: str,
        place: int | None,
        moment: str,
        *,
        ends: datetime | None = None,
        wish: Wish | None = None,
        actor: int | None = None,
    ) -> set[str]:
        """Everything against giving a role to somebody somewhere."""
        codes: set[str] = set()
        known = ROLES.get(role)
        kind = "" if known is None else known.kind
        if known is not None and known.program != program:
            unsigned = moment == "ask" and WITH_STATEMENT[program] and person not in self.agreed
            return {"unknown_role", "statement_not_agreed"} if unsigned else {"unknown_role"}
        if not kind and place is not None:
            codes.add("needs_no_organization")
        elif kind and place is None:
            codes.add("needs_organization")
        elif kind and place is not None and PLACES[place].kind != kind:
            codes.add("wrong_kind_of_organization")
        if moment in ("ask", "decide") and (known is None or known.designated):
            codes.add("by_designation_only")
        codes |= self._of_another_category(person, program, role)
        if moment == "designate" and actor == person:
            codes.add("own_request")
        for one in self.held:
            same = (one.person, one.program, one.role, one.place) == (person, program, role, place)
            lasting = one.ends is None or (ends is not None and ends <= one.ends)
            begun_by_then = ends is None or one.starts < ends
            if same and one.counts_still(self.at) and lasting and begun_by_then:
                codes.add("role_already_held")
        if moment == "ask":
            waiting = [(w, i) for w in self.wishes if w is not wish for i in w.items if i.state == PENDING]
            if any(
                (w.person, w.program, w.role, i.place) == (person, program, role, place) for w, i in waiting
            ):
                codes.add("role_already_pending")
            if WITH_STATEMENT[program] and person not in self.agreed:
                codes.add("statement_not_agreed")
        return codes

    def _of_another_category(self, person: int, program: str, role: str) -> set[str]:
        if not EXCLUSIVE[program]:
            return set()

        def category(name: str) -> str:
            return "office" if name == STEWARD else ROLES[name].category

        def other(name: str) -> bool:
            return category(name) != category(role)

        mine = [one for one in self.held if (one.person, one.program) == (person, program)]
        if any(other(one.role) for one in mine if one.counts_still(self.at)):
            return {"other_category_held"}
        for wish in self.wishes:
            mine_too = (wish.person, wish.program) == (person, program) and other(wish.role)
            if mine_too and any(item.state == PENDING for item in wish.items):
                return {"other_category_pending"}
        return set()
