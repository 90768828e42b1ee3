"""Who changes employer while a review is open: what is not submitted is asked where they are employed now.

Only what is answered at the employing organization moves: the question about the account, and roles at none where
access is held apart from roles. What is settled stays. What was asked never changes; a row beside an item says where
it went, and the newest one counts. Reading only: `review_moving` writes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rolebook.governance.models import Employment, ReviewCampaign, ReviewItem, ReviewMove, ReviewPlace
from rolebook.policy.model import Rolebook

MOST_LISTED = 2_000
"""Moves that a page reads one by one; of more, the database is asked (I12)."""
_LATE = timedelta(minutes=10)
"""What was recorded so long before the opening may have been committed after it, and is looked at as well."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Where items went, as far as some places are concerned.

    Attributes:
        campaign_pk: of which campaign.
        known: (where it was asked, where it is answered now) by the item's internal id; None: too many to list.
    """

    campaign_pk: int
    known: Mapping[int, tuple[int, int]] | None

    def answered_at(self, places: Collection[int]) -> Q:
        """Return the SQL condition for the items that are answered at some of the campaign's places."""
        asked = Q(place__in=list(places))
        if self.known is None:
            last = last_moves(self.campaign_pk)
            left = last.filter(item__place__in=list(places)).exclude(place__in=list(places))
            came = last.filter(place__in=list(places))
            return (asked & ~Q(pk__in=left.values("item"))) | Q(pk__in=came.values("item"))
        here = set(places)
        gone = [pk for pk, (was, now) in self.known.items() if was in here and now not in here]
        there = [pk for pk, (_, now) in self.known.items() if now in here]
        if gone:
            asked &= ~Q(pk__in=gone)
        return asked | Q(pk__in=there) if there else asked


def has_moves(campaign: str) -> Exists:
    """Return, for a query whose rows name a campaign by the field ``campaign``, whether anything of it moved."""
    return Exists(ReviewMove.objects.filter(campaign=OuterRef(campaign)))


def moves_at(campaign_pk: int, places: Collection[int]) -> Moves:
    """Return what went from or to some places of a campaign; one statement."""
    there = list(places)
    rows = ReviewMove.objects.filter(
        Q(place__in=there) | Q(from_place__in=there) | Q(item__place__in=there), campaign=campaign_pk
    )
    told = list(rows.order_by("pk").values_list("item", "item__place", "place")[: MOST_LISTED + 1])
    if len(told) > MOST_LISTED:
        return Moves(campaign_pk, None)
    return Moves(campaign_pk, {item: (was, now) for item, was, now in told})


def last_moves(campaign_pk: int) -> QuerySet[ReviewMove]:
    """Return the newest move of each item of a campaign that moved."""
    later = ReviewMove.objects.filter(item=OuterRef("item"), pk__gt=OuterRef("pk"))
    return ReviewMove.objects.filter(~Exists(later), campaign=campaign_pk)


@dataclass(frozen=True, slots=True)
class Went:
    """That an item moved.

    Attributes:
        last: its newest move.
        former: the places (internal ids) at which it was answered before.
        left_behind: the moves that left a saved answer behind, the newest first.
    """

    last: ReviewMove
    former: frozenset[int]
    left_behind: tuple[ReviewMove, ...] = ()


def moves_of(items: Collection[int]) -> Mapping[int, Went]:
    """Return what became of each of some items (internal ids) that moved; one statement."""
    rows = ReviewMove.objects.filter(item__in=items).select_related(
        "from_place__organization", "place__organization", "employment", "answered_by"
    )
    found: dict[int, Went] = {}
    for row in rows.order_by("pk"):
        before = found.get(row.item_id, Went(row, frozenset()))
        left_behind = (row, *before.left_behind) if row.answer else before.left_behind
        found[row.item_id] = Went(row, before.former | {row.from_place_id}, left_behind)
    return found


def answered_now() -> Coalesce:
    """Return the SQL expression for the place at which an item is answered."""
    last = ReviewMove.objects.filter(item=OuterRef("pk")).order_by("-pk").values("place")[:1]
    return Coalesce(Subquery(last), F("place"), output_field=BigIntegerField())


def answered_below(campaign_pk: int, below: Callable[[str], Q]) -> Q:
    """Return the SQL condition for the items of a campaign that certain organizations answer.

    ``below`` gives the condition for these, of the prefix that leads to a row with an ``organization``.
    """
    here = below("place__")
    last = last_moves(campaign_pk)
    if not last.exists():
        return here
    left = last.filter(below("item__place__")).exclude(here)
    return (here & ~Q(pk__in=left.values("item"))) | Q(pk__in=last.filter(here).values("item"))


def place_name(place: ReviewPlace) -> str:
    """Return what a place that answers is called; "" for what stands at no organization."""
    return "" if place.organization is None else place.organization.name


def answered_by_employer(book: Rolebook) -> Q:
    """Return the SQL condition for the items that the employing organization answers."""
    account = Q(about=ReviewItem.About.ACCOUNT)
    if book.access != "apart from roles":
        return account
    return account | Q(about=ReviewItem.About.ROLE, grant__organization=None)


def employed_elsewhere(
    campaign: ReviewCampaign, book: Rolebook, items: QuerySet[ReviewItem], at: datetime
) -> Sequence[tuple[int, Employment]]:
    """Return, of some open items, those that the employing organization answers and another one employs by ``at``.

    With the record that says so, in the order of the items; three statements at most, one where nothing was recorded.
    """
    recorded = Employment.objects.filter(
        program=campaign.program_id, recorded_at__gt=campaign.opened_at - _LATE, recorded_at__lte=at
    )
    open_items = items.filter(answered_by_employer(book), campaign=campaign, settled_at=None)
    rows = list(
        open_items.filter(reviewed__participation__in=recorded.values("participation"))
        .annotate(now_at=answered_now())
        .order_by("pk")
        .values_list("pk", "now_at", "reviewed__participation")
    )
    if not rows:
        return ()
    newest = {
        one.participation_id: one
        for one in recorded.filter(participation__in={part for _, _, part in rows})
        .select_related("organization")
        .order_by("recorded_at", "pk")
    }
    wanted = dict(campaign.places.values_list("organization", "pk"))
    return [
        (pk, newest[part]) for pk, now_at, part in rows if wanted.get(newest[part].organization_id) != now_at
    ]
