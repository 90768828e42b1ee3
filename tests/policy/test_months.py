"""Calendar months, days before, and ends of days: laws, and a sample of the oracle (`python -m tests.time_oracle`)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rolebook.policy import months
from rolebook.policy.months import day_begins, days_before, months_after
from tests import time_oracle

SAMPLE = 173
"""Every so many days of the ten years; a prime, so that all days of all months come up."""


@pytest.mark.requirement("IQCS-08")
@pytest.mark.requirement("IQCS-11")
@pytest.mark.fault(58)
@pytest.mark.parametrize("zone", time_oracle.ZONES)
def test_closing_warning_and_expiry_agree_with_a_slow_calendar(zone: str) -> None:
    for day in time_oracle.days(SAMPLE):
        assert list(time_oracle.compare(day, zone)) == []


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
def test_a_leap_day_ends_on_the_last_of_february_and_a_month_end_stays_one() -> None:
    leap = datetime(2028, 2, 29, 15, 30, tzinfo=UTC)
    assert months_after(leap, 12, "UTC") == datetime(2029, 2, 28, 15, 30, tzinfo=UTC)
    assert months_after(leap, 48, "UTC") == datetime(2032, 2, 29, 15, 30, tzinfo=UTC)
    assert months_after(datetime(2027, 8, 31, tzinfo=UTC), 6, "UTC") == datetime(2028, 2, 29, tzinfo=UTC)
    assert months_after(datetime(2037, 6, 1, tzinfo=UTC), 12, "UTC") == datetime(2038, 6, 1, tzinfo=UTC)


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
def test_a_time_that_the_clocks_skip_or_show_twice_counts_as_the_later_of_its_readings() -> None:
    boise = ZoneInfo("America/Boise")
    skipped = datetime(2026, 3, 14, 2, 30, tzinfo=boise)  # On March 14, 2027, clocks go from 2 to 3.
    assert months_after(skipped, 12, "America/Boise").astimezone(boise).hour == 3
    twice = datetime(2026, 11, 7, 1, 30, tzinfo=boise)  # On November 7, 2027, 1:30 is shown twice.
    assert months_after(twice, 12, "America/Boise") == datetime(2027, 11, 7, 8, 30, tzinfo=UTC)
    assert days_before(datetime(2027, 11, 8, 8, 30, tzinfo=UTC), 1, "America/Boise") == datetime(
        2027, 11, 7, 8, 30, tzinfo=UTC
    )


@pytest.mark.fault(58)
def test_a_day_begins_where_its_midnight_would_be_when_the_clocks_skip_it() -> None:
    began = day_begins(date(2026, 4, 24), "Africa/Cairo")
    assert began.astimezone(ZoneInfo("Africa/Cairo")).hour == 1
    assert (began - timedelta(microseconds=1)).astimezone(ZoneInfo("Africa/Cairo")).day == 23


@pytest.mark.requirement("IQCS-11")
@pytest.mark.fault(58)
def test_the_oracle_finds_days_of_24_hours_before_the_end_of_a_detail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(at: datetime, end: datetime, days: Iterable[int], zone: str) -> int | None:
        del zone
        return min((number for number in days if at >= end - timedelta(days=number)), default=None)

    monkeypatch.setattr(time_oracle, "warning_come", wrong)
    changed = date(2027, 11, 10)  # On November 7, 2027, clocks go from 2 to 1.
    assert any("days before" in difference for difference in time_oracle.compare(changed, "America/Boise"))


@pytest.mark.fault(58)
def test_the_oracle_finds_a_year_of_365_days(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(since: datetime, number: int, zone: str) -> datetime:
        del zone
        return since + timedelta(days=365 * number // 12)

    monkeypatch.setattr(time_oracle, "months_after", wrong)
    assert months.months_after is months_after
    assert any(
        difference
        for day in time_oracle.days(SAMPLE)
        for difference in time_oracle.compare(day, "Asia/Kathmandu")
    )
