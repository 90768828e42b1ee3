"""Notices reach a real mail server whatever it does: nothing lost, nothing twice but under one Message-ID."""

from datetime import timedelta
from uuid import uuid4

import pytest

from rolebook.accounts.models import Account
from rolebook.notices import sending
from rolebook.notices.models import Notice
from rolebook.notices.sending import GIVE_UP_AFTER, LEASE, Sender
from rolebook.notices.transport import MailSettingsError, mail_server
from tests.notices.conftest import Clock, make_sender
from tests.notices.smtp import Server
from tests.support.people import new_user

pytestmark = pytest.mark.django_db


def waiting(clock: Clock, recipient: Account | None = None, **values: object) -> Notice:
    """A notice that waits to be sent."""
    return Notice.objects.create(
        recipient=recipient or new_user("Uma User").account,
        kind="test",
        subject="QPP: Access approved: Staff User at Cedar Valley",
        text="Your request was approved.\n",
        html="<p>Your request was approved.</p>",
        message_id=f"{uuid4().hex}@example.org",
        next_attempt_at=clock.now,
        created_at=clock.now,
        **values,
    )


def state(notice: Notice) -> str:
    notice.refresh_from_db()
    return notice.state


def test_a_notice_is_sent_once_to_its_one_recipient(smtp: Server, sender: Sender, clock: Clock) -> None:
    notice = waiting(clock)
    assert sender.send_due().sent == 1
    clock.pass_by(days=1)
    assert sender.send_due().sent == 0
    (mail,) = smtp.received
    assert notice.recipient is not None
    assert mail.to == notice.recipient.email
    assert mail.message_id == f"<{notice.message_id}>"
    assert state(notice) == "sent"


def test_many_mails_go_over_one_connection(smtp: Server, sender: Sender, clock: Clock) -> None:
    for _ in range(8):
        waiting(clock)
    assert sender.send_due().sent == 8
    assert smtp.connections == 1


def test_one_cycle_sends_no_more_than_its_limit(smtp: Server, sender: Sender, clock: Clock) -> None:
    for _ in range(7):
        waiting(clock)
    assert [sender.send_due(limit=5).sent, sender.send_due(limit=5).sent] == [5, 2]


@pytest.mark.invariant("I9")
def test_mail_goes_to_the_address_that_is_confirmed_when_it_is_sent(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    person = new_user("Uma User").account
    waiting(clock, person)
    Account.objects.filter(pk=person.pk).update(email="new@example.org", email_key="new@example.org")
    sender.send_due()
    assert [mail.to for mail in smtp.received] == ["new@example.org"]


@pytest.mark.invariant("I7")
def test_a_closed_account_gets_no_mail(smtp: Server, sender: Sender, clock: Clock) -> None:
    person = new_user("Uma User").account
    notice = waiting(clock, person)
    Account.objects.filter(pk=person.pk).update(status="closed")
    sender.send_due()
    assert (smtp.received, state(notice)) == ([], "failed")


@pytest.mark.fault(47)
def test_a_recipient_that_is_refused_for_good_fails_and_holds_nobody_up(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    gone, fine = waiting(clock), waiting(clock)
    assert gone.recipient is not None
    smtp.refused[gone.recipient.email] = "550 5.1.1 no such user"
    cycle = sender.send_due()
    assert (cycle.failed, cycle.sent) == (1, 1)
    assert (state(gone), state(fine)) == ("failed", "sent")
    assert gone.last_error == "550 5.1.1 no such user"


@pytest.mark.fault(47)
def test_a_recipient_that_is_refused_for_now_is_tried_again_later(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    notice = waiting(clock)
    assert notice.recipient is not None
    smtp.refused[notice.recipient.email] = "451 4.7.1 come back later"
    assert sender.send_due().postponed == 1
    assert state(notice) == "waiting"
    assert notice.next_attempt_at > clock.now
    smtp.refused.clear()
    clock.pass_by(minutes=1)
    assert sender.send_due().sent == 1


@pytest.mark.fault(47)
def test_a_server_that_is_down_loses_nothing_and_is_left_alone_for_longer_each_time(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    notices = [waiting(clock) for _ in range(20)]
    sender.transport = make_sender(Server(url="smtp://127.0.0.1:9"), clock).transport
    tries, pauses = 0, []
    for _ in range(4):
        assert sender.send_due().server_down
        tries += 1
        assert sender.send_due().server_down == ""  # nothing is tried during the pause
        assert sender.pause.until is not None
        pauses.append(sender.pause.until - clock.now)
        clock.now = sender.pause.until
    assert pauses[3] > pauses[0]
    assert sum(state(notice) == "waiting" for notice in notices) == 20
    assert sum(notice.attempts for notice in notices) <= tries + 1
    sender.transport = make_sender(smtp, clock).transport
    clock.pass_by(hours=1)
    sender.send_due()
    assert {mail.message_id for mail in smtp.received} == {f"<{notice.message_id}>" for notice in notices}
    assert len(smtp.received) == 20


@pytest.mark.fault(47)
def test_after_a_disconnect_following_data_the_copy_has_the_same_message_id(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    notice = waiting(clock)
    answers = iter([None, "250 OK"])
    smtp.after_data = lambda: next(answers)
    assert sender.send_due().server_down
    assert state(notice) == "waiting"
    clock.pass_by(minutes=10)
    assert sender.send_due().sent == 1
    first, second = smtp.received
    assert first.message_id == second.message_id == f"<{notice.message_id}>"
    bodies = {str(mail.message.get_body(("plain",))) for mail in (first, second)}
    assert len(bodies) == 1


@pytest.mark.fault(47)
def test_one_message_that_the_server_hangs_up_on_does_not_hold_up_the_others(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    first, others = waiting(clock), [waiting(clock) for _ in range(3)]
    smtp.after_data = lambda: None if smtp.received[-1].message_id == f"<{first.message_id}>" else "250 OK"
    sender.send_due()
    assert [state(notice) for notice in others] == ["sent", "sent", "sent"]
    assert state(first) == "waiting"


@pytest.mark.fault(47)
def test_a_server_that_stalls_is_given_up_on_and_tried_again(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    notice = waiting(clock)
    smtp.stalls = True
    assert sender.send_due().server_down
    smtp.stalls = False
    clock.pass_by(minutes=10)
    assert sender.send_due().sent == 1
    assert {mail.message_id for mail in smtp.received} == {f"<{notice.message_id}>"}


def test_a_notice_that_cannot_be_sent_for_five_days_fails_and_says_why(
    smtp: Server, sender: Sender, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LONGEST_WAIT", timedelta(hours=6))  # fewer attempts to make
    notice = waiting(clock)
    assert notice.recipient is not None
    smtp.refused[notice.recipient.email] = "451 4.2.2 mailbox full"
    begin = clock.now
    while state(notice) == "waiting":
        clock.now = max(clock.now, notice.next_attempt_at)
        sender.send_due()
    assert clock.now - begin >= GIVE_UP_AFTER
    assert notice.last_error == "given up after 5 days: 451 4.2.2 mailbox full"
    assert notice.attempts < 100


@pytest.mark.fault(56)
def test_the_notice_of_a_worker_that_was_killed_is_taken_up_when_its_lease_has_passed(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    notice = waiting(clock)
    assert sending._claim(notice.pk, clock.now) is not None  # and then the power fails
    assert sender.send_due().sent == 0
    clock.now += LEASE - timedelta(seconds=1)
    assert sender.send_due().sent == 0
    clock.pass_by(seconds=1)
    assert sender.send_due().sent == 1


def test_a_worker_that_lost_its_claim_records_nothing(clock: Clock) -> None:
    notice = waiting(clock)
    slow = sending._claim(notice.pk, clock.now)
    clock.now += LEASE
    quick = sending._claim(notice.pk, clock.now)
    assert slow is not None
    assert quick is not None
    assert not sending._settle(slow, state="failed")
    assert sending._settle(quick, state="sent")
    assert state(notice) == "sent"


@pytest.mark.invariant("I8")
def test_the_words_of_a_mail_with_a_code_are_erased_once_it_is_sent(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    notice = waiting(clock, holds_code=True)
    sender.send_due()
    assert state(notice) == "sent"
    assert (notice.subject, notice.text, notice.html) == ("", "", "")


def test_an_address_that_cannot_be_written_fails_and_holds_nobody_up(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    person = new_user("Uma User").account
    Account.objects.filter(pk=person.pk).update(email="no address at all")
    broken, fine = waiting(clock, person), waiting(clock)
    sender.send_due()
    assert (state(broken), state(fine)) == ("failed", "sent")


@pytest.mark.parametrize(
    "url", ["http://mail.example.org", "smtp://", "mail.example.org", "smtp://host:nought"]
)
def test_a_mail_server_that_cannot_be_understood_is_refused_by_name(url: str) -> None:
    with pytest.raises(MailSettingsError, match="ROLEBOOK_MAIL: found"):
        mail_server(url)


def test_a_refused_mail_server_address_shows_no_password() -> None:
    with pytest.raises(MailSettingsError) as refused:
        mail_server("imap://user:secret@mail.example.org")
    assert "secret" not in str(refused.value)
