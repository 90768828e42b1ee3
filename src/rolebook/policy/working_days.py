"""Counting working days: Monday to Friday but for a program's holidays, in its zone. Pure."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 5


def is_working_day(day: date, holidays: Collection[date]) -> bool:
    """Return whether people are expected to work on a day."""
    return day.weekday() < _SATURDAY and day not in holidays


def after_working_days(start: datetime, number: int, holidays: Collection[date], zone: str) -> datetime:
    """Return the instant (UTC) `number` working days after an instant: the same hour, by the zone's clock.

    The day on which something began never counts, whatever day it is. An hour that the clock leaves out on that day is
    taken as far after midnight; one that comes twice, as the first. ``number`` is 1 or more.
    """
    here = ZoneInfo(zone)
    local = start.astimezone(here)
    day, left = local.date(), number
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day, holidays)
    return datetime.combine(day, local.time().replace(fold=0), tzinfo=here).astimezone(UTC)
