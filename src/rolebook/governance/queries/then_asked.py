"""A question about an earlier day, whole: as it stands in an address, waits for a file, and is answered row by row."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from itertools import chain
from typing import Literal

from rolebook.accounts.models import Account
from rolebook.governance.files.cells import Cell
from rolebook.governance.past.days import Moment, moment_of
from rolebook.governance.queries import paging
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.then_lists import WantedThen, every_row, people_then, person_then, users_then
from rolebook.governance.queries.then_rows import PersonThen, book_then
from rolebook.governance.queries.then_who_could import who_could
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Rolebook

type About = Literal["people", "users", "person", "who could"]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a day.

    Attributes:
        about: everybody of the program, an organization's users, one person, or who could do a privilege somewhere.
        day: in the program's zone.
        minute: a minute of it, or None: its end.
        organization_id: of "users" and "who could", public.
        account_id: of "person", public.
        privilege_id: of "who could".
        wanted: what "people" and "users" are narrowed to.
    """

    about: About
    day: date
    minute: time | None = None
    organization_id: uuid.UUID | None = None
    account_id: uuid.UUID | None = None
    privilege_id: str = ""
    wanted: WantedThen = field(default_factory=WantedThen)

    def moment(self, book: Rolebook, now: datetime) -> Moment:
        """Return the instant that is meant; raises as `moment_of` does."""
        return moment_of(self.day, self.minute, book, now)

    def rows(
        self, viewer: Account, program_id: str, at: datetime, now: Callable[[], datetime]
    ) -> Iterator[PersonThen]:
        """Return everybody who belongs to the answer, by name, some at a time in memory.

        Raises, before the first one, NotAllowed and NotFound as the list itself does. What the viewer may see is asked
        again of ``now``, a clock, with every page: who loses it meanwhile gets no more.
        """
        if self.about == "person":
            return iter([self._person(viewer, program_id, at, now())])

        def page(after: str | None) -> Page[PersonThen]:
            return self._page(viewer, program_id, at, now(), after, paging.MOST_ROWS)

        rows = every_row(page)
        first = next(rows, None)
        return iter(()) if first is None else chain([first], rows)

    def require_seen(self, viewer: Account, program_id: str, at: datetime, now: datetime) -> None:
        """Raise NotAllowed or NotFound, as the list itself does, for who may not see it ``now``."""
        if self.about == "person":
            self._person(viewer, program_id, at, now)
        else:
            self._page(viewer, program_id, at, now, None, 1)

    def _person(self, viewer: Account, program_id: str, at: datetime, now: datetime) -> PersonThen:
        if self.account_id is None:
            raise NotFound
        return person_then(viewer, self.account_id, program_id, at, now)

    def _page(
        self, viewer: Account, program_id: str, at: datetime, now: datetime, after: str | None, most: int
    ) -> Page[PersonThen]:
        if self.about == "people":
            return people_then(viewer, program_id, at, now, wanted=self.wanted, after=after, limit=most)
        place = self.organization_id
        if place is None:
            raise NotFound
        if self.about == "users":
            found = users_then(
                viewer, place, program_id, at, now, wanted=self.wanted, after=after, limit=most
            )
            return found.people
        could = who_could(viewer, program_id, self.privilege_id, place, at, now, after=after, limit=most)
        return could.people

    def to_json(self) -> dict[str, str]:
        """Return it as it waits in a table."""
        told = {
            "about": self.about,
            "day": self.day.isoformat(),
            "minute": "" if self.minute is None else self.minute.isoformat(timespec="minutes"),
            "organization_id": "" if self.organization_id is None else str(self.organization_id),
            "account_id": "" if self.account_id is None else str(self.account_id),
            "privilege_id": self.privilege_id,
            "search": self.wanted.search,
            "role_id": self.wanted.role_id,
            "organization": self.wanted.organization,
        }
        return {name: value for name, value in told.items() if value}

    @classmethod
    def from_json(cls, told: dict[str, str]) -> "Question":
        """Return what `to_json` wrote."""
        about: About = next(one for one in _ABOUT if one == told["about"])
        return cls(
            about,
            date.fromisoformat(told["day"]),
            time.fromisoformat(told["minute"]) if "minute" in told else None,
            uuid.UUID(told["organization_id"]) if "organization_id" in told else None,
            uuid.UUID(told["account_id"]) if "account_id" in told else None,
            told.get("privilege_id", ""),
            WantedThen(told.get("search", ""), told.get("role_id", ""), told.get("organization", "")),
        )


_ABOUT: tuple[About, ...] = ("people", "users", "person", "who could")


def facts_of(
    question: Question, program_id: str, moment: Moment, now: datetime
) -> Sequence[tuple[str, Cell]]:
    """Return what a file says about itself: what was asked, about which instant, and what that means."""
    _, book, was_in_force = book_then(program_id, moment.at)
    privilege = book.privilege(question.privilege_id)
    role = book.role(question.wanted.role_id)
    known = [
        ("Privilege", question.privilege_id if privilege is None else privilege.title),
        ("Person", question.wanted.search),
        ("Role", question.wanted.role_id if role is None else role.title),
        ("Organization", question.wanted.organization),
    ]
    return (
        ("Program", book.program.name),
        ("As of", moment.at),
        ("Time zone", book.program.zone),
        *((name, text) for name, text in known if text),
        ("Made at", now),
        ("A day means", "its end in the program's zone, unless a minute is named; today means the present"),
        (
            "Names",
            "people are called as they are now, organizations as they were then; statuses are those of then",
        ),
        *(() if was_in_force else (("Before the first rolebook", "what is shown came by an import"),)),
    )
