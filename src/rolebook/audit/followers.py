"""Followers of the log and their leases: how a removal is confirmed, not hoped for (design, same words).

The law: no evaluation *sent* after a confirmation gets a yes that the confirmed event forbids. What holds it:

* A follower's registration is committed before it loads. Whoever asks for a confirmation either sees the
row, and waits for it, or asked before the row was there, and then the load sees the event.
* A lease runs from a reading of the clock taken *before* the statement that read the tip, and is granted
only after everything up to that tip is applied and the row is updated. A lease that outlives an event was
therefore begun before that event was committed, and is over one lease after the commit: hence the second
way to a confirmation. * The clock is CLOCK_BOOTTIME: nobody sets it, and it runs on while a machine
sleeps or a process is stopped. Two machines' clocks may differ in rate by a tenth.
* A row is renewed only if it stands exactly as its owner left it (its count of renewals), and forgotten
only if it stands exactly as the observer saw it throughout three leases. Of the two, one wins: a follower
whose row is gone cannot renew, and by then its last lease is over.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from rolebook.audit import clock
from rolebook.audit.feed import Revision
from rolebook.audit.models import Event, Follower

CLOCK_MARGIN = 1.1
"""How much longer than the lease an asker waits: two clocks may differ in rate by a tenth."""
_LEASES_TO_FORGET = 3
_FORGOTTEN = -1
_REMEMBERED = 10_000
_ASKED_AT_ONCE = 5.0
"""Seconds within which the page, or the answer, that follows a change asks about it."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A follower's row as its owner last left it."""

    follower_id: uuid.UUID
    lease_seconds: float
    renewals: int


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Whether an event holds everywhere.

    Attributes:
        confirmed: no decision point answers from before the event any more.
        waiting_for: how many followers may still do so.
        took: seconds from the event until this process first found it confirmed; None before, where this process was
            first asked late, and for askers who say themselves when they saw the event.
    """

    confirmed: bool
    waiting_for: int
    took: float | None = field(default=None, compare=False)


class NotCommitted(LookupError):
    """A confirmation was asked of an event that the log does not have."""


def register(
    *, kind: str, name: str, lease_seconds: float, at: datetime, program_id: str | None = None
) -> Registration:
    """Add a follower's row, committed on return; it loads only afterwards.

    ``kind`` says what it is ("decision point"), ``name`` where it runs, ``lease_seconds`` how long its
    leases are.
    """
    row = Follower.objects.create(
        follower_id=uuid.uuid4(),
        kind=kind,
        name=name[:200],
        program_id=program_id,
        lease_seconds=lease_seconds,
        registered_at=at,
    )
    return Registration(row.follower_id, lease_seconds, 0)


def renew(registration: Registration, applied: Revision) -> Registration | None:
    """Write what has been applied, and return the row's new form; None when the row is not as it was left.

    The caller took its reading of the clock before it read the tip ``applied``; on None it has no lease,
    registers again and catches up.
    """
    renewed = Follower.objects.filter(
        follower_id=registration.follower_id, renewals=registration.renewals
    ).update(
        renewals=registration.renewals + 1,
        applied_sequence=applied.sequence,
        applied_hash=applied.hash,
    )
    if not renewed:
        return None
    return Registration(registration.follower_id, registration.lease_seconds, registration.renewals + 1)


def deregister(registration: Registration) -> None:
    """Remove a follower's row. The caller has stopped answering before."""
    Follower.objects.filter(follower_id=registration.follower_id).delete()


@dataclass(slots=True)
class _Asked:
    """What this process knows of an event that it was asked about.

    Attributes:
        seen_at: the boot clock when it was first asked.
        after: how many seconds after the event that was, by the instants of the event and of asking; None untold.
        took: how long after the event it first found it confirmed; None before, and where it was asked late.
        confirmed: whether it was found confirmed.
    """

    seen_at: float
    after: float | None = None
    took: float | None = None
    confirmed: bool = False


_asked: dict[bytes, _Asked] = {}
"""By the event's hash: a sequence comes twice after a restore."""


def confirmation(
    sequence: int, seen_at_boottime: float | None = None, *, at: datetime | None = None
) -> Confirmation:
    """Return whether the event ``sequence`` holds at every decision point.

    ``seen_at_boottime`` is :func:`clock.boottime` of the asker when it saw the event committed; left out, this
    process remembers when it was first asked about the event, and, told the instant ``at`` of asking, how long it took.
    Raises NotCommitted when the log has no such event.
    """
    asked = None
    if seen_at_boottime is None:
        asked = _asked_about(sequence, at)
        seen_at_boottime = asked.seen_at
    waited = clock.boottime() - seen_at_boottime
    leases = Follower.objects.filter(applied_sequence__lt=sequence).values_list("lease_seconds", flat=True)
    waiting_for = sum(waited <= lease * CLOCK_MARGIN for lease in leases)
    if waiting_for == 0 and asked is not None and not asked.confirmed:
        asked.confirmed = True
        asked.took = None if asked.after is None or asked.after >= _ASKED_AT_ONCE else asked.after + waited
    return Confirmation(waiting_for == 0, waiting_for, None if asked is None else asked.took)


def _asked_about(sequence: int, at: datetime | None) -> _Asked:
    found = Event.objects.filter(sequence=sequence).values_list("hash", "occurred_at").first()
    if found is None:
        raise NotCommitted(f"found no event {sequence} in the log")
    # The clock is read after the event was seen, so that the wait is never too short.
    asked = _asked.setdefault(bytes(found[0]), _Asked(clock.boottime()))
    if at is not None and asked.after is None:
        asked.after = max(0.0, (at - found[1]).total_seconds())
    while len(_asked) > _REMEMBERED:
        _asked.pop(next(iter(_asked)), None)
    return asked


@dataclass(slots=True)
class Watch:
    """What one process has seen of the other followers' rows, so that those of dead processes are
    forgotten.
    """

    _seen: dict[uuid.UUID, tuple[int, float]] = field(default_factory=dict)

    def forget_dead(self) -> int:
        """Look at every row; delete those that stood unchanged for three of their leases. Return how many.

        Safe by construction: see the top of this module.
        """
        before = clock.boottime()
        rows = list(Follower.objects.values_list("follower_id", "renewals", "lease_seconds"))
        self._seen = {
            follower_id: self._seen[follower_id]
            if self._seen.get(follower_id, (None,))[0] == renewals
            else (renewals, clock.boottime())
            for follower_id, renewals, _ in rows
        }
        dead = [
            (follower_id, renewals)
            for follower_id, renewals, lease in rows
            if before - self._seen[follower_id][1] > _LEASES_TO_FORGET * CLOCK_MARGIN * lease
        ]
        forgotten = sum(
            Follower.objects.filter(follower_id=follower_id, renewals=renewals).update(renewals=_FORGOTTEN)
            for follower_id, renewals in dead
        )
        if forgotten:
            Follower.objects.filter(renewals=_FORGOTTEN).delete()
        return forgotten
