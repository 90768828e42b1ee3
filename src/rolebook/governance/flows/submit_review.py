"""Submit the answers about an account in a review: now they take effect, through the ledger and on record (IQCS-12)."""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.canonical import Detail
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.governance import locks
from rolebook.governance.authority import Standing
from rolebook.governance.flows.answer_review import answering, moved_violation, require_not_own
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.flows.change_status import set_status
from rolebook.governance.leaving import settle_what_is_left
from rolebook.governance.ledger import close_holdings
from rolebook.governance.locks import Held
from rolebook.governance.models import (
    Access,
    Grant,
    Participation,
    ReviewCampaign,
    ReviewedAccount,
    ReviewItem,
)
from rolebook.governance.origins import Holding
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import is_steward_of, other_stewards
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.review_course import bring_up_to_date, hold_campaign
from rolebook.governance.review_moves import answered_now, moves_of
from rolebook.governance.review_reach import Reviewer
from rolebook.governance.review_rows import about_closed_account, count_places
from rolebook.policy.rules import Violation

CAUSE = "review"
"""The word by which the log knows what a review closed."""
ANSWERS_AN_EVENT = 250
"""An event of the log holds 64,000 characters; an answer takes 125, and what it removes 70 more."""

MOST_REMOVED = 400
"""What one submission ends: each is an event, and a unit of work holds 500."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """What submitting the answers about an account did.

    Attributes:
        sequence: of its event in the log: removals are confirmed once every decision point has applied that; None
            when all was submitted before.
        kept: items that were kept.
        removed: items that were removed.
        account_closed: whether the account's part in the program was closed.
    """

    account: Account
    sequence: int | None
    kept: int = 0
    removed: int = 0
    account_closed: bool = False


@dataclass(slots=True)
class _Effect:
    """What the answers of one submission come to."""

    kept: list[ReviewItem] = field(default_factory=list)
    removed: list[ReviewItem] = field(default_factory=list)
    close_account: bool = False

    @property
    def items(self) -> list[ReviewItem]:
        return sorted([*self.kept, *self.removed], key=lambda item: item.pk)

    @property
    def holdings(self) -> list[Holding]:
        found = [item.grant or item.access for item in self.removed]
        return [one for one in found if one is not None]


def submit_review(
    *,
    acting_user: Account,
    program_id: str,
    campaign_id: uuid.UUID | str,
    account_id: uuid.UUID | str,
    seen: Mapping[tuple[str, uuid.UUID], int],
    at: datetime,
    origin: Origin,
) -> Submitted:
    """Let the saved answers about one account take effect, as far as they are the acting person's to answer.

    ``seen`` has the version of each item that the reviewer saw, by (what it is about, public id). An account that is
    needed no longer ends all that this reviewer answers, and its part in the program is closed: that answer, and who
    gave it, then stands for whatever was not answered with *remove*. What another organization answers stays with it.

    Raises Refused when something changed since it was seen, came in, or is not answered; for oneself, for the
    program's only steward, and once the campaign is closed. Raises NotFound for what is not theirs. What came in, or
    ended, since the account was seen is there to be seen after a refusal.
    """
    about = About(program_id=program_id)
    with (
        _shown_after_refusal(program_id, campaign_id, account_id, at, origin),
        attempt(
            tags.ATTEMPT_REFUSED_REVIEW, acting_user=acting_user, at=at, origin=origin, about=about
        ) as work,
    ):
        reviewed = _find(program_id, campaign_id, account_id)
        about.beneficiary_id = reviewed.account.public_id
        held = _lock(acting_user, reviewed, at)
        standing = acting_standing(acting_user, program_id, at)
        hold_campaign(reviewed.campaign_id)
        campaign, _ = answering(standing, campaign_id)
        require_not_own(standing, reviewed, about)
        changed = bring_up_to_date(work, campaign, [reviewed.account_id])
        # What went to another organization at this moment is not theirs any more.
        campaign, reviewer = answering(standing, campaign_id)
        mine = reviewer.theirs().filter(reviewed=reviewed)
        items = list(
            mine.select_related(*_WITH).annotate(now_at=answered_now()).filter(settled_at=None).order_by("pk")
        )
        _require_still_theirs(reviewer, reviewed, seen)
        if not items:
            if not mine.exists():
                raise NotFound
            work.nothing_happened()
            return Submitted(reviewed.account, None)
        closed = mine.filter(about_closed_account(), settled_at=None)
        effect = _effect(items, seen, frozenset(closed.values_list("pk", flat=True)))
        if len(effect.holdings) > MOST_REMOVED:
            told = {"number": len(effect.holdings), "most": MOST_REMOVED}
            raise Refused([Violation("review_removes_too_many", told)])
        _apply(work, held, standing, campaign, reviewed, effect)
    count_places(campaign, [*{*changed, *(item.now_at for item in items)}])
    if effect.close_account:
        settle_what_is_left(reviewed.account, program_id, acting_user=acting_user, at=at, origin=origin)
    return Submitted(
        reviewed.account, work.sequence, len(effect.kept), len(effect.removed), effect.close_account
    )


@contextmanager
def _shown_after_refusal(
    program_id: str, campaign_id: uuid.UUID | str, account_id: uuid.UUID | str, at: datetime, origin: Origin
) -> Iterator[None]:
    """Bring an account's items up to date once a refusal has rolled that back, so that its reviewer sees why.

    No event of its own, as in the job that does the same: which grants and access there are is on record where they are
    given and closed, and items only ask about them.
    """
    try:
        yield
    except Refused:
        reviewed = _find(program_id, campaign_id, account_id)
        with unit_of_work(at=at, origin=origin) as work:
            campaign = hold_campaign(reviewed.campaign_id)
            if campaign.closed_at is None:
                changed = bring_up_to_date(work, campaign, [reviewed.account_id])
                rows = ReviewItem.objects.filter(reviewed=reviewed).annotate(now_at=answered_now())
                theirs = rows.values_list("now_at", flat=True)
                count_places(campaign, [*{*changed, *theirs}])
            work.nothing_happened()
        raise


_WITH = (
    "reviewed__account",
    "place",
    "answered_by",
    "grant__account",
    "grant__organization",
    "access__account",
    "access__organization",
)


def _find(program_id: str, campaign_id: uuid.UUID | str, account_id: uuid.UUID | str) -> ReviewedAccount:
    reviewed = (
        ReviewedAccount.objects.filter(
            program_id=program_id,
            campaign__public_id=public_id_of(campaign_id),
            account__public_id=public_id_of(account_id),
        )
        .select_related("account", "participation")
        .first()
    )
    if reviewed is None:
        raise NotFound
    return reviewed


def _require_still_theirs(
    reviewer: Reviewer, reviewed: ReviewedAccount, seen: Mapping[tuple[str, uuid.UUID], int]
) -> None:
    """Raise Refused where something went to the organization that employs the person since they saw it."""
    places = {one.pk for one in reviewer.places or ()}
    items = ReviewItem.objects.filter(reviewed=reviewed).select_related(*_WITH)
    changed = {item.pk for item in items if seen.get(named(item), item.version) != item.version}
    lost = changed - set(reviewer.theirs().filter(pk__in=changed).values_list("pk", flat=True))
    for went in moves_of(lost).values():
        if went.former & places:
            raise Refused([moved_violation(reviewed.account, went.last.employment.organization)])


def _lock(acting_user: Account, reviewed: ReviewedAccount, at: datetime) -> Held:
    """Lock the people and every organization at which the account holds something; with a steward, other stewards, too.

    The organizations are read once the people are locked: from then on nothing is opened for the account, and what was
    approved a moment before is among what is compared with what the reviewer saw.
    """
    people = {acting_user.pk, reviewed.account_id}
    if is_steward_of(reviewed.account, reviewed.program_id, at):
        people |= other_stewards(reviewed.account, reviewed.program_id, at)
    locks.lock(accounts=people)
    items = ReviewItem.objects.filter(reviewed=reviewed)
    places = {
        place
        for pair in items.values_list("grant__organization_id", "access__organization_id")
        for place in pair
        if place
    }
    held = {"participation": reviewed.participation_id, "closed_at": None, "organization__isnull": False}
    for rows in (Grant.objects.filter(**held), Access.objects.filter(**held)):
        places |= set(rows.values_list("organization_id", flat=True))
    return locks.lock(accounts=people, organizations=places)


def _effect(
    items: Sequence[ReviewItem], seen: Mapping[tuple[str, uuid.UUID], int], may_wait: Collection[int]
) -> _Effect:
    """Return what the answers come to. Raises Refused when one changed since it was seen, came in, or is missing.

    ``may_wait`` are questions (internal ids) that stay open without an answer: those about closed accounts.

    An account that is needed no longer is the one answer that must be there, and takes everything with it. So it
    counts for everything that was not answered with *remove*, with who gave it and when: nobody's *keep* is turned
    into a *remove* in their name.
    """
    if any(seen.get(named(item)) != item.version for item in items):
        raise Refused([Violation("review_changed_meanwhile")])
    account = next((item for item in items if item.about == ReviewItem.About.ACCOUNT), None)
    if account is not None and account.answer == ReviewItem.Answer.REMOVE:
        with_it = [item for item in items if item.answer != ReviewItem.Answer.REMOVE]
        # One press answered all of these: who answers so is not counted as if they had judged each by itself.
        account.answered_together = max(account.answered_together, 1 + len(with_it))
        for item in with_it:
            _answer_with(item, account)
        return _Effect(removed=list(items), close_account=True)
    unanswered = [item for item in items if item.answer == ReviewItem.Answer.NONE]
    if len(unanswered) == len(items) or any(item.pk not in may_wait for item in unanswered):
        raise Refused([Violation("review_incomplete", {"number": len(unanswered)})])
    effect = _Effect()
    for item in items:
        if item in unanswered:
            continue
        (effect.removed if item.answer == ReviewItem.Answer.REMOVE else effect.kept).append(item)
    return effect


def _answer_with(item: ReviewItem, account: ReviewItem) -> None:
    """Give an item the answer to its account; nothing is saved yet."""
    item.answer, item.answered_together = account.answer, account.answered_together
    item.answered_by, item.answered_at = account.answered_by, account.answered_at
    item.version += 1


def named(item: ReviewItem) -> tuple[str, uuid.UUID]:
    """Return what an item is called outside: what it is about, and the public id of that."""
    holding = item.grant or item.access
    return (item.about, item.reviewed.account.public_id if holding is None else holding.public_id)


def _apply(
    work: UnitOfWork,
    held: Held,
    standing: Standing,
    campaign: ReviewCampaign,
    reviewed: ReviewedAccount,
    effect: _Effect,
) -> None:
    """Close what is removed, settle the items, and record it."""
    version = standing.version.number
    closed = close_holdings(work, held, effect.holdings, cause=CAUSE, rolebook_version=version)
    closes = effect.close_account and _close_account(work, standing, campaign, reviewed)
    for item in effect.items:
        removed = item.answer == ReviewItem.Answer.REMOVE
        ReviewItem.objects.filter(pk=item.pk, settled_at=None).update(
            answer=item.answer,
            answered_by=item.answered_by,
            answered_at=item.answered_at,
            answered_together=item.answered_together,
            version=item.version,
            outcome=ReviewItem.Outcome.REMOVED if removed else ReviewItem.Outcome.KEPT,
            settled_at=work.at,
            submitted_by=standing.account,
        )
    _record(work, standing, campaign, reviewed, effect, closed, account_closed=closes)


def _record(
    work: UnitOfWork,
    standing: Standing,
    campaign: ReviewCampaign,
    reviewed: ReviewedAccount,
    effect: _Effect,
    closed: Sequence[Holding],
    *,
    account_closed: bool,
) -> None:
    """Record a submission: as one event or, where there is more than one holds, as several, each with its answers."""
    ended = {one.public_id for one in closed}
    for number, some in enumerate(batched(effect.items, ANSWERS_AN_EVENT)):
        removed = [item for item in some if item.answer == ReviewItem.Answer.REMOVE]
        holdings = [one for item in removed if (one := item.grant or item.access) is not None]
        work.record(
            tags.REVIEW_SUBMITTED,
            program_id=campaign.program_id,
            beneficiary_id=reviewed.account.public_id,
            rolebook_version=standing.version.number,
            new={
                "campaign_id": campaign.public_id,
                "answers": [_told(item) for item in some],
                "kept": len(some) - len(removed),
                "removed": len(removed),
                **closed_details([one for one in holdings if one.public_id in ended]),
                "account_closed": account_closed and number == 0,
            },
        )


def closed_details(closed: Sequence[Holding]) -> dict[str, Detail]:
    """Return what an event says of grants and access that a review closed."""
    grants = [one for one in closed if isinstance(one, Grant)]
    return {
        "grants": [grant.public_id for grant in grants],
        "roles": [grant.role_id for grant in grants],
        "accesses": [one.public_id for one in closed if isinstance(one, Access)],
    }


def _told(item: ReviewItem) -> list[Detail]:
    about, public_id = named(item)
    by = None if item.answered_by is None else item.answered_by.public_id
    return [about, public_id, item.answer, by, item.answered_at]


def _close_account(
    work: UnitOfWork, standing: Standing, campaign: ReviewCampaign, reviewed: ReviewedAccount
) -> bool:
    """Close the account's part in the program; return whether it was open. Raises Refused for the only steward."""
    participation = Participation.objects.select_related("account").get(pk=reviewed.participation_id)
    if participation.status == Participation.Status.CLOSED:
        return False
    account, program_id = participation.account, campaign.program_id
    if is_steward_of(account, program_id, work.at) and not other_stewards(account, program_id, work.at):
        raise Refused([Violation("review_only_steward", {"name": account.name})])
    participation.status_by = standing.account
    participation.status_cause = Participation.Cause.DECIDED
    reason = f"No longer needed, by the answers to {campaign.title}."
    set_status(work, participation, Participation.Status.CLOSED, reason[:200], standing.version.number)
    return True
