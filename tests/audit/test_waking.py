"""A follower hears at once that the log has grown, and looks by itself where it cannot hear."""

import threading
from collections.abc import Sequence

import pytest
from django.db import connection

from rolebook.audit import following, tags, waking
from rolebook.audit.feed import FeedEvent
from rolebook.audit.following import LogFollower
from rolebook.audit.recording import Origin, unit_of_work
from tests.support.databases import CommittedDatabase
from tests.support.people import START

pytestmark = pytest.mark.postgres


class Copy:
    """What was applied, and an event for each time."""

    def __init__(self) -> None:
        self.applied: list[int] = []
        self.grew = threading.Event()

    def load(self) -> None:
        """Nothing to load."""

    def apply(self, events: Sequence[FeedEvent]) -> None:
        """Keep the sequences."""
        self.applied += [event.sequence for event in events]
        self.grew.set()


def write() -> None:
    with unit_of_work(at=START, origin=Origin("job")) as work:
        work.record(tags.ACCOUNT_SIGNED_OUT)


@pytest.fixture
def copy(committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """A copy whose follower looks by itself only once in a quarter of an hour."""
    monkeypatch.setattr(following, "_LONGEST_POLL_SECONDS", 900.0)
    return Copy()


def test_a_follower_hears_of_what_is_written(copy: Copy) -> None:
    follower = LogFollower(copy, kind="test", name="here", lease_seconds=9000)
    follower.start()
    try:
        follower.wait_until_fresh(30)
        write()
        # This one it may have found when it began to listen, the next one it must hear of.
        assert copy.grew.wait(30)
        copy.grew.clear()
        write()
        assert copy.grew.wait(30)
    finally:
        follower.stop()
    assert copy.applied == [1, 2]


def test_a_cut_connection_listens_again_and_looks_at_what_it_missed(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waking, "_AGAIN_SECONDS", 0.01)
    woken = threading.Semaphore(0)
    waker = waking.Waker(woken.release)
    waker.start()
    try:
        assert woken.acquire(timeout=30)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
            )
            assert cursor.fetchone() == (1,)
        assert woken.acquire(timeout=30), "it did not look again after the cut"
        write()
        assert woken.acquire(timeout=30), "it does not hear any more"
    finally:
        waker.stop()
