"""The watch over who has been quiet for too long: it counts, warns, closes, and stops to ask (IQCS-08, fault 58).

One run a program. It goes by the database's clock; two runs at once, on whatever machines, come to one result, for
each closing and warning is judged again under the lock of its person.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max, Q

from rolebook.accounts.models import Account, RolebookVersion
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.queries.rolebooks import programs_in_force
from rolebook.audit import tags
from rolebook.audit.agreed_clock import agreed_now
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.flows.close_quiet import BATCH, close_quiet, due
from rolebook.governance.flows.warn_of_quiet import warn_of_quiet
from rolebook.governance.models import Participation, QuietWatch
from rolebook.governance.queries.stewards import administers
from rolebook.governance.quiet import FIELDS, counted_from, quiet_end, watched
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Rolebook
from rolebook.policy.rules import Violation

JUMP = timedelta(days=30)
"""From one run to the next: further on, the clock may have jumped, or nobody was there for a month; either is asked."""
FEW = 10
"""So many are closed at once without asking, whatever share of a small program they are."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a run came to. ``stopped``: why it closes nobody and waits for a steward; "" where it does not."""

    program_id: str
    at: datetime
    counted: int = 0
    warned: int = 0
    closed: int = 0
    ended: int = 0
    put_off: int = 0
    stopped: str = ""

    def as_content(self) -> dict[str, object]:
        """Return it for a machine to read; the instant as text."""
        return {**asdict(self), "at": self.at.isoformat()}


def watch_everybody(now: datetime) -> int:
    """Watch over every program; return how many parts were closed. For the job: ``now`` is this machine's own clock."""
    del now
    at = agreed_now()
    watched = (watch_quiet(book.program.id, at=at, origin=Origin("job")) for book in programs_in_force(at))
    return sum(one.closed for one in watched)


def watch_quiet(program_id: str, *, at: datetime, origin: Origin) -> Watched:
    """Count, warn and close the people of one program who are due at ``at``; raises NoRolebook for no such program."""
    version, book = rolebook_in_force(program_id, at)
    watch, _ = QuietWatch.objects.get_or_create(program_id=program_id)
    if watch.ran_at is not None and at < watch.ran_at:
        # A clock that was set back: what it says has passed already, and nobody is due who was not.
        return Watched(program_id, at)
    if watch.ran_at is not None and at - watch.ran_at > JUMP and not _said_so(watch, at):
        return _stop(version, watch, QuietWatch.Why.CLOCK, at, origin)
    counted = _count(version, book, watch, at, origin)
    if book.lifecycle.inactivity_months is None:
        _note_run(watch, at)
        return Watched(program_id, at, counted)
    warned = warn_of_quiet(book, at=at, origin=origin)
    until = at
    if _too_many(book, at):
        if watch.go_on_until is None or not _due(book, watch.go_on_until):
            stopped = _stop(version, watch, QuietWatch.Why.SHARE, at, origin)
            _note_run(watch, at)
            return Watched(program_id, at, counted, warned, stopped=stopped.stopped)
        until = min(at, watch.go_on_until)
    else:
        _resume(version, watch, at, origin)
    done = close_quiet(version, book, until=until, at=at, origin=origin)
    _note_run(watch, at)
    return Watched(program_id, at, counted, warned, done.parts, done.ended, done.put_off)


def confirm_closings(
    *, acting_user: Account | None, program_id: str, at: datetime, origin: Origin
) -> QuietWatch:
    """Say that the watch goes on: the clock is right, and all who were due when it stopped may be closed.

    Open to the program's stewards and, with ``acting_user`` None, to the operator. The next run closes. Raises Refused
    when nothing stopped, or somebody has said so already; NotFound for everybody who is no steward.
    """
    about = About(program_id=program_id, verdict="go on")
    with attempt(
        tags.ATTEMPT_REFUSED_STATUS, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        if acting_user is not None:
            locks.lock(accounts=[acting_user.pk])
            if not administers(acting_standing(acting_user, program_id, at)):
                raise NotFound
        watch = _locked_watch(program_id)
        if watch is None or watch.stopped_at is None:
            raise Refused([Violation("nothing_stopped")])
        if watch.confirmed_at is not None:
            raise Refused([Violation("confirmed_before")])
        watch.confirmed_at, watch.confirmed_by = at, acting_user
        watch.go_on_until = max(at, watch.stopped_at)
        watch.save(update_fields=["confirmed_at", "confirmed_by", "go_on_until"])
        work.record(
            tags.QUIET_CONFIRMED,
            program_id=program_id,
            new={"why": watch.why, "due": watch.due, "active": watch.active},
        )
    return watch


def _said_so(watch: QuietWatch, at: datetime) -> bool:
    """Return whether somebody said that the clock, as far as it has come by now, is right."""
    return watch.go_on_until is not None and at - watch.go_on_until <= JUMP


def _locked_watch(program_id: str) -> QuietWatch | None:
    watch = QuietWatch.objects.filter(program_id=program_id)
    if connection.features.has_select_for_no_key_update:
        watch = watch.select_for_update(no_key=True)
    return watch.first()


def _note_run(watch: QuietWatch, at: datetime) -> None:
    later = Q(ran_at__isnull=True) | Q(ran_at__lt=at)
    QuietWatch.objects.filter(later, program_id=watch.program_id).update(ran_at=at)


def _due(book: Rolebook, at: datetime) -> int:
    return Participation.objects.filter(due(book.program.id, at)).count()


def _active(program_id: str) -> int:
    return Participation.objects.filter(program_id=program_id, status=Participation.Status.ACTIVE).count()


def _too_many(book: Rolebook, at: datetime) -> bool:
    number = _due(book, at)
    return number > FEW and number * 100 > book.lifecycle.most_due_percent * _active(book.program.id)


def _stop(
    version: RolebookVersion, watch: QuietWatch, why: QuietWatch.Why, at: datetime, origin: Origin
) -> Watched:
    """Close nobody until a steward says so; told once, however often it runs meanwhile."""
    program_id = watch.program_id
    with unit_of_work(at=at, origin=origin) as work:
        fresh = _locked_watch(program_id)
        if fresh is None:
            raise ValueError(f"found no watch of {program_id!r}, expected the one of this run")
        waits = fresh.stopped_at is not None and fresh.confirmed_at is None and fresh.why == why
        if waits:
            work.nothing_happened()
        else:
            known = watched(program_id) & Q(quiet_ends_at__lte=at)
            fresh.stopped_at, fresh.why, fresh.confirmed_at, fresh.confirmed_by = at, why, None, None
            fresh.due, fresh.active = Participation.objects.filter(known).count(), _active(program_id)
            fresh.save()
            work.record(
                tags.QUIET_STOPPED,
                program_id=program_id,
                rolebook_version=version.number,
                new={"why": why.value, "due": fresh.due, "active": fresh.active},
            )
    return Watched(program_id, at, stopped=why.value)


def _resume(version: RolebookVersion, watch: QuietWatch, at: datetime, origin: Origin) -> None:
    """Forget a stop whose reason is over: the steward's word was carried out, the clock was put right, people came."""
    if watch.stopped_at is None:
        return
    with unit_of_work(at=at, origin=origin) as work:
        fresh = _locked_watch(watch.program_id)
        if fresh is None or fresh.stopped_at is None:
            work.nothing_happened()
            return
        why, fresh.stopped_at, fresh.why = fresh.why, None, ""
        fresh.confirmed_at = fresh.confirmed_by = fresh.go_on_until = None
        fresh.save()
        work.record(
            tags.QUIET_RESUMED, program_id=watch.program_id, rolebook_version=version.number, new={"why": why}
        )


def _count(version: RolebookVersion, book: Rolebook, watch: QuietWatch, at: datetime, origin: Origin) -> int:
    """Count everybody whom the program counts otherwise now, or who was never counted; return how many changed.

    A new number of months or another zone counts for all, from here on. An end that would come sooner than the grace
    moves there: nobody is past it before having been warned. One event tells of all.
    """
    months = book.lifecycle.inactivity_months
    counted_by = "" if months is None else f"{months} {book.program.zone}"
    open_parts = Participation.objects.filter(program_id=book.program.id, status=Participation.Status.ACTIVE)
    if watch.counted_by == counted_by:
        rows = open_parts.filter(quiet_ends_at__isnull=True) if counted_by else open_parts.none()
    else:
        rows = open_parts
    if not rows.exists():
        QuietWatch.objects.filter(program_id=book.program.id).update(counted_by=counted_by)
        return 0
    changed = last = 0
    top = rows.aggregate(top=Max("pk"))["top"]
    while pks := list(
        rows.filter(pk__gt=last, pk__lte=top).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        changed += _count_some(book, pks, at)
        last = pks[-1]
    with unit_of_work(at=at, origin=origin) as work:
        QuietWatch.objects.filter(program_id=book.program.id).update(counted_by=counted_by)
        work.record(
            tags.PARTICIPATIONS_COUNTED,
            program_id=book.program.id,
            rolebook_version=version.number,
            new={"counted": changed, "counted_by": counted_by},
        )
    return changed


def _count_some(book: Rolebook, pks: list[int], at: datetime) -> int:
    """Count some anew; a person's own sign-in at the same instant counts by the same rolebook."""
    parts = Participation.objects.filter(pk__in=pks)
    enough = at + timedelta(days=book.lifecycle.grace_days)
    with transaction.atomic(durable=True):
        locks.lock(accounts=parts.values_list("account_id", flat=True))
        changed = []
        for part in parts.filter(status=Participation.Status.ACTIVE):
            end = quiet_end(book, counted_from(part))
            end = end if end is None else max(end, enough)
            if end != part.quiet_ends_at:
                part.quiet_ends_at = end
                part.quiet_warned_at = part.quiet_warned_days = part.quiet_official_told_at = None
                changed.append(part)
        Participation.objects.bulk_update(changed, FIELDS)
    return len(changed)
