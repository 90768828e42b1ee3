"""Twelve months, days before and the end of a day by a slow calendar, written apart from the product's.

It knows months by a table, counts them one by one, and finds an instant by trying every offset that a clock on earth
may have: the instants at which the zone's clock really shows what is asked, the latest of them; where it never does,
because the clocks were put forward over it, what it would have shown had they not been.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
OFFSETS = tuple(timedelta(minutes=15 * step) for step in range(-14 * 4, 14 * 4 + 1))


def is_leap(year: int) -> bool:
    """Whether a year has a February 29."""
    return year % 400 == 0 or (year % 4 == 0 and year % 100 != 0)


def last_day(year: int, month: int) -> int:
    """The last day of a month."""
    return 29 if month == 2 and is_leap(year) else DAYS[month - 1]


def shown(at: datetime, zone: ZoneInfo) -> tuple[int, ...]:
    """What a clock on the wall shows: year, month, day, hour, minute, second, microsecond."""
    there = at.astimezone(zone)
    return (*there.timetuple()[:6], there.microsecond)


def instants_showing(wall: tuple[int, ...], zone: ZoneInfo) -> list[datetime]:
    """Every instant at which the wall shows that, in order; none where the clocks skip it."""
    naive = datetime(*wall, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year to microsecond, in order
    return sorted(naive - offset for offset in OFFSETS if shown(naive - offset, zone) == wall)


def latest_showing(wall: tuple[int, ...], zone: ZoneInfo) -> datetime:
    """The last instant at which the wall shows that; where it never does, as if the clocks had not been changed."""
    found = instants_showing(wall, zone)
    if found:
        return found[-1]
    naive = datetime(*wall, tzinfo=UTC)  # type: ignore[arg-type, misc]  # year to microsecond, in order
    before = naive
    # Back to where there is a reading: the offset that was in force before the gap.
    while not instants_showing(shown_as(before), zone):
        before -= timedelta(minutes=15)
    return instants_showing(shown_as(before), zone)[0] + (naive - before)


def shown_as(naive: datetime) -> tuple[int, ...]:
    """The members of a wall time kept as a UTC datetime."""
    return (*naive.timetuple()[:6], naive.microsecond)


def end_of_quiet(since: datetime, months: int, zone: ZoneInfo) -> datetime:
    """So many calendar months later, counted one month after the other."""
    year, month, day, *time = shown(since, zone)
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return latest_showing((year, month, min(day, last_day(year, month)), *time), zone)


def warning(end: datetime, days: int, zone: ZoneInfo) -> datetime:
    """So many calendar days before, counted one day after the other."""
    year, month, day, *time = shown(end, zone)
    for _ in range(days):
        if day > 1:
            day -= 1
        elif month > 1:
            month -= 1
            day = last_day(year, month)
        else:
            year, month, day = year - 1, 12, 31
    return latest_showing((year, month, day, *time), zone)


def end_of_day(year: int, month: int, day: int, zone: ZoneInfo) -> datetime:
    """The first instant that the wall shows a later day than this one: when a temporary detail has ended."""
    low = datetime(year, month, day, 12, tzinfo=UTC) - timedelta(days=1)
    high = datetime(year, month, day, 12, tzinfo=UTC) + timedelta(days=2)
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        if shown(middle, zone)[:3] > (year, month, day):
            high = middle
        else:
            low = middle
    return high
