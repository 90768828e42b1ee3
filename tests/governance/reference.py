"""A small model of QPP's governance, written apart from the product: what each act must come to, said plainly.

People and practices are numbers. A person is an official (``security_official``) or staff (``staff_user``) of a
practice, or a steward. Every act returns a word: what happened, or why not.
"""

from dataclasses import dataclass, field

OFFICIAL, STAFF = "security_official", "staff_user"

NOT_FOUND, NOT_ALLOWED = "not found", "not allowed"


@dataclass
class Wish:
    """A request for one role at one practice."""

    person: int
    role: str
    practice: int
    state: str = "pending"
    decided_by: int | None = None
    again: "int | None" = None


@dataclass
class Model:
    """Who holds what, and what is asked for."""

    held: set[tuple[int, str, int]] = field(default_factory=set)
    stewards: set[int] = field(default_factory=set)
    inactive: set[int] = field(default_factory=set)
    wishes: list[Wish] = field(default_factory=list)
    removed: set[tuple[int, int]] = field(default_factory=set)

    def is_official(self, person: int, practice: int) -> bool:
        """Whether a person manages a practice's access."""
        return (person, OFFICIAL, practice) in self.held

    def is_connected(self, person: int, practice: int) -> bool:
        """Whether a person holds anything at a practice."""
        return any((person, role, practice) in self.held for role in (OFFICIAL, STAFF))

    def stranger(self, person: int, practice: int) -> str:
        """What somebody is told who may not act at a practice: a foreign one does not exist."""
        return NOT_ALLOWED if self.is_connected(person, practice) else NOT_FOUND

    def has_seat(self, person: int, wish: Wish) -> bool:
        """Whether a person decides a wish: an official of the practice, or a steward where no official is left."""
        if person in self.inactive:
            return False
        if self.is_official(person, wish.practice):
            return True
        others = {p for p, role, place in self.held if (role, place) == (OFFICIAL, wish.practice)}
        return person in self.stewards and not others - {wish.person} - self.inactive

    def to_decide(self, person: int) -> set[int]:
        """The wishes, by number, that wait for a person's decision."""
        return {
            number
            for number, wish in enumerate(self.wishes)
            if wish.state == "pending" and wish.person != person and self.has_seat(person, wish)
        }

    def ask(self, person: int, role: str, practice: int) -> str:
        """Ask for a role."""
        if person in self.inactive:
            return NOT_ALLOWED
        if (person, role, practice) in self.held:
            return "role_already_held"
        waiting = [w for w in self.wishes if w.state == "pending"]
        if any((w.person, w.role, w.practice) == (person, role, practice) for w in waiting):
            return "role_already_pending"
        self.wishes.append(Wish(person, role, practice))
        return "pending"

    def decide(self, person: int, number: int, verdict: str, *, stale: bool = False) -> str:
        """Approve or deny a wish."""
        wish = self.wishes[number]
        if person in self.inactive:
            return NOT_ALLOWED
        if person == wish.person:
            return "own_request"
        if not self.has_seat(person, wish):
            return NOT_ALLOWED if person in self.stewards else self.stranger(person, wish.practice)
        if wish.state != "pending":
            return f"already {wish.state}"
        if stale:
            return "changed_since_shown"
        if verdict == "approved":
            if wish.person in self.inactive:
                return "beneficiary_not_active"
            if (wish.person, wish.role, wish.practice) in self.held:
                return "role_already_held"
            self.held.add((wish.person, wish.role, wish.practice))
        wish.state, wish.decided_by = verdict, person
        return verdict

    def withdraw(self, person: int, number: int) -> str:
        """Take a wish back."""
        wish = self.wishes[number]
        if person != wish.person:
            return NOT_FOUND
        if person in self.inactive:
            return NOT_ALLOWED
        if wish.state in ("approved", "denied"):
            return "already_settled"
        wish.state = "withdrawn"
        return "withdrawn"

    def submit_again(self, person: int, number: int) -> str:
        """Ask once more for what was denied or taken back."""
        wish = self.wishes[number]
        if person != wish.person:
            return NOT_FOUND
        if person in self.inactive:
            return NOT_ALLOWED
        if wish.again is not None:
            return f"request {wish.again}"
        if wish.state not in ("denied", "withdrawn"):
            return "not_to_submit_again"
        made = self.ask(person, wish.role, wish.practice)
        if made != "pending":
            return made
        wish.again = len(self.wishes) - 1
        return f"request {wish.again}"

    def remove(self, person: int, whom: int, practice: int) -> str:
        """End everything that somebody holds at a practice."""
        if person in self.inactive:
            return NOT_ALLOWED
        if not self.is_official(person, practice) and person not in self.stewards:
            return self.stranger(person, practice)
        if not self.is_connected(whom, practice):
            return "removed before" if (whom, practice) in self.removed else NOT_FOUND
        if person == whom:
            officials = {p for p, role, place in self.held if (role, place) == (OFFICIAL, practice)}
            return "only_official" if officials - self.inactive == {person} else "own_access"
        self.held -= {(whom, OFFICIAL, practice), (whom, STAFF, practice)}
        self.removed.add((whom, practice))
        return "removed"

    def designate(self, person: int | None, whom: int, role: str, practice: int) -> str:
        """Make somebody an official of a practice without a request; ``person`` None is the operator."""
        if person is not None:
            if person in self.inactive:
                return NOT_ALLOWED
            if person not in self.stewards:
                return self.stranger(person, practice)
        if role != OFFICIAL:
            return "not_by_designation"
        if whom in self.inactive:
            return "beneficiary_not_active"
        if person == whom:
            return "own_request"
        if (whom, role, practice) in self.held:
            return "role_already_held"
        self.held.add((whom, role, practice))
        return "designated"
