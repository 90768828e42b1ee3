"""What happens to a campaign's items besides answers: new ones come in, some end, some go to another organization."""

from collections.abc import Collection
from datetime import datetime
from itertools import batched

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.models import Participation, ReviewCampaign, ReviewItem
from rolebook.governance.review_moves import answered_now
from rolebook.governance.review_moving import move_to_employers
from rolebook.governance.review_rows import bring_in, review_of

_AT_ONCE = 5_000


def bring_up_to_date(
    work: UnitOfWork, campaign: ReviewCampaign, people: Collection[int] | None = None
) -> frozenset[int]:
    """Add what was given until the due instant, settle what ended, and let what is not submitted go with its person.

    Returns the places that something was settled at, or went from or to. Only what goes elsewhere is put on record: the
    rest follows from events about grants and access. Inside a unit of work that holds the campaign's row.
    ``people``: of these accounts only (internal ids).
    """
    book, review = review_of(campaign)
    bring_in(campaign, book, review, min(work.at, campaign.due_at), people)
    return _settle_ended(campaign, work.at, people) | move_to_employers(work, campaign, book, people)


def hold_campaign(campaign_pk: int) -> ReviewCampaign:
    """Lock a campaign's row until the transaction ends, after people and organizations; return it as it is now."""
    return (
        ReviewCampaign.objects.select_for_update(of=("self",), no_key=True)
        .select_related("rolebook_version")
        .get(pk=campaign_pk)
    )


def ended(at: datetime) -> Q:
    """Return the SQL condition for items whose grant or access has ended by ``at``, or whose account is closed."""
    closed = Q(reviewed__participation__status=Participation.Status.CLOSED) | Q(
        reviewed__account__status=Account.Status.CLOSED
    )
    return holding_ended(at) | (Q(about=ReviewItem.About.ACCOUNT) & closed)


def holding_ended(at: datetime) -> Q:
    """Return the SQL condition for items whose grant or access has ended by ``at``."""
    gone = Q()
    for name in ("grant", "access"):
        gone |= Q(**{f"{name}__closed_at__lte": at}) | Q(**{f"{name}__ends_at__lte": at})
    return gone


def _settle_ended(campaign: ReviewCampaign, at: datetime, people: Collection[int] | None) -> frozenset[int]:
    found = ReviewItem.objects.filter(ended(at), campaign=campaign, settled_at=None)
    if people is not None:
        found = found.filter(reviewed__account__in=people)
    rows = dict(found.order_by("pk").annotate(now_at=answered_now()).values_list("pk", "now_at"))
    for some in batched(rows, _AT_ONCE):
        ReviewItem.objects.filter(pk__in=some, settled_at=None).update(
            outcome=ReviewItem.Outcome.ENDED, settled_at=at
        )
    return frozenset(rows.values())
