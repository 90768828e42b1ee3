"""The recurring jobs as they stand, for people; and one of them made due at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.queries.audit_words_jobs import JOB_TITLES
from rolebook.governance.queries.stewards import administers, stewards_standing
from rolebook.governance.refusals import NotFound
from rolebook.jobs.housekeeping import JOBS
from rolebook.jobs.models import ScheduledJob

LATE = timedelta(minutes=5)
"""A job that is due for longer waits for a worker that does not run."""


@dataclass(frozen=True, slots=True)
class JobLine:
    """One job.

    Attributes:
        due_at: when it is due next; None before it was ever seen by a worker.
        running: whether a worker has begun it and not ended yet (or was killed over it).
        last_error: what the last run ended in; empty when it went well.
        late: whether it has been due for so long that no worker seems to run.
    """

    name: str
    title: str
    every: timedelta
    due_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    running: bool
    last_error: str
    late: bool


def lines(at: datetime) -> tuple[JobLine, ...]:
    """Return every job as it stands at ``at``, in the order of their names."""
    rows = {row.name: row for row in ScheduledJob.objects.all()}
    found = []
    for job in sorted(JOBS, key=lambda one: one.name):
        row = rows.get(job.name)
        started, finished = (None, None) if row is None else (row.started_at, row.finished_at)
        found.append(
            JobLine(
                name=job.name,
                title=JOB_TITLES.get(job.name, job.name),
                every=job.interval,
                due_at=None if row is None else row.due_at,
                started_at=started,
                finished_at=finished,
                running=started is not None and (finished is None or finished < started),
                last_error="" if row is None else row.last_error,
                late=row is not None and row.due_at < at - LATE,
            )
        )
    return tuple(found)


def jobs_for(viewer: Account, program_id: str, at: datetime) -> tuple[JobLine, ...]:
    """Return every job for somebody who administers a program. Raises NotFound for everybody else."""
    stewards_standing(viewer, program_id, at)
    return lines(at)


def run_now(*, acting_user: Account, program_id: str, name: str, at: datetime, origin: Origin) -> bool:
    """Make a job due at once, and return whether there was anything to change: a worker runs it within seconds.

    Jobs do what is due, however often they run. Raises NotFound for an unknown job, and for who does not administer
    the program.
    """
    with attempt(
        tags.ATTEMPT_REFUSED_VIEW,
        acting_user=acting_user,
        at=at,
        origin=origin,
        about=About(program_id=program_id),
    ) as work:
        locks.lock(accounts=[acting_user.pk])
        if not administers(acting_standing(acting_user, program_id, at)):
            raise NotFound
        if name not in {job.name for job in JOBS}:
            raise NotFound
        ScheduledJob.objects.get_or_create(name=name, defaults={"due_at": at + LATE})
        changed = ScheduledJob.objects.filter(name=name, due_at__gt=at).update(due_at=at)
        if changed:
            work.record(tags.JOB_HASTENED, program_id=program_id, new={"job": name})
        else:
            work.nothing_happened()
    return bool(changed)
