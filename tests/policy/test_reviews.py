"""When a review opens and is due, by its declaration alone."""

from dataclasses import replace
from datetime import date

import pytest

from rolebook.policy import canonical
from rolebook.policy.diff import diff
from rolebook.policy.reviews import Review, due_day, due_on_demand, latest_opening, next_opening
from tests.policy.shipped_books import book

YEARLY = book("iqcs").reviews[0]
MONTHLY = replace(
    YEARLY, opens_on=None, due_on=None, every_months=3, starting_on=date(2026, 1, 31), due_days=20
)


@pytest.mark.requirement("IQCS-12")
@pytest.mark.parametrize(
    ("day", "latest", "then"),
    [
        (date(2026, 10, 31), date(2025, 11, 1), date(2026, 11, 1)),
        (date(2026, 11, 1), date(2026, 11, 1), date(2027, 11, 1)),
        (date(2027, 2, 1), date(2026, 11, 1), date(2027, 11, 1)),
    ],
)
def test_a_yearly_review_opens_on_its_day_of_every_year(day: date, latest: date, then: date) -> None:
    assert (latest_opening(YEARLY, day), next_opening(YEARLY, day)) == (latest, then)
    assert due_day(YEARLY, latest) == date(latest.year, 12, 31)


@pytest.mark.parametrize(
    ("day", "latest", "then"),
    [
        (date(2026, 1, 30), None, date(2026, 1, 31)),
        (date(2026, 4, 29), date(2026, 1, 31), date(2026, 4, 30)),
        (date(2026, 4, 30), date(2026, 4, 30), date(2026, 7, 31)),
        (date(2027, 2, 1), date(2027, 1, 31), date(2027, 4, 30)),
    ],
)
def test_a_review_every_three_months_opens_on_the_last_day_that_a_month_has(
    day: date, latest: date | None, then: date
) -> None:
    assert (latest_opening(MONTHLY, day), next_opening(MONTHLY, day)) == (latest, then)
    assert due_day(MONTHLY, date(2026, 4, 30)) == date(2026, 5, 20)


def test_a_review_that_is_due_before_its_day_is_due_in_the_next_year() -> None:
    winter = replace(YEARLY, opens_on=(12, 1), due_on=(1, 15))
    assert due_day(winter, date(2026, 12, 1)) == date(2027, 1, 15)


@pytest.mark.requirement("IQCS-12")
@pytest.mark.parametrize(
    ("today", "due"),
    [
        # While it is open by itself: the declared day.
        (date(2026, 11, 1), date(2026, 12, 31)),
        (date(2026, 12, 30), date(2026, 12, 31)),
        # On any other day it is open for 60 days, as from November 1 to December 31.
        (date(2026, 3, 1), date(2026, 4, 30)),
        (date(2027, 1, 1), date(2027, 3, 2)),
    ],
)
def test_a_yearly_review_that_is_opened_on_another_day_is_open_for_as_long_as_declared(
    today: date, due: date
) -> None:
    assert due_on_demand(YEARLY, today) == due


def test_a_review_that_never_opens_by_itself_is_open_for_as_long_as_declared_on_whatever_day() -> None:
    [yearly] = book("qpp").reviews
    assert due_on_demand(yearly, date(2026, 9, 28)) == date(2026, 10, 27)
    assert due_on_demand(yearly, date(2026, 11, 22)) == date(2026, 12, 21)
    assert due_on_demand(MONTHLY, date(2026, 3, 1)) == date(2026, 3, 21)


@pytest.mark.parametrize("program", ["iqies", "qpp"])
def test_the_reviews_of_iqies_and_qpp_are_ours_and_switched_off(program: str) -> None:
    [review] = book(program).reviews
    assert review.switched_off
    assert review.source.startswith("ours")
    assert latest_opening(review, date(2026, 12, 31)) is None
    assert next_opening(review, date(2026, 12, 31)) is None


def test_a_review_of_every_cadence_is_stored_and_read_back_the_same() -> None:
    for review in (YEARLY, MONTHLY, replace(MONTHLY, every_months=None, starting_on=None)):
        stored = replace(book("iqcs"), reviews=(review,))
        assert canonical.from_document(canonical.to_document(stored)).reviews == (review,)


@pytest.mark.parametrize(
    ("changed", "weaker"),
    [
        ({"switched_off": True}, True),
        ({"answered_by": (*YEARLY.answered_by, "iqcs_security")}, True),
        ({"remind_days_before": (7,)}, False),
        ({"kinds": ("unit",)}, False),
    ],
)
def test_a_weaker_review_is_told_as_added_power(changed: dict[str, object], weaker: bool) -> None:
    other: Review = replace(YEARLY, **changed)  # type: ignore[arg-type]
    [difference] = diff(book("iqcs"), replace(book("iqcs"), reviews=(other,)))
    assert (difference.part, difference.added_power) == ("review", weaker)
