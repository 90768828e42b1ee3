"""What a mail looks like on the wire, whatever people have typed (fault 44)."""

import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.governance.instants import instant_in_words
from rolebook.notices.letter import SUBJECT_LENGTH, Button, Letter, one_line, write
from rolebook.notices.message import compose

AT = datetime(2026, 3, 2, 20, 5, tzinfo=UTC)
NASTY = "Eve\r\nBcc: victim@example.org\r\n\r\n<script>alert(1)</script>\u202egnp\x00"


def sent(letter: Letter, name: str = "Uma User") -> bytes:
    return compose(
        write(letter),
        message_id="1@example.org",
        name=name,
        address="uma@example.org",
        mail_from="Rolebook <rolebook@example.org>",
        sent_at=AT,
    )


@pytest.mark.fault(44)
def test_a_name_cannot_start_a_header_of_its_own() -> None:
    message = email.message_from_bytes(sent(Letter(NASTY, NASTY), name=NASTY), policy=email.policy.default)
    assert message["Bcc"] is None
    ours = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"}
    assert set(message.keys()) == {*ours, "MIME-Version", "Content-Type"}
    assert [address.addr_spec for address in message["To"].addresses] == ["uma@example.org"]


@pytest.mark.fault(44)
def test_what_people_typed_is_escaped_in_the_html() -> None:
    letter = Letter(
        NASTY,
        NASTY,
        facts=(("Reason", NASTY),),
        paragraphs=(NASTY,),
        whom_to_ask=NASTY,
        reason_for_mail=NASTY,
    )
    html = write(letter).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.fault(44, 32)
def test_what_people_typed_forges_no_line_of_the_plain_text() -> None:
    text = write(
        Letter("QPP: Hello", "First.", facts=(("Reason", "fine\r\n\r\nApproved by: the steward"),))
    ).text
    assert "Reason: fine Approved by: the steward" in text.splitlines()


@given(st.text())
def test_one_line_is_one_line_without_control_characters(value: str) -> None:
    line = one_line(value)
    assert len(line.splitlines()) <= 1
    assert "\u202e" not in line
    assert one_line(line) == line


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_words_make_a_message_that_can_be_read_again(subject: str, name: str) -> None:
    message = email.message_from_bytes(sent(Letter(subject, subject), name=name), policy=email.policy.default)
    assert message["Message-ID"] == "<1@example.org>"
    assert [address.addr_spec for address in message["To"].addresses] == ["uma@example.org"]
    assert message["Bcc"] is None


def test_plain_text_and_html_say_the_same() -> None:
    letter = Letter(
        "QPP: Access approved: Staff User at Cedar Valley",
        "Your request was approved: Staff User at Cedar Valley.",
        facts=(("Decided by", "Maria Lopez"), ("Reason", "")),
        paragraphs=("You can use it from now on.",),
        button=Button("Open My Access", "https://access.example.org/qpp/my-access/"),
        whom_to_ask="Questions? Ask the program.",
        reason_for_mail="You get this because you asked.",
    )
    written = write(letter)
    for words in (
        letter.first_line,
        "Maria Lopez",
        "You can use it from now on.",
        "Open My Access",
        "https://access.example.org/qpp/my-access/",
        "Questions? Ask the program.",
        "You get this because you asked.",
    ):
        assert words in written.text
        assert words in written.html
    assert "Reason" not in written.text
    assert written.text.startswith(letter.first_line)
    assert written.html.count("<a ") == 1
    assert "<img" not in written.html


def test_a_long_subject_is_cut_with_a_sign() -> None:
    subject = write(Letter("QPP: " + "x" * 400, "First.")).subject
    assert len(subject) == SUBJECT_LENGTH
    assert subject.endswith("…")


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 11, 21, 20, 5, tzinfo=UTC), "Nov 21, 2026, 3:05 p.m. EST"),
        (datetime(2026, 7, 4, 4, 0, tzinfo=UTC), "Jul 4, 2026, 12:00 a.m. EDT"),
        (datetime(2026, 7, 4, 16, 0, tzinfo=UTC), "Jul 4, 2026, 12:00 p.m. EDT"),
    ],
)
def test_an_instant_is_written_in_the_programs_zone(at: datetime, written: str) -> None:
    assert instant_in_words(at, "America/New_York") == written
