"""Roles and organization codes give something only together, in the days in which both are held (IQCS-05, IQCS-11)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rolebook.governance.models import RequestItem
from rolebook.governance.narrowing import is_kept, narrowed_places
from rolebook.governance.queries.held_days import day_of, end_in_words
from rolebook.governance.submitting import Wish
from rolebook.policy.model import Rolebook

type Span = tuple[datetime, datetime | None]
"""From an instant on, up to another that belongs to it no more; None: without an end."""

ADDING = frozenset({RequestItem.Kind.ADD_ROLE, RequestItem.Kind.ADD_ACCESS})


def overlap(one: Span, other: Span) -> bool:
    """Return whether two spans have an instant in common."""
    return (one[1] is None or other[0] < one[1]) and (other[1] is None or one[0] < other[1])


def touch(one: Span, other: Span) -> bool:
    """Return whether two spans overlap, or one begins as the other ends."""
    return (one[1] is None or other[0] <= one[1]) and (other[1] is None or one[0] <= other[1])


def span_of(wish: Wish, at: datetime) -> Span:
    """Return when what is asked is held, where it is given at ``at``."""
    return (at if wish.starts_at is None else max(at, wish.starts_at)), wish.ends_at


def days_asked(wishes: Sequence[Wish], at: datetime) -> Span | None:
    """Return from when to when what is added is asked for; None where nothing is.

    What stays of a narrowed access has its own days.
    """
    narrowed = narrowed_places(wishes)
    spans = [span_of(one, at) for one in wishes if one.kind in ADDING and not is_kept(one, narrowed)]
    if not spans:
        return None
    ends = [end for _, end in spans if end is not None]
    return min(begins for begins, _ in spans), max(ends) if len(ends) == len(spans) else None


def apart_in_words(
    book: Rolebook, roles: Sequence[Span], codes: Sequence[Span], asked: Span, at: datetime
) -> str:
    """Return in a sentence when, in the days asked for, there are roles without codes, or codes without roles.

    "" where there is no such day, and where there are no roles, or no codes, at any time: that is said elsewhere.
    """
    if not roles or not codes:
        return ""
    days = [_in_words(book, gap, at) for gap in _gaps(roles, codes, asked)]
    if not days:
        return ""
    when = " and ".join(days)
    return f"Roles and organization codes are not held together {when}: one gives nothing without the other."


def _gaps(roles: Sequence[Span], codes: Sequence[Span], asked: Span) -> Iterable[Span]:
    """Yield when exactly one of both is held; gaps that follow each other are one."""
    edges = {edge for span in (*roles, *codes, asked) for edge in span if edge is not None}
    inside = sorted(edge for edge in edges if overlap((edge, None), asked) and edge >= asked[0])
    found: list[Span] = []
    for begins, ends in zip(inside, [*inside[1:], asked[1]], strict=True):
        piece = (begins, ends)
        if any(overlap(piece, one) for one in roles) == any(overlap(piece, one) for one in codes):
            continue
        if found and found[-1][1] == begins:
            found[-1] = (found[-1][0], ends)
        else:
            found.append(piece)
    return found


def _in_words(book: Rolebook, gap: Span, at: datetime) -> str:
    begins, ends = gap
    end = "" if ends is None else end_in_words(book, ends)
    if begins <= at:
        return f"until {end}" if end else "from the day it is given on"
    return f"from {day_of(book, begins)} {f'to {end}' if end else 'on'}"
