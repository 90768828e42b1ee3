"""The model's other acts: taking back and away, designating, importing, people's status."""

from tests.histories.model import (
    ACTIVE,
    NOT_ALLOWED,
    NOT_FOUND,
    PENDING,
    RETURNED,
    Held,
    Wish,
    refused,
)
from tests.histories.programs import OFFICE, OFFICES, PLACES, ROLES, STEWARD, day_start
from tests.histories.requests import Requests


class Acts(Requests):
    """Everything that people do."""

    # --- taking back ----------------------------------------------------------------------------------------------

    def withdraw(self, person: int, wish: Wish) -> str:
        """Take a request back."""
        if person != wish.person:
            return NOT_FOUND
        if self.may_not_act(person, wish.program):
            return NOT_ALLOWED
        if wish.state == "withdrawn":
            return "withdrawn"
        if wish.state not in (PENDING, RETURNED):
            return refused(["already_settled"])
        self._end(wish)
        return "withdrawn"

    def _end(self, wish: Wish) -> None:
        for stage in wish.stages:
            stage.state = "void" if stage.state in ("waiting", "open") else stage.state
        for item in wish.items:
            item.state = "withdrawn" if item.state == PENDING else item.state
        wish.state = "withdrawn"

    def submit_again(self, person: int, number: int) -> str:
        """Ask once more for what was not given."""
        wish = self.wishes[number]
        if person != wish.person:
            return NOT_FOUND
        if self.may_not_act(person, wish.program):
            return NOT_ALLOWED
        if wish.again is not None:
            return f"request {wish.again}"
        if wish.state not in ("denied", "withdrawn", RETURNED, "partly approved"):
            return refused(["not_to_submit_again"])
        last = [item for item in wish.items if item.version == wish.version]
        places = [item.place for item in last if item.state != "approved"]
        if wish.state == RETURNED:
            came_to = self._submit(wish, places, known=True)
            return f"request {number}" if came_to == PENDING else came_to
        came_to = self._submit(Wish(wish.person, wish.program, wish.role, wish.shape), places)
        if came_to != PENDING:
            return came_to
        wish.again = len(self.wishes) - 1
        return f"request {wish.again}"

    def remove(self, person: int, whom: int, place: int) -> str:
        """End everything that somebody holds at a place."""
        program = PLACES[place].program
        if self.may_not_act(person, program):
            return NOT_ALLOWED
        if not self.manages(person, program, place):
            return self.stranger(person, place)
        theirs = [one for one in self._open_at(place, program) if one.person == whom]
        if not theirs:
            return "removed before" if (whom, place) in self.removed else NOT_FOUND
        if person == whom:
            office = OFFICE[PLACES[place].kind]
            officials = {p for p in self.people if self.holds(p, program, office, place)}
            return refused(["only_official" if officials == {person} else "own_access"])
        for one in theirs:
            one.closed = max(self.at, one.starts)
        self.removed.add((whom, place))
        return "removed"

    def remove_program_roles(self, person: int, program: str, whom: int) -> str:
        """End what somebody holds at no place, as far as it is the remover's to end."""
        if self.may_not_act(person, program):
            return NOT_ALLOWED
        if not self.manages(person, program, None):
            return NOT_FOUND
        steward = self.is_steward(person, program)
        theirs = [
            one
            for one in self._open_at(None, program)
            if one.person == whom and (steward or ROLES.get(one.role) is not None)
        ]
        if not theirs:
            return NOT_FOUND
        if person == whom:
            return refused(["own_removal"])
        for one in theirs:
            one.closed = max(self.at, one.starts)
        return "removed"

    def _open_at(self, place: int | None, program: str) -> list[Held]:
        found = [one for one in self.held if (one.program, one.place) == (program, place)]
        return [one for one in found if one.closed is None and (one.ends is None or one.ends > self.at)]

    # --- the other ways -------------------------------------------------------------------------------------------

    def designate(self, person: int | None, program: str, whom: int, role: str, place: int | None) -> str:
        """Give a role without a request; ``person`` None is the operator."""
        if place is not None and PLACES[place].program != program:
            return NOT_FOUND
        if person is not None and self.may_not_act(person, program):
            return NOT_ALLOWED
        if person is not None and not self.is_steward(person, program):
            return self.stranger(person, place)
        codes = self.against(whom, program, role, place, "designate", actor=person)
        known = ROLES.get(role)
        if known is not None and not known.designated and role not in OFFICES:
            codes.add("not_by_designation")
        if self.is_out(whom, program):
            codes.add("beneficiary_not_active")
        if codes:
            return refused(codes)
        self.held.append(Held(whom, program, role, place, self.at))
        self.taking_part.add((whom, program))
        return "designated"

    def bring_in(
        self, whom: int, program: str, role: str, place: int | None, starts: int, ends: int | None
    ) -> str:
        """Import a grant; ``starts`` and ``ends`` are days from today, the last of them still held."""
        if place is not None and PLACES[place].program != program:
            return "import refused"
        begins, over = day_start(self.at, starts), None if ends is None else day_start(self.at, ends + 1)
        wrong = self.is_out(whom, program) or (over is not None and over <= begins)
        if wrong or self.against(whom, program, role, place, "import", ends=over):
            return "import refused"
        self.held.append(Held(whom, program, role, place, begins, over))
        self.taking_part.add((whom, program))
        return "imported"

    # --- people's status ------------------------------------------------------------------------------------------

    def change_part(self, person: int | None, program: str, whom: int, status: str) -> str:
        """Make somebody's part in a program active, deactivated or closed; ``person`` None is the operator."""
        if person is not None and self.may_not_act(person, program):
            return NOT_ALLOWED
        if person is not None and not self.is_steward(person, program):
            return NOT_FOUND
        if (whom, program) not in self.taking_part:
            return NOT_FOUND
        if self.parts.get((whom, program), ACTIVE) != status:
            if person == whom:
                return refused(["own_status"])
            if status != ACTIVE and self._is_only_steward(whom, program):
                return refused(["only_steward"])
            if (self.parts.get((whom, program), ACTIVE), status) == ("closed", "deactivated"):
                return refused(["closed_not_deactivated"])
            self.parts[whom, program] = status
        if status != ACTIVE:
            self._settle_what_is_left(whom, program)
        return status

    def change_account(self, whom: int, status: str) -> str:
        """Make a whole account active, deactivated or closed."""
        programs = [program for program in self.shape if (whom, program) in self.taking_part]
        if self.accounts.get(whom, ACTIVE) != status:
            if status != ACTIVE and any(self._is_only_steward(whom, program) for program in programs):
                return refused(["only_steward"])
            self.accounts[whom] = status
        for program in programs if status != ACTIVE else ():
            self._settle_what_is_left(whom, program)
        return status

    def _is_only_steward(self, whom: int, program: str) -> bool:
        theirs = [h for h in self.held if (h.program, h.role) == (program, STEWARD) and h.in_force(self.at)]
        others = any(self.is_steward(other, program) for other in self.people - {whom})
        return any(one.person == whom for one in theirs) and not others

    def _settle_what_is_left(self, whom: int, program: str) -> None:
        for wish in self.wishes:
            if (wish.person, wish.program) == (whom, program) and wish.state in (PENDING, RETURNED):
                self._end(wish)
        if "closed" in self.statuses(whom, program):
            for one in self.held:
                if (one.person, one.program) == (whom, program) and one.closed is None:
                    one.closed = max(self.at, one.starts)
