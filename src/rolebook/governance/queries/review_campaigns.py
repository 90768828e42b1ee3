"""Campaigns as lists and numbers: for who answers in them, and for the steward who opens and closes them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing
from rolebook.governance.importing import day_of
from rolebook.governance.models import (
    Participation,
    ReviewCampaign,
    ReviewedAccount,
    ReviewItem,
    ReviewPlace,
)
from rolebook.governance.one_look import once
from rolebook.governance.queries.seeing import part_read, public_id_of, viewer_standing
from rolebook.governance.queries.stewards import administers, stewards_standing
from rolebook.governance.refusals import NotFound
from rolebook.governance.review_moves import answered_now, has_moves
from rolebook.governance.review_reach import Reviewer, answered_near, answering_grants, own_parts, reviewer_in
from rolebook.governance.review_rows import scope_of, waiting
from rolebook.policy.model import STEWARD_ID, Act, Rolebook
from rolebook.policy.reviews import Review, due_on_demand, next_opening

COUNTED_TO = 1_000
"""What waits is counted so far, and no further: the count stands on every page (I12)."""
MOST_PLACES = 200
"""Organizations that a campaign's page and command list, those with most left to answer first; the rest is told of."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How far a campaign, or a part of it, is; counted in roles and access, as its mail and report do.

    Attributes:
        holdings: how many roles and accesses are asked about.
        settled: how many of these are settled, in whatever way.
        removed: how many of these an answer removed.
        questions: how much is asked in all, the questions about accounts included.
        questions_settled: how much of that is settled.
    """

    holdings: int
    settled: int
    removed: int
    questions: int
    questions_settled: int

    @property
    def open(self) -> int:
        """How many roles and accesses are not settled yet."""
        return self.holdings - self.settled

    @property
    def questions_open(self) -> int:
        """How much is not settled yet, the questions about accounts included."""
        return self.questions - self.questions_settled

    @property
    def accounts_open(self) -> int:
        """How many questions about accounts are not settled yet."""
        return self.questions_open - self.open

    @property
    def percent(self) -> int:
        """How much is settled, 0 to 100; 100 only when all is, the questions about accounts included."""
        if not self.questions_open:
            return 100
        if not self.holdings:
            return self.questions_settled * 100 // self.questions
        return min(99, self.settled * 100 // self.holdings)


@dataclass(frozen=True, slots=True)
class PlaceNumbers:
    """How far one organization that answers is; without a name: what the steward answers."""

    organization_id: uuid.UUID | None
    name: str
    code: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Declared:
    """A review that the rolebook declares, for the steward."""

    review: Review
    open_campaign: ReviewCampaign | None
    next_on: date | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What opening a review now would ask about.

    Attributes:
        accounts: how many accounts.
        items: how many grants and access.
        due_on: the last day to answer.
    """

    review: Review
    accounts: int
    items: int
    due_on: date


def find_campaign(program_id: str, campaign_id: uuid.UUID | str) -> ReviewCampaign:
    """Return a campaign of a program by its public id. Raises NotFound."""
    campaign = (
        ReviewCampaign.objects.filter(program_id=program_id, public_id=public_id_of(campaign_id))
        .select_related("opened_by", "closed_by", "rolebook_version")
        .first()
    )
    if campaign is None:
        raise NotFound
    return campaign


def find_review(book: Rolebook, review_id: str) -> Review:
    """Return a review that a rolebook declares. Raises NotFound."""
    review = next((one for one in book.reviews if one.id == review_id), None)
    if review is None:
        raise NotFound
    return review


def declared_reviews(*, viewer: Account, program_id: str, at: datetime) -> tuple[Declared, ...]:
    """Return the reviews of the program's rolebook with the campaign that is open; the steward's only."""
    book = stewards_standing(viewer, program_id, at).book
    return reviews_declared(book, at)


def reviews_declared(book: Rolebook, at: datetime) -> tuple[Declared, ...]:
    """Return the reviews that a rolebook declares with the campaign that is open, and when the next one opens."""
    running = {one.review_id: one for one in campaigns_of(book.program.id) if one.closed_at is None}
    today = day_of(at, book)
    return tuple(Declared(one, running.get(one.id), next_opening(one, today)) for one in book.reviews)


def campaigns_of(program_id: str) -> Sequence[ReviewCampaign]:
    """Return a program's campaigns, the newest first: what judges who may see them is the caller's."""
    campaigns = ReviewCampaign.objects.filter(program_id=program_id)
    return list(campaigns.select_related("rolebook_version").order_by("-opened_at", "-pk")[:100])


def preview(book: Rolebook, review: Review, at: datetime, due_on: date | None = None) -> Preview:
    """Return what opening a review at ``at`` would ask about; counted in the database, nothing is written."""
    accounts, items = scope_of(book, review, at).numbers()
    return Preview(review, accounts, items, due_on or due_on_demand(review, day_of(at, book)))


def numbers_of(campaign: ReviewCampaign, place_ids: frozenset[int] | None = None) -> Numbers:
    """Return how far a campaign is, or the places ``place_ids`` of it; as of the last submission or minute."""
    places = ReviewPlace.objects.filter(campaign=campaign)
    if place_ids is not None:
        places = places.filter(pk__in=place_ids)
    found = places.aggregate(**{name: Sum(name) for name in _COUNTED})
    return Numbers(*(found[name] or 0 for name in _COUNTED))


_COUNTED = ("holdings", "holdings_settled", "removed", "questions", "settled")
"""The columns of a place from which `Numbers` are made."""


def places_of(campaign: ReviewCampaign, limit: int | None = None) -> tuple[PlaceNumbers, ...]:
    """Return how far each organization is, those with most left first; ``limit`` of them at most."""
    places = ReviewPlace.objects.filter(campaign=campaign, questions__gt=0)
    rows = (
        places.select_related("organization")
        .annotate(left=F("holdings") - F("holdings_settled"), left_in_all=F("questions") - F("settled"))
        .order_by("-left", "-left_in_all", "organization__name", "pk")[:limit]
    )
    return tuple(
        PlaceNumbers(
            None if row.organization is None else row.organization.public_id,
            "" if row.organization is None else row.organization.name,
            "" if row.organization is None else row.organization.code,
            Numbers(*(getattr(row, name) for name in _COUNTED)),
        )
        for row in rows
    )


def reviewer_for(
    viewer: Account, program_id: str, campaign_id: uuid.UUID | str, at: datetime
) -> tuple[Standing, ReviewCampaign, Reviewer | None]:
    """Return a campaign for who answers in it, or for the steward (then perhaps without anything to answer).

    Raises NotFound for everybody else: a campaign that asks one nothing looks like none.
    """
    standing = viewer_standing(viewer, program_id, at)
    public_id = public_id_of(campaign_id)
    near = (one.campaign for one in near_places(standing) if one.campaign.public_id == public_id)
    campaign = next(near, None) or find_campaign(program_id, public_id)
    reviewer = seen_reviewer(standing, campaign)
    if reviewer is None and not administers(standing):
        raise NotFound
    return standing, campaign, reviewer


def with_reviews(parts: QuerySet[Participation]) -> QuerySet[Participation]:
    """Read along with parts in a program whether it has an open review, and whether it had one (for `near_places`)."""
    campaigns = ReviewCampaign.objects.filter(program=OuterRef("program"))
    is_open, was_closed = campaigns.filter(closed_at=None), campaigns.filter(closed_at__isnull=False)
    return parts.annotate(review_open=Exists(is_open), review_closed=Exists(was_closed))


def had_reviews(standing: Standing) -> bool:
    """Return whether the program ever closed a review; False also where the page has not read it."""
    return bool(getattr(part_read(standing), "review_closed", False))


def near_places(standing: Standing) -> Sequence[ReviewPlace]:
    """Return the places at which somebody answers in open campaigns, with these, and those of the steward.

    For the steward, who answers about those who answer, wherever they are, one place more of each campaign, so that
    each is among them. Each with the questions there about themselves, open (``own``) and settled (``own_settled``).
    One statement, once a page; none where the page knows that no review is open.
    """
    if getattr(part_read(standing), "review_open", True) is False:
        return ()
    key = ("near places", standing.account.pk, standing.program_id, standing.at)
    return once(key, lambda: _near_places(standing))


def _near_places(standing: Standing) -> Sequence[ReviewPlace]:
    offices = standing.offices(Act.ANSWER_REVIEW)
    if not offices:
        return ()
    rows = ReviewPlace.objects.filter(program=standing.program_id)
    near = answered_near(standing)
    if any(office.role_id == STEWARD_ID for office in offices):
        of_one = rows.filter(campaign=OuterRef("pk")).order_by("organization_id").values("pk")[:1]
        campaigns = ReviewCampaign.objects.filter(program=standing.program_id, closed_at=None)
        near |= Q(pk__in=campaigns.order_by().values(place=Subquery(of_one)))
    shown = near & Q(campaign__closed_at=None)
    items = ReviewItem.objects.filter(reviewed__participation__in=own_parts(standing).values("pk"))
    own = items.annotate(now_at=answered_now()).filter(now_at=OuterRef("pk")).order_by().values("now_at")
    left, settled = (
        Coalesce(Subquery(own.annotate(number=number).values("number")), 0)
        for number in (Count("pk") - Count("settled_at"), Count("settled_at"))
    )
    found = rows.filter(shown).annotate(own=left, own_settled=settled, any_moved=has_moves("campaign"))
    if all(office.role_id == STEWARD_ID for office in offices):
        found = found.annotate(left_to_steward=_left_to_steward(standing))
    found = found.select_related("organization", "campaign__rolebook_version")
    return list(found.defer("campaign__rolebook_version__content").order_by("organization__name", "pk"))


def _left_to_steward(standing: Standing) -> Coalesce:
    """Return the SQL expression, for a place, for how much of its campaign is open and comes to the steward besides.

    That is what is about those who answer, counted to COUNTED_TO, without what no organization answers; once it was
    escalated to the steward, everything, by the numbers of the campaign's places. Never what is about the viewer. Who
    answers is said by the rolebook in force: where the campaign's own says otherwise, `seen_reviewer` does not use it.
    """
    cases = []
    for review in standing.book.reviews:
        if review.overdue.escalate_to == STEWARD_ID:
            escalated = Q(campaign__review_id=review.id, campaign__escalated_at__isnull=False)
            cases.append(When(escalated, then=_left_of_all(standing)))
        answering = answering_grants(standing.program_id, review.answered_by, standing.at)
        # Three queries deep: the items, of these accounts, no more than so many, counted for a place.
        accounts = ReviewedAccount.objects.filter(
            campaign=OuterRef(OuterRef(OuterRef("campaign"))),
            participation__in=answering.values("participation"),
        ).exclude(participation__in=own_parts(standing).values("pk"))
        items = waiting(
            ReviewItem.objects.filter(place__organization__isnull=False, reviewed__in=accounts.values("pk"))
        )
        counted = ReviewItem.objects.filter(pk__in=items.order_by().values("pk")[:COUNTED_TO])
        number = counted.order_by().values("program").annotate(number=Count("pk")).values("number")
        cases.append(When(campaign__review_id=review.id, then=Subquery(number)))
    return Coalesce(Case(*cases, default=None, output_field=IntegerField()), 0)


def _left_of_all(standing: Standing) -> CombinedExpression:
    """Return the SQL expression, for a place, for how much of its campaign is open and not about the viewer."""
    places = ReviewPlace.objects.filter(campaign=OuterRef("campaign")).order_by().values("campaign")
    everything = places.annotate(number=Sum(F("questions") - F("settled"))).values("number")
    items = ReviewItem.objects.filter(
        campaign=OuterRef("campaign"),
        settled_at=None,
        reviewed__participation__in=own_parts(standing).values("pk"),
    )
    own = items.order_by().values("campaign").annotate(number=Count("pk")).values("number")
    one, other = (Coalesce(Subquery(number), 0, output_field=IntegerField()) for number in (everything, own))
    return one - other


def seen_reviewer(standing: Standing, campaign: ReviewCampaign) -> Reviewer | None:
    """Return what `reviewer_in` does, of an open campaign from the places that the page has read."""
    if campaign.closed_at is not None:
        return reviewer_in(standing, campaign)
    near = [one for one in near_places(standing) if one.campaign_id == campaign.pk]
    reviewer = reviewer_in(standing, campaign, near)
    if reviewer is None or (reviewer.places is not None and reviewer.moves is not None):
        return reviewer
    declared = next((one for one in standing.book.reviews if one.id == campaign.review_id), None)
    if declared is None or _who_answers(declared) != _who_answers(reviewer.review):
        return reviewer
    counted = next((getattr(one, "left_to_steward", None) for one in near), None)
    return replace(reviewer, besides_left=counted)


def _who_answers(review: Review) -> tuple[object, ...]:
    return (review.answered_by, review.overdue.escalate_to)
