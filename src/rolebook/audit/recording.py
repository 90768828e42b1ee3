"""The only writer of the audit log: a flow's unit of work, and refused attempts (design: "The audit log").

A flow does all its work inside one :func:`unit_of_work`, which is its transaction. Events are buffered; as
the last statements before the commit the unit takes the one log lock, numbers and chains its events, and
inserts them. The lock is taken last because everybody waits for it, and after it there is nothing left to do
but commit; whoever gets it next therefore reads the committed tip, and sequences have no gap. On PostgreSQL
it is a transaction-scoped advisory lock; on SQLite every unit begins IMMEDIATE, which is that lock already.
"""

import hashlib
import secrets
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.db import connection, transaction

from rolebook.audit import canonical
from rolebook.audit.models import Event, PersonalData
from rolebook.audit.tags import Tag
from rolebook.audit.waking import CHANNEL

LOG_LOCK = 0x526F_6C65_626F_6F6B
"""Key of the advisory lock on PostgreSQL ("Rolebook" in ASCII)."""
EVENTS_A_UNIT = 500
"""No transaction holds the log lock for more events than this (design: "The audit log")."""
_LONGEST_DETAILS = 64_000
_NOTHING: Mapping[str, canonical.Detail] = {}
_NO_TEXT: Mapping[str, str | None] = {}


class SilentFlow(RuntimeError):
    """A unit of work ended with no event, and did not say that nothing happened: it is rolled back (33)."""


class TooManyEvents(RuntimeError):
    """A unit of work recorded more events than may hold the log lock; record one event for the whole
    instead."""


class Undeclared(ValueError):
    """An event carries a detail or personal field that its tag does not declare in
    :mod:`rolebook.audit.tags`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an action came from.

    Attributes:
        via: the door it came through.
        address: the network address, personal data, or None.
        session: any stable reference to the session; only a digest of it is kept, never a credential.
    """

    via: Literal["web", "command", "api", "job"]
    address: str | None = None
    session: str | None = None


@dataclass(slots=True)
class Buffered:
    """An event that has no sequence yet: its members but for the chain, and its personal data."""

    members: dict[str, canonical.Json]
    columns: dict[str, canonical.Detail]
    personal: dict[str, tuple[bytes, str]]


@dataclass(slots=True)
class UnitOfWork:
    """What one flow does, atomically, together with the events that tell it."""

    at: datetime
    origin: Origin
    actor_id: uuid.UUID | None
    sequence: int | None = None
    """Sequence of the last event written; None until the block has ended, and when nothing happened."""
    hash: bytes | None = None
    """Hash of that event (32 bytes)."""
    buffered: list[Buffered] = field(default_factory=list)
    quiet: bool = False

    def record(
        self,
        tag: Tag,
        *,
        program_id: str | None = None,
        beneficiary_id: uuid.UUID | None = None,
        organization_id: uuid.UUID | None = None,
        request_id: uuid.UUID | None = None,
        rolebook_version: int | None = None,
        old: Mapping[str, canonical.Detail] = _NOTHING,
        new: Mapping[str, canonical.Detail] = _NOTHING,
        personal: Mapping[str, str | None] = _NO_TEXT,
    ) -> None:
        """Buffer one event; it is written when the block ends. Ids are public ids.

        ``old`` and ``new`` hold the values that changed, ``personal`` names, addresses and free text by field
        (None is left out). Raises Undeclared, Unrecordable or TooManyEvents at once, where the flow can be
        mended.
        """
        if len(self.buffered) >= EVENTS_A_UNIT:
            raise TooManyEvents(f"found more than {EVENTS_A_UNIT} events in one unit of work")
        told = {name: text for name, text in personal.items() if text is not None}
        _check_declared(tag, {*old, *new}, set(told))
        if self.origin.address is not None:
            told["origin_address"] = self.origin.address
        columns: dict[str, canonical.Detail] = {
            "tag": tag.name,
            "occurred_at": self.at,
            "program_id": program_id,
            "actor_id": self.actor_id,
            "beneficiary_id": beneficiary_id,
            "organization_id": organization_id,
            "request_id": request_id,
        }
        salted = {
            name: (secrets.token_bytes(16), canonical.check_text(text, f"{tag}: {name}"))
            for name, text in told.items()
        }
        members: dict[str, canonical.Json] = {
            "event_version": canonical.EVENT_VERSION,
            **{name: canonical.to_json(value, f"{tag}: {name}") for name, value in columns.items()},
            "rolebook_version": rolebook_version,
            "origin": {"via": self.origin.via, "session": _digest(self.origin.session)},
            "old": canonical.to_json(old, f"{tag}: old"),
            "new": canonical.to_json(new, f"{tag}: new"),
            "personal": {
                name: canonical.commitment(salt, name, text) for name, (salt, text) in salted.items()
            },
        }
        length = len(canonical.serialize(members))
        if length > _LONGEST_DETAILS:
            raise canonical.Unrecordable(
                f"{tag}: found {length} characters, expected at most {_LONGEST_DETAILS}; record a digest"
            )
        self.buffered.append(Buffered(members, columns, salted))

    @contextmanager
    def part(self) -> Iterator[None]:
        """Run a part that may fail while the rest stands: its writes and its events are undone together."""
        before = len(self.buffered)
        try:
            with transaction.atomic():
                yield
        except BaseException:
            del self.buffered[before:]
            raise

    def nothing_happened(self) -> None:
        """Say that this unit changes nothing, so that ending without an event is right (a double click, a
        repeat)."""
        self.quiet = True

    def write(self) -> None:
        """Write the buffered events: :func:`unit_of_work` calls this last, and nobody else does."""
        if not self.buffered:
            if self.quiet:
                return
            raise SilentFlow("found a unit of work without an event, expected record() or nothing_happened()")
        _take_log_lock()
        sequence, previous = tip()
        rows: list[Event] = []
        for event in self.buffered:
            sequence += 1
            content = canonical.serialize(
                {**event.members, "sequence": sequence, "previous_hash": previous.hex()}
            )
            row = Event(
                sequence=sequence,
                previous_hash=previous,
                hash=canonical.content_hash(content),
                event_version=canonical.EVENT_VERSION,
                content=content,
                **event.columns,
            )
            previous = bytes(row.hash)
            rows.append(row)
        Event.objects.bulk_create(rows)
        PersonalData.objects.bulk_create(
            PersonalData(event=row, field=name, salt=salt, value=text)
            for row, event in zip(rows, self.buffered, strict=True)
            for name, (salt, text) in event.personal.items()
        )
        self.sequence, self.hash = sequence, previous


@contextmanager
def unit_of_work(*, at: datetime, origin: Origin, actor_id: uuid.UUID | None = None) -> Iterator[UnitOfWork]:
    """Run a block as one transaction that commits together with its events, or not at all (I11).

    ``at`` is the instant of the action, ``actor_id`` the public id of the account that acts (None: the
    operator or a job). Raises RuntimeError when it is entered inside another transaction (a test case's own
    excepted), SilentFlow when the block ends without an event and without ``nothing_happened()``.
    """
    work = UnitOfWork(at, origin, actor_id)
    with transaction.atomic(durable=True):
        yield work
        work.write()


def record_refusal(
    tag: Tag,
    *,
    at: datetime,
    origin: Origin,
    actor_id: uuid.UUID | None,
    program_id: str | None = None,
    beneficiary_id: uuid.UUID | None = None,
    organization_id: uuid.UUID | None = None,
    request_id: uuid.UUID | None = None,
    new: Mapping[str, canonical.Detail] = _NOTHING,
    personal: Mapping[str, str | None] = _NO_TEXT,
) -> int:
    """Record one refused attempt in a transaction of its own, after the flow's has been rolled back.

    It is bounded: one event, and on PostgreSQL at most two seconds of waiting for the log lock. Returns its
    sequence. ``tag`` is one of the ``attempt:refused:…`` tags.
    """
    if not tag.name.startswith("attempt:refused:"):
        raise Undeclared(f"found the tag {tag.name!r}, expected one of a refused attempt")
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
        work.record(
            tag,
            program_id=program_id,
            beneficiary_id=beneficiary_id,
            organization_id=organization_id,
            request_id=request_id,
            new=new,
            personal=personal,
        )
    if work.sequence is None:  # pragma: no cover
        raise SilentFlow("found no sequence after a refusal was recorded")
    return work.sequence


def tip() -> tuple[int, bytes]:
    """Return (sequence, hash) of the last event this transaction sees; (0, GENESIS_HASH) of an empty log."""
    last = Event.objects.order_by("-sequence").values_list("sequence", "hash").first()
    return (last[0], bytes(last[1])) if last else (0, canonical.GENESIS_HASH)


def _take_log_lock() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # The notification is delivered with the commit, and costs no statement of its own.
            cursor.execute("SELECT pg_advisory_xact_lock(%s), pg_notify(%s, '')", [LOG_LOCK, CHANNEL])


def _check_declared(tag: Tag, details: set[str], personal: set[str]) -> None:
    if extra := sorted(details - tag.details):
        raise Undeclared(f"{tag}: found the detail {extra[0]!r}, expected one that audit/tags declares")
    if extra := sorted(personal - tag.personal):
        raise Undeclared(
            f"{tag}: found the personal field {extra[0]!r}, expected one that audit/tags declares"
        )


def _digest(session: str | None) -> str | None:
    return None if session is None else hashlib.sha256(session.encode()).hexdigest()[:32]
