"""Instants and ages as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from rolebook.governance.instants import instant_in_words
from rolebook.web.instants import age_in_words

NEW_YORK = "America/New_York"
NOW = datetime(2026, 11, 21, 20, 5, tzinfo=UTC)


def test_an_instant_is_written_in_the_programs_zone_with_the_zone_named() -> None:
    assert instant_in_words(NOW, NEW_YORK) == "Nov 21, 2026, 3:05 p.m. EST"


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 7, 1, 4, 0, tzinfo=UTC), "Jul 1, 2026, 12:00 a.m. EDT"),
        (datetime(2026, 7, 1, 16, 0, tzinfo=UTC), "Jul 1, 2026, 12:00 p.m. EDT"),
        (datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "Dec 31, 2025, 11:59 p.m. EST"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "Nov 1, 2026, 1:30 a.m. EDT"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "Nov 1, 2026, 1:30 a.m. EST"),
    ],
)
def test_noon_midnight_and_both_hours_of_a_clock_change_can_be_told_apart(at: datetime, said: str) -> None:
    assert instant_in_words(at, NEW_YORK) == said


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=3), "3 hours ago"),
        (timedelta(hours=16), "yesterday"),
        (timedelta(hours=40), "2 days ago"),
        (timedelta(days=30), "30 days ago"),
        (timedelta(days=31), "Oct 21, 2026"),
        (-timedelta(days=1), "Nov 22, 2026, 3:05 p.m. EST"),
    ],
)
def test_ages_are_counted_by_the_calendar_of_the_program(passed: timedelta, said: str) -> None:
    assert age_in_words(NOW - passed, NOW, NEW_YORK) == said
