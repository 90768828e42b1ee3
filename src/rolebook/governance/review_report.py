"""What a report of a review says of each account (IQCS-13): what it holds, its last sign-in, the answers.

An account belongs into the report of an organization when its access or roles reach the organization or anything below
it, or when the campaign asked about such. Facts are those of one instant; a closed campaign's, those of its closing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, reduce
from itertools import batched, chain
from operator import or_
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from rolebook.accounts.models import Organization, OrganizationPlacement
from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.at_home import told_elsewhere
from rolebook.governance.models import (
    Access,
    Grant,
    Participation,
    ReviewCampaign,
    ReviewItem,
    ReviewPlace,
)
from rolebook.governance.origins import Holding
from rolebook.governance.past.holdings import accesses_at, grants_at
from rolebook.governance.past.places import PastPlaces
from rolebook.governance.past.sign_ins import employers_at, last_sign_ins
from rolebook.governance.past.statuses import status_events, statuses_at
from rolebook.governance.queries.pending import role_title
from rolebook.governance.review_moves import answered_below, moves_of
from rolebook.governance.review_rows import APART, review_of
from rolebook.policy.model import EVERYWHERE, STEWARD_ID, Rolebook

_AT_ONCE = 400
_INSTANT = timedelta(microseconds=1)
type Record = dict[str, Any]
"""One account of a report, as JSON has it: texts, numbers, lists and null; instants in ISO 8601, UTC."""


@dataclass(frozen=True)
class Subject:
    """Whose report it is: an organization with what is below it, or (None) the whole campaign; and as of when."""

    campaign: ReviewCampaign
    organization: Organization | None
    at: datetime

    def below(self, prefix: str = "") -> Q:
        """Return the SQL condition for organizations that the report is about; ``prefix`` leads to the organization."""
        if self.organization is None:
            return Q()
        if self._below_then is not None:
            return Q(**{f"{prefix}organization__in": list(self._below_then)})
        return Q(**{f"{prefix}organization__path__startswith": self.organization.path})

    @cached_property
    def _below_then(self) -> frozenset[int] | None:
        """The internal ids of the organization and of all that was below it then; None where it is so today."""
        if self.organization is None:
            return None
        later = OrganizationPlacement.objects.filter(
            organization__program_id=self.campaign.program_id, starts_at__gt=self.at
        )
        moved = Organization.objects.filter(pk__in=later.values("organization"), created_at__lte=self.at)
        places = [self.organization.path, *moved.values_list("path", flat=True)]
        if len(places) == 1:
            return None
        near = reduce(or_, (Q(path__startswith=path) for path in places))
        rows = list(Organization.objects.filter(near, program_id=self.campaign.program_id))
        past = self.past(rows)
        return frozenset(one.pk for one in rows if self.organization.pk in past.chain(one.pk))

    @cached_property
    def above(self) -> frozenset[int]:
        """The internal ids of the organizations above."""
        if self.organization is None:
            return frozenset()
        return frozenset(self.past([self.organization]).chain(self.organization.pk)[1:])

    def past(self, organizations: Iterable[Organization | None]) -> PastPlaces:
        """Return some organizations as they stood and were called: a report made later says nothing of later names."""
        places = PastPlaces(self.campaign.program_id, self.at)
        places.look_up(one for one in organizations if one is not None)
        return places

    def title(self, role_id: str) -> str:
        """Return what a role is called in the campaign's rolebook or, where that has none, in the one in force then."""
        book, _ = review_of(self.campaign)
        return role_title(book if book.role(role_id) is not None else self._book_then, role_id)

    @cached_property
    def in_office_at(self) -> datetime:
        """As of when it counts who is in office; see `before_closing`."""
        return before_closing(self.campaign, self.at)

    @cached_property
    def _book_then(self) -> Rolebook:
        _, book = rolebook_in_force(self.campaign.program_id, self.at)
        return book

    def tells(self, one: Holding) -> bool:
        """Return whether the report says that an account holds this. All of it, where access is held apart from roles
        (IQCS-13); elsewhere what is held at its organizations, and nobody else's business (I1).
        """
        book, _ = review_of(self.campaign)
        if self.organization is None or book.access == APART:
            return True
        place = one.organization
        return place is not None and (place.pk in self.above or self._has(place))

    def asks_at(self, place: ReviewPlace) -> bool:
        """Return whether what is answered at a place of the campaign is asked of the report's organizations."""
        if self.organization is None:
            return True
        return place.organization is not None and self._has(place.organization)

    def _has(self, place: Organization) -> bool:
        """Return whether an organization is the report's own, or was below it then."""
        if self._below_then is not None:
            return place.pk in self._below_then
        return self.organization is None or place.path.startswith(self.organization.path)

    @cached_property
    def everywhere(self) -> frozenset[str]:
        """The roles that reach every code without one of their own, where access is held apart from roles."""
        book, _ = review_of(self.campaign)
        books = (book, self._book_then) if book.access == APART else ()
        return frozenset(role.id for one in books for role in one.roles if role.reach.scope == EVERYWHERE)

    def items(self) -> QuerySet[ReviewItem]:
        """Return what the campaign asked about here: what went elsewhere with its person is asked there."""
        items = ReviewItem.objects.filter(campaign=self.campaign)
        if self.organization is None:
            return items
        return items.filter(answered_below(self.campaign.pk, self.below))

    def people(self) -> QuerySet[Participation]:
        """Return the parts in the program that the report lists, by name."""
        program_id = self.campaign.program_id
        reviewed = self.items().filter(reviewed__participation=OuterRef("pk"))
        grants = grants_at(program_id, self.at).filter(self.below(), participation=OuterRef("pk"))
        reaching = self.below() | Q(organization__in=self.above, lower_levels=True)
        accesses = accesses_at(program_id, self.at).filter(reaching, participation=OuterRef("pk"))
        if self.organization is None:
            grants = grants.exclude(role_id=STEWARD_ID)
        listed = Q(Exists(reviewed)) | Q(Exists(accesses)) | Q(Exists(grants))
        if everywhere := self.everywhere:
            held = grants_at(program_id, self.at).filter(role_id__in=everywhere)
            listed |= Q(Exists(held.filter(participation=OuterRef("pk"))))
        found = Participation.objects.filter(listed, program_id=program_id)
        return found.select_related("account").order_by("account__name", "account")


def records_of(subject: Subject) -> Iterator[Record]:
    """Yield the accounts of a report by name, some hundred at a time in memory."""
    people = subject.people().iterator(chunk_size=_AT_ONCE)
    for some in batched(people, _AT_ONCE):
        yield from _records(subject, some)


def _records(subject: Subject, parts: Sequence[Participation]) -> Iterator[Record]:
    pks = [part.pk for part in parts]
    asked = _asked(subject.campaign, pks)
    held = _held(subject, pks)
    employers = employers_at(pks, subject.at)
    program_id = subject.campaign.program_id
    events = status_events(program_id, [part.account.public_id for part in parts])
    statuses = statuses_at(parts, events, subject.at)
    seen = last_sign_ins(parts, program_id, subject.at)
    past = subject.past(_named(asked, held, employers))
    for part in parts:
        items = asked.get(part.pk, [])
        known = {(item.grant_id, item.access_id) for item in items}
        others = [one for one in held.get(part.pk, ()) if _key(one) not in known]
        about = [item for item in items if item.about == ReviewItem.About.ACCOUNT]
        employer = employers.get(part.pk)
        lines = [
            _item_line(subject, item, past)
            for item in items
            if (one := item.grant or item.access) is not None and subject.tells(one)
        ]
        lines += [_line(subject, one, past) | _NOT_ASKED for one in others if subject.tells(one)]
        yield {
            "account_id": str(part.account.public_id),
            "name": part.account.name,
            "user_id": part.account.user_id,
            "email": part.account.email,
            "status": statuses[part.account_id],
            "employer": None if employer is None else past[employer.pk].name,
            "last_signed_in_at": _text(seen[part.pk]),
            "account": _answer(subject, about[0], past) if about else _NOT_ASKED,
            "items": lines,
        }


_NOT_ASKED: Record = {"asked": False}


def _key(one: Holding) -> tuple[int | None, int | None]:
    return (one.pk, None) if isinstance(one, Grant) else (None, one.pk)


def _asked(campaign: ReviewCampaign, pks: Collection[int]) -> dict[int, list[ReviewItem]]:
    """Return what was asked about each; what moved has its newest move as ``move``."""
    found: dict[int, list[ReviewItem]] = {}
    rows = ReviewItem.objects.filter(campaign=campaign, reviewed__participation__in=pks).select_related(
        "reviewed", "place__organization", "grant__organization", "access__organization", "answered_by",
        "submitted_by",
    )  # fmt: skip
    items = list(rows.order_by("pk"))
    moves = moves_of([item.pk for item in items])
    for item in items:
        went = moves.get(item.pk)
        item.move = None if went is None else went.last  # type: ignore[attr-defined]
        found.setdefault(item.reviewed.participation_id, []).append(item)
    return found


def _held(subject: Subject, pks: Collection[int]) -> dict[int, list[Holding]]:
    found: dict[int, list[Holding]] = {}
    program_id, at = subject.campaign.program_id, subject.at
    grants = grants_at(program_id, at).filter(participation__in=pks).select_related("organization")
    for grant in grants.order_by("pk"):
        found.setdefault(grant.participation_id, []).append(grant)
    accesses = accesses_at(program_id, at).filter(participation__in=pks).select_related("organization")
    for access in accesses.order_by("pk"):
        found.setdefault(access.participation_id, []).append(access)
    return found


def _named(
    asked: Mapping[int, Sequence[ReviewItem]],
    held: Mapping[int, Sequence[Holding]],
    employers: Mapping[int, Organization],
) -> Iterator[Organization | None]:
    """Yield the organizations that the lines of some accounts name."""
    yield from employers.values()
    for one in chain.from_iterable(held.values()):
        yield one.organization
    for item in chain.from_iterable(asked.values()):
        move = getattr(item, "move", None)
        places = [item.place] if move is None else [item.place, move.place, move.from_place]
        yield from (place.organization for place in places)
        holding = item.grant or item.access
        yield None if holding is None else holding.organization


def _place_name(place: ReviewPlace, past: PastPlaces) -> str | None:
    return None if place.organization_id is None else past[place.organization_id].name


def _item_line(subject: Subject, item: ReviewItem, past: PastPlaces) -> Record:
    one = item.grant or item.access
    if one is None:
        raise ValueError("an item about nothing that is held")
    return _line(subject, one, past) | _answer(subject, item, past)


def _line(subject: Subject, one: Holding, past: PastPlaces) -> Record:
    place = None if one.organization_id is None else past[one.organization_id]
    ends = [end for end in (one.ends_at, one.closed_at) if end is not None]
    return {
        "what": "role" if isinstance(one, Grant) else "access",
        "title": subject.title(one.role_id) if isinstance(one, Grant) else "Access",
        "organization": None if place is None else place.name,
        "code": None if place is None else place.code,
        "lower_levels": isinstance(one, Access) and one.lower_levels,
        "everywhere": isinstance(one, Grant) and one.role_id in subject.everywhere,
        "starts_at": _text(one.starts_at),
        "ends_at": _text(one.ends_at),
        "ended_at": _text(min(ends)) if ends and min(ends) <= subject.at else None,
    }


def _answer(subject: Subject, item: ReviewItem, past: PastPlaces) -> Record:
    given, move = item.answered_by, getattr(item, "move", None)
    place = item.place if move is None else move.place
    return {
        "asked": True,
        "asked_of": _place_name(place, past),
        "asked_here": subject.asks_at(place),
        "moved": None
        if move is None
        else {
            "asked_first_of": _place_name(item.place, past),
            "from": _place_name(move.from_place, past),
            "employed_since": _text(move.employment.recorded_at),
        },
        "asked_at": _text(item.added_at),
        "answer": item.answer,
        "answered_by": None if given is None else given.name,
        "answered_at": _text(item.answered_at),
        "outcome": item.outcome,
        "settled_at": _text(item.settled_at),
        "submitted_by": None if item.submitted_by is None else item.submitted_by.name,
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def before_closing(campaign: ReviewCampaign, at: datetime) -> datetime:
    """Return ``at`` or, where the closing had begun by then, the instant before: it may have removed offices itself.

    A closing that removes what nobody answered, and was cut short, began with the first of these.
    """
    removed = ReviewItem.objects.filter(campaign=campaign, outcome=ReviewItem.Outcome.REMOVED_UNANSWERED)
    began: datetime | None = removed.aggregate(first=Min("settled_at"))["first"] or campaign.closed_at
    return at if began is None or at < began else began - _INSTANT


def report_places(campaign: ReviewCampaign, at: datetime) -> list[Organization]:
    """Return the organizations with a report of their own: those at the top, and where a reviewer's office stands.

    Of a closed campaign, where it stood before the closing, which may have removed it.
    """
    book, review = review_of(campaign)
    at = before_closing(campaign, at)
    offices = grants_at(campaign.program_id, at).filter(role_id__in=review.answered_by)
    held = told_elsewhere(book, accesses_at(campaign.program_id, at), at).filter(Q(elsewhere=False))
    held = held.filter(account__in=offices.values("account"))
    asked = list(
        ReviewPlace.objects.filter(campaign=campaign, organization__isnull=False).values_list(
            "organization__path", flat=True
        )
    )
    within = {int(step) for path in asked for step in path.split("/") if step}
    tops = {int(path.split("/")[1]) for path in asked}
    stands = offices.exclude(organization=None).order_by().values_list("organization", flat=True)
    places = set(stands.union(held.order_by().values_list("organization", flat=True)))
    chosen = tops | {pk for pk in places if pk in within}
    return list(Organization.objects.filter(pk__in=chosen).order_by("path"))
