"""Warn people, some days before, that their part in a program is closed unless they sign in; a sign-in cancels it.

A warning always comes before a closing, by the declared grace at least: where it comes too late, because no job ran or
the program began to count otherwise, the end moves to the end of the grace (docs/decisions/0029).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.governance import locks
from rolebook.governance.last_officials import last_of, officials_among
from rolebook.governance.models import Participation
from rolebook.governance.quiet import FIELDS, watched
from rolebook.policy.model import Rolebook
from rolebook.policy.months import days_before

BATCH = 200
"""Warnings in one unit of work: each may come with a word to the stewards."""


def warn_of_quiet(book: Rolebook, *, at: datetime, origin: Origin) -> int:
    """Put every warning that has come on record, for a notice; return how many.

    Of several days before that have come, however long this was not run, the nearest to the end counts: one warning,
    not three. Who is past the end and was never warned is warned now, and has the grace to sign in.
    """
    told = 0
    for days, window in _windows(book, at):
        after: tuple[datetime, int] | None = None
        while True:
            rows = Participation.objects.filter(window)
            if after is not None:
                rows = rows.filter(Q(quiet_ends_at__gt=after[0]) | Q(quiet_ends_at=after[0], pk__gt=after[1]))
            keys = ("quiet_ends_at", "pk", "account_id")
            batch = list(rows.order_by("quiet_ends_at", "pk").values_list(*keys)[:BATCH])
            if not batch:
                break
            told += _warn_some(book, days, window, batch, at, origin)
            after = batch[-1][0], batch[-1][1]
    return told


def warn_at(book: Rolebook, quiet_ends_at: datetime) -> tuple[tuple[int, datetime], ...]:
    """Return (days before, instant) of the warnings of an end, the nearest to it first."""
    days = sorted(book.lifecycle.warn_days_before_closing) or [book.lifecycle.grace_days]
    return tuple((number, days_before(quiet_ends_at, number, book.program.zone)) for number in days)


def _windows(book: Rolebook, at: datetime) -> Iterator[tuple[int, Q]]:
    """Yield the days before of each warning, and the condition of who may be due for it, the nearest to the end first.

    A window is a day wider than its warning, for the clocks; `warn_at` says who is due.
    """
    days = sorted(book.lifecycle.warn_days_before_closing) or [book.lifecycle.grace_days]
    active = watched(book.program.id)
    past = active & Q(quiet_ends_at__lte=at, quiet_warned_at__isnull=True)
    yield days[0], past
    for number in days:
        untold = Q(quiet_warned_days__isnull=True) | Q(quiet_warned_days__gt=number)
        until = at + timedelta(days=number + 1)
        yield number, active & untold & Q(quiet_ends_at__gt=at, quiet_ends_at__lte=until)


def _warn_some(
    book: Rolebook,
    days: int,
    window: Q,
    batch: Sequence[tuple[datetime, int, int]],
    at: datetime,
    origin: Origin,
) -> int:
    with unit_of_work(at=at, origin=origin) as work:
        locks.lock(accounts=[account_pk for _, _, account_pk in batch])
        rows = Participation.objects.filter(window, pk__in=[pk for _, pk, _ in batch])
        due = [
            part
            for part in rows.select_related("account").order_by("account")
            if part.quiet_ends_at is not None and _has_come(book, part.quiet_ends_at, days, at)
        ]
        officials = officials_among(book, [part.account_id for part in due], at)
        for part in due:
            places = last_of(book, part.account, at) if part.account_id in officials else ()
            _warn(work, book, part, days, places)
        if not due:
            work.nothing_happened()
    return len(due)


def _has_come(book: Rolebook, quiet_ends_at: datetime, days: int, at: datetime) -> bool:
    """Return whether the warning of so many days before has come; the one nearest to a past end always has."""
    return at >= quiet_ends_at or any(
        number == days and at >= instant for number, instant in warn_at(book, quiet_ends_at)
    )


def _warn(work: UnitOfWork, book: Rolebook, part: Participation, days: int, places: tuple[str, ...]) -> None:
    """Record one warning; of a last official the stewards are told with the first."""
    before = part.quiet_ends_at
    if before is None:
        raise ValueError("found a participation without an end, expected one that was counted")
    enough = work.at + timedelta(days=book.lifecycle.grace_days)
    if part.quiet_warned_at is None:
        part.quiet_warned_at, part.quiet_ends_at = work.at, max(before, enough)
    part.quiet_warned_days = days
    program_id, person_id = book.program.id, part.account.public_id
    if places and part.quiet_official_told_at is None:
        part.quiet_official_told_at, part.quiet_ends_at = work.at, max(part.quiet_ends_at or before, enough)
        work.record(
            tags.PARTICIPATION_LAST_OFFICIAL_NEAR,
            program_id=program_id,
            beneficiary_id=person_id,
            new={"quiet_ends_at": part.quiet_ends_at, "places": list(places)},
        )
    part.save(update_fields=FIELDS)
    moved = part.quiet_ends_at != before
    work.record(
        tags.PARTICIPATION_CLOSING_NEAR,
        program_id=program_id,
        beneficiary_id=person_id,
        old={"quiet_ends_at": before} if moved else {},
        new={"quiet_ends_at": part.quiet_ends_at, "days_before": days},
    )
