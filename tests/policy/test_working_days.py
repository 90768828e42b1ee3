"""Working days, against a slow calendar that looks at every day and every quarter of an hour."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.policy.working_days import after_working_days

ZONES = ("America/Boise", "Pacific/Auckland", "UTC", "America/St_Johns")
DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))
QUARTER = timedelta(minutes=15)
INSTANTS = st.builds(
    lambda day, quarters: datetime(day.year, day.month, day.day, tzinfo=UTC) + quarters * QUARTER,
    DAYS,
    st.integers(0, 95),
)
NAMES = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday"}


def slow_after(start: datetime, number: int, holidays: set[date], zone: str) -> datetime:
    """The first quarter of an hour on the day wanted at which the clock on the wall shows the hour, or is past it."""
    local = start.astimezone(ZoneInfo(zone))
    day = local.date()
    for _ in range(number):
        day += timedelta(days=1)
        while day.strftime("%A") not in NAMES or day in holidays:
            day += timedelta(days=1)
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    while True:
        there = instant.astimezone(ZoneInfo(zone))
        if there.date() == day and there.time() >= local.time():
            return instant
        instant += QUARTER


def without_gap(start: datetime, number: int, holidays: set[date], zone: str) -> bool:
    """Whether the clock shows the hour on the day wanted at all."""
    found = slow_after(start, number, holidays, zone).astimezone(ZoneInfo(zone))
    return found.time() == start.astimezone(ZoneInfo(zone)).time()


@given(INSTANTS, st.integers(1, 12), st.sets(DAYS, max_size=40), st.sampled_from(ZONES))
def test_working_days_are_those_of_a_slow_calendar(
    start: datetime, number: int, holidays: set[date], zone: str
) -> None:
    if without_gap(start, number, holidays, zone):
        assert after_working_days(start, number, holidays, zone) == slow_after(start, number, holidays, zone)


@pytest.mark.parametrize(
    ("zone", "start", "due"),
    [
        # Over the night in which the clocks go forward.
        ("America/Boise", "2026-03-06T02:30-07:00", "2026-03-09T02:30-06:00"),
        # A Friday before the federal holiday of a Monday.
        ("America/Boise", "2026-05-22T10:00-06:00", "2026-05-26T10:00-06:00"),
        # Opened on a Saturday: Monday is the first day.
        ("America/Boise", "2026-11-21T10:00-07:00", "2026-11-23T10:00-07:00"),
        ("UTC", "2026-12-24T10:00+00:00", "2026-12-28T10:00+00:00"),
    ],
)
def test_one_working_day_later(zone: str, start: str, due: str) -> None:
    holidays = {date(2026, 5, 25), date(2026, 12, 25)}
    assert after_working_days(datetime.fromisoformat(start), 1, holidays, zone) == datetime.fromisoformat(due)
