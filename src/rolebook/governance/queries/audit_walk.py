"""How far one page may walk through the log: along an index, newest first, so many events and no more (I12).

Whatever is asked, a page reads one bounded stretch of the log. When the stretch ends before the page is full, the page
says how far back it looked, and the next one goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from rolebook.audit.models import Event

BUDGET = 2_000
"""Events that a page walks over, divided among the indexes' keys that it walks along."""
MOST_WALKS = 50
"""Keys (organizations, people) that a page walks along; who has more walks along the program."""
_LEAST_SHARE = 50
_ONE_HOUR = timedelta(hours=1)
_TABLE = "audit_event"
BEYOND = 2**62
"""Greater than every sequence."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the log: the events found, newest first, and the sequence below which it did not look.

    ``floor`` is 0 when the beginning was reached.
    """

    sequences: tuple[int, ...]
    floor: int


def walk_back(keys: Sequence[Q], *, before: int, since: int = 0) -> Stretch:
    """Walk along each key's index from ``before`` (exclusive) down to ``since``; one statement for all keys.

    Each key is an equality of an indexed column of the log. Raises ValueError for more keys than `MOST_WALKS`.
    """
    if len(keys) > MOST_WALKS:
        raise ValueError(f"found {len(keys)} keys to walk along, expected at most {MOST_WALKS}")
    if not keys:
        return Stretch((), 0)
    share = max(BUDGET // len(keys), _LEAST_SHARE)
    parts: list[str] = []
    parameters: list[Any] = []
    for number, key in enumerate(keys):
        events = Event.objects.filter(key, sequence__lt=before, sequence__gte=since)
        walk = events.order_by("-sequence").values_list("sequence")[:share]
        statement, given = walk.query.sql_with_params()
        # The statements are Django's own, and every value is a parameter of them.
        parts.append(f"SELECT {number} AS walk, along.sequence FROM ({statement}) AS along")  # noqa: S608
        parameters += given
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), tuple(parameters))
        rows = cursor.fetchall()
    found: dict[int, list[int]] = {}
    for number, sequence in rows:
        found.setdefault(number, []).append(sequence)
    # A walk that was cut knows nothing below its last event, and so does the page.
    floor = max((min(along) for along in found.values() if len(along) == share), default=0)
    sequences = {sequence for along in found.values() for sequence in along if sequence >= floor}
    return Stretch(tuple(sorted(sequences, reverse=True)), floor if floor > since else 0)


def bounds(since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """Return the sequences between which events from ``since`` until before ``until`` stand (first, one past the last).

    Sequences follow the order of commits, which is that of instants but for the moments that flows take; an hour to
    either side is allowed for that, so the instants themselves have to be compared still.
    """
    first = 0 if since is None else _first_from(since - _ONE_HOUR)
    return first, BEYOND if until is None else _first_from(until + _ONE_HOUR)


def _first_from(at: datetime) -> int:
    """Return the sequence of the first event at or after ``at``: halving, some thirty look-ups in one statement."""
    instant = connection.ops.adapt_datetimefield_value(at)
    statement = f"""
        WITH RECURSIVE halving(low, high) AS (
            SELECT CAST(1 AS bigint), COALESCE(MAX(sequence), 0) + 1 FROM {_TABLE}
            UNION ALL
            SELECT CASE WHEN event.occurred_at < %s THEN event.sequence + 1 ELSE halving.low END,
                   CASE WHEN event.occurred_at < %s THEN halving.high ELSE event.sequence END
            FROM halving JOIN {_TABLE} AS event
                 ON event.sequence = (halving.low + halving.high) / 2
            WHERE halving.low < halving.high
        )
        SELECT low FROM halving WHERE low = high
    """  # noqa: S608 - the table's name is our own
    with connection.cursor() as cursor:
        cursor.execute(statement, [instant, instant])
        row = cursor.fetchone()
    return int(row[0]) if row else 0
