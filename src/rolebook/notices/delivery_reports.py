"""Reports of mail servers about a mail (RFC 3464, RFC 6533): read from bytes that anybody may have written.

What is read is bounded before it is parsed: so many bytes, so many parts, no header of a length at which the library's
reading of parameters takes quadratic time. Nothing here raises, whatever the bytes are.
"""

import email
import email.errors
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from enum import StrEnum
from typing import BinaryIO

from rolebook.notices.letter import one_line

MOST_BYTES = 128 * 1024
"""Read of one report; what comes after is the rejected mail itself, of which its first headers are enough."""
MOST_PARTS = 60
MOST_RECIPIENTS = 20
_LONGEST_HEADER = 2_000
_LONGEST_DIAGNOSTIC = 300
_BLANK_LINES = re.compile(r"\n[ \t]*\n")
_CONTENT_HEADER = re.compile(
    rb"^content-[a-z-]+[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE
)
_STATUS = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
_STATUS_WITHIN = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY = re.compile(r"\s*smtp\s*;\s*([45])\d\d(?!\d)", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<([!-;=?-~]{3,190})>")
_ADDRESS_TYPES = frozenset({"rfc822", "utf-8"})
_STATUS_PARTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_MAIL_PARTS = frozenset({"message/rfc822", "message/global"})
_HEADER_PARTS = frozenset({"text/rfc822-headers", "message/global-headers"})


class Kind(StrEnum):
    """What a report says of a recipient."""

    HARD = "hard"
    """Rejected for good because of the address or its mailbox."""
    SOFT = "soft"
    """Delayed, or given up after a passing failure (4.x.x)."""
    BLOCKED = "blocked"
    """Rejected for good because of the mail, or of who sent it; it says nothing about the address."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a report says about one recipient: the addresses it is known by, and what became of the mail.

    ``kind`` is None where nothing was rejected or delayed (delivered, relayed), or where it cannot be told.
    ``status`` is of RFC 3463 ("5.1.1").
    """

    addresses: tuple[str, ...]
    kind: Kind | None
    status: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A report: the Message-ID (without angle brackets) of the mail that it is about, and each recipient."""

    message_id: str
    told: tuple[Told, ...]


def read_bounded(stream: BinaryIO) -> bytes:
    """Return what a stream holds, MOST_BYTES at most."""
    return stream.read(MOST_BYTES) or b""


def read_report(raw: bytes) -> DeliveryReport | None:
    """Return the report that ``raw`` is; None for anything else, for one cut short before it says what it is about,
    and for one that cannot be read.
    """
    text = raw[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if not _bounded(text):
        return None
    try:
        return _report(email.message_from_bytes(text))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, email.errors.MessageError):
        # What the library's own parser trips over is no report of a mail server.
        return None


def kind_of(status: str) -> Kind:
    """Return what a status of class 4 or 5 says ("5.1.1", RFC 3463)."""
    kind, subject, detail = (int(part) for part in status.split("."))
    if kind == 4:
        return Kind.SOFT
    # Content, security or policy, and a mail too big for the system or the mailbox (3.4, 2.3): not the address.
    about_the_mail = subject in {6, 7} or (subject, detail) in {(3, 4), (2, 3)}
    return Kind.BLOCKED if about_the_mail else Kind.HARD


def _bounded(text: bytes) -> bool:
    parts = 0
    for header in _CONTENT_HEADER.finditer(text):
        if header.end() - header.start() > _LONGEST_HEADER:
            return False
        parts += header.group()[:13].lower().startswith(b"content-type")
        if parts > MOST_PARTS:
            return False
    return True


def _report(message: "Message[str, str]") -> DeliveryReport | None:
    """Return what the parts of a report say: its first part with a status, and the first returned mail after that."""
    if message.get_content_type() != "multipart/report" or not isinstance(message.get_payload(), list):
        return None
    blocks: list[Mapping[str, str]] | None = None
    for part in message.get_payload():
        if not isinstance(part, Message):
            continue
        kind = part.get_content_type()
        if blocks is None and kind in _STATUS_PARTS:
            blocks = list(_blocks(part))
        elif blocks is not None and (named := _message_id(part, kind)):
            told = [_told(block) for block in blocks[: MOST_RECIPIENTS + 1]]
            return DeliveryReport(named, tuple(one for one in told if one is not None)[:MOST_RECIPIENTS])
    return None


def _blocks(part: "Message[str, str]") -> Iterator[Mapping[str, str]]:
    """Yield the fields of each block of a status part, names in small letters; the first value of a name counts."""
    payload = part.get_payload()
    encoded = str(part.get("content-transfer-encoding", "")).strip().lower() in {"base64", "quoted-printable"}
    if isinstance(payload, list) and not encoded:
        for block in payload:
            if isinstance(block, Message):
                yield _fields(block)
                # A status part of RFC 6533 is read as one block, the others in its body.
                rest = block.get_payload()
                yield from _text_blocks(rest if isinstance(rest, str) else "")
        return
    if isinstance(payload, list):
        payload = "\n".join(str(block) for block in payload)
        part = email.message_from_string(
            f"Content-Transfer-Encoding: {part['content-transfer-encoding']}\n\n{payload}"
        )
    decoded = part.get_payload(decode=True)
    yield from _text_blocks(decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else "")


def _text_blocks(text: str) -> Iterator[Mapping[str, str]]:
    for block in _BLANK_LINES.split(text.strip())[: MOST_RECIPIENTS + 1]:
        if block.strip():
            yield _fields(HeaderParser().parsestr(block.strip("\n")))


def _fields(block: "Message[str, str]") -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in block.items():
        found.setdefault(name.lower(), one_line(str(value)[:_LONGEST_HEADER]))
    return found


def _told(block: Mapping[str, str]) -> Told | None:
    """Return what one block says, or None for the block about the message as a whole."""
    addresses = tuple(
        address
        for name in ("original-recipient", "final-recipient")
        if (address := _address(block.get(name, "")))
    )
    if not addresses:
        return None
    diagnostic = block.get("diagnostic-code", "")
    status = _status(block.get("status", ""), diagnostic)
    action = block.get("action", "").split(" ")[0].lower()
    kind = None
    if action == "delayed":
        kind = Kind.SOFT
    elif action == "failed" and status[:1] in {"4", "5"}:
        kind = kind_of(status)
    return Told(addresses, kind, status, diagnostic[:_LONGEST_DIAGNOSTIC])


def _address(field: str) -> str:
    kind, separator, address = field.partition(";")
    known = separator and kind.strip().lower() in _ADDRESS_TYPES
    return address.strip().strip("<>")[:320] if known else ""


def _status(field: str, diagnostic: str) -> str:
    """Return the status, from its own field, else from the answer of the server that rejected; empty where unknown."""
    if field.strip():
        found = _STATUS.match(field)
        return ".".join(str(int(part)) for part in found.groups()) if found else ""
    within = _STATUS_WITHIN.search(diagnostic)
    if within:
        return ".".join(str(int(part)) for part in within.groups())
    reply = _REPLY.match(diagnostic)
    return f"{reply.group(1)}.0.0" if reply else ""


def _message_id(part: "Message[str, str]", kind: str) -> str:
    """Return the Message-ID of the mail that a part returns, or whose headers it does; empty where it has none."""
    payload: Sequence[object] | object = part.get_payload()
    returned: object = None
    if kind in _MAIL_PARTS or (kind in _HEADER_PARTS and isinstance(payload, list)):
        returned = payload[0] if isinstance(payload, list) and payload else None
    elif kind in _HEADER_PARTS:
        decoded = part.get_payload(decode=True)
        text = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
        returned = HeaderParser().parsestr(text.lstrip("\n"))
    if not isinstance(returned, Message):
        return ""
    found = _MESSAGE_ID.search(str(returned.get("message-id", ""))[:_LONGEST_HEADER])
    return found.group(1) if found else ""
