"""Several workers on one outbox: every mail once, also when one of them is killed (faults 47 and 56)."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from rolebook.notices import sending
from rolebook.notices.models import Notice
from rolebook.notices.sending import LEASE
from tests.notices.conftest import Clock, make_sender
from tests.notices.smtp import Server
from tests.support.databases import CommittedDatabase
from tests.support.people import new_user

MAILS = 60
MOST_RACES = 10


def fill_the_outbox(clock: Clock) -> set[str]:
    person = new_user().account
    return {
        f"<{notice.message_id}>"
        for notice in Notice.objects.bulk_create(
            Notice(
                recipient=person,
                kind="test",
                event_sequence=number,
                subject="QPP: Test",
                text="Test.\n",
                message_id=f"{uuid4().hex}@example.org",
                next_attempt_at=clock.now,
                created_at=clock.now,
            )
            for number in range(MAILS)
        )
    }


def race(committed_db: CommittedDatabase, smtp: Server, clock: Clock) -> Counter[str]:
    workers = [make_sender(smtp, clock) for _ in range(4)]
    committed_db.in_threads([worker.send_due for worker in workers])
    return Counter(mail.message_id for mail in smtp.received)


@pytest.mark.fault(47)
def test_workers_that_send_at_once_send_every_mail_once(
    committed_db: CommittedDatabase, smtp: Server, clock: Clock
) -> None:
    expected = fill_the_outbox(clock)
    assert race(committed_db, smtp, clock) == Counter(dict.fromkeys(expected, 1))
    assert set(Notice.objects.values_list("state", flat=True)) == {"sent"}


def test_without_the_claims_condition_workers_would_send_mails_twice(
    committed_db: CommittedDatabase, smtp: Server, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: whoever comes takes the notice, as a plain UPDATE by primary key would let them."""

    def taken_by_anybody(notice_id: int, now: object) -> Notice | None:
        claim = uuid4()
        Notice.objects.filter(pk=notice_id).update(claim=claim)
        notice = Notice.objects.select_related("recipient").get(pk=notice_id)
        notice.claim = claim
        return notice

    monkeypatch.setattr(sending, "_claim", taken_by_anybody)
    for _ in range(MOST_RACES):  # the workers have to meet, which on a busy machine takes more than one race
        fill_the_outbox(clock)
        if max(race(committed_db, smtp, clock).values()) > 1:
            return
    pytest.fail("no mail was sent twice with the condition taken out: the race proves nothing")


@pytest.mark.fault(56, 47)
def test_mail_of_a_worker_killed_in_the_middle_of_sending_is_sent_by_another(
    committed_db: CommittedDatabase, smtp: Server, clock: Clock
) -> None:
    from rolebook.audit import clock as real_clock

    clock.now = real_clock.now() - timedelta(minutes=1)
    expected = fill_the_outbox(clock)
    smtp.stalls = True
    worker = subprocess.Popen(
        [sys.executable, "-m", "rolebook.jobs"],
        env={
            **os.environ,
            **committed_db.environment,
            "ROLEBOOK_MAIL": smtp.url,
            "ROLEBOOK_SECRET_KEY": "k" * 50,
        },
    )
    try:
        until(lambda: len(smtp.received) == 1)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    smtp.stalls = False
    clock.now = real_clock.now() + LEASE
    make_sender(smtp, clock).send_due()
    counted = Counter(mail.message_id for mail in smtp.received)
    assert set(counted) == expected
    assert sorted(counted.values())[-2:] == [1, 2]  # the one that the killed worker had handed over


def until(true: "object", seconds: float = 60) -> None:
    """Wait for something that another process does."""
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
