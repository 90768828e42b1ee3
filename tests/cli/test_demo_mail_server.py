"""The demo's own mail server speaks SMTP, and keeps what it gets."""

import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest

from rolebook.cli.server.demo_mail_server import DemoMailServer
from rolebook.notices.mailbox import Mailbox
from rolebook.notices.transport import Transport, mail_server


def message(to: str, subject: str, text: str = "Hello.\n") -> EmailMessage:
    composed = EmailMessage()
    composed["From"], composed["To"], composed["Subject"] = "a@example.org", to, subject
    composed["Date"] = "Mon, 02 Mar 2026 15:00:00 +0000"
    composed.set_content(text)
    composed.add_alternative(f"<p>{text}</p>", subtype="html")
    return composed


@pytest.fixture
def box(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail")


def test_mails_are_kept_and_listed_newest_first(box: Mailbox) -> None:
    with DemoMailServer(box) as server, Transport(mail_server(server.url)) as transport:
        for number in range(3):
            to = f"Person {number % 2} <person{number % 2}@example.org>"
            content = message(to, f"Mail {number}").as_bytes()
            transport.send(
                sender="a@example.org", recipient=f"person{number % 2}@example.org", message=content
            )
    assert [mail.subject for mail in box.newest(limit=9)] == ["Mail 2", "Mail 1", "Mail 0"]
    assert [mail.subject for mail in box.newest(limit=1)] == ["Mail 2"]
    assert [mail.subject for mail in box.newest(limit=9, below=2)] == ["Mail 0"]
    assert [mail.subject for mail in box.newest(limit=9, to_address="PERSON0@example.org")] == [
        "Mail 2",
        "Mail 0",
    ]
    assert box.people() == [("person0@example.org", "Person 0"), ("person1@example.org", "Person 1")]


def test_a_mail_is_kept_as_it_was_sent(box: Mailbox) -> None:
    text = "First.\n.a line that begins with a dot\n..and another\nÄrzte · 東京\n"
    with DemoMailServer(box) as server, smtplib.SMTP(server.url.removeprefix("smtp://")) as client:
        client.send_message(message("uma@example.org", "Dots", text))
    opened = box.read(1)
    assert opened is not None
    assert opened.text == text
    assert text.strip() in opened.html
    assert opened.mail.sent_at is not None
    assert opened.mail.sent_at.isoformat() == "2026-03-02T15:00:00+00:00"


def test_commands_out_of_order_are_refused_and_the_conversation_goes_on(box: Mailbox) -> None:
    with DemoMailServer(box) as server, smtplib.SMTP(server.url.removeprefix("smtp://")) as client:
        client.ehlo()
        assert client.docmd("DATA")[0] == 503
        assert client.docmd("RCPT TO:<uma@example.org>")[0] == 503
        assert client.docmd("VRFY uma")[0] == 502
        assert client.docmd("MAIL FROM:nobody")[0] == 503
        assert client.noop()[0] == 250
        client.send_message(message("uma@example.org", "Late"))
    assert [mail.subject for mail in box.newest(limit=9)] == ["Late"]


def test_a_mail_that_does_not_exist_is_none(box: Mailbox) -> None:
    assert box.read(1) is None
    assert box.newest(limit=9) == []
    assert box.people() == []
