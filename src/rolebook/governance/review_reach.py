"""What somebody answers in a campaign: where their offices reach, by the one walk, and never about themselves."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import F, Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Office, Standing, covered_role_ids, in_force
from rolebook.governance.models import (
    Grant,
    Participation,
    ReviewCampaign,
    ReviewedAccount,
    ReviewItem,
    ReviewPlace,
)
from rolebook.governance.one_look import once
from rolebook.governance.quiet import counts
from rolebook.governance.review_moves import Moves, has_moves, moves_at
from rolebook.governance.review_rows import review_of, waiting
from rolebook.policy.model import STEWARD_ID, Act, Rolebook
from rolebook.policy.reviews import Review


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody who answers in a campaign.

    Attributes:
        items: the SQL condition for the items that are theirs to answer; one's own never are (fault 14).
        places: the organizations that they answer for, with their numbers; None: all of the campaign.
        whole: those of them of which they answer everything, but for what is about themselves: their numbers tell.
        besides: the SQL condition for what is theirs and at none of these; None: nothing.
        besides_left: how much of that is open, counted so far as pages do, where the page has read it.
        moves: what went from or to their places as another organization employs its person; None: nothing did.
    """

    standing: Standing
    campaign: ReviewCampaign
    review: Review
    items: Q
    places: tuple[ReviewPlace, ...] | None
    whole: tuple[ReviewPlace, ...]
    besides: Q | None
    moves: Moves | None = None
    besides_left: int | None = None

    def answered_at(self, places: Collection[int]) -> Q:
        """Return the SQL condition for the items that are answered at some of the campaign's places."""
        return Q(place__in=list(places)) if self.moves is None else self.moves.answered_at(places)

    def theirs(self) -> QuerySet[ReviewItem]:
        """Return the campaign's items that are theirs to answer."""
        return ReviewItem.objects.filter(self.items, campaign=self.campaign)


def reviewer_in(
    standing: Standing, campaign: ReviewCampaign, near: Sequence[ReviewPlace] | None = None
) -> Reviewer | None:
    """Return what somebody answers in a campaign, None for nothing: one statement, and no more than their offices.

    Once it was escalated to a role, that role answers, too, where its offices reach. The steward answers what stands at
    no organization, about those who answer themselves, and, once it was escalated to the steward, everything.
    ``near`` are the campaign's places of `answered_near`, where they have been read.
    """
    book, review = review_of(campaign)
    answering_offices = standing.offices(Act.ANSWER_REVIEW)
    offices = [one for one in answering_offices if one.role_id in answering_roles(campaign, review)]
    steward = [one for one in answering_offices if one.role_id == STEWARD_ID]
    if not offices and not steward:
        return None
    # By the part in the program, which is indexed: a campaign has hundreds of thousands of accounts.
    own = ReviewedAccount.objects.filter(
        campaign=campaign, participation__in=own_parts(standing).values("pk")
    )
    not_own = ~Q(reviewed__in=own.values("pk"))
    if steward and _is_escalated_to_steward(campaign, review):
        return Reviewer(standing, campaign, review, not_own, None, (), Q(), Moves(campaign.pk, None))
    if near is None:
        rows = ReviewPlace.objects.filter(answered_near(standing), campaign=campaign)
        rows = rows.annotate(any_moved=has_moves("campaign")).select_related("organization")
        near = list(rows.order_by("organization__name", "pk"))
    moves = moves_at(campaign.pk, [one.pk for one in near]) if any(map(_any_moved, near)) else None
    mine = Reviewer(standing, campaign, review, not_own, (), (), None, moves)
    places: dict[int, ReviewPlace] = {}
    whole: dict[int, ReviewPlace] = {}
    besides = list[Q]()
    for categories, some in _by_categories(offices).items():
        found = {place.pk: place for place in near if any(one.covers(place.organization) for one in some)}
        places |= found
        if categories:
            besides.append(
                mine.answered_at(found) & covered_items((book, standing.book), review, some[0], categories)
            )
        else:
            whole |= found
    if steward:
        unplaced = {one.pk: one for one in near if one.organization_id is None}
        places |= unplaced
        whole |= unplaced
        answering = answering_grants(standing.program_id, review.answered_by, standing.at)
        about_them = ReviewedAccount.objects.filter(
            campaign=campaign, participation__in=answering.values("participation")
        )
        besides.append(Q(reviewed__in=about_them.values("pk")))
    items = reduce(or_, besides, mine.answered_at(whole))
    rest = ~mine.answered_at(whole) & reduce(or_, besides) if besides else None
    return replace(
        mine,
        items=not_own & items,
        places=tuple(places.values()),
        whole=tuple(whole.values()),
        besides=rest,
    )


def _any_moved(place: ReviewPlace) -> bool:
    return bool(getattr(place, "any_moved", True))


def own_parts(standing: Standing) -> QuerySet[Participation]:
    """Return somebody's part in the program, and those of accounts that were merged into theirs (fault 14)."""
    accounts = Account.objects.filter(Q(pk=standing.account.pk) | Q(merged_into=standing.account.pk))
    return Participation.objects.filter(program=standing.program_id, account__in=accounts.values("pk"))


def answered_near(standing: Standing) -> Q:
    """Return the SQL condition for places at which an office of somebody's answers; the steward's unplaced."""
    where = Q(pk__in=[])
    for office in standing.offices(Act.ANSWER_REVIEW):
        if office.organization_id is not None:
            where |= office.where()
        elif office.lower_levels and office.role_id != STEWARD_ID:
            where |= Q(pk__gt=0)
        else:
            where |= Q(organization=None)
    return where


def reporting_offices(standing: Standing, review: Review) -> list[Office]:
    """Return the offices that answer for the whole of an organization, and so have its report (IQCS-13).

    With what is below it, or where nothing is: asks the database, once within one look, only about organizations
    for which they answer without the lower levels.
    """
    offices = [one for one in standing.offices(Act.ANSWER_REVIEW) if one.role_id in review.answered_by]
    alone = frozenset(
        one.organization_id for one in offices if not one.lower_levels and one.organization_id is not None
    )
    lowest = once(("nothing below", alone), lambda: _nothing_below(alone)) if alone else frozenset()
    return [one for one in offices if one.lower_levels or one.organization_id in lowest]


def _nothing_below(places: frozenset[int]) -> frozenset[int]:
    """Return those of some organizations (internal ids) that nothing lies below."""
    above = Organization.objects.filter(parent__in=places).values_list("parent", flat=True)
    return places - set(above.distinct())


def has_to_answer(standing: Standing, campaign: ReviewCampaign) -> bool:
    """Return whether something of a campaign waits for somebody."""
    reviewer = reviewer_in(standing, campaign)
    return reviewer is not None and waiting(reviewer.theirs()).exists()


def is_out_of_reach(campaign: ReviewCampaign, people: Iterable[Standing]) -> bool:
    """Return whether something is open at a place of a campaign for which none of these people answers."""
    left = set(campaign.places.filter(settled__lt=F("questions")).values_list("pk", flat=True))
    for standing in people:
        reviewer = reviewer_in(standing, campaign)
        if reviewer is not None:
            left -= left if reviewer.places is None else {place.pk for place in reviewer.places}
    return bool(left)


def reviewers_of(campaign: ReviewCampaign, at: datetime, role_id: str | None = None) -> QuerySet[Account]:
    """Return the active people who hold a role that answers in a campaign (or that one), wherever; by internal id."""
    _, review = review_of(campaign)
    roles = answering_roles(campaign, review) if role_id is None else (role_id,)
    return Account.objects.filter(
        pk__in=answering_grants(campaign.program_id, tuple(roles), at).values("account")
    ).order_by("pk")


def answering_roles(campaign: ReviewCampaign, review: Review) -> tuple[str, ...]:
    """Return the roles that answer in a campaign by now: the declared ones, and the one to which it was escalated.

    Never the steward, who answers by another rule.
    """
    to = review.overdue.escalate_to
    if campaign.escalated_at is None or to is None or to in (STEWARD_ID, *review.answered_by):
        return review.answered_by
    return (*review.answered_by, to)


def answering_grants(program_id: str, role_ids: tuple[str, ...], at: datetime) -> QuerySet[Grant]:
    """Return the grants in force of roles that answer, of active people."""
    return Grant.objects.filter(
        in_force(at),
        counts(at),
        program_id=program_id,
        role_id__in=role_ids,
        account__status=Account.Status.ACTIVE,
    )


def _is_escalated_to_steward(campaign: ReviewCampaign, review: Review) -> bool:
    return campaign.escalated_at is not None and review.overdue.escalate_to == STEWARD_ID


def _by_categories(offices: list[Office]) -> dict[tuple[str, ...], list[Office]]:
    found: dict[tuple[str, ...], list[Office]] = {}
    for office in offices:
        found.setdefault(office.holder.category_ids, []).append(office)
    return found


def covered_items(
    books: Iterable[Rolebook], review: Review, office: Office, categories: tuple[str, ...]
) -> Q:
    """Return the condition for the items whose user category an office covers, by any of the rolebooks: the one that
    the campaign opened with, and the one in force, which may have roles of its own.
    """
    if not categories:
        return Q()
    covered = {role_id for book in books for role_id in covered_role_ids(book, office.holder)}
    roles = Q(about=ReviewItem.About.ROLE, grant__role_id__in=covered)
    others = ~Q(about=ReviewItem.About.ROLE)
    asked = not review.category_ids or bool(set(review.category_ids) & set(categories))
    return roles | others if asked else roles
