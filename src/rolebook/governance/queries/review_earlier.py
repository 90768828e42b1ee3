"""What the last campaign of the same review asked about the same people, and about what they have by a merge since."""

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Q, QuerySet

from rolebook.governance.models import ReviewCampaign, ReviewItem

type Named = tuple[str, int | None, int | None]
"""What an item asks about: "account", "role" or "access", and the internal id of the grant or of the access."""


def earlier_campaigns(campaign: ReviewCampaign) -> QuerySet[ReviewCampaign]:
    """Return the closed campaigns of the same review before a campaign, the last one first."""
    return ReviewCampaign.objects.filter(
        program_id=campaign.program_id,
        review_id=campaign.review_id,
        opened_at__lt=campaign.opened_at,
        closed_at__isnull=False,
    ).order_by("-opened_at")


def earlier_items(
    campaign: ReviewCampaign, participations: Collection[int], items: Sequence[ReviewItem]
) -> Mapping[int, list[ReviewItem]]:
    """Return what the last closed campaign of the same review asked about some people; one statement.

    ``items`` are what is asked about them now. What a merge gave them was asked about the account that had it then.
    """
    theirs = Q(reviewed__participation__in=participations)
    continued = {name: item.reviewed.participation_id for item in items if (name := continued_by(item))}
    if continued:
        theirs |= Q(grant__in=[grant for _, grant, _ in continued if grant is not None])
        theirs |= Q(access__in=[access for _, _, access in continued if access is not None])
    rows = ReviewItem.objects.filter(
        theirs, reviewed__campaign__in=earlier_campaigns(campaign).values("pk")[:1]
    ).select_related("reviewed", "place", "grant__organization", "access__organization", "answered_by")
    found: dict[int, list[ReviewItem]] = {}
    for item in rows:
        whose = continued.get(named_holding(item), item.reviewed.participation_id)
        found.setdefault(whose, []).append(item)
    return found


def named_holding(item: ReviewItem) -> Named:
    """Return what an item of one campaign and one of the next have in common when they ask about the same."""
    return (item.about, item.grant_id, item.access_id)


def continued_by(item: ReviewItem) -> Named | None:
    """Return what `named_holding` gives for that which a merge continued as an item's grant or access, or None."""
    holding = item.grant or item.access
    if holding is None or holding.moved_from_id is None:
        return None
    if item.grant is not None:
        return (item.about, holding.moved_from_id, None)
    return (item.about, None, holding.moved_from_id)
