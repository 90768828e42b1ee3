"""Stages that nobody answers: who can decide is reminded, and where nobody can or does, the steward is told.

What a stage is is judged at use, whether or not this was run: a stage that nobody is left for is the steward's at once.
Here it is put on record and told, once, however late, and also where the last approver left after the stage opened;
so is what nobody can decide at all, because the last steward who could left, or is kept from it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import batched

from django.db.models import OuterRef, Q, QuerySet, Subquery

from rolebook.accounts.queries.rolebooks import programs_in_force, rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.governance import locks
from rolebook.governance.course import escalate, note_stage, note_stuck
from rolebook.governance.deciders import stages_nobody_can_decide, stages_with_nobody_left
from rolebook.governance.models import Request, Stage
from rolebook.policy.model import Rolebook
from rolebook.policy.working_days import after_working_days

STAGES_A_UNIT = 40
STAGES_A_RUN = 2_000
type Act = Callable[[UnitOfWork, QuerySet[Stage], int], int]


def escalate_stages(now: datetime) -> int:
    """Bring to the steward what nobody can decide, or what has waited too long; return how many stages came.

    What not even a steward can decide is noted, so that it is told.
    """
    came = 0
    for book in programs_in_force(now):
        came += _escalate(book, now)
        _tell_what_is_stuck(book, now)
    return came


def remind_approvers(now: datetime) -> int:
    """Remind who can decide a stage, after the program's working days; return of how many stages.

    Of several reminders that are due, however long this was not run, the latest is given: one, not two.
    """
    return sum(_remind(book, now) for book in programs_in_force(now))


def _escalate(book: Rolebook, now: datetime) -> int:
    open_here = Stage.objects.filter(program_id=book.program.id, state=Stage.State.OPEN)
    nobody = stages_with_nobody_left(book, now)

    def forsaken(work: UnitOfWork, stages: QuerySet[Stage], version: int) -> int:
        some = stages.filter(nobody, escalated_at=None)
        return escalate(work, some, Stage.Why.NOBODY, version, late=True)

    def overdue(work: UnitOfWork, stages: QuerySet[Stage], version: int) -> int:
        days = book.approval.escalate_after_working_days
        some = stages.filter(request__held_since=None).exclude(escalated_why=Stage.Why.OVERDUE)
        return escalate(work, some, Stage.Why.OVERDUE, version, late=True, working_days=days)

    def back(work: UnitOfWork, stages: QuerySet[Stage], version: int) -> int:
        found = list(
            stages.filter(~nobody, escalated_why=Stage.Why.NOBODY).select_related(
                "organization", "request__beneficiary"
            )
        )
        for stage in found:
            stage.escalated_at, stage.escalated_why = None, ""
            stage.save(update_fields=["escalated_at", "escalated_why"])
            note_stage(work, tags.STAGE_BACK, stage, version, {})
        return len(found)

    came = _each(book, _pks(open_here.filter(nobody, escalated_at=None)), forsaken, now)
    limit = book.approval.escalate_after_working_days
    if limit is not None:
        waiting = open_here.filter(request__held_since=None).exclude(escalated_why=Stage.Why.OVERDUE)
        came += _each(book, _due(book, waiting, limit, now), overdue, now)
    _each(book, _pks(open_here.filter(~nobody, escalated_why=Stage.Why.NOBODY)), back, now)
    return came


def _tell_what_is_stuck(book: Rolebook, now: datetime) -> None:
    open_here = Stage.objects.filter(program_id=book.program.id, state=Stage.State.OPEN)
    nobody = stages_nobody_can_decide(book, now)

    def stuck(work: UnitOfWork, stages: QuerySet[Stage], version: int) -> int:
        return note_stuck(work, stages.filter(nobody, stuck_since=None), version)

    def unstuck(work: UnitOfWork, stages: QuerySet[Stage], version: int) -> int:
        found = stages.filter(~nobody).exclude(stuck_since=None)
        again = list(found.select_related("organization", "request__beneficiary"))
        for stage in again:
            stage.stuck_since = None
            stage.save(update_fields=["stuck_since"])
            note_stage(work, tags.STAGE_UNSTUCK, stage, version, {})
        return len(again)

    _each(book, _pks(open_here.filter(nobody, stuck_since=None)), stuck, now)
    _each(book, _pks(open_here.filter(~nobody).exclude(stuck_since=None)), unstuck, now)


def _remind(book: Rolebook, now: datetime) -> int:
    told = 0
    for days in sorted(book.approval.remind_after_working_days, reverse=True):
        not_yet = Q(reminded_after=None) | Q(reminded_after__lt=days)
        waiting = Stage.objects.filter(
            not_yet, program_id=book.program.id, state=Stage.State.OPEN, request__held_since=None
        )

        def remind(
            work: UnitOfWork,
            stages: QuerySet[Stage],
            version: int,
            days: int = days,
            not_yet: Q = not_yet,
        ) -> int:
            found = list(stages.filter(not_yet).select_related("organization", "request__beneficiary"))
            for stage in found:
                stage.reminded_after = days
                stage.save(update_fields=["reminded_after"])
                note_stage(work, tags.STAGE_REMINDED, stage, version, {"working_days": days})
            return len(found)

        told += _each(book, _due(book, waiting, days, now), remind, now)
    return told


def _due(book: Rolebook, stages: QuerySet[Stage], days: int, now: datetime) -> list[int]:
    """Return the stages that have been open for so many working days; those opened within as many days cannot be.

    The days of a hold do not count: they are counted anew from when the request went on.
    """
    before = stages.filter(opened_at__lte=now - timedelta(days=days) + timedelta(hours=2))
    approval, zone = book.approval, book.program.zone
    found: list[int] = []
    went_on = Event.objects.filter(
        request_id=OuterRef("request__public_id"), tag=tags.REQUEST_WENT_ON.name
    ).order_by("-sequence")
    rows = before.annotate(went_on_at=Subquery(went_on.values("occurred_at")[:1])).order_by("opened_at", "pk")
    for pk, opened_at, went_on_at in rows.values_list("pk", "opened_at", "went_on_at").iterator(
        chunk_size=500
    ):
        since = max((one for one in (opened_at, went_on_at) if one is not None), default=now)
        if after_working_days(since, days, approval.holidays, zone) > now:
            continue
        found.append(pk)
        if len(found) == STAGES_A_RUN:
            break
    return found


def _pks(stages: QuerySet[Stage]) -> list[int]:
    return list(stages.order_by("opened_at", "pk").values_list("pk", flat=True)[:STAGES_A_RUN])


def _each(book: Rolebook, pks: Iterable[int], act: Act, now: datetime) -> int:
    """Do something with stages, some in each unit of work; the act is given those that are still open, under lock."""
    done = 0
    for some in batched(pks, STAGES_A_UNIT):
        with unit_of_work(at=now, origin=Origin("job")) as work:
            requests = Stage.objects.filter(pk__in=some).values_list("request_id", flat=True)
            locks.lock_rows(Request, frozenset(requests))
            version, _ = rolebook_in_force(book.program.id, now)
            still = Stage.objects.filter(pk__in=some, state=Stage.State.OPEN).order_by("pk")
            number = act(work, still, version.number)
            if not number:
                work.nothing_happened()
        done += number
    return done
