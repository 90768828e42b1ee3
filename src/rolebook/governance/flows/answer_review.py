"""Save answers in a review, as one goes: they take effect when the account is submitted, and not before."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance.authority import Standing
from rolebook.governance.flows.attempt import MOST_AT_ONCE, About, acting_standing, attempt
from rolebook.governance.models import ReviewCampaign, ReviewedAccount, ReviewItem
from rolebook.governance.queries.review_campaigns import find_campaign
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.review_course import hold_campaign
from rolebook.governance.review_moves import employed_elsewhere, moves_of
from rolebook.governance.review_moving import move_to_employers
from rolebook.governance.review_reach import Reviewer, reviewer_in
from rolebook.governance.review_rows import count_places, review_of
from rolebook.policy.rules import Violation

MOST_ANSWERS = 40 * MOST_AT_ONCE
"""Answers in one call: a page of accounts with much, or one press for like items (I12)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to one item, and the version of the item that its reviewer saw.

    Attributes:
        about: "account", "role" or "access".
        public_id: of the account, grant or access.
        answer: "keep", "remove", or nothing to take an answer back.
    """

    about: str
    public_id: uuid.UUID
    answer: str
    seen: int


@dataclass(frozen=True, slots=True)
class NotSaved:
    """An answer that was not saved: somebody else was there first, or there is nothing to answer any more."""

    about: str
    public_id: uuid.UUID
    by: str
    """Who answered or submitted it; empty when what was asked about has ended."""
    answer: str
    at: datetime | None
    settled: bool


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of the answers of one call."""

    saved: int
    not_saved: tuple[NotSaved, ...]
    versions: Mapping[tuple[str, uuid.UUID], int]
    """The version that each item has after it, of those that are as was asked for."""


def answer_review(
    *,
    acting_user: Account,
    program_id: str,
    campaign_id: uuid.UUID | str,
    answers: Sequence[Answered],
    together: int = 1,
    at: datetime,
    origin: Origin,
) -> Saved:
    """Save answers; one whose item changed since it was seen is not saved, and told with who answered and what.

    Unless it was the same person with the same answer: who presses twice is told nothing else than the first time.
    ``together`` is how many items the same press answered, kept for the quality of the review. No event: an answer
    is a draft that every reviewer of the account sees, until it is submitted.

    Raises Refused for an item about oneself, for a closed campaign, and where another organization employs the person
    meanwhile: then those who answer there do. NotFound for what is not one's to answer.
    """
    about = About(program_id=program_id)
    with (
        moved_after_refusal(program_id, campaign_id, at, origin),
        attempt(
            tags.ATTEMPT_REFUSED_REVIEW, acting_user=acting_user, at=at, origin=origin, about=about
        ) as work,
    ):
        standing = acting_standing(acting_user, program_id, at)
        campaign, reviewer = answering(standing, campaign_id)
        if len(answers) > MOST_ANSWERS or any(one.answer not in ReviewItem.Answer.values for one in answers):
            raise NotFound
        items = _items(campaign, answers)
        _require_theirs(standing, reviewer, items, about)
        _require_employed_here(campaign, reviewer, items, at, about)
        closing = {items[one.about, one.public_id].reviewed_id for one in answers if _closes(one)}
        saved, failed = 0, list[NotSaved]()
        versions: dict[tuple[str, uuid.UUID], int] = {}
        for item, one in sorted(
            ((items[one.about, one.public_id], one) for one in answers), key=lambda pair: pair[0].pk
        ):
            if item.version == one.seen and item.answer == one.answer and item.settled_at is None:
                versions[one.about, one.public_id] = one.seen
                continue
            if _save(item, one, standing.account, together, at):
                saved += 1
                versions[one.about, one.public_id] = one.seen + 1
                continue
            now = _now(item.pk)
            if _is_said_again(now, one, standing.account, with_account=item.reviewed_id in closing):
                versions[one.about, one.public_id] = now.version
            else:
                failed.append(_not_saved(one, now))
        work.nothing_happened()
    return Saved(saved, tuple(failed), versions)


def answering(standing: Standing, campaign_id: uuid.UUID | str) -> tuple[ReviewCampaign, Reviewer]:
    """Return an open campaign and what somebody answers in it. Raises NotFound for nothing, Refused once closed."""
    campaign = find_campaign(standing.program_id, campaign_id)
    reviewer = reviewer_in(standing, campaign)
    if reviewer is None:
        raise NotFound
    if campaign.closed_at is not None:
        raise Refused([Violation("review_closed", {"title": campaign.title})])
    return campaign, reviewer


def require_not_own(standing: Standing, reviewed: ReviewedAccount, about: About) -> None:
    """Raise Refused for an account of one's own, merged ones included: nobody answers about themselves (fault 14)."""
    if standing.account.pk in (reviewed.account_id, reviewed.account.merged_into_id):
        about.beneficiary_id = reviewed.account.public_id
        raise Refused([Violation("review_own")])


def _now(item_pk: int) -> ReviewItem:
    return ReviewItem.objects.select_related("answered_by", "submitted_by").get(pk=item_pk)


def _closes(one: Answered) -> bool:
    return one.about == ReviewItem.About.ACCOUNT and one.answer == ReviewItem.Answer.REMOVE


def _is_said_again(now: ReviewItem, one: Answered, by: Account, *, with_account: bool) -> bool:
    """Return whether the same person gave, or submitted, the same answer before.

    ``with_account``: they say that the account is needed no longer, which takes everything with it.
    """
    whose = now.answered_by if now.settled_at is None else now.submitted_by
    if whose != by or not one.answer:
        return False
    taken = with_account and now.submitted_by is not None and now.answer == ReviewItem.Answer.REMOVE
    return now.answer == one.answer or taken


def _not_saved(one: Answered, item: ReviewItem) -> NotSaved:
    """Return who was there first, and with what, as it is now."""
    by = item.submitted_by or item.answered_by
    settled = item.settled_at is not None
    who = by if item.outcome != ReviewItem.Outcome.ENDED else None
    return NotSaved(
        one.about,
        one.public_id,
        "" if who is None else who.name,
        item.answer,
        item.settled_at or item.answered_at,
        settled,
    )


def _items(campaign: ReviewCampaign, answers: Sequence[Answered]) -> dict[tuple[str, uuid.UUID], ReviewItem]:
    """Return the items that the answers name, one statement a kind. Raises NotFound unless all are there."""
    found: dict[tuple[str, uuid.UUID], ReviewItem] = {}
    for about, column in ITEM_COLUMNS.items():
        named = [one.public_id for one in answers if one.about == about]
        if not named:
            continue
        rows = ReviewItem.objects.filter(campaign=campaign, about=about, **{f"{column}__in": named})
        for item in rows.annotate(named=F(column)).select_related("reviewed__account"):
            found[about, item.named] = item
    if any((one.about, one.public_id) not in found for one in answers):
        raise NotFound
    return found


ITEM_COLUMNS = {
    "account": "reviewed__account__public_id",
    "role": "grant__public_id",
    "access": "access__public_id",
}
"""Where the public id stands by which an item is named outside."""


def _require_theirs(
    standing: Standing,
    reviewer: Reviewer,
    items: dict[tuple[str, uuid.UUID], ReviewItem],
    about: About,
) -> None:
    for item in items.values():
        require_not_own(standing, item.reviewed, about)
    wanted = {item.pk for item in items.values()}
    lost = wanted - set(reviewer.theirs().filter(pk__in=wanted).values_list("pk", flat=True))
    if not lost:
        return
    places = {one.pk for one in reviewer.places or ()}
    moves = [one.last for one in moves_of(lost).values() if one.former & places]
    if len(moves) < len(lost):
        raise NotFound
    account = next(item.reviewed.account for item in items.values() if item.pk == moves[0].item_id)
    raise Refused([moved_violation(account, moves[0].employment.organization)])


def _require_employed_here(
    campaign: ReviewCampaign,
    reviewer: Reviewer,
    items: Mapping[tuple[str, uuid.UUID], ReviewItem],
    at: datetime,
    about: About,
) -> None:
    """Raise Refused where somebody else's organization employs the person meanwhile, whatever was saved before."""
    if reviewer.places is None:
        return
    book, _ = review_of(campaign)
    theirs = {one.organization_id for one in reviewer.places}
    rows = ReviewItem.objects.filter(pk__in=[one.pk for one in items.values()])
    for pk, employment in employed_elsewhere(campaign, book, rows, at):
        if employment.organization_id in theirs:
            continue
        account = next(one.reviewed.account for one in items.values() if one.pk == pk)
        about.beneficiary_id = account.public_id
        raise Refused([moved_violation(account, employment.organization)])


def moved_violation(account: Account, organization: Organization) -> Violation:
    """Return the refusal for who answers about somebody whom another organization employs meanwhile."""
    return Violation(MOVED, {"name": account.name, "organization": organization.name})


MOVED = "review_moved"
"""The code of that refusal, after which the campaign is brought up to date."""


@contextmanager
def moved_after_refusal(
    program_id: str, campaign_id: uuid.UUID | str, at: datetime, origin: Origin
) -> Iterator[None]:
    """Bring a campaign up to date once it was refused as somebody changed employer, so that both sides see it."""
    try:
        yield
    except Refused as refusal:
        if any(one.code == MOVED for one in refusal.violations):
            with unit_of_work(at=at, origin=origin) as work:
                campaign = hold_campaign(find_campaign(program_id, campaign_id).pk)
                if campaign.closed_at is None:
                    book, _ = review_of(campaign)
                    count_places(campaign, sorted(move_to_employers(work, campaign, book)))
                work.nothing_happened()
        raise


def _save(item: ReviewItem, one: Answered, by: Account, together: int, at: datetime) -> bool:
    """Save one answer unless the item has changed since it was seen, or is settled."""
    given = one.answer != ReviewItem.Answer.NONE
    return bool(
        ReviewItem.objects.filter(pk=item.pk, version=one.seen, settled_at=None).update(
            answer=one.answer,
            answered_by=by if given else None,
            answered_at=at if given else None,
            answered_together=together if given else 0,
            version=F("version") + 1,
        )
    )
