"""The days of what is held, in words: when it ends by itself, and when it begins, where it has not yet (IQCS-11)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rolebook.governance.authority import Standing
from rolebook.governance.instants import date_in_words, day_in_words, instant_in_words
from rolebook.governance.origins import Holding
from rolebook.policy.model import Rolebook


def held_days(standing: Standing, holding: Holding) -> str:
    """Return the days of a grant or access in the program's zone; "" for one in force that has no end.

    "from Dec 1, 2026 to the end of Dec 31, 2026; not yet in force", "until the end of Dec 31, 2026".
    """
    return days_at(standing.book, holding, standing.at)


def days_at(book: Rolebook, holding: Holding, at: datetime) -> str:
    """Return the days of a grant or access as `held_days` does, told at an instant."""
    end = "" if holding.ends_at is None else end_in_words(book, holding.ends_at)
    if holding.starts_at <= at:
        return end and f"until {end}"
    return f"from {day_of(book, holding.starts_at)} {f'to {end}' if end else 'on'}; not yet in force"


def dates_in_words(
    book: Rolebook, starts_at: datetime | None, ends_at: datetime | None, passed: datetime | None = None
) -> str:
    """Return a temporary detail's days in the program's zone; "" without an end.

    ``passed``: the first day asked for, where that passed before it was given.
    """
    if ends_at is None:
        return ""
    first = "the day it is given" if starts_at is None else day_of(book, starts_at)
    if passed is not None:
        first = f"{first} ({day_of(book, passed)}, the first day asked for, passed before)"
    last = end_in_words(book, ends_at)
    return f"From {first} to {last}, by the clock of {book.program.zone}; then it ends by itself."


def end_in_words(book: Rolebook, ends_at: datetime) -> str:
    """Return an end by the program's clock: "the end of May 31, 2026", with the time where it is within a day."""
    return end_in_zone(book.program.zone, ends_at)


def end_in_zone(zone: str, ends_at: datetime) -> str:
    """Return an end as `end_in_words` does, in an IANA time zone."""
    last = last_day(zone, ends_at)
    return instant_in_words(ends_at, zone) if last is None else f"the end of {date_in_words(last)}"


def last_day(zone: str, ends_at: datetime) -> date | None:
    """Return the day with which something ends; None where it ends within a day."""
    local = ends_at.astimezone(ZoneInfo(zone))
    before = (ends_at - timedelta(seconds=1)).astimezone(local.tzinfo)
    return before.date() if before.date() != local.date() else None


def day_of(book: Rolebook, at: datetime) -> str:
    """Return the day of an instant in the program's zone: "May 31, 2026"."""
    return day_in_words(at, book.program.zone)
