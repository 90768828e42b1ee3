"""Leases: a copy answers only while it may, and a confirmation is given only when no copy answers from before."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from django.db import DatabaseError

from rolebook.audit import clock, feed, followers, triggers
from rolebook.audit.feed import BEGINNING, FeedEvent, LogReplaced, Revision, events_after, tip_revision
from rolebook.audit.followers import NotCommitted, Watch, confirmation, deregister, register, renew
from rolebook.audit.following import LogFollower
from rolebook.audit.models import Event, Follower, PersonalData
from tests.audit.events import START, sign_in
from tests.support.databases import CommittedDatabase

LEASE = 10.0


class BootClock:
    """CLOCK_BOOTTIME in the hands of a test."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def boot(monkeypatch: pytest.MonkeyPatch) -> Iterator[BootClock]:
    boot_clock = BootClock()
    monkeypatch.setattr(clock, "boottime", boot_clock)
    followers._asked.clear()
    yield boot_clock
    followers._asked.clear()


class Copy:
    """A replica that remembers what it was given; `before_apply` happens in the middle of its work."""

    def __init__(self) -> None:
        self.loads = 0
        self.applied: list[int] = []
        self.before_apply: Callable[[], object] = lambda: None

    def load(self) -> None:
        self.loads += 1

    def apply(self, events: Sequence[FeedEvent]) -> None:
        self.before_apply()
        self.applied += [event.sequence for event in events]


def following(copy: Copy, lease: float = LEASE) -> LogFollower:
    return LogFollower(copy, kind="test", name="here", lease_seconds=lease)


def registered(applied: Revision | None = None) -> followers.Registration:
    registration = register(kind="test", name="there", lease_seconds=LEASE, at=START)
    if applied is not None:
        renewed = renew(registration, applied)
        assert renewed is not None
        return renewed
    return registration


@pytest.mark.django_db
def test_the_feed_gives_what_came_after_a_revision_and_says_when_that_is_all() -> None:
    assert events_after(BEGINNING) == ([], True)
    for _ in range(5):
        sign_in()
    events, all_of_it = events_after(BEGINNING, limit=3)
    assert ([event.sequence for event in events], all_of_it) == ([1, 2, 3], False)
    events, all_of_it = events_after(Revision(3, events[-1].hash), limit=3)
    assert ([event.sequence for event in events], all_of_it) == ([4, 5], True)
    assert events_after(tip_revision()) == ([], True)


@pytest.mark.django_db
@pytest.mark.fault(30)
def test_a_revision_that_the_log_does_not_have_is_refused() -> None:
    sign_in()
    with pytest.raises(LogReplaced):
        events_after(Revision(1, bytes(32)))
    with pytest.raises(LogReplaced):
        events_after(Revision(2, bytes(32)))


@pytest.mark.django_db
def test_an_event_is_confirmed_at_once_when_nobody_follows(boot: BootClock) -> None:
    assert confirmation(sign_in().sequence or 0).confirmed


@pytest.mark.django_db
def test_an_event_that_is_not_in_the_log_has_no_confirmation(boot: BootClock) -> None:
    with pytest.raises(NotCommitted):
        confirmation(1)


@pytest.mark.django_db
@pytest.mark.invariant("I7")
def test_an_event_is_confirmed_when_every_follower_has_applied_it(boot: BootClock) -> None:
    one, other = registered(), registered()
    sequence = sign_in().sequence or 0
    assert confirmation(sequence) == followers.Confirmation(False, 2)
    assert renew(one, tip_revision())
    assert confirmation(sequence) == followers.Confirmation(False, 1)
    assert renew(other, tip_revision())
    assert confirmation(sequence) == followers.Confirmation(True, 0)


@pytest.mark.django_db
@pytest.mark.invariant("I7")
def test_a_follower_that_has_registered_and_not_loaded_yet_is_waited_for(boot: BootClock) -> None:
    sequence = sign_in().sequence or 0
    registered()
    assert not confirmation(sequence).confirmed


@pytest.mark.django_db
@pytest.mark.invariant("I7")
@pytest.mark.fault(58)
def test_a_silent_follower_is_waited_for_a_lease_and_a_tenth_since_the_commit_was_seen(
    boot: BootClock,
) -> None:
    registered(tip_revision())
    sequence = sign_in().sequence or 0
    assert not confirmation(sequence).confirmed
    boot.seconds += LEASE * 1.1
    assert not confirmation(sequence).confirmed
    boot.seconds += 0.01
    assert confirmation(sequence).confirmed


@pytest.mark.django_db
@pytest.mark.invariant("I7")
@pytest.mark.fault(30)
def test_another_event_of_the_same_sequence_after_a_restore_is_waited_for_anew(boot: BootClock) -> None:
    registered(tip_revision())
    sequence = sign_in().sequence or 0
    assert not confirmation(sequence).confirmed
    boot.seconds += LEASE * 2
    assert confirmation(sequence).confirmed
    triggers.drop_all()
    PersonalData.objects.all().delete()
    Event.objects.all().delete()
    triggers.install("audit")
    assert sign_in().sequence == sequence
    assert not confirmation(sequence).confirmed


@pytest.mark.django_db
def test_an_asker_may_say_when_it_saw_the_commit(boot: BootClock) -> None:
    registered(tip_revision())
    sequence = sign_in().sequence or 0
    assert not confirmation(sequence, boot.seconds - LEASE).confirmed
    assert confirmation(sequence, boot.seconds - LEASE * 1.2).confirmed


@pytest.mark.django_db
def test_the_process_remembers_a_bounded_number_of_events(
    boot: BootClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followers, "_REMEMBERED", 3)
    for _ in range(5):
        confirmation(sign_in().sequence or 0)
    assert list(followers._asked) == [bytes(row.hash) for row in Event.objects.filter(sequence__gt=2)]


@pytest.mark.django_db
def test_a_follower_answers_only_after_it_loaded_and_renewed_and_until_its_lease_is_over(
    boot: BootClock,
) -> None:
    sign_in()
    copy = Copy()
    follower = following(copy)
    assert not follower.is_fresh()
    follower.step()
    assert (copy.loads, follower.revision) == (1, tip_revision())
    assert follower.fresh_until == boot.seconds + LEASE
    boot.seconds += LEASE - 0.01
    assert follower.is_fresh()
    boot.seconds += 0.01
    assert not follower.is_fresh()


@pytest.mark.django_db
def test_it_registers_before_it_loads() -> None:
    class Looking(Copy):
        def load(self) -> None:
            super().load()
            assert Follower.objects.get().renewals == 0

    copy = Looking()
    following(copy).step()
    assert copy.loads == 1
    assert Follower.objects.get().renewals == 1


@pytest.mark.django_db
@pytest.mark.invariant("I7")
def test_the_lease_runs_from_before_the_tip_was_read_however_long_the_rest_took(boot: BootClock) -> None:
    copy = Copy()
    follower = following(copy)
    follower.step()
    sign_in()

    def slowly() -> None:
        boot.seconds += LEASE * 2

    copy.before_apply = slowly
    asked_at = boot.seconds
    follower.step()
    assert follower.fresh_until == asked_at + LEASE
    assert not follower.is_fresh()


@pytest.mark.django_db
@pytest.mark.invariant("I7")
def test_the_lease_is_renewed_only_at_the_tip(boot: BootClock, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = following(Copy())
    follower.step()
    until = follower.fresh_until
    for _ in range(5):
        sign_in()
    monkeypatch.setattr(
        "rolebook.audit.following.events_after", lambda revision: feed.events_after(revision, 2)
    )
    boot.seconds += 5
    assert follower.step()
    assert follower.fresh_until == until
    assert not confirmation(5).confirmed
    assert follower.step()
    assert not follower.step()
    assert follower.fresh_until == boot.seconds + LEASE
    assert confirmation(5).confirmed


@pytest.mark.django_db
def test_an_idle_follower_writes_only_to_renew(boot: BootClock, django_assert_num_queries: Any) -> None:
    follower = following(Copy())
    follower.step()
    with django_assert_num_queries(1):
        follower.step()
    boot.seconds += LEASE / 3
    follower.step()
    assert Follower.objects.get().renewals == 2
    assert follower.fresh_until == boot.seconds + LEASE


@pytest.mark.django_db
def test_one_that_cannot_apply_stops_answering_and_loads_again(boot: BootClock) -> None:
    copy = Copy()
    follower = following(copy)
    follower.step()
    sign_in()

    def fail() -> None:
        raise DatabaseError("away")

    copy.before_apply = fail
    with pytest.raises(DatabaseError):
        follower.step()
    assert not follower.is_fresh()
    copy.before_apply = lambda: None
    follower.step()
    assert (copy.loads, follower.is_fresh()) == (2, True)


@pytest.mark.django_db
@pytest.mark.fault(30)
def test_a_follower_whose_log_was_replaced_drops_everything_and_loads_again(boot: BootClock) -> None:
    sign_in()
    copy = Copy()
    follower = following(copy)
    follower.step()
    triggers.drop_all()
    PersonalData.objects.all().delete()
    Event.objects.all().delete()
    assert follower.step()
    assert not follower.is_fresh()
    follower.step()
    assert (copy.loads, follower.is_fresh()) == (2, True)
    triggers.install("audit")


@pytest.mark.django_db
def test_one_whose_row_is_gone_answers_nothing_until_it_registered_again(boot: BootClock) -> None:
    follower = following(Copy())
    follower.step()
    Follower.objects.all().delete()
    boot.seconds += LEASE / 2
    assert follower.step()
    assert not follower.is_fresh()
    follower.step()
    assert follower.is_fresh()
    assert Follower.objects.get().renewals == 1


@pytest.mark.django_db
@pytest.mark.fault(30)
def test_one_whose_row_is_not_as_it_left_it_has_no_lease(boot: BootClock) -> None:
    registration = registered()
    Follower.objects.update(renewals=7)
    assert renew(registration, BEGINNING) is None


@pytest.mark.django_db
def test_the_rows_of_dead_processes_are_forgotten_and_those_of_living_ones_are_not(boot: BootClock) -> None:
    dead, alive = registered(tip_revision()), registered(tip_revision())
    watch = Watch()
    for _ in range(8):
        assert Follower.objects.filter(follower_id=dead.follower_id).exists()
        watch.forget_dead()
        boot.seconds += LEASE / 2
        renewed = renew(alive, tip_revision())
        assert renewed
        alive = renewed
    watch.forget_dead()
    assert [row.follower_id for row in Follower.objects.all()] == [alive.follower_id]


@pytest.mark.django_db
@pytest.mark.invariant("I7")
def test_of_forgetting_and_renewing_only_one_wins(boot: BootClock) -> None:
    """Whichever comes first: a renewal makes the forgetting miss, a forgetting makes the renewal fail."""
    registration = registered(tip_revision())
    watch = Watch()
    watch.forget_dead()
    boot.seconds += LEASE * 10
    renewed = renew(registration, tip_revision())
    assert watch.forget_dead() == 0
    assert renewed
    boot.seconds += LEASE * 10
    assert watch.forget_dead() == 1
    assert renew(renewed, tip_revision()) is None


@pytest.mark.django_db
def test_a_row_looked_at_for_the_first_time_is_never_forgotten_however_old_it_is(boot: BootClock) -> None:
    registered()
    Follower.objects.update(registered_at=START.replace(year=2001))
    assert Watch().forget_dead() == 0


def test_a_follower_in_a_thread_follows_and_leaves_nothing_behind(committed_db: CommittedDatabase) -> None:
    copy = Copy()
    follower = following(copy, lease=0.5)
    follower.start()
    follower.wait_until_fresh(20)
    sequence = sign_in().sequence or 0
    while not confirmation(sequence).confirmed:
        time.sleep(0.01)
    assert copy.applied == [sequence]
    follower.stop()
    assert not follower.is_fresh()
    assert not Follower.objects.exists()


def test_what_keeps_a_follower_from_following_is_told_once_and_that_it_is_over(
    committed_db: CommittedDatabase, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = following(Copy(), lease=0.5)
    away, broken = DatabaseError("gone"), ValueError("broken")
    failures: Iterator[Exception] = iter([away, away, away, broken, broken, away])
    step, back = follower.step, threading.Event()

    def failing() -> bool:
        for failure in failures:
            raise failure
        again = step()
        back.set()
        return again

    monkeypatch.setattr(follower, "step", failing)
    follower.start()
    assert back.wait(20)
    follower.stop()
    told = [record for record in caplog.records if record.name == "rolebook.audit.following"]
    assert [(one.levelname, one.getMessage().split(",")[0]) for one in told] == [
        ("WARNING", "cannot follow the log"),
        ("ERROR", "cannot follow the log"),
        ("WARNING", "cannot follow the log"),
        ("WARNING", "follows the log again"),
    ]


@pytest.mark.django_db
def test_names_are_cut_to_what_fits() -> None:
    register(kind="test", name="x" * 500, lease_seconds=1, at=START)
    assert len(Follower.objects.get().name) == 200
    deregister(followers.Registration(uuid.uuid4(), 1, 0))
