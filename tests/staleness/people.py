"""People who get and lose access all the time, and those who ask about them."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from typing import Any

from django.db import Error, connections

from rolebook.accounts.models import Account, Organization
from rolebook.audit import clock
from rolebook.audit.followers import NotCommitted, confirmation
from rolebook.governance.flows import remove_access
from rolebook.governance.refusals import Refused
from tests.authzen.asking import VIEW, evaluation, token_for
from tests.races.decision_points import DecisionPointProcess
from tests.support import grants, people


class Interrupted(Exception):
    """The database is about to be put back: what this round did does not count."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What is known of a person. A new object each time, so that one that is still there was there all the while."""

    removed: bool


@dataclass(frozen=True, slots=True)
class Practice:
    """Where one writer gives and takes away: with others at one practice, all would queue for the locks of its rows."""

    organization: Organization
    official: Account

    def may(self, account: Account) -> dict[str, Any]:
        """May this account see the practice's figures?"""
        return evaluation(account, VIEW, self.organization)


@dataclass(slots=True)
class Person:
    """Somebody whose access comes and goes."""

    account: Account
    practice: Practice
    standing: Standing = field(default_factory=lambda: Standing(removed=False))


class Gate:
    """Lets those who work pass, until somebody wants them all outside."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._inside = 0
        self.closed = False

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Work, when the gate is open."""
        with self._condition:
            self._condition.wait_for(lambda: not self.closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._condition:
                self._inside -= 1
                self._condition.notify_all()

    @contextmanager
    def emptied(self) -> Iterator[None]:
        """Keep everybody outside for a while."""
        with self._condition:
            self.closed = True
            self._condition.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            with self._condition:
                self.closed = False
                self._condition.notify_all()


@dataclass
class World:
    """Practices with people, one practice for each writer; and what was seen."""

    points: Sequence[DecisionPointProcess]
    wanted: int
    practices: Sequence[Practice] = ()
    people: Sequence[Person] = ()
    gate: Gate = field(default_factory=Gate)
    over: threading.Event = field(default_factory=threading.Event)
    counted: Counter[str] = field(default_factory=Counter)
    confirmed_after: list[float] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    def set_up(self, writers: int) -> None:
        """Make the practices, who removes there, and four people of each."""
        self.practices = [self._practice(number) for number in range(writers)]
        self.people = [
            Person(people.new_user(f"Person {number}").account, practice)
            for practice in self.practices
            for number in range(4)
        ]
        self.token = token_for()

    @staticmethod
    def _practice(number: int) -> Practice:
        organization = people.practice(f"Practice {number}")
        return Practice(organization, grants.official(organization, f"Official {number}"))

    @property
    def removals(self) -> int:
        """How many were confirmed."""
        return len(self.confirmed_after)

    def write(self, mine: Sequence[Person]) -> None:
        """Give and take away, until it is over."""
        chance = random.Random()
        while not self.over.is_set():
            with self.gate.inside():
                try:
                    self._one_round(chance.choice(mine))
                except (Error, NotCommitted):
                    connections.close_all()
                    self.counted["rounds without a database"] += 1
                    time.sleep(0.05)
                except Interrupted:
                    pass
            if self.removals >= self.wanted:
                self.over.set()
        connections.close_all()

    def read(self) -> None:
        """Ask any decision point about anybody, until it is over."""
        chance = random.Random()
        while not self.over.is_set():
            self._ask(chance.choice(self.points), chance.choice(self.people))

    def _one_round(self, person: Person) -> None:
        person.standing = Standing(removed=False)
        practice = person.practice
        try:
            grants.designated(person.account, grants.OFFICIAL, practice.organization, at=clock.now())
        except Refused:
            self.counted["held already"] += 1
        removal = remove_access(
            acting_user=practice.official,
            program_id="qpp",
            organization_id=practice.organization.public_id,
            beneficiary_id=person.account.public_id,
            at=clock.now(),
            origin=people.WEB,
        )
        began = time.monotonic()
        while not confirmation(removal.sequence).confirmed:
            if self.gate.closed or self.over.is_set():
                raise Interrupted
            time.sleep(0.05)
        self.confirmed_after.append(time.monotonic() - began)
        person.standing = Standing(removed=True)
        for point in self.points:
            self._ask(point, person)

    def _ask(self, point: DecisionPointProcess, person: Person) -> None:
        before = person.standing
        try:
            status, answer = point.ask(person.practice.may(person.account))
        except (OSError, HTTPException):
            self.counted["no answer"] += 1
            time.sleep(0.01)
            return
        yes = status == 200 and answer["decision"]
        self.counted["yes" if yes else "no" if status == 200 else str(status)] += 1
        if yes and before.removed and person.standing is before:
            self.stale.append(f"port {point.port} said yes to {person.account.public_id}")

    def in_threads(self, readers: int) -> list[threading.Thread]:
        """Start a writer for each practice, and so many readers."""
        calls: list[Callable[[], None]] = [self.read] * readers
        calls += [
            partial(self.write, [person for person in self.people if person.practice is practice])
            for practice in self.practices
        ]
        threads = [threading.Thread(target=call) for call in calls]
        for thread in threads:
            thread.start()
        return threads
