"""What happens to a campaign's items besides answers: new ones come in, some end, some go to another organization."""

from collections.abc import Collection
from datetime import datetime
from itertools import batched

from django.db.models import F, Q

from rolebook.audit.recording import UnitOfWork
from rolebook.governance.models import ReviewCampaign, ReviewItem
from rolebook.governance.review_moves import answered_now
from rolebook.governance.review_moving import move_to_employers
from rolebook.governance.review_rows import about_closed_account, bring_in, review_of

_AT_ONCE = 5_000


def bring_up_to_date(
    work: UnitOfWork,
    campaign: ReviewCampaign,
    people: Collection[int] | None = None,
    *,
    closing: bool = False,
) -> frozenset[int]:
    """Add what was given until the due instant, settle what ended, and let what is not submitted go with its person.

    An answer that was saved by somebody who turned out to be the person it is about, by a merge, counts for nothing.

    Returns the places that something was settled at, or went from or to. Only what goes elsewhere is put on record: the
    rest follows from events about grants and access. Inside a unit of work that holds the campaign's row.
    ``people``: of these accounts only (internal ids). ``closing``: what is asked about accounts that are closed ends,
    too; before, they may be reopened.
    """
    book, review = review_of(campaign)
    late = work.at >= campaign.due_at
    bring_in(campaign, book, review, campaign.due_at if late else work.at, people, late=late)
    _drop_own_answers(campaign, people)
    return _settle_ended(campaign, work.at, people, closing=closing) | move_to_employers(
        work, campaign, book, people
    )


def hold_campaign(campaign_pk: int) -> ReviewCampaign:
    """Lock a campaign's row until the transaction ends, after people and organizations; return it as it is now."""
    return (
        ReviewCampaign.objects.select_for_update(of=("self",), no_key=True)
        .select_related("rolebook_version")
        .get(pk=campaign_pk)
    )


def holding_ended(at: datetime) -> Q:
    """Return the SQL condition for items whose grant or access has ended by ``at``."""
    gone = Q()
    for name in ("grant", "access"):
        gone |= Q(**{f"{name}__closed_at__lte": at}) | Q(**{f"{name}__ends_at__lte": at})
    return gone


def _drop_own_answers(campaign: ReviewCampaign, people: Collection[int] | None) -> None:
    """Take back saved answers of a person's accounts about another account of theirs (fault 14)."""
    own = Q()
    for by in ("answered_by", "answered_by__merged_into"):
        for about in ("reviewed__account", "reviewed__account__merged_into"):
            own |= Q(**{by: F(about)})
    found = ReviewItem.objects.filter(own, campaign=campaign, settled_at=None, answered_by__isnull=False)
    if people is not None:
        found = found.filter(reviewed__account__in=people)
    pks = list(found.order_by("pk").values_list("pk", flat=True))
    ReviewItem.objects.filter(pk__in=pks, settled_at=None).update(
        answer=ReviewItem.Answer.NONE,
        answered_by=None,
        answered_at=None,
        answered_together=0,
        version=F("version") + 1,
    )


def _settle_ended(
    campaign: ReviewCampaign, at: datetime, people: Collection[int] | None, *, closing: bool
) -> frozenset[int]:
    # Who was merged into another account comes back as that one only; a closed account may be reopened.
    merged = Q(about=ReviewItem.About.ACCOUNT, reviewed__account__merged_into__isnull=False)
    ended = holding_ended(at) | merged | (about_closed_account() if closing else Q(pk__in=[]))
    found = ReviewItem.objects.filter(ended, campaign=campaign, settled_at=None)
    if people is not None:
        found = found.filter(reviewed__account__in=people)
    rows = dict(found.order_by("pk").annotate(now_at=answered_now()).values_list("pk", "now_at"))
    for some in batched(rows, _AT_ONCE):
        ReviewItem.objects.filter(pk__in=some, settled_at=None).update(
            outcome=ReviewItem.Outcome.ENDED, settled_at=at
        )
    return frozenset(rows.values())
