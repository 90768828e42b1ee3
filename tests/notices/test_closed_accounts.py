"""An account that is closed gets one mail more: the one that says so, and where its holder signs in from now on."""

from datetime import timedelta

import pytest

from rolebook.governance.flows.change_status import change_account_status
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.models import Participation
from rolebook.notices.derivation import derive_notices
from rolebook.notices.queue import wait_again
from rolebook.notices.sending import Sender
from tests.notices.conftest import Clock
from tests.notices.smtp import Server
from tests.support.people import COMMAND, START, activate, new_user

pytestmark = pytest.mark.django_db


def in_qpp(name: str, user_id: str) -> Participation:
    account = new_user(name, user_id).account
    return Participation.objects.create(account=account, program_id="qpp", created_at=START)


def sent(smtp: Server, sender: Sender, clock: Clock) -> dict[str, str]:
    """What each address got, as text."""
    while derive_notices(now=clock.now):
        pass
    sender.send_due()
    told: dict[str, str] = {}
    for mail in smtp.received:
        body = mail.message.get_body(("plain",))
        assert body is not None
        told[mail.to] = told.get(mail.to, "") + body.get_content()
    return told


def test_who_is_closed_is_told_so(smtp: Server, sender: Sender, clock: Clock) -> None:
    activate()
    uma = in_qpp("Uma User", "uma").account
    at = clock.now - timedelta(minutes=5)
    change_account_status(account=uma, status="closed", reason="left in May", at=at, origin=COMMAND)
    told = sent(smtp, sender, clock)[uma.email]
    assert "Your account was closed" in told
    assert "left in May" in told


def test_both_addresses_are_told_of_a_merge_and_which_account_remains(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    activate()
    kept, closed = in_qpp("Uma User", "uma").account, in_qpp("Uma User", "uma2").account
    merge_accounts(
        acting_user=None,
        program_id=None,
        kept_id=kept.public_id,
        closed_id=closed.public_id,
        shown=None,
        reason="both told me so",
        at=clock.now - timedelta(minutes=5),
        origin=COMMAND,
    )
    told = sent(smtp, sender, clock)
    assert "Your account uma2 was merged into your account uma." in told[closed.email]
    assert "both told me so" in told[kept.email]


def test_a_refused_mail_that_says_so_can_be_sent_again(smtp: Server, sender: Sender, clock: Clock) -> None:
    activate()
    uma = in_qpp("Uma User", "uma").account
    at = clock.now - timedelta(minutes=5)
    change_account_status(account=uma, status="closed", reason="left in May", at=at, origin=COMMAND)
    smtp.refused[uma.email] = "550 5.2.2 mailbox full"
    assert uma.email not in sent(smtp, sender, clock)
    smtp.refused.clear()
    assert wait_again(now=clock.now) == 1
    assert "Your account was closed" in sent(smtp, sender, clock)[uma.email]
