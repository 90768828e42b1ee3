"""What is read of a delivery report, and that nothing anybody writes makes reading fail or take long (IQCS-09)."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolebook.notices.delivery_reports import MOST_BYTES, MOST_RECIPIENTS, DeliveryReport, Kind, read_report
from tests.notices.reports import report

pytestmark = pytest.mark.requirement("IQCS-09")
MAIL = (
    b"From: rolebook@example.org\r\nTo: rita@agency.example\r\nSubject: IQCS: Access approved\r\n"
    b"Message-ID: <12.abc@access.example.org>\r\n\r\nYour request was approved.\r\n"
)
WELL = report(MAIL, "rita@agency.example")


def told(raw: bytes) -> tuple[str, tuple[str, ...], Kind | None, str]:
    """What a report with one recipient says."""
    found = read_report(raw)
    assert isinstance(found, DeliveryReport)
    (one,) = found.told
    return found.message_id, one.addresses, one.kind, one.status


@pytest.mark.parametrize(
    "part", ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"]
)
def test_the_mail_comes_back_whole_or_as_its_headers(part: str) -> None:
    raw = report(MAIL, "rita@agency.example", part=part)
    assert told(raw) == ("12.abc@access.example.org", ("rita@agency.example",), Kind.HARD, "5.1.1")


def test_the_address_that_was_written_to_counts_beside_the_one_it_was_passed_on_to() -> None:
    raw = report(MAIL, "rita.r@elsewhere.example", more="Original-Recipient: RFC822;rita@agency.example\r\n")
    assert told(raw)[1] == ("rita@agency.example", "rita.r@elsewhere.example")


@pytest.mark.parametrize(
    ("status", "diagnostic", "kind"),
    [
        ("", "smtp; 550 5.1.1 no such user", Kind.HARD),
        ("", "smtp; 550 no such user", Kind.HARD),
        ("", "smtp; 451 try later", Kind.SOFT),
        ("", "x-unix; it failed", None),
        ("", "", None),
        ("5.1.1 (bad mailbox)", "", Kind.HARD),
        ("4.4.7", "smtp; 550 5.1.1", Kind.SOFT),
        ("2.0.0", "", None),
        ("9.9.9", "smtp; 550 5.1.1", None),
        ("5.1", "", None),
        ("5.1.1111", "", None),
    ],
)
def test_a_status_that_is_missing_is_taken_from_the_servers_answer_and_never_guessed(
    status: str, diagnostic: str, kind: Kind | None
) -> None:
    assert told(report(MAIL, "rita@agency.example", status=status, diagnostic=diagnostic))[2] == kind


def test_an_encoded_status_part_is_read() -> None:
    fields = b"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822;rita@agency.example\nAction: failed\nStatus: 5.1.1\n"
    head, _, rest = WELL.partition(b"Content-Type: message/delivery-status\r\n\r\n")
    encoded = b"Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    raw = head + encoded + base64.encodebytes(fields) + rest[rest.index(b"--=-=b") :]
    assert told(raw)[2:] == (Kind.HARD, "5.1.1")


def test_words_about_a_rejection_that_are_no_report_say_nothing() -> None:
    for raw in (
        b"Subject: Undelivered\r\n\r\n550 5.1.1\r\n\r\n" + MAIL,
        WELL.replace(b"multipart/report", b"multipart/mixed"),
        WELL.replace(b"message/delivery-status", b"text/plain"),
        WELL.replace(b"Message-ID: <12.abc@access.example.org>\r\n", b""),
        MAIL,
        b"",
    ):
        assert read_report(raw) is None


BOMBS = {
    "nested parts": b"".join(
        b'Content-Type: multipart/report; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(4_000)
    ),
    "a header of quotes": b'Content-Type: multipart/report; boundary="' + b'\\";"' * 40_000 + b"\r\n\r\n",
    "parameters without end": b"Content-Type: multipart/report" + b";a=b" * 40_000 + b"\r\n\r\n",
    "folded parameters": b"Content-Type: multipart/report\r\n" + b" ;a=b\r\n" * 20_000 + b"\r\n",
    "blocks without end": WELL.replace(b"Action: failed", b"\r\n\r\nX: y" * 40_000),
    "empty lines": WELL.replace(b"Action: failed", b"\r\n" * 100_000),
    "headers without end": b"X: y\r\n" * 40_000 + WELL,
    "a line without end": WELL + b"x" * (50 * MOST_BYTES),
    "encoded nothing": WELL.replace(b"5.1.1\r\nDiag", b"=?utf-8?B?" + b"AAAA" * 30_000 + b"?=\r\nDiag"),
    "wrong bytes": WELL.replace(b"agency", b"\xff\xfe\x00\x80"),
    "carriage returns": WELL.replace(b"\r\n", b"\r"),
    "NUL": WELL.replace(b"12.abc", b"12\x00abc"),
    "an encoding that there is not": WELL.replace(b"text/plain", b"text/plain; charset=no-such").replace(
        b"message/rfc822", b"text/rfc822-headers; charset=x\r\nContent-Transfer-Encoding: nonsense"
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_within_bounds(name: str) -> None:
    found = read_report(BOMBS[name])
    assert found is None or len(found.told) <= MOST_RECIPIENTS


@settings(max_examples=150, deadline=None)
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, len(WELL)), st.integers(0, 40), st.binary(max_size=30)), max_size=6
    )
)
def test_whatever_is_changed_in_a_report_reading_it_never_fails_and_names_nothing_new(
    cuts: list[tuple[int, int, bytes]],
) -> None:
    raw = WELL
    for start, length, put in cuts:
        raw = raw[:start] + put + raw[start + length :]
    found = read_report(raw)
    if found is not None:
        assert found.message_id.isascii()
        assert found.message_id.isprintable()
        assert all("\x00" not in text and text.isprintable() for one in found.told for text in one.addresses)
        assert len(found.told) <= MOST_RECIPIENTS


@settings(max_examples=100, deadline=None)
@given(
    raw=st.binary(max_size=400),
    head=st.sampled_from([b"", b"Content-Type: multipart/report; boundary=b\n\n--b\n"]),
)
def test_any_bytes_are_read_without_failing(raw: bytes, head: bytes) -> None:
    read_report(head + raw)
