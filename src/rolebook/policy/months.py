"""Calendar arithmetic on a program's clock: months after an instant, days before one. Pure.

Both go by the wall: the same time of day on another day of the calendar. A day that the month does not have is its last
one (February 29 and twelve months: February 28). A time of day that the clocks show twice that day, or skip, counts as
the later of its two readings: nobody loses an hour by the clocks (fault 58).
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def months_after(since: datetime, months: int, zone: str) -> datetime:
    """Return the instant (aware, UTC) ``months`` calendar months after an aware instant, by the clock of a zone."""
    wall = since.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    years, month = divmod(wall.month - 1 + months, 12)
    year, month = wall.year + years, month + 1
    day = min(wall.day, monthrange(year, month)[1])
    return _later_reading(wall.replace(year=year, month=month, day=day, fold=0), zone)


def days_before(at: datetime, days: int, zone: str) -> datetime:
    """Return the instant (aware, UTC) ``days`` calendar days before an aware instant, by the clock of a zone."""
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    return _later_reading(wall - timedelta(days=days), zone)


def warning_come(at: datetime, end: datetime, days: Iterable[int], zone: str) -> int | None:
    """Return of so many calendar days before an end the fewest that have come by ``at``; None where none has."""
    return next((number for number in sorted(days) if at >= days_before(end, number, zone)), None)


def day_begins(day: date, zone: str) -> datetime:
    """Return the first instant (aware, UTC) of a day, by the clock of a zone, also where clocks skip its midnight."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _later_reading(wall: datetime, zone: str) -> datetime:
    clock = ZoneInfo(zone)
    return max(wall.replace(tzinfo=clock, fold=fold).astimezone(UTC) for fold in (0, 1))
