"""The one serialization of an event, and the hashes over it (design: "The audit log"; invariant I11).

Event version 1 is a JSON object written like this, and no other way:

* keys sorted, no space between tokens, every character outside printable ASCII escaped (``\\u00e9``,
``\\n``),
  so that a line break, a control character or a change of writing direction in somebody's name stays inside
  its string, on paper and on screen (fault 32);
* text is kept as it was given: nothing is normalized, so two spellings stay two values;
* instants are UTC with microseconds, ``2026-03-01T12:00:00.000000Z``; ids are lower-case UUIDs;
* numbers are whole numbers of at most 53 bits (I-JSON, RFC 7493): there are no fractions in the log;
* personal data is replaced by commitments, ``HMAC-SHA256(salt, field NUL value)`` in hexadecimal, so that the
value
  and its salt can be erased while the event still verifies (fault 34).

The hash of an event is SHA-256 over a label, the event version and that text; the text contains the sequence
and the hash of the event before it, which makes the chain. The first event points at ``GENESIS_HASH``.
"""

import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

EVENT_VERSION = 1
GENESIS_HASH = hashlib.sha256(b"rolebook audit log: nothing happened before this").digest()

type Json = bool | int | str | list["Json"] | dict[str, "Json"] | None
type Detail = (
    bool | int | str | datetime | date | uuid.UUID | Sequence["Detail"] | Mapping[str, "Detail"] | None
)

_KEY = re.compile(r"[!-~]{1,80}")
_LARGEST_WHOLE = 2**53 - 1
_DEEPEST = 8


class Unrecordable(ValueError):
    """A value that the log cannot hold exactly; the message names where it stands and what was expected."""


def to_json(value: Detail, where: str = "details", depth: int = 0) -> Json:
    """Return ``value`` as plain JSON: instants and ids become text, tuples lists.

    Raises Unrecordable for fractions, large numbers, naive instants, NUL, lone surrogates and deep nesting.
    """
    if depth > _DEEPEST:
        raise Unrecordable(f"{where}: found more than {_DEEPEST} levels, expected fewer")
    match value:
        case None | bool() | str() | int():
            return _scalar(value, where)
        case datetime():
            return instant(value, where)
        case date() | uuid.UUID():
            return str(value)
        case Mapping():
            return _object(value, where, depth)
        case list() | tuple():
            return [to_json(item, f"{where}[{n}]", depth + 1) for n, item in enumerate(value)]
        case _:
            raise Unrecordable(
                f"{where}: found {type(value).__name__}, expected text, a whole number, an instant, an id, "
                "a list or a mapping"
            )


def _scalar(value: bool | int | str | None, where: str) -> Json:
    if isinstance(value, str):
        return check_text(value, where)
    if value is not None and abs(value) > _LARGEST_WHOLE:
        raise Unrecordable(f"{where}: found {value!r}, expected a number of at most 53 bits")
    return value


def _object(value: Mapping[str, Detail], where: str, depth: int) -> Json:
    members: dict[str, Json] = {}
    for key, member in value.items():
        if not _KEY.fullmatch(key):
            raise Unrecordable(
                f"{where}: found the key {key!r}, expected up to 80 printable ASCII characters"
            )
        members[key] = to_json(member, f"{where}.{key}", depth + 1)
    return members


def check_text(text: str, where: str) -> str:
    """Return ``text`` unchanged. Raises Unrecordable when a database or UTF-8 could not hold it exactly."""
    if "\0" in text:
        raise Unrecordable(f"{where}: found a NUL character, expected text")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unrecordable(f"{where}: found half of a surrogate pair, expected text") from None
    return text


def instant(value: datetime, where: str = "instant") -> str:
    """Return an aware instant as UTC text with microseconds. Raises Unrecordable for a naive one."""
    if value.tzinfo is None:
        raise Unrecordable(f"{where}: found {value!r} without a zone, expected an aware instant")
    return value.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def serialize(event: Mapping[str, Json]) -> str:
    """Return the canonical text of an event (see the top of this module): printable ASCII on one line."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def content_hash(content: str, event_version: int = EVENT_VERSION) -> bytes:
    """Return the SHA-256 (32 bytes) of an event's canonical text."""
    return hashlib.sha256(
        f"rolebook event {event_version}\n{content}".encode("utf-8", "surrogatepass")
    ).digest()


def commitment(salt: bytes, field: str, value: str) -> str:
    """Return the hexadecimal commitment to one personal value: it tells nothing without its salt of 16
    bytes."""
    return hmac.new(salt, field.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()
