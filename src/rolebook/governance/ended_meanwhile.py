"""Narrowings of access that has ended since they were asked for: nothing is left to narrow, and nothing is given.

As with a removal of what ended meanwhile, what stands beside it in the request goes on; it is told in words.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from rolebook.governance.facts import RowFacts
from rolebook.governance.models import Access, RequestItem
from rolebook.governance.narrowing import is_kept, narrowed_places, narrows

TOLD = "it had ended before, so there was nothing to narrow"


def come_to_nothing(facts: RowFacts, items: Iterable[RequestItem], at: datetime) -> frozenset[int]:
    """Return the internal ids of the items, both halves, that narrow access of which none is held wide at ``at``.

    What is held without lower levels there stays as it is: it is what the narrowing would come to, or less.
    """
    asked = list(items)
    narrowed = narrowed_places(asked)
    if not narrowed:
        return frozenset()
    person = str(asked[0].request.beneficiary.public_id)
    wide = {one.organization_id for one in facts.held_access(person, at) if one.lower_levels}
    gone = {
        item.place_pk
        for item in asked
        if narrows(item) and item.organization is not None and str(item.organization.public_id) not in wide
    }
    return _both_halves(asked, gone)


def came_to_nothing(items: Sequence[RequestItem]) -> frozenset[int]:
    """Return the internal ids of the approved items of one version of a request that narrowed nothing any more.

    Of both halves, where both are among ``items``: what was to be kept was not opened.
    """
    approved = [item for item in items if item.state == RequestItem.State.APPROVED]
    narrowed = narrowed_places(approved)
    if not narrowed:
        return frozenset()
    of_version = {
        "request_item__request": approved[0].request_id,
        "request_item__request_version": approved[0].request_version,
    }
    opened = Access.objects.filter(**of_version, organization__in=narrowed)
    return _both_halves(approved, narrowed - frozenset(opened.values_list("organization", flat=True)))


def _both_halves(items: Sequence[RequestItem], places: Collection[int | None]) -> frozenset[int]:
    return frozenset(
        item.pk
        for item in items
        if item.place_pk in places and (narrows(item) or is_kept(item, frozenset(places)))
    )
