"""How people answered in a review is counted in the database, as a slow reading of all answers counts it (IQCS-13)."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rolebook.governance.models import ReviewItem
from rolebook.governance.queries import review_quality
from rolebook.governance.queries.review_quality import quality, quality_of
from tests.support import iqcs
from tests.support.iqcs import PROGRAM
from tests.support.people import new_user
from tests.support.reviews import MEANWHILE, agencies, answers, opened, steward, submits

pytestmark = [pytest.mark.requirement("IQCS-13"), pytest.mark.django_db]
PAUSE = timedelta(minutes=10)
type Slow = tuple[int, int, int, float | None, int]


def slowly(answers: Sequence[ReviewItem]) -> Slow:
    """Answers, removals, those given together, the median of the gaps and the longest streak of one person."""
    gaps: list[float] = []
    streak = longest = 0
    last: datetime | None = None
    for item in sorted(answers, key=lambda one: (one.answered_at, one.pk)):
        streak = streak + 1 if item.answer == "keep" else 0
        longest = max(longest, streak)
        assert item.answered_at is not None
        if last is not None and timedelta() < item.answered_at - last <= PAUSE:
            gaps.append((item.answered_at - last).total_seconds())
        last = item.answered_at
    return (
        len(answers),
        sum(item.answer == "remove" for item in answers),
        sum(item.answered_together > 1 for item in answers),
        round(median(gaps), 3) if gaps else None,
        longest,
    )


@pytest.mark.parametrize("seed", range(6))
def test_how_people_answered_is_what_a_slow_reading_of_all_answers_comes_to(seed: int) -> None:
    people = agencies()
    campaign = opened()
    chosen = random.Random(seed)
    reviewers = (people.fws_lead, people.fws_representative, people.usaf_lead)
    for item in ReviewItem.objects.filter(campaign=campaign):
        if chosen.random() < 0.1:
            continue
        # Presses at one instant, at the pause, a moment after it, and within it.
        minutes = chosen.choice((0, 1, 2, 10, 12, 22, 40))
        at = MEANWHILE + timedelta(minutes=minutes, milliseconds=chosen.choice((0, 0, 1, 250)))
        ReviewItem.objects.filter(pk=item.pk).update(
            answer=chosen.choice(("keep", "keep", "keep", "remove")),
            answered_by=chosen.choice(reviewers),
            answered_at=at,
            answered_together=chosen.choice((1, 1, 5)),
        )
    with CaptureQueriesContext(connection) as statements:
        found = quality(campaign)
    assert len(statements) == 4
    given = list(ReviewItem.objects.exclude(answered_by=None).select_related("answered_by"))
    names = sorted({item.answered_by.name for item in given if item.answered_by is not None})
    expected = {
        name: slowly([item for item in given if item.answered_by and item.answered_by.name == name])
        for name in names
    }
    told = {row.name: (row.answers, row.removals, row.together, row.seconds, row.keeps) for row in found}
    assert told == {name: pytest.approx(one, abs=0.002) for name, one in expected.items()}
    assert [row.name for row in found] == names


@pytest.mark.invariant("I12")
def test_it_is_shown_a_page_at_a_time_by_name_in_as_few_statements_as_one_page_with_nobody_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agencies()
    someone, campaign = steward(), opened()
    everything = list(ReviewItem.objects.filter(campaign=campaign).order_by("pk"))
    # Two of one name: the page's key tells them apart.
    named = ("Ann", "Bo", "Bo", "Cy", "Dee")
    people = [new_user(name, f"reviewer{number}").account for number, name in enumerate(named)]
    for number, item in enumerate(everything):
        given = {"answer": "keep", "answered_by": people[number % 5], "answered_at": MEANWHILE}
        ReviewItem.objects.filter(pk=item.pk).update(**given)
    monkeypatch.setattr(review_quality, "REVIEWERS_A_PAGE", 2)
    found: list[tuple[str, int]] = []
    after: str | None = None
    for _ in range(3):
        with CaptureQueriesContext(connection) as statements:
            page = quality_of(someone, PROGRAM, campaign, MEANWHILE, after)
        counted = [one for one in statements if "governance_reviewitem" in one["sql"]]
        assert len(counted) == 4
        found += [(one.name, one.answers) for one in page.rows]
        after = page.next_after
    assert after is None
    assert [name for name, _ in found] == list(named)
    assert sum(answers for _, answers in found) == len(everything)


@pytest.mark.fault(11)
def test_what_two_reviewers_kept_for_each_other_is_counted_for_both_and_for_nobody_else() -> None:
    people = agencies()
    lena, lou = people.fws_lead, iqcs.holder(iqcs.LEAD, "FWS", "Lou Lead")
    iqcs.employed(lou, "FWS")
    campaign = opened()
    answers(lena, campaign, lou, account="keep", agency_lead="keep", FWS="remove")
    answers(lena, campaign, people.both, account="keep", account_manager="keep")
    answers(people.usaf_lead, campaign, people.both, USAF_ACC="keep")

    def told() -> dict[str, int]:
        return {row.name: row.kept_in_return for row in quality(campaign)}

    assert told() == {"Lena Lead": 0, "Ulf Lead": 0}
    answers(lou, campaign, lena, account="remove")
    assert told() == {"Lena Lead": 0, "Lou Lead": 0, "Ulf Lead": 0}
    answers(lou, campaign, lena, agency_lead="keep")
    assert told() == {"Lena Lead": 2, "Lou Lead": 1, "Ulf Lead": 0}


def test_one_press_that_ends_an_account_is_shown_as_one_that_answered_many_together() -> None:
    people = agencies()
    campaign = opened()
    answers(people.fws_lead, campaign, people.fws_person, account="remove")
    submits(people.fws_lead, campaign, people.fws_person)
    [row] = quality(campaign)
    assert (row.answers, row.removals, row.together) == (3, 3, 3)
