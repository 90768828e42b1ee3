"""The law of confirmations under every interleaving that a test can choose, and with its protections taken out.

A world of two decision points, a log, an asker and one clock in the test's hands. Whatever a follower does can be
interrupted before and after each thing it asks of the database or of its copy: by commits, by time passing, by the
other follower, by processes that die. After each step the law is checked: of an event that was confirmed once, no copy
that may still be asked is older.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from rolebook.audit import clock, followers, following
from rolebook.audit.feed import FeedEvent, events_after, tip_revision
from rolebook.audit.following import LogFollower
from rolebook.audit.models import Follower
from tests.audit.events import sign_in

LEASE = 10.0
DEEPEST = 2
STEPS = 25


class Broken(Exception):
    """A confirmed event was missing from a copy that answers."""


@dataclass
class Copy:
    """A replica that knows only how far it got; reading its tables is something that can be interrupted, too."""

    world: "World"
    sequence: int = 0

    def load(self) -> None:
        self.world.interrupt()
        self.sequence = tip_revision().sequence
        self.world.interrupt()

    def apply(self, events: Sequence[FeedEvent]) -> None:
        self.world.interrupt()
        self.sequence = max(self.sequence, events[-1].sequence)
        self.world.interrupt()


@dataclass
class World:
    """Two followers, their clock, and what has been committed and confirmed."""

    chance: Random
    seconds: float = 0.0
    alive: list[tuple[LogFollower, Copy]] = field(default_factory=list)
    busy: list[LogFollower] = field(default_factory=list)
    committed: dict[int, float] = field(default_factory=dict)
    confirmed: int = 0

    def start(self) -> None:
        copy = Copy(self)
        self.alive.append((LogFollower(copy, kind="model", name="m", lease_seconds=LEASE), copy))

    def act(self, depth: int) -> None:
        """Do one thing that the test chooses, and check the law."""
        what = self.chance.choice(["step", "step", "step", "commit", "time", "ask", "ask", "die"])
        if what == "commit":
            sequence = sign_in().sequence
            assert sequence is not None
            self.committed[sequence] = clock.boottime()
        elif what == "time":
            self.seconds += self.chance.choice([0.5, LEASE / 2, LEASE * 1.05, LEASE * 1.2, LEASE * 4])
        elif what == "ask" and self.committed:
            self.ask(self.chance.choice(sorted(self.committed)))
        elif what == "die" and not self.busy and depth == 0:
            self.alive.pop(self.chance.randrange(len(self.alive)))
            self.start()
        elif what == "step":
            follower, _ = self.chance.choice(self.alive)
            if follower not in self.busy:
                self.busy.append(follower)
                try:
                    follower.step()
                finally:
                    self.busy.remove(follower)
        self.check()

    def ask(self, sequence: int) -> None:
        if followers.confirmation(sequence, self.committed[sequence]).confirmed:
            self.confirmed = max(self.confirmed, sequence)

    def check(self) -> None:
        for follower, copy in self.alive:
            if follower.is_fresh() and copy.sequence < self.confirmed:
                raise Broken(f"event {self.confirmed} was confirmed, and a copy at {copy.sequence} answers")

    def interrupt(self) -> None:
        """Let other things happen in the middle of what a follower does."""
        if len(self.busy) <= DEEPEST:
            for _ in range(self.chance.randint(0, 2)):
                self.act(depth=1)


def interruptible(world: list[World], call: Callable[..., Any]) -> Callable[..., Any]:
    def interrupted(*args: Any, **kwargs: Any) -> Any:
        world[-1].interrupt()
        result = call(*args, **kwargs)
        world[-1].interrupt()
        return result

    return interrupted


def run_model(patch: pytest.MonkeyPatch, examples: int) -> None:
    """Run as many worlds, each with the chances of its number; raises Broken when the law was broken."""
    worlds: list[World] = []
    for name in ("register", "renew"):
        patch.setattr(followers, name, interruptible(worlds, getattr(followers, name)))
    for name in ("tip_revision", "events_after"):
        patch.setattr(following, name, interruptible(worlds, getattr(following, name)))
    patch.setattr(clock, "boottime", lambda: worlds[-1].seconds if worlds else 0.0)

    for seed in range(examples):
        Follower.objects.all().delete()
        world = World(Random(seed))
        worlds.append(world)
        world.start()
        world.start()
        for _ in range(STEPS):
            world.act(depth=0)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.invariant("I7", "I10")
@pytest.mark.fault(25)
def test_no_copy_that_may_be_asked_is_older_than_a_confirmed_event(monkeypatch: pytest.MonkeyPatch) -> None:
    run_model(monkeypatch, examples=400)


def lease_that_never_ends(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(LogFollower, "is_fresh", lambda self: self.fresh_until > 0)


def lease_counted_from_after_the_renewal(patch: pytest.MonkeyPatch) -> None:
    renew = LogFollower._renew

    def late(self: LogFollower, before: float) -> None:
        renew(self, before)
        if self._fresh_until:
            self._fresh_until = clock.boottime() + LEASE

    patch.setattr(LogFollower, "_renew", late)


def confirmation_that_does_not_wait(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(followers, "CLOCK_MARGIN", 0.5)


def confirmation_blind_to_those_that_load(patch: pytest.MonkeyPatch) -> None:
    def blind(sequence: int, seen: float) -> followers.Confirmation:
        behind = Follower.objects.filter(applied_sequence__lt=sequence, renewals__gt=0)
        waiting = sum(clock.boottime() - seen <= row.lease_seconds * 1.1 for row in behind)
        return followers.Confirmation(waiting == 0, waiting)

    patch.setattr(followers, "confirmation", blind)


def renewal_short_of_the_tip(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(following, "events_after", lambda revision: (events_after(revision, 1)[0], True))


def renewal_of_a_row_that_is_gone(patch: pytest.MonkeyPatch) -> None:
    renew = followers.renew
    patch.setattr(
        followers, "renew", lambda registration, applied: renew(registration, applied) or registration
    )


def registration_after_loading(patch: pytest.MonkeyPatch) -> None:
    def step(self: LogFollower) -> bool:
        if self._revision is None:
            self._revision = tip_revision()
            self._replica.load()
            before = clock.boottime()
            self._registration = followers.register(kind="m", name="m", lease_seconds=LEASE, at=clock.now())
            self._renew(before)
        return real(self)

    real = LogFollower.step
    patch.setattr(LogFollower, "step", step)


def forgetting_before_the_lease_is_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(followers, "_LEASES_TO_FORGET", 0.4)


MUTANTS = [
    forgetting_before_the_lease_is_over,
    lease_that_never_ends,
    lease_counted_from_after_the_renewal,
    confirmation_that_does_not_wait,
    confirmation_blind_to_those_that_load,
    renewal_short_of_the_tip,
    renewal_of_a_row_that_is_gone,
    registration_after_loading,
]


@contextmanager
def broken_by(mutant: Callable[[pytest.MonkeyPatch], None]) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        mutant(patch)
        yield patch


@pytest.mark.slow
@pytest.mark.once
@pytest.mark.django_db
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_with_a_protection_taken_out_the_law_is_broken(mutant: Callable[[pytest.MonkeyPatch], None]) -> None:
    with broken_by(mutant) as patch, pytest.raises(Broken):
        run_model(patch, examples=3000)
