"""One person of a program, for its stewards: who they are, what they hold and asked for a page at a time (I12)."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import AddressStanding
from rolebook.governance.authority import Standing, in_force, standing_of
from rolebook.governance.deciders import stages_in_office, stages_with_nobody_left
from rolebook.governance.leaving import ends_with_closing
from rolebook.governance.models import (
    Access,
    Employment,
    Grant,
    Participation,
    Request,
    RequestItem,
    Stage,
    UsageSpan,
)
from rolebook.governance.queries import paging
from rolebook.governance.queries.counting import rows_counted
from rolebook.governance.queries.last_use import last_uses_since
from rolebook.governance.queries.officials import official_grants
from rolebook.governance.queries.organization_search import matching
from rolebook.governance.queries.paging import OnPage, Page
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.people import (
    WITH_A_GRANT,
    Held,
    PersonLine,
    held_by_access,
    held_by_grant,
    told_of,
)
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import active_stewards, stewards_grants, stewards_standing
from rolebook.governance.refusals import NotFound

_ONE_MORE = paging.DEFAULT_LIMIT + 1
"""Rows that are read for a page: whether another one follows."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A request of the person's, as its present version asks."""

    request_id: uuid.UUID
    state: str
    roles: tuple[str, ...]
    organizations: tuple[str, ...]
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class OnePerson:
    """One person as a steward sees them.

    Attributes:
        account_status: of the whole account; the operator alone changes it.
        status_by: who changed the status in the program; None: the operator, a job, or nobody yet.
        status_cause: what a job acted on (a `Participation.Cause`); empty where somebody decided it.
        only_steward: whether no other active person is steward.
        gives_back: whether reopening gives back the roles that were held at closing.
        merged_into: the account of the same person that remained, by user ID; None for one that was not merged.
        merged_into_id: its public id; it takes part in the program, too.
        merged_at: when.
        number_of_roles, number_of_codes: what they hold now, and apart from roles, counted to COUNTED_TO.
        number_of_requests: what they asked for, settled or not, counted so.
        number_waiting: those of them that somebody has still to act on, counted so.
        uses_since_on: from which day on uses of the program are known; None: they are not.
        employer: the name of the organization that is on record as employing them; "" where none is.
    """

    row: PersonLine
    account_status: str
    account_reason: str
    participation_status: str
    status_reason: str
    status_at: datetime | None
    status_by: str | None
    status_cause: str
    joined_at: datetime
    only_steward: bool
    is_viewer: bool
    gives_back: bool
    merged_into: str | None
    merged_into_id: uuid.UUID | None
    merged_at: datetime | None
    number_of_roles: int
    number_of_codes: int
    number_of_requests: int
    number_waiting: int
    uses_since_on: date | None
    employer: str

    @property
    def is_past(self) -> bool:
        """Whether the part in the program is closed for want of a sign-in, and no job has written it yet."""
        return self.participation_status == self.account_status == "active" != self.row.status


@dataclass(frozen=True, slots=True)
class Without:
    """What stops without a person.

    Attributes:
        only_official_of: organizations of which they are the only Security Official.
        waits_only_for_them: requests of others that the steward would have to decide without them.
    """

    only_official_of: tuple[str, ...]
    waits_only_for_them: int


def one_person(viewer: Account, program_id: str, account_id: uuid.UUID | str, at: datetime) -> OnePerson:
    """Return one person of the program, as its steward sees them; one statement besides the viewer's standing.

    Raises NotFound for everybody who is no steward, and for somebody who takes no part.
    """
    standing = stewards_standing(viewer, program_id, at)
    part = _part(standing, account_id)
    account = part.account
    remaining = account.merged_into
    return OnePerson(
        row=PersonLine(**told_of(part, part.rejected, at)),
        account_status=account.status,
        account_reason=account.status_reason,
        participation_status=part.status,
        status_reason=part.status_reason,
        status_at=part.status_at,
        status_by=None if part.status_by is None else part.status_by.name,
        status_cause=part.status_cause,
        joined_at=part.created_at,
        only_steward=part.only_steward,
        is_viewer=account.pk == viewer.pk,
        gives_back=not ends_with_closing(standing.book),
        merged_into=None if remaining is None else remaining.user_id,
        merged_into_id=None if remaining is None else remaining.public_id,
        merged_at=None if remaining is None else account.status_at,
        number_of_roles=part.roles,
        number_of_codes=part.codes if standing.book.access == "apart from roles" else 0,
        number_of_requests=part.asked,
        number_waiting=part.waiting,
        uses_since_on=part.uses_since_on,
        employer=part.employer or "",
    )


def _part(standing: Standing, account_id: uuid.UUID | str) -> Any:
    """Return somebody's part in the program with their account, and what `one_person` tells besides."""
    mine = in_force(standing.at)
    theirs = stewards_grants(standing.program_id, standing.at).filter(account=OuterRef("account"))
    others = active_stewards(standing.program_id, standing.at).exclude(account=OuterRef("account"))
    held = Grant.objects.filter(mine, participation=OuterRef("pk"))
    asked = Request.objects.filter(program=OuterRef("program"), beneficiary=OuterRef("account"))
    waits = [Request.State.PENDING, Request.State.RETURNED]
    spans = UsageSpan.objects.filter(program=OuterRef("program"))
    employed = Employment.objects.filter(participation=OuterRef("pk")).order_by("-recorded_at", "-pk")
    standings = AddressStanding.objects.filter(account=OuterRef("account"))
    known = {
        "rejected": Subquery(standings.values("rejected_at")[:1]),
        "only_steward": Exists(theirs) & ~Exists(others),
        "roles": rows_counted(held),
        "codes": rows_counted(Access.objects.filter(mine, participation=OuterRef("pk"))),
        "asked": rows_counted(asked),
        "waiting": rows_counted(asked.filter(state__in=waits)),
        "employer": Subquery(employed.values("organization__name")[:1]),
        "uses_since_on": Subquery(spans.values("since_on")[:1]),
    }
    parts = Participation.objects.filter(
        program_id=standing.program_id, account__public_id=public_id_of(account_id)
    )
    part = parts.annotate(**known).select_related("account__merged_into", "status_by").first()
    if part is None:
        raise NotFound
    return part


def list_of_person(
    viewer: Account,
    program_id: str,
    person: OnePerson,
    at: datetime,
    name: str,
    *,
    search: str = "",
    after: str | None = None,
) -> Page[Held] | Page[AskedFor]:
    """Return a page of one of the LISTS of a person.

    ``search`` is part of the name, code or number of an organization. Raises NotFound for everybody but stewards.
    """
    return LISTS[name](stewards_standing(viewer, program_id, at), person, search, after)


def _roles(standing: Standing, person: OnePerson, search: str, after: str | None) -> Page[Held]:
    """Return the roles that a person holds, the oldest first, each with its last use."""
    here = _held_by(standing, person, search)
    grants = Grant.objects.filter(here, paging.following(paging.instant_key(after), "starts_at"))
    found = list(grants.select_related(*WITH_A_GRANT).order_by("starts_at", "pk")[:_ONE_MORE])
    uses = last_uses_since(person.uses_since_on, standing.book, found, standing.at)
    rows = [held_by_grant(standing, grant, uses[grant.pk]) for grant in found]
    keys = [(grant.starts_at.isoformat(), grant.pk) for grant in found]
    return paging.cut(rows, keys, paging.DEFAULT_LIMIT)


def _codes(standing: Standing, person: OnePerson, search: str, after: str | None) -> Page[Held]:
    """Return what a person holds apart from roles, by code; nothing in programs without it."""
    if standing.book.access != "apart from roles":
        return Page(())
    here = _held_by(standing, person, search)
    accesses = Access.objects.filter(here, paging.following(paging.from_text(after), "organization__code"))
    found = list(accesses.select_related("organization").order_by("organization__code", "pk")[:_ONE_MORE])
    rows = [held_by_access(access) for access in found]
    return paging.cut(rows, [(access.organization.code, access.pk) for access in found], paging.DEFAULT_LIMIT)


def _held_by(standing: Standing, person: OnePerson, search: str) -> Q:
    """Return the SQL condition for what a person holds in a program at organizations that are looked for."""
    theirs = Q(program_id=standing.program_id, account__public_id=person.row.account_id)
    return in_force(standing.at) & theirs & matching(search, "organization__")


def _requests(standing: Standing, person: OnePerson, search: str, after: str | None) -> Page[AskedFor]:
    """Return what is or was asked for somebody, the newest first; one statement."""
    requests = Request.objects.filter(
        program_id=standing.program_id, beneficiary__public_id=person.row.account_id
    )
    if paging.search_words(search):
        named = RequestItem.objects.filter(matching(search, "organization__"), request=OuterRef("pk"))
        requests = requests.filter(Exists(named))
    requests = requests.filter(paging.following(paging.instant_key(after), "submitted_at", newest_first=True))
    page = requests.order_by("-submitted_at", "-pk").values("pk")[:_ONE_MORE]
    items: dict[Request, list[RequestItem]] = {}
    for item in _items(page):
        items.setdefault(item.request, []).append(item)
    rows = [_asked_for(standing, request, asked) for request, asked in items.items()]
    keys = [(request.submitted_at.isoformat(), request.pk) for request in items]
    return paging.cut(rows, keys, paging.DEFAULT_LIMIT)


type _Listed = Callable[[Standing, OnePerson, str, str | None], Page[Held] | Page[AskedFor]]

LISTS: Mapping[str, _Listed] = {"roles": _roles, "codes": _codes, "requests": _requests}
"""What is listed of a person, each with pages of its own: what to find is searched for, after a key."""


def _items(page: QuerySet[Request, Any]) -> QuerySet[RequestItem]:
    """Return what the requests of a page ask for now, in the order of the page."""
    asked = RequestItem.objects.filter(
        OnPage(F("request"), Subquery(page)), request_version=F("request__version")
    )
    return asked.select_related("organization", "request").order_by(
        "-request__submitted_at", "-request", "position"
    )


def _asked_for(standing: Standing, request: Request, items: Sequence[RequestItem]) -> AskedFor:
    roles = (role_title(standing.book, item.role_id) for item in items if item.role_id)
    places = (item.organization.name for item in items if item.organization)
    return AskedFor(
        request_id=request.public_id,
        state=request.state,
        roles=tuple(dict.fromkeys(roles)),
        organizations=tuple(dict.fromkeys(places)),
        submitted_at=request.submitted_at,
    )


def without_person(viewer: Account, program_id: str, account_id: uuid.UUID | str, at: datetime) -> Without:
    """Return what stops without somebody. Raises NotFound as `one_person` does."""
    standing = stewards_standing(viewer, program_id, at)
    account = Account.objects.filter(
        public_id=public_id_of(account_id), participations__program_id=program_id
    ).first()
    if account is None:
        raise NotFound
    return Without(_only_official_of(standing, account), _waits_only_for(standing, account))


def _only_official_of(standing: Standing, account: Account) -> tuple[str, ...]:
    """Return the organizations whose only active official somebody is, by name; of many the first."""
    officials = Grant.objects.filter(
        in_force(standing.at), official_grants(standing.book, standing.at), program_id=standing.program_id
    )
    others = officials.filter(organization=OuterRef("organization")).exclude(account=account)
    alone = officials.filter(~Exists(others), account=account, organization__isnull=False)
    names = alone.order_by("organization__name", "organization").values_list(
        "organization__name", "organization"
    )
    return tuple(name for name, _ in names.distinct()[: paging.DEFAULT_LIMIT])


def _waits_only_for(standing: Standing, account: Account) -> int:
    """Return how many open stages somebody may decide that nobody else in office may."""
    theirs = standing_of(account, standing.program_id, standing.at)
    stages = Stage.objects.filter(program_id=standing.program_id, state=Stage.State.OPEN)
    alone = stages.filter(stages_in_office(theirs))
    return alone.filter(stages_with_nobody_left(standing.book, standing.at, besides=account)).count()
