"""Tell people, some days before, that a temporary detail of theirs ends; nothing else follows from it (IQCS-11)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import batched

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.accounts.queries.rolebooks import programs_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance import locks
from rolebook.governance.models import Access, EndWarning, Grant, Participation
from rolebook.governance.quiet import counts
from rolebook.policy.model import Rolebook
from rolebook.policy.months import warning_come

_A_UNIT = 200
_A_BATCH = 500
type End = tuple[int, datetime]
"""A participation's internal id, and an instant at which something of it ends."""


def warn_of_ends(now: datetime) -> int:
    """Put on record, for a notice, each end that is near by the program's days; return how many were.

    Of several days that have come, however long this was not run, the nearest to the end counts: one warning, not
    three. Days are those of the calendar, by the clock of the program's zone. A person whose part in the program is not
    active is told nothing, nor of what goes on by a later grant.
    """
    return sum(_warn(book, now) for book in programs_in_force(now))


def _warn(book: Rolebook, now: datetime) -> int:
    days = sorted(book.lifecycle.warn_days_before_end)
    if not days:
        return 0
    # A day wider than the first warning, for the clocks; which warning has come is asked of the calendar.
    near = counts(now) & Q(
        program_id=book.program.id,
        closed_at=None,
        ends_at__gt=now,
        ends_at__lte=now + timedelta(days=days[-1] + 1),
        participation__account__status=Account.Status.ACTIVE,
    )
    told = last = 0
    while some := _people_after(near, last):
        for ends in batched(sorted(_ends(near & Q(participation__in=some))), _A_UNIT):
            come = [(end, warning_come(now, end[1], days, book.program.zone)) for end in ends]
            told += _record(book, [(end, number) for end, number in come if number is not None], now)
        last = some[-1]
    return told


def _people_after(near: Q, last: int) -> list[int]:
    """Return the next participations, by id, of which something ends soon; memory does not grow with their number."""
    found: set[int] = set()
    for model in (Grant, Access):
        rows = model.objects.filter(near, participation__gt=last).order_by("participation")
        found.update(rows.values_list("participation", flat=True).distinct()[:_A_BATCH])
    return sorted(found)[:_A_BATCH]


def _ends(near: Q) -> Iterable[End]:
    """Return the ends of what is still open and ends soon, each once."""
    found = {
        (grant.participation_id, grant.ends_at)
        for grant in Grant.objects.filter(near)
        if grant.ends_at is not None and not _goes_on(grant)
    }
    found |= {
        (access.participation_id, access.ends_at)
        for access in Access.objects.filter(near)
        if access.ends_at is not None and not _goes_on(access)
    }
    return found


def _goes_on(held: Grant | Access) -> bool:
    """Return whether a later grant or access of the same lets it go on beyond its end."""
    later = Q(closed_at=None, starts_at__lte=held.ends_at) & (
        Q(ends_at__isnull=True) | Q(ends_at__gt=held.ends_at)
    )
    if isinstance(held, Grant):
        others = Grant.objects.filter(
            later,
            participation=held.participation_id,
            role_id=held.role_id,
            organization=held.organization_id,
        )
        return others.exists()
    wide = Q(lower_levels=True) if held.lower_levels else Q()
    return Access.objects.filter(
        later, wide, participation=held.participation_id, organization=held.organization_id
    ).exists()


def _record(book: Rolebook, due: list[tuple[End, int]], now: datetime) -> int:
    """Record the warnings that were not given yet, in one unit; a second worker's are found given."""
    people = {
        part.pk: part
        for part in Participation.objects.filter(pk__in=[end[0] for end, _ in due]).select_related("account")
    }
    with unit_of_work(at=now, origin=Origin("job")) as work:
        locks.lock(accounts=[part.account_id for part in people.values()])
        rows = EndWarning.objects.filter(participation__in=people)
        given = set(rows.values_list("participation", "ends_at", "days_before"))
        new = [(pk, ends_at, days) for (pk, ends_at), days in due if (pk, ends_at, days) not in given]
        told = len(new)
        EndWarning.objects.bulk_create(
            EndWarning(
                program_id=book.program.id,
                participation_id=pk,
                ends_at=ends_at,
                days_before=days,
                warned_at=now,
            )
            for pk, ends_at, days in new
        )
        for participation_pk, ends_at, days in new:
            work.record(
                tags.ACCESS_END_NEAR,
                program_id=book.program.id,
                beneficiary_id=people[participation_pk].account.public_id,
                new={"ends_at": ends_at, "days_before": days},
            )
        if not told:
            work.nothing_happened()
    return told
