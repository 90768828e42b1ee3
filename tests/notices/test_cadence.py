"""When a reminder is due next, also on the days on which the clocks change (QPP-16)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rolebook.notices.cadence import cadence_in_words, next_due

pytestmark = pytest.mark.requirement("QPP-16")
ZONE = "America/New_York"


def due(cadence: str, after: datetime, *, weekday: int = 0, hour: int = 9) -> datetime:
    found = next_due(cadence, weekday=weekday, hour=hour, zone=ZONE, after=after)
    assert found is not None
    assert found.utcoffset() == timedelta(0)
    return found.astimezone(ZoneInfo(ZONE))


def local(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(ZONE), fold=fold)  # type: ignore[misc, arg-type]


def test_working_days_leave_the_weekend_out() -> None:
    friday = local(2026, 3, 6, 9)
    assert due("working-days", friday) == local(2026, 3, 9, 9)
    assert due("working-days", friday - timedelta(seconds=1)) == friday


def test_once_a_week_comes_on_its_day_and_a_week_later_when_the_hour_has_passed() -> None:
    wednesday = local(2026, 3, 4, 7)
    assert due("weekly", wednesday, weekday=2) == local(2026, 3, 4, 9)
    assert due("weekly", wednesday + timedelta(hours=2), weekday=2) == local(2026, 3, 11, 9)


def test_never_is_never_due() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert next_due("off", weekday=0, hour=9, zone=ZONE, after=now) is None


def test_the_hour_on_the_clock_stays_when_the_clocks_change() -> None:
    """New York changes on March 8 and November 1, 2026, both Sundays."""
    assert due("weekly", local(2026, 3, 2, 9)).hour == 9
    assert due("weekly", local(2026, 3, 2, 9)) - local(2026, 3, 2, 9).astimezone(UTC) == timedelta(
        days=7, hours=-1
    )
    assert due("weekly", local(2026, 10, 26, 9)) - local(2026, 10, 26, 9).astimezone(UTC) == timedelta(
        days=7, hours=1
    )


def test_an_hour_that_the_clocks_leave_out_still_has_its_reminder_that_day() -> None:
    found = due("weekly", local(2026, 3, 7, 12), weekday=6, hour=2)
    assert (found.date().isoformat(), found.hour) == ("2026-03-08", 3)


def test_an_hour_that_is_there_twice_has_one_reminder() -> None:
    first = due("weekly", local(2026, 10, 31, 12), weekday=6, hour=1)
    assert first.astimezone(UTC) == datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert due("weekly", first, weekday=6, hour=1) == local(2026, 11, 8, 1)
    between = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert due("weekly", between, weekday=6, hour=1) == local(2026, 11, 8, 1)


@pytest.mark.parametrize(
    ("cadence", "hour", "words"),
    [
        ("working-days", 9, "on working days at 9 a.m."),
        ("weekly", 12, "every Monday at noon"),
        ("weekly", 0, "every Monday at midnight"),
        ("weekly", 15, "every Monday at 3 p.m."),
        ("off", 9, "never"),
    ],
)
def test_a_cadence_is_read_in_words(cadence: str, hour: int, words: str) -> None:
    assert cadence_in_words(cadence, 0, hour) == words
