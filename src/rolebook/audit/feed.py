"""The log as a change feed: what happened after a revision, for whoever keeps a copy of the state.

A revision is a pair (sequence, hash). A reader whose pair the log no longer has (a restore, a failover
that lost events) must drop everything it derived and load again.
"""

import uuid
from dataclasses import dataclass

from rolebook.audit.canonical import GENESIS_HASH
from rolebook.audit.models import Event


@dataclass(frozen=True, slots=True)
class Revision:
    """A position in the log: the last event seen, and its hash (32 bytes)."""

    sequence: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.sequence}:{self.hash.hex()}"


BEGINNING = Revision(0, GENESIS_HASH)


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """What a follower needs to know of an event to bring its copy up to date; ids are public ids."""

    sequence: int
    hash: bytes
    tag: str
    program_id: str | None
    beneficiary_id: uuid.UUID | None
    organization_id: uuid.UUID | None


class LogReplaced(Exception):
    """The log does not have the reader's revision any more: drop everything and load again."""


def tip_revision() -> Revision:
    """Return the revision of the last committed event; ``BEGINNING`` of an empty log."""
    last = Event.objects.order_by("-sequence").values_list("sequence", "hash").first()
    return Revision(last[0], bytes(last[1])) if last else BEGINNING


def events_after(revision: Revision, limit: int = 1000) -> tuple[list[FeedEvent], bool]:
    """Return the next events after ``revision`` in order, at most ``limit``, and whether they reach the tip.

    One statement reads both the reader's own event and what follows, so the answer is one moment's truth.
    Raises LogReplaced when the log does not have the revision.
    """
    rows = list(
        Event.objects.filter(sequence__gte=revision.sequence)
        .order_by("sequence")
        .values_list("sequence", "hash", "tag", "program_id", "beneficiary_id", "organization_id")[
            : limit + 1
        ]
    )
    if revision.sequence > 0:
        if not rows or rows[0][0] != revision.sequence or bytes(rows[0][1]) != revision.hash:
            raise LogReplaced(f"found no event {revision}")
        reached, rows = len(rows) <= limit, rows[1:]
    else:
        reached, rows = len(rows) <= limit, rows[:limit]
    return [FeedEvent(row[0], bytes(row[1]), *row[2:]) for row in rows], reached
