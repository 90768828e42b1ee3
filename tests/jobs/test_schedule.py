"""Recurring jobs run when they are due, by one worker, and one that fails stops nothing."""

from datetime import datetime, timedelta

import pytest

from rolebook.jobs.models import ScheduledJob
from rolebook.jobs.schedule import Job, run_due_jobs
from tests.support.databases import CommittedDatabase
from tests.support.people import START

HOUR = timedelta(hours=1)


def names(jobs: list[Job], now: datetime) -> list[str]:
    return run_due_jobs(jobs, now=now, clock=lambda: now)


@pytest.mark.django_db
def test_a_job_runs_at_once_and_then_after_each_interval() -> None:
    ran: list[datetime] = []
    job = Job("tidy", HOUR, ran.append)
    for minutes in (0, 30, 59, 60, 61, 120):
        names([job], START + timedelta(minutes=minutes))
    assert ran == [START, START + HOUR, START + 2 * HOUR]


@pytest.mark.django_db
@pytest.mark.fault(58)
def test_a_job_that_was_down_for_three_days_runs_once_and_not_for_every_missed_time() -> None:
    ran: list[datetime] = []
    job = Job("tidy", HOUR, ran.append)
    for at in (START, START + timedelta(days=3), START + timedelta(days=3, minutes=1)):
        names([job], at)
    assert ran == [START, START + timedelta(days=3)]


@pytest.mark.django_db
def test_a_job_that_fails_is_recorded_and_the_others_run() -> None:
    def fails(now: datetime) -> None:
        raise OSError("disk full")

    ran: list[datetime] = []
    assert names([Job("broken", HOUR, fails), Job("fine", HOUR, ran.append)], START) == ["broken", "fine"]
    assert ran == [START]
    assert ScheduledJob.objects.get(name="broken").last_error == "OSError: disk full"
    assert ScheduledJob.objects.get(name="fine").finished_at == START


def test_workers_that_come_at_once_run_a_job_once(committed_db: CommittedDatabase) -> None:
    for round_number in range(10):
        ran: list[datetime] = []
        job = Job("tidy", HOUR, ran.append)
        now = START + round_number * HOUR

        def come(job: Job = job, now: datetime = now) -> list[str]:
            return names([job], now)

        committed_db.in_threads([come, come, come, come])
        assert ran == [now]
