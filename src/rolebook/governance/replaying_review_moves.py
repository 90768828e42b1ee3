"""What moved in a review, compared with the records of who employs people that it must follow from (I11)."""

from collections.abc import Iterator

from rolebook.governance.models import ReviewCampaign, ReviewMove


def wrong_moves(campaign: ReviewCampaign) -> Iterator[str]:
    """Yield what is wrong about the moves of a campaign, in the order of the items; one statement."""
    rows = ReviewMove.objects.filter(campaign=campaign).select_related(
        "item__reviewed", "from_place", "place", "employment"
    )
    last: ReviewMove | None = None
    for move in rows.order_by("item", "pk").iterator(chunk_size=1_000):
        before = last.place_id if last is not None and last.item_id == move.item_id else move.item.place_id
        wrong = _wrong(move, before)
        if wrong is not None:
            yield f"move {move.pk} of item {move.item_id}: {wrong}"
        last = move


def _wrong(move: ReviewMove, before: int) -> str | None:
    campaigns = {move.item.campaign_id, move.place.campaign_id, move.from_place.campaign_id}
    if campaigns != {move.campaign_id}:
        return "found an item or a place of another review, expected those of this one"
    if move.employment.participation_id != move.item.reviewed.participation_id:
        return "found a record of another person's employer, expected one of this person's"
    if move.employment.organization_id != move.place.organization_id:
        return (
            "found it to go to another organization than the one that employs the person, expected that one"
        )
    if move.from_place_id != before:
        return "found it to come from where it was not answered, expected the place before"
    if move.moved_at < move.employment.recorded_at:
        return "found it to move before another employer was recorded, expected later"
    return None
