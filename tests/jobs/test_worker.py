"""The worker: one round does everything, and nothing that fails ends it."""

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.db.models import F

from rolebook.accounts.mail import AccountMail
from rolebook.accounts.mailed_codes import make_code
from rolebook.accounts.models import MailedCode
from rolebook.audit.feed import Revision
from rolebook.audit.followers import register, renew
from rolebook.audit.models import Follower
from rolebook.jobs.housekeeping import JOBS, DeadFollowers, forget_codes, prune_sessions
from rolebook.jobs.models import ScheduledJob
from rolebook.jobs.worker import Worker
from rolebook.notices.erasure import KEPT_DAYS, erase_old_words
from rolebook.notices.models import Notice
from rolebook.notices.outbox import enqueue_account_mail
from rolebook.notices.sending import Sender
from rolebook.notices.transport import MailServer, Transport
from tests.notices.smtp import smtp_server
from tests.notices.test_racing_workers import until
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.people import START


def worker(url_port: int = 9) -> Worker:
    sender = Sender(
        transport=Transport(MailServer("127.0.0.1", url_port), seconds=0.5),
        mail_from="Rolebook <rolebook@example.org>",
        clock=lambda: START,
    )
    return Worker(sender=sender, clock=lambda: START, seconds_between=0.01)


@pytest.mark.requirement("QPP-07", "QPP-08", "QPP-09")
def test_one_round_of_the_worker_mails_what_the_log_says(qpp: str) -> None:
    place = people.practice()
    official = grants.official(place, "Olga Official")
    request = grants.asks(grants.user("Uma User"), place)
    with smtp_server() as smtp:
        working = worker(int(smtp.url.rpartition(":")[2]))
        working.round()
        grants.decides(official, grants.open_stage(request), at=START)
        working.round()
        subjects = sorted(" ".join(str(mail.message["Subject"]).split()) for mail in smtp.received)
    where = f"Staff User at {place.name}"
    assert subjects == [
        f"QPP: Access approved: {where}",
        f"QPP: Access given: Security Official at {place.name}",
        f"QPP: Request waiting for you: {where} for Uma User",
        f"QPP: You approved: {where} for Uma User",
    ]


def test_a_worker_outlives_a_database_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    working = worker()
    rounds: list[int] = []

    def broken(self: Worker) -> bool:
        rounds.append(1)
        if len(rounds) == 3:
            working.stop.set()
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(Worker, "round", broken)
    thread = threading.Thread(target=working.run)
    thread.start()
    thread.join(30)
    assert len(rounds) == 3


@pytest.mark.django_db
def test_sessions_that_expired_are_pruned_and_others_stay() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    for key, hours in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=now + timedelta(hours=hours))
    assert prune_sessions(now) == 1
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


@pytest.mark.django_db
def test_the_words_of_old_mail_are_erased_and_that_it_was_sent_stays() -> None:
    recipient = people.new_user("Uma User").account
    for number, state in enumerate(("sent", "failed", "waiting")):
        Notice.objects.create(
            recipient=recipient,
            kind="test",
            state=state,
            subject="Secret",
            text="Secret",
            message_id=f"{number}@example.org",
            next_attempt_at=START,
            created_at=START,
        )
    assert erase_old_words(now=START + timedelta(days=KEPT_DAYS, seconds=1)) == 2
    assert set(Notice.objects.values_list("state", "text")) == {
        ("sent", ""),
        ("failed", ""),
        ("waiting", "Secret"),
    }


@pytest.mark.invariant("I9")
def test_a_mail_with_a_code_goes_to_the_address_being_proved(qpp: str) -> None:
    mail = AccountMail("confirm-email", "Nora\r\nNew", address="nora@example.org", code="1234 5678")
    notice = enqueue_account_mail(mail, at=START)
    assert (notice.address, notice.recipient, notice.holds_code) == ("nora@example.org", None, True)
    assert notice.name == "Nora New"
    assert "1234 5678" in notice.text
    assert "1234 5678" in notice.html


@pytest.mark.django_db
def test_an_account_mail_to_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="names neither"):
        enqueue_account_mail(AccountMail("password-changed", "Nobody"), at=START)


def test_every_recurring_job_has_a_name_of_its_own() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_the_worker_process_ends_when_it_is_asked_to(committed_db: CommittedDatabase) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rolebook.jobs"],
        env={**os.environ, **committed_db.environment, "ROLEBOOK_SECRET_KEY": "k" * 50},
        stderr=subprocess.PIPE,
    )
    until(lambda: ScheduledJob.objects.count() == len(JOBS))
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, b"")


@pytest.mark.django_db
def test_a_decision_point_that_died_is_forgotten_and_one_that_renews_is_not() -> None:
    moment = [0.0]
    looking = DeadFollowers(boottime=lambda: moment[0])
    dead, alive = (
        register(kind="decision point", name=name, lease_seconds=5, at=START) for name in ("dead", "alive")
    )
    forgotten = []
    for _ in range(6):
        forgotten.append(looking.forget(START))
        moment[0] += 6
        Follower.objects.filter(follower_id=alive.follower_id).update(renewals=F("renewals") + 1)
    assert forgotten == [0, 0, 0, 1, 0, 0]
    assert list(Follower.objects.values_list("name", flat=True)) == ["alive"]
    assert renew(dead, Revision(0, b"")) is None


@pytest.mark.django_db
def test_codes_that_can_no_longer_be_used_are_deleted() -> None:
    make_code(MailedCode.Purpose.REGISTER, address="nora@example.org", at=START)
    forget_codes(START + timedelta(hours=1))
    assert MailedCode.objects.count() == 1
    forget_codes(START + timedelta(days=2))
    assert MailedCode.objects.count() == 0
