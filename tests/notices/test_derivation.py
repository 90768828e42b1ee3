"""Notices follow from the audit log: every event once, in order, whatever happens to the reader."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.models import Request
from rolebook.governance.refusals import Refused
from rolebook.notices import derivation
from rolebook.notices.derivation import derive_notices, derive_postponed, skip_to_tip
from rolebook.notices.models import Cursor, Notice, PostponedEvent
from rolebook.notices.sending import Sender
from rolebook.notices.table import Telling, tellings_of
from rolebook.notices.transport import Transport, mail_server
from tests.notices.conftest import Clock
from tests.notices.smtp import Server
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.grants import LATER, asks

NOW = LATER + timedelta(minutes=5)


@pytest.fixture
def asked(practice: Organization) -> Organization:
    """A practice with two officials, and a request that waits for them."""
    grants.official(practice, "Olga Official")
    grants.official(practice, "Omar Official")
    asks(grants.user("Uma User"), practice)
    return practice


def waiting() -> int:
    return Notice.objects.filter(kind="request-waiting").count()


@pytest.mark.fault(60)
def test_deriving_again_tells_nobody_twice(asked: Organization) -> None:
    assert derive_notices(now=NOW) == Event.objects.count()
    assert derive_notices(now=NOW) == 0
    Cursor.objects.update(sequence=0)  # as after a restore of an older backup of this table
    derive_notices(now=NOW)
    assert waiting() == 2


def test_a_small_batch_reads_on_where_the_last_one_ended(asked: Organization) -> None:
    steps = 0
    while read := derive_notices(now=NOW, batch=2):
        steps += 1
        assert read >= 1
    assert steps > 1
    assert Cursor.objects.get().sequence == Event.objects.count()
    assert waiting() == 2


@pytest.mark.fault(60)
def test_the_message_id_follows_from_event_recipient_and_kind(asked: Organization) -> None:
    derive_notices(now=NOW)
    first = set(Notice.objects.values_list("message_id", flat=True))
    assert len(first) == Notice.objects.count()
    Notice.objects.all().delete()
    Cursor.objects.update(sequence=0)
    derive_notices(now=NOW + timedelta(days=1))
    assert set(Notice.objects.values_list("message_id", flat=True)) == first


def test_nothing_is_read_past_a_gap_in_the_log(asked: Organization) -> None:
    events = list(Event.objects.order_by("sequence"))
    assert [event.sequence for event in derivation._contiguous(0, events)] == list(range(1, len(events) + 1))
    assert [event.sequence for event in derivation._contiguous(0, [events[0], events[2]])] == [1]
    assert derivation._contiguous(0, events[1:]) == []


def test_an_event_that_cannot_be_worded_holds_nobody_else_up_and_is_told_later(
    asked: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tag: str) -> tuple[Telling, ...]:
        if tag == "stage:opened":
            raise KeyError("a state nobody foresaw")
        return tellings_of(tag)

    monkeypatch.setattr(derivation, "tellings_of", broken)
    assert derive_notices(now=NOW) == Event.objects.count()
    assert (waiting(), Notice.objects.filter(kind="role-designated").count()) == (0, 2)
    postponed = PostponedEvent.objects.get()
    assert "a state nobody foresaw" in postponed.last_error
    assert derive_postponed(now=postponed.next_attempt_at) == 0
    monkeypatch.setattr(derivation, "tellings_of", tellings_of)
    assert derive_postponed(now=postponed.next_attempt_at) == 0  # not yet again
    assert derive_postponed(now=NOW + timedelta(hours=1)) == 1
    assert waiting() == 2
    assert not PostponedEvent.objects.exists()


def test_skipping_to_the_tip_tells_nobody_of_the_past(asked: Organization) -> None:
    skip_to_tip()
    assert derive_notices(now=NOW) == 0
    asks(grants.user("Ulf User"), asked)
    derive_notices(now=NOW)
    assert waiting() == 2


@pytest.mark.fault(47)
def test_a_decision_commits_while_the_mail_server_is_down_and_is_mailed_when_it_is_back(
    asked: Organization, smtp: Server, sender: Sender, clock: Clock
) -> None:
    transport = sender.transport
    sender.transport = Transport(mail_server("smtp://127.0.0.1:9"), seconds=0.5)
    derive_notices(now=clock.now)
    assert sender.send_due().server_down
    official = Account.objects.get(name="Olga Official")
    request = Request.objects.get()
    grants.decides(official, grants.open_stage(request))
    request.refresh_from_db()
    assert request.state == "approved"
    derive_notices(now=clock.now)
    sender.transport = transport
    clock.pass_by(hours=2)
    sender.send_due()
    subjects = sorted(str(mail.message["Subject"]) for mail in smtp.received)
    assert len(subjects) == Notice.objects.count()
    assert f"QPP: Access approved: Staff User at {asked.name}" in subjects


def test_an_attempt_that_was_refused_tells_nobody(asked: Organization) -> None:
    derive_notices(now=NOW)
    with pytest.raises(Refused):
        asks(Account.objects.get(name="Uma User"), asked)
    assert derive_notices(now=NOW) == 1  # the attempt is on record
    assert waiting() == 2


def test_workers_that_derive_at_once_tell_everybody_once(committed_db: CommittedDatabase) -> None:
    people.activate("qpp")
    place = people.practice()
    grants.official(place, "Olga Official")
    for number in range(20):
        asks(grants.user(f"User{number} Many"), place)

    def derive() -> int:
        read = 0
        for _ in range(200):
            read += derive_notices(now=NOW, batch=3)
        return read

    read = committed_db.in_threads([derive, derive, derive])
    assert sum(read) == Event.objects.count()
    assert waiting() == 20
