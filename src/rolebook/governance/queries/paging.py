"""Pages by key: the next page begins after the last row's key, so a page costs the same wherever it is.

A key is opaque text for links. One that cannot be read begins at the first page: it confers nothing, since every page
filters by the viewer again.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Func, Q, QuerySet

DEFAULT_LIMIT = 25
MOST_ROWS = 200
"""No page is longer, whatever is asked (I12)."""
LONGEST_SEARCH = 200
MOST_FEW = 1_000
"""Keys that are named one by one in a statement."""


@dataclass(frozen=True, slots=True)
class Page[Row]:
    """One page of rows, and the key after which the next begins (None: this is the last)."""

    rows: tuple[Row, ...]
    next_after: str | None = None


class OnPage(Func):
    """The SQL condition that a column is among the rows of a page: ``OnPage(F("request"), Subquery(page))``.

    PostgreSQL reads the page first and finds the rest by it. With `IN` it may join everything and look for the page
    last, as it does where more than a few tables are joined: one's own ten requests cost a second among 100,000.
    """

    output_field = BooleanField()
    template = "%(expressions)s"
    arg_joiner = " IN "

    def as_sql(self, compiler: Any, connection: Any, *told: Any, **context: Any) -> Any:
        """Return the condition. Raises EmptyResultSet of an empty page, so that Django finds nothing: else it writes
        NULL for the page, with which nothing can be compared so.
        """
        _, page = self.get_source_expressions()
        compiler.compile(page)
        return super().as_sql(compiler, connection, *told, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the condition as a comparison with an array, which is made once."""
        return self.as_sql(
            compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(ARRAY", **context
        )


def cut[Row](rows: Sequence[Row], keys: Sequence[tuple[str, int]], limit: int) -> Page[Row]:
    """Return the page of at most ``limit`` rows from rows read one beyond it, with their keys."""
    more = len(rows) > limit
    return Page(tuple(rows[:limit]), to_text(keys[limit - 1]) if more else None)


def the_few(keys: QuerySet[Any, int]) -> tuple[int, ...] | None:
    """Return all of some keys where these are few, None where they are many; one statement.

    A list in the order of names is walked until its page is full. That is quick where much matches, and everything is
    looked at where hardly anything does: then its rows are asked for by their keys.
    """
    found = tuple(keys.order_by()[: MOST_FEW + 1])
    return found if len(found) <= MOST_FEW else None


def bounded(limit: int) -> int:
    """Return a page length between 1 and the most that is served."""
    return max(1, min(limit, MOST_ROWS))


def search_words(search: str) -> str:
    """Return a search as it is compared: case folded, without NUL, of bounded length."""
    return " ".join(search.replace("\0", " ").split())[:LONGEST_SEARCH].casefold()


def to_text(key: tuple[str, int]) -> str:
    """Return a key (sort value, internal id) as text for a link."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def from_text(text: str | None) -> tuple[str, int] | None:
    """Return the key in ``text``, or None where there is none or it cannot be read."""
    if not text or len(text) > 2_000:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    match key:
        case [str(value), int(row)] if not isinstance(row, bool) and 0 <= row < 2**63 and "\0" not in value:
            return (value, row)
        case _:
            return None


def following(
    key: tuple[str | datetime, int] | None, by: str, row: str = "pk", *, newest_first: bool = False
) -> Q:
    """Return the SQL condition for what comes after a key in a list by one column and then by ``row``.

    Without a key that is all.
    """
    if key is None:
        return Q()
    past = "lt" if newest_first else "gt"
    return Q(**{f"{by}__{past}": key[0]}) | Q(**{by: key[0], f"{row}__{past}": key[1]})


def instant_key(text: str | None) -> tuple[datetime, int] | None:
    """Return the key in ``text`` when its sort value is an aware instant, or None."""
    key = from_text(text)
    if key is None:
        return None
    try:
        instant = datetime.fromisoformat(key[0])
    except ValueError:
        return None
    return (instant, key[1]) if instant.tzinfo is not None else None
