"""What has become of what a request gave: which of it ended since, when and why."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import PersonalData
from rolebook.governance.authority import Standing
from rolebook.governance.models import Access, Grant, RequestItem
from rolebook.governance.origins import Holding
from rolebook.governance.past.behind import PROMISED, Ended, ends_of
from rolebook.governance.past.told import told_of
from rolebook.governance.queries.naming import sees_names
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.requests import RequestDetail
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.then_files import why_in_words
from rolebook.governance.queries.then_rows import access_title


@dataclass(frozen=True, slots=True)
class EndedSince:
    """A role or access that a request gave, and that has ended.

    Attributes:
        by_itself: whether the end is the one that was promised.
        why: in words.
        by: who ended it, by name, for viewers who are told persons there (decision 33).
        reason: what was written down with a removal, for the same viewers.
    """

    title: str
    organization_id: uuid.UUID | None
    organization_name: str | None
    at: datetime
    by_itself: bool
    why: str
    by: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class GivenSince:
    """How many roles and accesses a request gave, of those the viewer sees, and which of them have ended."""

    given: int
    ended: tuple[EndedSince, ...]

    @property
    def all_ended(self) -> bool:
        """Whether nothing of it is left."""
        return bool(self.ended) and len(self.ended) == self.given

    @property
    def by_place(self) -> Mapping[uuid.UUID | None, Sequence[EndedSince]]:
        """What ended, by the public id of its organization."""
        found: dict[uuid.UUID | None, list[EndedSince]] = {}
        for one in self.ended:
            found.setdefault(one.organization_id, []).append(one)
        return found


def given_since(viewer: Account, detail: RequestDetail, program_id: str, at: datetime) -> GivenSince:
    """Return what has become of what a request gave, as far as the viewer sees the request.

    What a merge moved to the person's other account, or a reactivation opened again, goes on there. No statement where
    nothing was given, one where nothing has ended (two where access is held apart from roles), else two more; and one
    for each time that any of it was carried on.
    """
    approved = [item.pk for item in detail.seen.parts.items if item.state == RequestItem.State.APPROVED]
    if not approved:
        return GivenSince(0, ())
    standing = viewer_standing(viewer, program_id, at)
    kinds = (Grant, Access) if standing.book.access == "apart from roles" else (Grant,)
    held = [one for kind in kinds for one in _as_held_last(kind, approved)]
    if all(one.closed_at is None and (one.ends_at is None or one.ends_at > at) for one in held):
        return GivenSince(len(held), ())
    ends = ends_of(held, at, told_of(program_id, {one.account.public_id for one in held}))
    places = {one.organization_id: one.organization for one in held if one.public_id in ends}
    named = {pk for pk, place in places.items() if sees_names(standing, [place])}
    reasons = _reasons(program_id, held) if named else {}
    ended = (
        _ended(standing, one, ends[one.public_id], reasons, named=one.organization_id in named)
        for one in held
        if one.public_id in ends
    )
    return GivenSince(len(held), tuple(ended))


def _ended(
    standing: Standing, one: Holding, ended: Ended, reasons: Mapping[str, str], *, named: bool
) -> EndedSince:
    place = one.organization
    return EndedSince(
        title=role_title(standing.book, one.role_id) if isinstance(one, Grant) else access_title(one),
        organization_id=None if place is None else place.public_id,
        organization_name=None if place is None else place.name,
        at=ended.at,
        by_itself=ended.why == PROMISED,
        why=why_in_words(ended.why),
        by=ended.by if named else None,
        reason=reasons.get(str(one.public_id), "") if named else "",
    )


def _as_held_last(kind: type[Grant] | type[Access], items: Sequence[int]) -> Iterable[Holding]:
    """Return what some items opened, each as it was carried on last."""
    told = kind.objects.select_related("account", "organization", "moved_to").order_by("pk")
    found: dict[int, Holding] = {one.pk: one for one in told.filter(request_item__in=items)}
    first_of = {onward.pk: pk for pk, one in found.items() if (onward := _carried_on(one)) is not None}
    while first_of:
        later: dict[int, int] = {}
        for one in told.filter(pk__in=first_of):
            found[first_of[one.pk]] = one
            if (onward := _carried_on(one)) is not None:
                later[onward.pk] = first_of[one.pk]
        first_of = later
    return found.values()


def _carried_on(one: Holding) -> Holding | None:
    onward: Holding | None = getattr(one, "moved_to", None)
    return onward


def _reasons(program_id: str, held: Iterable[Holding]) -> Mapping[str, str]:
    """Return what was written down with removals of what was held, by its public id; one statement."""
    people = {one.account.public_id for one in held}
    written = PersonalData.objects.filter(
        event__tag=tags.ACCESS_REMOVED.name,
        event__program_id=program_id,
        event__beneficiary_id__in=people,
        field="reason",
    )
    found: dict[str, str] = {}
    for content, reason in written.exclude(value=None).values_list("event__content", "value"):
        new = json.loads(content)["new"]
        for public_id in (*new.get("grants", ()), *new.get("accesses", ())):
            found[public_id] = reason or ""
    return found
