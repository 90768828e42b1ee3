"""An account that is closed gets one mail more: the one that says so, and where its holder signs in from now on."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows.change_status import change_account_status
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.models import Participation
from rolebook.notices.derivation import derive_notices
from rolebook.notices.queue import wait_again
from rolebook.notices.sending import Sender
from tests.notices.conftest import Clock
from tests.notices.smtp import Server
from tests.support import grants
from tests.support.people import COMMAND, START, WEB, activate, new_user, practice

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


def merged(by: Account | None, kept: Account, closed: Account, at: datetime) -> None:
    merge_accounts(
        acting_user=by,
        program_id=None if by is None else "qpp",
        kept_id=kept.public_id,
        closed_id=closed.public_id,
        shown=None,
        reason="both told me so",
        at=at,
        origin=COMMAND if by is None else WEB,
    )


def test_both_addresses_are_told_of_a_merge_and_which_account_remains(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    activate()
    kept, closed = in_qpp("Uma User", "uma").account, in_qpp("Uma User", "uma2").account
    merged(None, kept, closed, clock.now - timedelta(minutes=5))
    told = sent(smtp, sender, clock)
    assert "Your account uma2 was merged into your account uma." in told[closed.email]
    assert "both told me so" in told[kept.email]
    assert "It held nothing that could move here." in told[kept.email]
    assert "the operator of the server" in told[kept.email]


def test_the_mails_of_a_merge_say_what_moved_what_ended_who_did_it_and_where_to_look(
    smtp: Server, sender: Sender, clock: Clock
) -> None:
    activate()
    cedar, hilltop = practice("Cedar Valley"), practice("Hilltop Clinic", "11-2223334")
    kept, closed = grants.user("Uma User"), grants.user("Uma Other")
    steward = grants.steward("Sten Steward")
    for account, place in ((closed, cedar), (closed, hilltop), (kept, hilltop)):
        grants.placed(account, grants.STAFF, place)
    merged(steward, kept, closed, clock.now - timedelta(minutes=5))
    told = sent(smtp, sender, clock)
    both = {
        one: " ".join(told[account.email].split()) for one, account in (("kept", kept), ("closed", closed))
    }
    for mail in both.values():
        assert "Staff User at Cedar Valley" in mail
        assert "Merged by" in mail
        assert "Sten" not in mail
    assert "Moved here: Staff User at Cedar Valley" in both["kept"]
    assert "Ended: Staff User at Hilltop Clinic: the account that remains holds the same" in both["kept"]
    assert "/qpp/my-access/" in both["kept"]
    assert f"Remains: {kept.user_id}" in both["closed"]
    merge = both["closed"].partition("was merged into")[2]
    assert "http" not in merge


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
