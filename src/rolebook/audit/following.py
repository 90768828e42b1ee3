"""A copy of the state that follows the log under a lease, whatever the copy is for.

The owner of the copy gives a :class:`Replica`; :class:`LogFollower` loads it, applies events to it,
renews the lease and says whether the copy may be used. :mod:`rolebook.audit.followers` says why this is
enough.
"""

import logging
import threading
from collections.abc import Sequence
from typing import Protocol

from django.db import Error, connections

from rolebook.audit import clock, followers
from rolebook.audit.feed import FeedEvent, LogReplaced, Revision, events_after, tip_revision
from rolebook.audit.waking import Waker

_log = logging.getLogger(__name__)
_LONGEST_POLL_SECONDS = 0.25
_POLLS_A_LEASE = 10
_PAUSE_SECONDS = 0.005
"""Between two looks at a log that grows all the time: each look that finds something writes the follower's row."""
_RENEWALS_A_LEASE = 3


class Replica(Protocol):
    """A copy of the state in memory, made from the database."""

    def load(self) -> None:
        """Drop everything and load again. What it reads is at least as new as the log when it was called."""
        ...

    def apply(self, events: Sequence[FeedEvent]) -> None:
        """Bring the copy up to date with these events; applying one twice is the same as once."""
        ...


class LogFollower:
    """Keeps one replica at the tip of the log, in a thread of its own.

    Args:
        replica: the copy.
        kind: what the copy is for, for people ("decision point").
        name: where it runs.
        lease_seconds: how long the copy may be used after the clock was read for its last renewal.
        loaded: the tip of the log before the copy was loaded, where somebody has loaded it; None to load it.
    """

    def __init__(
        self,
        replica: Replica,
        *,
        kind: str,
        name: str,
        lease_seconds: float,
        loaded: Revision | None = None,
    ) -> None:
        self._replica = replica
        self._kind, self._name, self._lease_seconds = kind, name, lease_seconds
        self._registration: followers.Registration | None = None
        # Registered after the load: what was committed meanwhile comes with the events, before the first lease.
        self._revision: Revision | None = loaded
        self._fresh_until = 0.0
        self._renew_at = 0.0
        self._watch_at = 0.0
        self._watch = followers.Watch()
        self._failing, self._failing_since = "", 0.0
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._was_fresh = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def revision(self) -> Revision | None:
        """The last event that the copy has applied; None while it is loading."""
        return self._revision

    @property
    def fresh_until(self) -> float:
        """The reading of :func:`clock.boottime` at which the lease ends; 0 without one."""
        return self._fresh_until

    def is_fresh(self) -> bool:
        """Whether the copy may be used now. Asked after the question arrived, for each question."""
        return clock.boottime() < self._fresh_until

    def wait_until_fresh(self, seconds: float) -> None:
        """Wait until the copy may be used for the first time, or until ``seconds`` have passed."""
        self._was_fresh.wait(seconds)

    def step(self) -> bool:
        """Do one round: register, load or catch up, renew. Return whether there is more to do at once."""
        if self._registration is None:
            self._registration = followers.register(
                kind=self._kind, name=self._name, lease_seconds=self._lease_seconds, at=clock.now()
            )
        if self._revision is None:
            revision = tip_revision()
            self._replica.load()
            self._revision = revision
        before = clock.boottime()
        try:
            events, reached_tip = events_after(self._revision)
        except LogReplaced:
            _log.warning("the log does not have revision %s any more: loading again", self._revision)
            self._drop()
            return True
        if events:
            self._apply(events)
        if not reached_tip:
            return True
        if events or before >= self._renew_at or not self._fresh_until:
            self._renew(before)
        self._forget_dead(before)
        return self._registration is None

    def _apply(self, events: Sequence[FeedEvent]) -> None:
        try:
            self._replica.apply(events)
        except BaseException:
            self._drop()
            raise
        self._revision = Revision(events[-1].sequence, events[-1].hash)

    def _renew(self, before: float) -> None:
        """Renew the lease from ``before``, a reading taken before the tip was read."""
        if self._registration is None or self._revision is None:
            return
        self._registration = followers.renew(self._registration, self._revision)
        if self._registration is None:
            self._fresh_until = 0.0
        else:
            self._fresh_until = before + self._lease_seconds
            self._renew_at = before + self._lease_seconds / _RENEWALS_A_LEASE
            self._was_fresh.set()

    def _forget_dead(self, before: float) -> None:
        if before >= self._watch_at:
            self._watch_at = before + self._lease_seconds
            self._watch.forget_dead()

    def _drop(self) -> None:
        self._fresh_until = 0.0
        self._revision = None

    def start(self) -> None:
        """Start following in a daemon thread of this process."""
        self._thread = threading.Thread(target=self._run, name=f"rolebook {self._kind}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop using the copy, then end the thread and remove the registration."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(self._lease_seconds + 5)

    def _say_failing(self, failure: Exception) -> None:
        """Write to the log what keeps the follower from following, once for as long as it lasts: it tries often."""
        away = isinstance(failure, Error)
        what = "away" if away else repr(failure)
        if what != self._failing:
            level = logging.WARNING if away else logging.ERROR
            _log.log(level, "cannot follow the log, and tries until it can: %s", failure, exc_info=not away)
        self._failing = what
        self._failing_since = self._failing_since or clock.boottime()

    def _say_following(self) -> None:
        if self._failing:
            _log.warning("follows the log again, after %.1f s", clock.boottime() - self._failing_since)
            self._failing, self._failing_since = "", 0.0

    def _run(self) -> None:
        waker = Waker(self._wake.set)
        waker.start()
        poll = min(self._lease_seconds / _POLLS_A_LEASE, _LONGEST_POLL_SECONDS)
        while not self._stopping.is_set():
            try:
                again = self.step()
            except Exception as failure:
                # The lease runs out by itself; a database that is away or busy is asked again.
                self._say_failing(failure)
                connections.close_all()
                again = False
            else:
                self._say_following()
            if not again:
                self._stopping.wait(_PAUSE_SECONDS)
                self._wake.wait(poll)
                self._wake.clear()
        self._drop()
        waker.stop()
        try:
            if self._registration is not None:
                followers.deregister(self._registration)
        except Error as failure:
            _log.warning("cannot remove the registration: %s", failure)
        finally:
            connections.close_all()
