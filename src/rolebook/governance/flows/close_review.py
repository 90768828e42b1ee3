"""Close a campaign: what nobody answered is kept and reported, or removed, as the rolebook declares (IQCS-12)."""

import uuid
from datetime import datetime
from itertools import batched

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.flows.submit_review import CAUSE, closed_details
from rolebook.governance.ledger import close_holdings
from rolebook.governance.models import ReviewCampaign, ReviewedAccount, ReviewItem
from rolebook.governance.origins import Holding
from rolebook.governance.queries.review_campaigns import find_campaign
from rolebook.governance.queries.stewards import administers
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.review_course import bring_up_to_date, hold_campaign
from rolebook.governance.review_digests import answers_hash
from rolebook.governance.review_moves import employed_elsewhere
from rolebook.governance.review_rows import count_places, review_of
from rolebook.governance.review_summary import outcome_numbers
from rolebook.policy.reviews import REMOVE_UNANSWERED
from rolebook.policy.rules import Violation

HOLDINGS_AT_ONCE = 200
"""Grants and access closed in one unit of work; it holds the log's lock for 500 events at most."""


def close_review(
    *,
    acting_user: Account | None,
    program_id: str,
    campaign_id: uuid.UUID | str,
    at: datetime,
    origin: Origin,
) -> ReviewCampaign:
    """Close a campaign, early or when its time has come; open to the steward, the operator and the job (None).

    Where the rolebook declares that what is unanswered is removed, and the due instant has passed, it is removed
    first, an account at a time, so that a closing that was cut short goes on where it stopped. Closed before the due
    instant, a campaign removes nothing that nobody answered.

    Raises Refused when it is closed already; NotFound for everybody else.
    """
    if acting_user is not None and not administers(acting_standing(acting_user, program_id, at)):
        raise NotFound
    campaign = find_campaign(program_id, campaign_id)
    if campaign.closed_at is None:
        _let_all_move(campaign, at, origin)
        if removes_unanswered(campaign, at):
            _remove_unanswered(campaign, acting_user, at, origin)
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REVIEW, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        if acting_user is not None and not administers(acting_standing(acting_user, program_id, at)):
            raise NotFound
        campaign = hold_campaign(campaign.pk)
        if campaign.closed_at is not None:
            raise Refused([Violation("review_closed", {"title": campaign.title})])
        bring_up_to_date(work, campaign, closing=True)
        ReviewItem.objects.filter(campaign=campaign, settled_at=None).update(
            outcome=ReviewItem.Outcome.UNANSWERED, settled_at=at
        )
        count_places(campaign)
        campaign.closed_at, campaign.closed_by = at, acting_user
        campaign.answers_hash = answers_hash(campaign)
        campaign.save(update_fields=["closed_at", "closed_by", "answers_hash"])
        found = outcome_numbers(ReviewItem.objects.filter(campaign=campaign))
        work.record(
            tags.REVIEW_CLOSED,
            program_id=program_id,
            rolebook_version=campaign.rolebook_version.number,
            new={
                "campaign_id": campaign.public_id,
                "answers_hash": campaign.answers_hash,
                **{name: found[name] for name in ("kept", "removed", "ended", "unanswered")},
                "early": at < campaign.closes_at,
            },
        )
    return campaign


def removes_unanswered(campaign: ReviewCampaign, at: datetime) -> bool:
    """Return whether closing a campaign at ``at`` removes what nobody answered."""
    _, review = review_of(campaign)
    return review.overdue.then == REMOVE_UNANSWERED and at >= campaign.due_at


def _let_all_move(campaign: ReviewCampaign, at: datetime, origin: Origin) -> None:
    """Bring a campaign up to date in as many units of work as it takes.

    What goes with who changed employer goes some thousands at a time; the closing settles all else where it stands.
    """
    left = True
    while left:
        with unit_of_work(at=at, origin=origin) as work:
            held = hold_campaign(campaign.pk)
            work.nothing_happened()
            if held.closed_at is not None:
                return
            bring_up_to_date(work, held)
            book, _ = review_of(held)
            left = bool(employed_elsewhere(held, book, ReviewItem.objects.all(), at))


def _remove_unanswered(
    campaign: ReviewCampaign, acting_user: Account | None, at: datetime, origin: Origin
) -> None:
    """Remove what has no submitted answer, an account at a time, each in units of work of its own."""
    unanswered = ReviewItem.objects.filter(campaign=campaign, settled_at=None)
    after = 0
    while True:
        some = unanswered.filter(reviewed__gt=after).order_by("reviewed").values_list("reviewed", flat=True)
        reviewed_pk = some.first()
        if reviewed_pk is None:
            return
        after = reviewed_pk
        theirs = unanswered.filter(reviewed=reviewed_pk).exclude(about=ReviewItem.About.ACCOUNT)
        for pks in batched(theirs.order_by("pk").values_list("pk", flat=True), HOLDINGS_AT_ONCE):
            _lapse(campaign, reviewed_pk, pks, acting_user, at, origin)


def _lapse(
    campaign: ReviewCampaign,
    reviewed_pk: int,
    item_pks: tuple[int, ...],
    acting_user: Account | None,
    at: datetime,
    origin: Origin,
) -> None:
    actor_id = None if acting_user is None else acting_user.public_id
    reviewed = ReviewedAccount.objects.select_related("account").get(pk=reviewed_pk)
    mine = ReviewItem.objects.filter(pk__in=item_pks, settled_at=None)
    pairs = mine.values_list("grant__organization_id", "access__organization_id")
    places = {place for pair in pairs for place in pair if place}
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        held = locks.lock(accounts=[reviewed.account_id], organizations=places)
        if hold_campaign(campaign.pk).closed_at is not None:
            work.nothing_happened()
            return
        version, _ = rolebook_in_force(campaign.program_id, at)
        items = list(
            mine.select_related(
                "grant__account", "grant__organization", "access__account", "access__organization"
            ).order_by("pk")
        )
        holdings: list[Holding] = [one for item in items if (one := item.grant or item.access) is not None]
        closed = close_holdings(work, held, holdings, cause=CAUSE, rolebook_version=version.number)
        if not closed:
            work.nothing_happened()
            return
        # What ended a moment before is no removal by silence: the closing settles it as ended.
        gone = {(type(one), one.pk) for one in closed}
        lapsed = [
            item.pk for item in items if (one := item.grant or item.access) and (type(one), one.pk) in gone
        ]
        ReviewItem.objects.filter(pk__in=lapsed).update(
            outcome=ReviewItem.Outcome.REMOVED_UNANSWERED, settled_at=at
        )
        work.record(
            tags.REVIEW_LAPSED,
            program_id=campaign.program_id,
            beneficiary_id=reviewed.account.public_id,
            rolebook_version=version.number,
            new={
                "campaign_id": campaign.public_id,
                "removed": len(closed),
                **closed_details(closed),
            },
        )
