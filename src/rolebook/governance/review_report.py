"""What a report of a review says of each account (IQCS-13): what it holds, its last sign-in, the answers.

An account belongs into the report of an organization when its access or roles reach the organization or anything below
it, or when the campaign asked about such. Facts are those of one instant; a closed campaign's, those of its closing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account, Organization
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
from rolebook.governance.past.sign_ins import employers_at, last_sign_ins
from rolebook.governance.past.statuses import status_events, statuses_at
from rolebook.governance.queries.pending import role_title
from rolebook.governance.review_moves import answered_below, last_moves, moves_of, place_name
from rolebook.governance.review_rows import APART, review_of
from rolebook.policy.model import STEWARD_ID

_AT_ONCE = 400
type Record = dict[str, Any]
"""One account of a report, as JSON has it: texts, numbers, lists and null; instants in ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose report it is: an organization with what is below it, or (None) the whole campaign; and as of when."""

    campaign: ReviewCampaign
    organization: Organization | None
    at: datetime

    def below(self, prefix: str = "") -> Q:
        """Return the SQL condition for organizations that the report is about; ``prefix`` leads to the organization."""
        if self.organization is None:
            return Q()
        return Q(**{f"{prefix}organization__path__startswith": self.organization.path})

    def above(self) -> list[int]:
        """Return the internal ids of the organizations above."""
        if self.organization is None:
            return []
        return [int(step) for step in self.organization.path.split("/") if step][:-1]

    def tells(self, one: Holding) -> bool:
        """Return whether the report says that an account holds this. All of it, where access is held apart from roles
        (IQCS-13); elsewhere what is held at its organizations, and nobody else's business (I1).
        """
        book, _ = review_of(self.campaign)
        if self.organization is None or book.access == APART:
            return True
        place = one.organization
        return place is not None and (
            place.path.startswith(self.organization.path) or place.pk in self.above()
        )

    def items(self) -> QuerySet[ReviewItem]:
        """Return what the campaign asked about here: what went elsewhere with its person is asked there."""
        items = ReviewItem.objects.filter(campaign=self.campaign)
        if self.organization is None:
            return items
        return items.filter(answered_below(self.campaign.pk, self.organization.path))

    def people(self) -> QuerySet[Participation]:
        """Return the parts in the program that the report lists, by name."""
        program_id = self.campaign.program_id
        reviewed = self.items().filter(reviewed__participation=OuterRef("pk"))
        grants = grants_at(program_id, self.at).filter(self.below(), participation=OuterRef("pk"))
        reaching = self.below() | Q(organization__in=self.above(), lower_levels=True)
        accesses = accesses_at(program_id, self.at).filter(reaching, participation=OuterRef("pk"))
        if self.organization is None:
            grants = grants.exclude(role_id=STEWARD_ID)
        found = Participation.objects.filter(
            Q(Exists(reviewed)) | Q(Exists(accesses)) | Q(Exists(grants)), program_id=program_id
        )
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
    for part in parts:
        items = asked.get(part.pk, [])
        known = {(item.grant_id, item.access_id) for item in items}
        others = [one for one in held.get(part.pk, ()) if _key(one) not in known]
        about = [item for item in items if item.about == ReviewItem.About.ACCOUNT]
        employer = employers.get(part.pk)
        lines = [
            _item_line(subject, item)
            for item in items
            if (one := item.grant or item.access) is not None and subject.tells(one)
        ]
        lines += [_line(subject, one) | _NOT_ASKED for one in others if subject.tells(one)]
        yield {
            "account_id": str(part.account.public_id),
            "name": part.account.name,
            "user_id": part.account.user_id,
            "email": part.account.email,
            "status": statuses[part.account_id],
            "employer": None if employer is None else employer.name,
            "last_signed_in_at": _text(seen[part.pk]),
            "account": _answer(about[0]) if about else _NOT_ASKED,
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


def _item_line(subject: Subject, item: ReviewItem) -> Record:
    one = item.grant or item.access
    if one is None:
        raise ValueError("an item about nothing that is held")
    return _line(subject, one) | _answer(item)


def _line(subject: Subject, one: Holding) -> Record:
    book, _ = review_of(subject.campaign)
    place = one.organization
    ends = [end for end in (one.ends_at, one.closed_at) if end is not None]
    return {
        "what": "role" if isinstance(one, Grant) else "access",
        "title": role_title(book, one.role_id) if isinstance(one, Grant) else "Access",
        "organization": None if place is None else place.name,
        "code": None if place is None else place.code,
        "lower_levels": isinstance(one, Access) and one.lower_levels,
        "starts_at": _text(one.starts_at),
        "ends_at": _text(one.ends_at),
        "ended_at": _text(min(ends)) if ends and min(ends) <= subject.at else None,
    }


def _answer(item: ReviewItem) -> Record:
    given, move = item.answered_by, getattr(item, "move", None)
    place = item.place if move is None else move.place
    return {
        "asked": True,
        "asked_of": place_name(place) or None,
        "moved": None
        if move is None
        else {
            "asked_first_of": place_name(item.place) or None,
            "from": place_name(move.from_place) or None,
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


def summary_of(subject: Subject) -> Record:
    """Return what a report says before its accounts: numbers, and who did not answer."""
    outcomes = dict(
        subject.items().exclude(about=ReviewItem.About.ACCOUNT).order_by().values_list("outcome")
        .annotate(number=Count("pk"))
    )  # fmt: skip
    places = _silent_places(subject)
    named = ReviewPlace.objects.filter(pk__in=places).select_related("organization")
    rows = [
        {
            "organization": None if place.organization is None else place.organization.name,
            "code": None if place.organization is None else place.organization.code,
            "unanswered": places[place.pk],
        }
        for place in named.order_by("organization__name", "pk")
    ]
    return {
        "items": sum(outcomes.values()),
        "kept": outcomes.get("kept", 0),
        "removed": outcomes.get("removed", 0) + outcomes.get("removed unanswered", 0),
        "ended": outcomes.get("ended", 0),
        "unanswered": outcomes.get("", 0)
        + outcomes.get("unanswered", 0)
        + outcomes.get("removed unanswered", 0),
        "unanswered_places": rows[:_MOST_PLACES],
        "reviewers": _reviewers(subject),
    }


def _silent_places(subject: Subject) -> dict[int, int]:
    """Return how many have no submitted answer at each place that has such; what moved counts where it went."""
    silent = subject.items().filter(outcome__in=_UNANSWERED).order_by()
    found = dict(silent.values_list("place").annotate(number=Count("pk")))
    moved = last_moves(subject.campaign.pk).filter(item__in=silent.values("pk"))
    for was, now in moved.values_list("item__place", "place"):
        found[was] -= 1
        found[now] = found.get(now, 0) + 1
    return {place: number for place, number in found.items() if number}


_UNANSWERED = ("", "unanswered", "removed unanswered")
_MOST_PLACES = 1_000


def _reviewers(subject: Subject) -> list[Record]:
    """Return who answers here and how much of it each submitted; those with nothing first: they did not answer."""
    _, review = review_of(subject.campaign)
    program_id = subject.campaign.program_id
    offices = grants_at(program_id, subject.at).filter(role_id__in=review.answered_by)
    there = subject.below() | Q(organization__in=subject.above())
    if subject.organization is not None:
        codes = accesses_at(program_id, subject.at).filter(there, account=OuterRef("account"))
        offices = offices.filter(there | (Q(organization=None) & Q(Exists(codes))))
    given = subject.items().exclude(submitted_by=None).order_by().values_list("submitted_by")
    answered = dict(given.annotate(number=Count("pk")))
    people = Account.objects.filter(Q(pk__in=offices.values("account")) | Q(pk__in=list(answered)))
    rows = [{"name": one.name, "answers": answered.get(one.pk, 0)} for one in people.order_by("name", "pk")]
    return sorted(rows, key=lambda row: bool(row["answers"]))[:_MOST_PLACES]


def report_places(campaign: ReviewCampaign, at: datetime) -> list[Organization]:
    """Return the organizations with a report of their own: those at the top, and where a reviewer's office stands."""
    _, review = review_of(campaign)
    offices = grants_at(campaign.program_id, at).filter(role_id__in=review.answered_by)
    held = accesses_at(campaign.program_id, at).filter(account__in=offices.values("account"))
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
