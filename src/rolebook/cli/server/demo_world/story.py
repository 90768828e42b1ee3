"""The story of the demo: eight weeks of a program, as a list of what happens when."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from rolebook.cli.server.demo_world import cases
from rolebook.cli.server.demo_world.acts import Acts
from rolebook.cli.server.demo_world.cast import (
    AISHA,
    BEA,
    DANIEL,
    ELLEN,
    GRACE,
    INES,
    KIM,
    LENA,
    LENA_TWICE,
    MARIA,
    NORA,
    OTIS,
    PAUL,
    SAM,
    TOM,
    VICTOR,
    Person,
    the_many,
)
from rolebook.cli.server.demo_world.places import FIXED, Place
from rolebook.governance.models import Request

WEEKS = timedelta(weeks=8)
OFFICIAL, STAFF = "security_official", "staff_user"
CEDAR, PRAIRIE, LAKESHORE, FOX, HARBOR, NORTH, TAMARACK, RIVERS = FIXED
MARIAS = (CEDAR, FOX, HARBOR, NORTH, RIVERS)
_REASONS = (
    "I submit our quality measures from this year on.",
    "I take over the reporting from a colleague who left.",
    "I prepare the targeted review.",
    "I check our clinicians' eligibility each quarter.",
    "Billing lead; I need to see the performance feedback.",
    "",
)


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens at an instant."""

    at: datetime
    do: Callable[[datetime], object]


@dataclass(slots=True)
class Story:
    """Everything that happens before ``now``, in order.

    Attributes:
        acts: what people can do.
        places: the organizations.
        now: the end of the story.
        chance: decides the many small things.
        connected: how many users the large practice has.
        waiting: how many requests wait there.
        crowd: people without a part of their own, one at a time; filled by ``steps``.
    """

    acts: Acts
    places: tuple[Place, ...]
    now: datetime
    chance: random.Random
    connected: int = 52
    waiting: int = 28
    _steps: list[Step] = field(default_factory=list)
    _registered: set[str] = field(default_factory=set)
    crowd: Iterator[Person] = field(default_factory=lambda: iter(()))

    def steps(self) -> list[Step]:
        """Return what happens, in order of time."""
        self.crowd = iter(the_many(self.chance, self.connected + self.waiting + 6 * len(self.places)))
        self._offices()
        self._cedar_valley()
        self._large_practice()
        self._the_others()
        self._waiting_for_maria()
        self._single_people()
        self._special_cases()
        return sorted(self._steps, key=lambda step: step.at)

    def _add(self, ago: timedelta, do: Callable[[datetime], object]) -> None:
        self._steps.append(Step(self.now - ago, do))

    def _some(self, days: float) -> timedelta:
        """About so many days ago."""
        return timedelta(days=days, minutes=self.chance.randrange(5, 500))

    def _arrive(self, person: Person, ago: timedelta) -> None:
        """Register, once, however often the person is named."""
        if person.user_id not in self._registered:
            self._registered.add(person.user_id)
            self._add(ago, lambda at: self.acts.register(person, at))

    def _ask(self, person: Person, role_id: str, where: tuple[str, ...], ago: timedelta) -> list[Request]:
        """Register three hours earlier (who is new) and ask; returns a box that the request will be in."""
        box: list[Request] = []
        why = self.chance.choice(_REASONS)
        self._arrive(person, ago + timedelta(hours=3))
        self._add(ago, lambda at: box.append(self.acts.request(person, role_id, where, at, why)))
        return box

    def _decide(
        self, by: Person, box: list[Request], ago: timedelta, verdict: str = "approved", reason: str = ""
    ) -> None:
        self._add(ago, lambda at: self.acts.decide(by, box[0], verdict, at, reason))

    def _get(self, person: Person, role_id: str, where: tuple[str, ...], by: Person, ago: timedelta) -> None:
        """Ask, and be approved half an hour to thirty hours later."""
        box = self._ask(person, role_id, where, ago)
        later = timedelta(hours=self.chance.uniform(0.5, 30))
        self._decide(by, box, max(ago - later, timedelta(minutes=25)))

    def _offices(self) -> None:
        self._arrive(GRACE, WEEKS)
        self._add(
            WEEKS - timedelta(hours=1), lambda at: self.acts.designate(None, GRACE, "steward", None, at)
        )
        self._add(WEEKS - timedelta(hours=2), lambda at: self.acts.sign_in(GRACE, at))
        for person, where in ((MARIA, MARIAS), (TOM, (PRAIRIE,)), (INES, (LAKESHORE,))):
            self._first_official(person, where, timedelta(days=54, minutes=self.chance.randrange(400)))

    def _first_official(self, person: Person, where: tuple[str, ...], ago: timedelta) -> None:
        self._arrive(person, ago)
        for number, name in enumerate(where):
            designated = ago - timedelta(hours=5, minutes=number)
            self._add(designated, partial(self.acts.designate, GRACE, person, OFFICIAL, name))

    def _cedar_valley(self) -> None:
        """A practice with three officials, a denial, and a removal."""
        self._get(AISHA, OFFICIAL, (CEDAR,), MARIA, timedelta(days=50))
        self._get(DANIEL, OFFICIAL, (CEDAR,), AISHA, timedelta(days=46))
        self._get(VICTOR, STAFF, (CEDAR,), AISHA, timedelta(days=41))
        self._get(LENA, STAFF, (CEDAR, FOX), MARIA, timedelta(days=37))
        for _ in range(6):
            official = self.chance.choice((MARIA, AISHA))
            self._get(next(self.crowd), STAFF, (CEDAR,), official, self._some(self.chance.uniform(12, 34)))
        self._add(timedelta(days=3, hours=2), lambda at: self.acts.remove(AISHA, VICTOR, CEDAR, at))
        asked = self._ask(SAM, STAFF, (CEDAR,), timedelta(days=4, hours=6))
        reason = "I do not know which team you are on. Please name it."
        self._decide(DANIEL, asked, timedelta(days=4), "denied", reason)
        self._add(timedelta(days=3, hours=21), lambda at: self.acts.ask_again(DANIEL, asked[0], at))

    def _large_practice(self) -> None:
        """A practice with many users and a queue, as before the end of a submission period."""
        self._get(next(self.crowd), OFFICIAL, (LAKESHORE,), INES, timedelta(days=48))
        for _ in range(self.connected):
            self._get(next(self.crowd), STAFF, (LAKESHORE,), INES, self._some(self.chance.uniform(12, 45)))
        for _ in range(self.waiting):
            self._ask(next(self.crowd), STAFF, (LAKESHORE,), self._some(self.chance.uniform(0.2, 7)))

    def _the_others(self) -> None:
        """Every other organization: an official or two and some staff; the last four have nobody yet."""
        others = [place.name for place in self.places if place.name not in FIXED] + [TAMARACK]
        *with_official, _, _, _, empty = others
        for name in with_official:
            official = next(self.crowd)
            self._first_official(official, (name,), self._some(self.chance.uniform(44, 51)))
            if self.chance.random() < 0.3:
                self._get(
                    next(self.crowd), OFFICIAL, (name,), official, self._some(self.chance.uniform(30, 42))
                )
            for _ in range(self.chance.randrange(3)):
                self._get(next(self.crowd), STAFF, (name,), official, self._some(self.chance.uniform(12, 40)))
        self._ask(next(self.crowd), OFFICIAL, (empty,), timedelta(days=2, hours=4))

    def _waiting_for_maria(self) -> None:
        """Requests over several organizations, from a week ago to this hour."""
        asked = (
            (STAFF, (CEDAR,), timedelta(days=6, hours=3)),
            (STAFF, (HARBOR,), timedelta(days=4, hours=20)),
            (OFFICIAL, (FOX,), timedelta(days=3, hours=1)),
            (STAFF, (CEDAR, FOX), timedelta(days=2, hours=8)),
            (STAFF, (NORTH,), timedelta(days=1, hours=5)),
            (STAFF, (RIVERS,), timedelta(hours=21)),
            (STAFF, (CEDAR,), timedelta(hours=4)),
            (STAFF, (HARBOR,), timedelta(minutes=50)),
        )
        for role_id, where, ago in asked:
            self._ask(next(self.crowd), role_id, where, ago)
        for name in (HARBOR, NORTH, RIVERS, FOX):
            self._get(next(self.crowd), STAFF, (name,), MARIA, self._some(self.chance.uniform(8, 30)))
        self._get(next(self.crowd), STAFF, (HARBOR,), MARIA, timedelta(days=2, hours=2))

    def _single_people(self) -> None:
        self._ask(PAUL, STAFF, (PRAIRIE,), timedelta(hours=27))
        self._get(next(self.crowd), STAFF, (PRAIRIE,), TOM, timedelta(days=20))
        second_thoughts = next(self.crowd)
        box = self._ask(second_thoughts, STAFF, (PRAIRIE,), timedelta(days=9))
        self._add(timedelta(days=8, hours=20), lambda at: self.acts.withdraw(second_thoughts, box[0], at))
        self._arrive(NORA, timedelta(days=2))
        self._add(timedelta(days=1, hours=1), lambda at: self.acts.register(KIM, at, second_factor=False))
        for person in (MARIA, AISHA, TOM, INES, GRACE, LENA):
            self._add(timedelta(hours=self.chance.uniform(26, 60)), partial(self.acts.sign_in, person))

    def _special_cases(self) -> None:
        """A lost phone, a second account, somebody deactivated, and one request for every practice in reach."""
        self._get(ELLEN, STAFF, (CEDAR,), AISHA, timedelta(days=25))
        self._add(timedelta(hours=5), lambda at: cases.lose_second_factor(self.acts, ELLEN, at))
        self._get(LENA_TWICE, STAFF, (HARBOR,), MARIA, timedelta(days=18))
        self._add(timedelta(hours=30), lambda at: cases.name_other_account(self.acts, LENA, LENA_TWICE, at))
        self._get(OTIS, STAFF, (PRAIRIE,), TOM, timedelta(days=28))
        why = "On leave until spring, as the practice told us."
        self._add(timedelta(days=2), lambda at: cases.deactivate(self.acts, GRACE, OTIS, why, at))
        others = tuple(place.name for place in self.places if place.name not in FIXED)[:9]
        box = self._ask(BEA, STAFF, (CEDAR, PRAIRIE, FOX, *others), timedelta(hours=31))
        self._add(timedelta(hours=28), lambda at: self.acts.decide(MARIA, box[0], "approved", at, only=FOX))
        said = "We do our billing ourselves."
        self._add(
            timedelta(hours=24), lambda at: self.acts.decide(TOM, box[0], "denied", at, said, only=PRAIRIE)
        )
