"""Let what is asked in a review go with who changes employing organization, on record (IQCS-12; decision 0043)."""

from collections.abc import Collection, Mapping, Sequence
from itertools import batched

from django.db.models import F

from rolebook.audit import tags
from rolebook.audit.canonical import Detail
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.models import Employment, ReviewCampaign, ReviewItem, ReviewMove, ReviewPlace
from rolebook.governance.review_moves import answered_now, employed_elsewhere
from rolebook.policy.model import Rolebook

MOST_MOVED = 5_000
"""Questions that go in one unit of work; what is left goes with the next (I12)."""
_TOLD_AT_ONCE = 100
_WITH = ("reviewed__account", "grant", "access", "answered_by")


def move_to_employers(
    work: UnitOfWork, campaign: ReviewCampaign, book: Rolebook, people: Collection[int] | None = None
) -> frozenset[int]:
    """Let open items go where their person is employed now; return the places (internal ids) that changed.

    A saved answer stays behind with who gave it, in the move's row and on record: it was given for an organization
    that is not asked any more. Inside a transaction that holds the campaign's row. Items are locked before they are
    judged, and their version rises: an answer of who saw them at the former organization, that comes at this moment,
    is either there before and stays behind, or comes too late and is not saved. ``people``: of these accounts only
    (internal ids).
    """
    items = ReviewItem.objects.all()
    if people is not None:
        items = items.filter(reviewed__account__in=people)
    candidates = [pk for pk, _ in employed_elsewhere(campaign, book, items, work.at)][:MOST_MOVED]
    if not candidates:
        return frozenset()
    chosen = ReviewItem.objects.filter(pk__in=candidates)
    list(chosen.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    found = dict(employed_elsewhere(campaign, book, chosen, work.at))
    places = _places(campaign, {one.organization_id for one in found.values()})
    left = chosen.filter(pk__in=found).annotate(now_at=answered_now()).select_related(*_WITH).order_by("pk")
    moves = [_move(item, campaign, places, found[item.pk], work) for item in left]
    ReviewItem.objects.filter(pk__in=found).update(
        answer=ReviewItem.Answer.NONE,
        answered_by=None,
        answered_at=None,
        answered_together=0,
        version=F("version") + 1,
    )
    ReviewMove.objects.bulk_create(moves)
    _record(work, campaign, moves)
    return frozenset(pk for one in moves for pk in (one.from_place_id, one.place_id))


def _move(
    item: ReviewItem,
    campaign: ReviewCampaign,
    places: Mapping[int, int],
    employment: Employment,
    work: UnitOfWork,
) -> ReviewMove:
    return ReviewMove(
        program_id=campaign.program_id,
        campaign=campaign,
        item=item,
        from_place_id=item.now_at,  # type: ignore[attr-defined]  # annotated
        place_id=places[employment.organization_id],
        employment=employment,
        moved_at=work.at,
        answer=item.answer,
        answered_by=item.answered_by,
        answered_at=item.answered_at,
    )


def _record(work: UnitOfWork, campaign: ReviewCampaign, moves: Sequence[ReviewMove]) -> None:
    """Put the moves on record, some in one event."""
    named = {one.from_place_id for one in moves} | {one.place_id for one in moves}
    places = dict(ReviewPlace.objects.filter(pk__in=named).values_list("pk", "organization__public_id"))
    for some in batched(moves, _TOLD_AT_ONCE):
        work.record(
            tags.REVIEW_MOVED,
            program_id=campaign.program_id,
            new={
                "campaign_id": campaign.public_id,
                "moves": [told_move(one, places[one.from_place_id], places[one.place_id]) for one in some],
            },
        )


def told_move(move: ReviewMove, from_organization: Detail, organization: Detail) -> list[Detail]:
    """Return what an event says of a move, whose organizations are given by their public ids, None for none.

    That is: what it is about, that one's public id, from where, to where, by which record of employment, and the answer
    that stayed behind with who gave it and when.
    """
    holding = move.item.grant or move.item.access
    about_id = move.item.reviewed.account.public_id if holding is None else holding.public_id
    by = None if move.answered_by is None else move.answered_by.public_id
    went: list[Detail] = [from_organization, organization, move.employment.public_id]
    return [move.item.about, about_id, *went, move.answer, by, move.answered_at]


def _places(campaign: ReviewCampaign, organizations: Collection[int]) -> dict[int, int]:
    """Return the campaign's places of some organizations, which it gets where it has none."""
    ReviewPlace.objects.bulk_create(
        (
            ReviewPlace(program_id=campaign.program_id, campaign=campaign, organization_id=pk)
            for pk in sorted(organizations)
        ),
        ignore_conflicts=True,
    )
    return dict(campaign.places.filter(organization__in=organizations).values_list("organization", "pk"))
