"""Reports of rejected mail come in by a mailbox, by a pipe and by a provider's webhook, whatever these hold or do."""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import HttpResponse
from django.test import RequestFactory

from rolebook.accounts.models import Account
from rolebook.notices.bounce_mailbox import MailboxDown, read_mailbox
from rolebook.notices.bounce_models import Bounce, UnusedReport
from rolebook.notices.delivery_reports import MOST_BYTES
from rolebook.notices.report_mailbox import ReportMailbox, report_mailbox
from rolebook.notices.transport import MailSettingsError
from rolebook.server.bounce_settings import BounceSettings
from rolebook.web.notices.mail_events import mail_events
from tests.notices.conftest import Clock
from tests.notices.imap import ImapServer, imap_server
from tests.notices.reports import report_about
from tests.notices.test_bounces import in_both, part, sent
from tests.support import iqcs
from tests.support.clocks import it_is

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-09")]


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    """A real IMAP server."""
    with imap_server() as server:
        yield server


def read(imap: ImapServer, clock: Clock, **told: Any) -> int:
    return read_mailbox(imap.mailbox, now=clock.now, seconds=0.5, **told)


def test_a_report_in_the_mailbox_is_read_once_and_nothing_in_the_mailbox_is_changed(
    imap: ImapServer, clock: Clock
) -> None:
    account = in_both()
    imap.add(b"Subject: Hello\r\n\r\nA person wrote.\r\n", report_about(sent(account, clock)))
    assert read(imap, clock) == 2
    assert part(account).status == "deactivated"
    assert read(imap, clock) == 0
    assert {command.split()[0] for command in imap.commands} == {
        "CAPABILITY",
        "LOGIN",
        "EXAMINE",
        "UID",
        "LOGOUT",
    }
    assert not [command for command in imap.commands if "STORE" in command or "BODY[" in command]


def test_a_run_reads_a_bounded_number_of_mails_and_goes_on_where_it_stopped(
    imap: ImapServer, clock: Clock
) -> None:
    imap.add(*[b"Subject: none\r\n\r\n"] * 5)
    assert [read(imap, clock, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert UnusedReport.objects.get(why="no report").number == 5


def test_a_huge_mail_is_read_no_further_than_its_bound(imap: ImapServer, clock: Clock) -> None:
    account = in_both()
    notice = sent(account, clock)
    imap.add(report_about(notice).rpartition(b"--=-=b--")[0] + b"x" * (3 * MOST_BYTES) + b"\r\n--=-=b--\r\n")
    assert read(imap, clock) == 1
    assert part(account).status == "deactivated"


def test_a_mailbox_that_was_made_anew_is_read_from_its_beginning(imap: ImapServer, clock: Clock) -> None:
    account = in_both()
    raw = report_about(sent(account, clock))
    imap.add(raw)
    read(imap, clock)
    imap.uid_validity = 8
    assert read(imap, clock) == 1
    assert Bounce.objects.count() == 1


@pytest.mark.parametrize("command", ["LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH"])
@pytest.mark.parametrize("how", ["hangs_up_at", "stalls_at"])
def test_a_server_that_goes_away_loses_no_report(
    imap: ImapServer, clock: Clock, command: str, how: str
) -> None:
    account = in_both()
    imap.add(report_about(sent(account, clock)))
    setattr(imap, how, command)
    with pytest.raises(MailboxDown):
        read(imap, clock)
    assert part(account).status == "active"
    setattr(imap, how, "")
    read(imap, clock)
    assert part(account).status == "deactivated"


def test_a_wrong_password_and_no_server_are_told_as_such(imap: ImapServer, clock: Clock) -> None:
    with pytest.raises(MailboxDown, match="wrong password"):
        read_mailbox(replace(imap.mailbox, password="other"), now=clock.now, seconds=0.5)
    with pytest.raises(MailboxDown):
        read_mailbox(replace(imap.mailbox, port=9), now=clock.now, seconds=0.5)


def test_the_address_of_a_mailbox_says_all_of_it_and_no_password_goes_in_clear_over_a_network() -> None:
    told = report_mailbox("imaps://b%40x.org:p%3A@mail.example.org/Reports%20in")
    assert told == ReportMailbox("mail.example.org", 993, "tls", "b@x.org", "p:", "Reports in")
    assert "p:" not in repr(told)
    assert report_mailbox("imap://a:b@127.0.0.1:1143").port == 1143
    for wrong in (
        "imap://a:b@mail.example.org",
        "pop3://a:b@h",
        "imaps://h",
        "imaps://a:b@h/a%0ab",
        "imaps://a:b@h:x",
    ):
        with pytest.raises(MailSettingsError, match="ROLEBOOK_BOUNCE_MAILBOX"):
            report_mailbox(wrong)


# By a provider's webhook.

SECRET = "events:a-long-password"


@pytest.fixture
def provided(request: pytest.FixtureRequest, settings: Any) -> str:
    """A provider is set, with its secret."""
    provider: str = request.param
    told = BounceSettings(provider=provider, secret=SECRET)
    settings.ROLEBOOK = replace(django_settings.ROLEBOOK, bounces=told)
    settings.ANYMAIL = told.anymail
    return provider


def posted(provider: str, body: Any, *, secret: str = SECRET, raw: bytes | None = None) -> HttpResponse:
    """What a provider posts, proved as it proves it."""
    headers = {"authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    if provider == "mailgun" and isinstance(body, dict):
        told = {"timestamp": "1771000000", "token": "t" * 50}
        key = secret.encode()
        signature = hmac.new(key, b"1771000000" + b"t" * 50, hashlib.sha256).hexdigest()
        body, headers = {"signature": {**told, "signature": signature}, **body}, {}
    data = json.dumps(body).encode() if raw is None else raw
    return mail_events(
        RequestFactory().post("/mail-events/", data, content_type="application/json", headers=headers)
    )


def event(provider: str, message_id: str, recipient: str, *, hard: bool = True) -> dict[str, Any]:
    """A bounce, as each provider tells it."""
    said = "550 5.1.1 no such user" if hard else "451 4.2.1 try later"
    if provider == "mailgun":
        failed = {
            "event": "failed",
            "severity": "permanent" if hard else "temporary",
            "reason": "bounce" if hard else "generic",
            "recipient": recipient,
            "timestamp": 1771000000.5,
            "message": {"headers": {"message-id": message_id}},
            "delivery-status": {"message": said, "description": ""},
        }
        return {"event-data": failed}
    if provider == "brevo":
        kind = "hard_bounce" if hard else "soft_bounce"
        return {"event": kind, "email": recipient, "message-id": f"<{message_id}>", "reason": said}
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce" if hard else "SoftBounce",
        "Email": recipient,
        "MessageID": "8f2b1c3e-postmark-id",
        "Metadata": {"rolebook": message_id},
        "Details": said,
        "BouncedAt": "2026-03-02T17:00:00Z",
        "ID": 42,
    }


ALL = pytest.mark.parametrize("provided", ["mailgun", "brevo", "postmark"], indirect=True)


@ALL
def test_a_providers_event_does_what_a_report_does(
    provided: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolebook.audit.clock.now", clock)
    account = in_both()
    notice = sent(account, clock)
    assert posted(provided, event(provided, notice.message_id, account.email, hard=False)).status_code == 200
    assert part(account).status == "active"
    assert posted(provided, event(provided, notice.message_id, "other@example.org")).status_code == 200
    assert part(account).status == "active"
    assert posted(provided, event(provided, notice.message_id, account.email)).status_code == 200
    assert part(account).status == "deactivated"
    assert list(Bounce.objects.values_list("kind", "source")) == [("soft", "webhook"), ("hard", "webhook")]


@ALL
def test_an_event_without_the_secret_or_that_cannot_be_read_is_refused(
    provided: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolebook.audit.clock.now", clock)
    account = in_both()
    told = event(provided, sent(account, clock).message_id, account.email)
    assert posted(provided, told, secret="events:a-wrong-password").status_code == 400
    for raw in (
        b"",
        b"{",
        b"[]",
        b"null",
        b"[1]",
        b"\xff\xfe",
    ):
        assert posted(provided, [], raw=raw).status_code == 400
    assert not Bounce.objects.exists()
    assert part(account).status == "active"


def test_without_a_provider_there_is_no_such_address() -> None:
    from django.http import Http404

    with pytest.raises(Http404):
        posted("brevo", {})


# Piped to a command.


def test_the_command_takes_a_report_and_says_what_it_did(clock: Clock, piped: Any) -> None:
    account = in_both()
    answered = piped(report_about(sent(account, clock)), "--json")
    assert answered.exit_code == 0
    assert json.loads(answered.output)["effect"] == {"iqcs": "deactivated"}
    assert part(account).status == "deactivated"


def test_what_is_no_report_ends_well_and_what_cannot_be_taken_now_is_kept_by_the_mail_system(
    piped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    assert piped(os.urandom(3000)).exit_code == 0

    def down(*_: object, **__: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("rolebook.notices.bounces.take_report", down)
    answered = piped(b"Subject: x\r\n\r\n")
    assert answered.exit_code == os.EX_TEMPFAIL
    assert "try again later" in answered.output


def test_the_list_shows_what_was_rejected_and_what_was_not_used(clock: Clock, piped: Any) -> None:
    from click.testing import CliRunner

    from rolebook.cli.server.bounces import bounces

    account: Account = in_both()
    iqcs.place("FWS-R6")
    piped(report_about(sent(account, clock)))
    piped(b"nothing")
    told = json.loads(CliRunner().invoke(bounces, ["list", "iqcs", "--json"]).output)
    (line,) = told["bounces"]
    assert (line["user_id"], line["kind"], line["status"]) == (account.user_id, "hard", "5.1.1")
    assert told["addresses_rejecting"] == 1
    assert told["unused"] == {"no report": 1}
    plain = CliRunner().invoke(bounces, ["list"]).output
    assert account.email in plain
    assert "iqcs: deactivated" in plain


@pytest.fixture
def piped(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command with a mail on its standard input."""
    from click.testing import CliRunner

    from rolebook.cli.server.bounces import bounces

    clock.pass_by(seconds=1)
    it_is(monkeypatch, clock.now + timedelta(seconds=1))

    def run(mail: bytes, *options: str) -> Any:
        return CliRunner().invoke(bounces, ["read", *options], input=mail)

    return run
