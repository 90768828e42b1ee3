"""The model's requests: asking, deciding, and what follows from it."""

from collections.abc import Sequence

from tests.histories.model import (
    NOT_ALLOWED,
    NOT_FOUND,
    PENDING,
    RETURNED,
    Held,
    Item,
    Model,
    Stage,
    Wish,
    refused,
)
from tests.histories.programs import OFFICE, PLACES, STEWARD


class Requests(Model):
    """Asking and deciding."""

    # --- asking ---------------------------------------------------------------------------------------------------

    def ask(self, person: int, program: str, role: str, places: Sequence[int]) -> str:
        """Ask for a role at places, or at none."""
        if any(PLACES[place].program != program for place in places):
            return NOT_FOUND
        if self.may_not_act(person, program):
            return NOT_ALLOWED
        return self._submit(Wish(person, program, role, self.shape[program]), list(places) or [None])

    def _submit(self, wish: Wish, places: Sequence[int | None], *, known: bool = False) -> str:
        against = [
            self.against(wish.person, wish.program, wish.role, place, "ask", wish=wish if known else None)
            for place in places
        ]
        if codes := set().union(*against):
            return refused(codes)
        if known:
            wish.version += 1
        else:
            self.wishes.append(wish)
        self.taking_part.add((wish.person, wish.program))
        wish.state, wish.shape = PENDING, self.shape[wish.program]
        first = len(wish.items)
        wish.items += [Item(place, wish.version) for place in places]
        self._lay_out(wish, range(first, len(wish.items)))
        self._open_what_is_ready(wish)
        return PENDING

    def _lay_out(self, wish: Wish, items: range) -> None:
        ends: list[int] = []
        for item in items:
            place = wish.items[item].place
            office = OFFICE["" if place is None else PLACES[place].kind]
            wish.stages.append(Stage(office, place, (item,), (), wish.version))
            if wish.shape == "two":
                before = (len(wish.stages) - 1,)
                wish.stages.append(Stage(office, place, (item,), before, wish.version, position=1))
            ends.append(len(wish.stages) - 1)
        if wish.shape == "closing":
            wish.stages.append(Stage(STEWARD, None, tuple(items), tuple(ends), wish.version))

    def _open_what_is_ready(self, wish: Wish) -> None:
        for stage in wish.stages:
            undecided = any(wish.items[item].state == PENDING for item in stage.items)
            if stage.state == "waiting" and not undecided:
                stage.state = "void"
            done = all(wish.stages[one].state in ("approved", "denied", "void") for one in stage.after)
            if stage.state == "waiting" and done:
                stage.state = "open"

    # --- deciding -------------------------------------------------------------------------------------------------

    def in_office(self, wish: Wish, stage: Stage) -> set[int]:
        """Who may decide a stage by its own office."""
        before = {one.approver for one in wish.sharing(stage)}
        people = {p for p in self.people if self.holds(p, wish.program, stage.office, stage.place)}
        return people - {wish.person} - before

    def has_seat(self, person: int, wish: Wish, stage: Stage) -> bool:
        """Whether somebody has the stage's office, or stands in as a steward where nobody else is left."""
        if self.holds(person, wish.program, stage.office, stage.place):
            return True
        return self.is_steward(person, wish.program) and not self.in_office(wish, stage)

    def deciders(self, wish: Wish, stage: Stage) -> set[int]:
        """Who may decide an open stage."""
        before = {one.approver for one in wish.sharing(stage)}
        seats = {person for person in self.people if self.has_seat(person, wish, stage)}
        return seats - {wish.person} - before if stage.state == "open" and wish.state == PENDING else set()

    def seat_or_refusal(self, person: int, wish: Wish, stage: Stage) -> str | None:
        """Why a stage is not somebody's to decide, or None."""
        if self.may_not_act(person, wish.program):
            return NOT_ALLOWED
        if person == wish.person:
            return refused(["own_request"])
        if self.has_seat(person, wish, stage):
            return None
        return (
            NOT_ALLOWED
            if self.manages(person, wish.program, stage.place)
            else self.stranger(person, stage.place)
        )

    def decide(self, person: int, wish: Wish, stage: Stage, verdict: str, *, stale: bool = False) -> str:
        """Approve or deny a stage."""
        if refusal := self.seat_or_refusal(person, wish, stage):
            return refusal
        if stage.state not in ("waiting", "open"):
            return f"already {stage.state}"
        if person in {one.approver for one in wish.sharing(stage)}:
            return refused(["decided_before"])
        if stage.state != "open" or wish.state != PENDING:
            return refused(["stage_not_open"])
        if stale:
            return refused(["changed_since_shown"])
        undecided = [wish.items[one] for one in stage.items if wish.items[one].state == PENDING]
        if verdict == "denied":
            stage.state, stage.approver = "denied", person
            for item in undecided:
                item.state = "denied"
        else:
            if wish.shape != self.shape[wish.program]:
                return self._return(wish)
            codes = {"beneficiary_not_active"} if self.is_out(wish.person, wish.program) else set()
            for item in undecided:
                codes |= self.against(wish.person, wish.program, wish.role, item.place, "decide")
            if codes:
                return refused(codes)
            stage.state, stage.approver = "approved", person
            self._give(wish)
        self._open_what_is_ready(wish)
        self._settle(wish)
        return verdict

    def _return(self, wish: Wish) -> str:
        for stage in wish.stages:
            stage.state = {"open": RETURNED, "waiting": "void"}.get(stage.state, stage.state)
        for item in wish.items:
            item.state = RETURNED if item.state == PENDING else item.state
        wish.state = RETURNED
        return RETURNED

    def _give(self, wish: Wish) -> None:
        for number, item in enumerate(wish.items):
            stages = [stage for stage in wish.stages if number in stage.items]
            if item.state == PENDING and all(stage.state == "approved" for stage in stages):
                item.state = "approved"
                self.held.append(Held(wish.person, wish.program, wish.role, item.place, self.at))

    def _settle(self, wish: Wish) -> None:
        states = {i.state for i in wish.items if i.version == wish.version or i.state == "approved"}
        if PENDING not in states:
            some = "partly approved" if "approved" in states else "denied"
            wish.state = "approved" if states == {"approved"} else some
