"""Recurring jobs, each run by one worker at a time: due instants stand in a table and move on by
conditional update.

A worker that dies in the middle of a job loses that one run, not the schedule: the next due instant was
set before it began. Every job may therefore be run late, and again: it does what is due now, however long
it was not run.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolebook.jobs.models import ScheduledJob

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """A recurring job: ``run(now)`` is called about every ``interval``, by one worker."""

    name: str
    interval: timedelta
    run: Callable[[datetime], object]


def run_due_jobs(jobs: Iterable[Job], *, now: datetime, clock: Callable[[], datetime]) -> list[str]:
    """Run the jobs that are due at ``now`` and that no other worker has taken; return their names.

    A new job is due at once. One that fails is logged, recorded, and due again after its interval; the
    others run.
    """
    jobs = tuple(jobs)
    known = dict(
        ScheduledJob.objects.filter(name__in=[job.name for job in jobs]).values_list("name", "due_at")
    )
    done: list[str] = []
    for job in jobs:
        if job.name not in known:
            row, _ = ScheduledJob.objects.get_or_create(name=job.name, defaults={"due_at": now})
            known[job.name] = row.due_at
        if known[job.name] > now or not _take(job, known[job.name], now):
            continue
        error = _run(job, now)
        ScheduledJob.objects.filter(name=job.name, started_at=now).update(
            finished_at=clock(), last_error=error
        )
        done.append(job.name)
    return done


def _take(job: Job, due_at: datetime, now: datetime) -> bool:
    return bool(
        ScheduledJob.objects.filter(name=job.name, due_at=due_at).update(
            due_at=now + job.interval, started_at=now
        )
    )


def _run(job: Job, now: datetime) -> str:
    try:
        job.run(now)
    except Exception as error:  # One broken job must not stop the worker, and with it everybody's mail.
        _log.exception("the job %s failed", job.name)
        return f"{type(error).__name__}: {error}"[:300]
    return ""
