"""Closing, warning and expiry against the slow calendar: `python -m tests.time_oracle [--every DAYS]`.

Every day of 2023 to 2032, six zones, and at each one second before, at and after: who last signed in then is closed by
quiet, warned, or at the end of a temporary detail, exactly when the reference (tests/reference/calendar_clock.py) says.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rolebook.policy.months import day_begins, days_before, months_after, warning_come
from tests.reference import calendar_clock as reference

ZONES = (
    "America/Boise",  # the program's: an hour, in March and November
    "America/Havana",  # midnight is shown twice, and skipped
    "America/Santiago",  # midnight is skipped; the south's summer
    "Africa/Cairo",  # midnight is skipped on a Friday
    "Australia/Lord_Howe",  # half an hour only
    "Asia/Kathmandu",  # 5:45, and never changed
)
TIMES = ((2, 30, 0), (0, 0, 0), (23, 59, 59))
"""Times of day of the sign-ins: one that clocks skip or show twice, and both ends of the day."""
FIRST, LAST = date(2023, 1, 1), date(2032, 12, 31)
WARN_DAYS = (60, 30, 7)
END_DAYS = (14, 3)
SECOND = timedelta(seconds=1)


def compare(day: date, zone_name: str) -> Iterator[str]:
    """Yield what the product says otherwise than the reference about one day in one zone."""
    zone = ZoneInfo(zone_name)
    for time in TIMES:
        wall = (day.year, day.month, day.day, *time, 0)
        since = reference.latest_showing(wall, zone)
        expected = reference.end_of_quiet(since, 12, zone)
        end = months_after(since, 12, zone_name)
        for at in (expected - SECOND, expected, expected + SECOND):
            if (at < end) != (at < expected):
                yield f"{zone_name}: closing after a sign-in at {since}: found {end}, expected {expected}"
        for days in WARN_DAYS:
            due, found = reference.warning(expected, days, zone), days_before(expected, days, zone_name)
            for at in (due - SECOND, due, due + SECOND):
                if (at >= found) != (at >= due):
                    yield f"{zone_name}: warning {days} days before {expected}: found {found}, expected {due}"
    over = reference.end_of_day(day.year, day.month, day.day, zone)
    found = day_begins(day + timedelta(days=1), zone_name)
    for at in (over - SECOND, over, over + SECOND):
        if (at < found) != (at < over):
            yield f"{zone_name}: the end of {day}: found {found}, expected {over}"
    yield from _warnings_of_end(over, zone)


def _warnings_of_end(over: datetime, zone: ZoneInfo) -> Iterator[str]:
    """Yield what the product says otherwise of the warnings before a detail's end."""
    due = {number: reference.warning(over, number, zone) for number in END_DAYS}
    for instant in due.values():
        for at in (instant - SECOND, instant, instant + SECOND):
            expected = min((number for number, first in due.items() if at >= first), default=None)
            found = warning_come(at, over, END_DAYS, zone.key)
            if found != expected:
                yield f"{zone.key}: at {at}, days before {over}: found {found}, expected {expected}"


def days(every: int = 1) -> Iterator[date]:
    """Every day of the ten years, or one of so many."""
    day = FIRST
    while day <= LAST:
        yield day
        day += timedelta(days=every)


def main(arguments: list[str]) -> int:
    """Compare all, print what differs and how much was compared; return 1 when something does."""
    every = int(arguments[arguments.index("--every") + 1]) if "--every" in arguments else 1
    begun, wrong, compared = datetime.now(UTC), 0, 0
    for zone_name in ZONES:
        for day in days(every):
            for difference in compare(day, zone_name):
                wrong += 1
                print(difference)
            compared += 1
    took = datetime.now(UTC) - begun
    print(
        f"{compared:,} days of {len(ZONES)} zones compared, {wrong} differences, {took.total_seconds():.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
