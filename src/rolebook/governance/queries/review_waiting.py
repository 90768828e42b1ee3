"""Which reviews wait for somebody's answers, for the navigation and Home: nothing where there is nothing."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.one_look import once
from rolebook.governance.queries.review_campaigns import (
    COUNTED_TO,
    had_reviews,
    near_places,
    numbers_of,
    seen_reviewer,
)
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotAllowed
from rolebook.governance.review_reach import Reviewer, reporting_offices
from rolebook.governance.review_rows import review_of, waiting
from rolebook.policy.reviews import Review

MOST_COUNTED = COUNTED_TO


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """An open campaign with something that waits for the viewer; ``left`` is counted to MOST_COUNTED."""

    campaign_id: uuid.UUID
    title: str
    due_at: datetime
    overdue: bool
    left: int


@dataclass(frozen=True, slots=True)
class ReviewsFor:
    """What there is of reviews for somebody.

    Attributes:
        is_there: whether the list of reviews is for them: something waits, there was a review whose report they may
            have, or they are the program's steward.
        waiting: the open campaigns with something left.
    """

    is_there: bool
    waiting: tuple[WaitingReview, ...] = ()

    @property
    def left(self) -> int:
        """How much waits in all, counted to MOST_COUNTED."""
        return min(MOST_COUNTED, sum(one.left for one in self.waiting))


@dataclass(frozen=True, slots=True)
class Answering:
    """How far a reviewer is with what is theirs to answer, nothing about themselves; in questions.

    Attributes:
        settled: how many are settled, in whatever way.
        left: how many wait, the number of the navigation.
        is_all: whether these are all; else what is no whole organization's is counted to MOST_COUNTED.
    """

    settled: int
    left: int
    is_all: bool

    @property
    def questions(self) -> int:
        """How many there are."""
        return self.settled + self.left

    @property
    def percent(self) -> int:
        """How much is settled, 0 to 100; 100 only when all is."""
        return 100 if not self.left else self.settled * 100 // self.questions


def reviews_for(viewer: Account, program_id: str, at: datetime) -> ReviewsFor:
    """Return what there is of reviews for the viewer.

    No statement where no review is open, or for who answers in none, else one; one more where what somebody answers
    is not all of an organization.
    """
    return once(("reviews for", viewer.pk, program_id, at), lambda: _reviews_for(viewer, program_id, at))


def _reviews_for(viewer: Account, program_id: str, at: datetime) -> ReviewsFor:
    try:
        standing = viewer_standing(viewer, program_id, at)
    except NotAllowed:
        return ReviewsFor(is_there=False)
    campaigns = {one.campaign_id: one.campaign for one in near_places(standing)}.values()
    found = (_waiting(standing, one) for one in campaigns)
    waiting = tuple(one for one in found if one is not None and one.left)
    declared = standing.book.reviews
    is_there = (
        bool(waiting)
        or (administers(standing) and bool(declared))
        or any(_has_report(standing, review_of(one)[1]) for one in campaigns)
        or (had_reviews(standing) and any(_has_report(standing, one) for one in declared))
    )
    return ReviewsFor(is_there, waiting)


def _waiting(standing: Standing, campaign: ReviewCampaign) -> WaitingReview | None:
    reviewer = seen_reviewer(standing, campaign)
    if reviewer is None:
        return None
    left = min(_left(reviewer), MOST_COUNTED)
    overdue = standing.at >= campaign.due_at
    return WaitingReview(campaign.public_id, campaign.title, campaign.due_at, overdue, left)


def _left(reviewer: Reviewer) -> int:
    return once(("review left", *_key(reviewer)), lambda: _count_left(reviewer))


def _key(reviewer: Reviewer) -> tuple[object, ...]:
    return (reviewer.standing.account.pk, reviewer.campaign.pk, reviewer.standing.at)


def _count_left(reviewer: Reviewer) -> int:
    own = sum(getattr(one, "own", 0) for one in reviewer.whole)
    left = sum(one.questions - one.settled for one in reviewer.whole) - own
    if reviewer.besides is not None and reviewer.besides_left is not None:
        left += reviewer.besides_left
    elif reviewer.besides is not None and left < MOST_COUNTED:
        left += waiting(reviewer.theirs().filter(reviewer.besides))[:MOST_COUNTED].count()
    return max(0, left)


def answering_of(reviewer: Reviewer) -> Answering:
    """Return how far a reviewer is with what is theirs to answer; one statement where that is not whole organizations.

    Who answers a whole campaign sees its numbers, as of the last submission or minute.
    """
    left = _left(reviewer)
    if reviewer.places is None:
        all_of_it = numbers_of(reviewer.campaign)
        left = left if left < MOST_COUNTED else all_of_it.questions_open
        return Answering(all_of_it.questions_settled, left, True)
    settled = sum(one.settled - getattr(one, "own_settled", 0) for one in reviewer.whole)
    if reviewer.besides is None:
        return Answering(settled, left, True)
    besides = reviewer.theirs().filter(reviewer.besides, settled_at__isnull=False)[:MOST_COUNTED].count()
    return Answering(settled + besides, left, max(left, besides) < MOST_COUNTED)


def has_report(standing: Standing, campaign: ReviewCampaign) -> bool:
    """Return whether a campaign has a report for a reviewer: who answers for the whole of an organization has one."""
    return _has_report(standing, review_of(campaign)[1])


def _has_report(standing: Standing, review: Review) -> bool:
    return bool(reporting_offices(standing, review))
