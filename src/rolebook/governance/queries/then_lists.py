"""On that day: who held what at an earlier instant, for those who may see it today (issue "as of a date").

Every query asks what the viewer may see now, and shows them what was so then. Files are made of the same pages.
"""

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Access, Grant, Participation, RequestItem, Stage
from rolebook.governance.one_look import once
from rolebook.governance.origins import Holding
from rolebook.governance.past.holdings import PastPerson, accesses_at, grants_at, people_at
from rolebook.governance.past.places import PastPlaces
from rolebook.governance.past.sign_ins import parts_then
from rolebook.governance.queries import paging
from rolebook.governance.queries.asking import shows, visible
from rolebook.governance.queries.naming import sees_names
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.person_search import called
from rolebook.governance.queries.seeing import not_yours, public_id_of, viewer_standing
from rolebook.governance.queries.stewards import administers, stewards_standing
from rolebook.governance.queries.then_rows import PersonThen, PlaceThen, book_then, place_then, rows_then
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class WantedThen:
    """What a list is narrowed to; empty: everybody. ``organization`` is part of a name, code or number."""

    search: str = ""
    role_id: str = ""
    organization: str = ""


@dataclass(frozen=True, slots=True)
class UsersThen:
    """Who was connected to one organization, by name.

    ``in_force``: whether a rolebook was in force here at that instant; what is shown of before is what was imported.
    """

    place: PlaceThen
    people: Page[PersonThen]
    in_force: bool


@dataclass(frozen=True, slots=True)
class WaitedThen:
    """A request that waited at an organization then: for whom, asked by whom, since when, and what became of it."""

    request_id: uuid.UUID
    beneficiary: str
    requester: str
    roles: tuple[str, ...]
    opened_at: datetime
    state: str
    settled_at: datetime | None


def organization_for_past(
    standing: Standing, organization_id: uuid.UUID | str, act: Act = Act.VIEW_USERS
) -> Organization:
    """Return an organization whose past the viewer may see: who may do ``act`` there today; a closed one, its stewards.

    Raises NotAllowed at one of the viewer's own where the act is not theirs, and NotFound for any other.
    """
    public_id = public_id_of(organization_id)
    rows = Organization.objects.filter(program_id=standing.program_id, public_id=public_id)
    organization = once(("organization then", standing.program_id, public_id), rows.first)
    if organization is None:
        raise NotFound
    if organization.closed_at is not None and organization.closed_at <= standing.at:
        if administers(standing):
            return organization
        raise NotFound
    if standing.may(act, organization):
        return organization
    raise not_yours(standing, organization, "not_yours_to_view")


def users_then(
    viewer: Account,
    organization_id: uuid.UUID | str,
    program_id: str,
    at: datetime,
    now: datetime,
    *,
    wanted: WantedThen | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> UsersThen:
    """Return who was connected to an organization at ``at``, as View Users has them now.

    Raises as `organization_for_past` does.
    """
    standing = viewer_standing(viewer, program_id, now)
    organization = organization_for_past(standing, organization_id)
    asked = wanted or WantedThen()
    _, book, was_in_force = book_then(program_id, at)
    apart = standing.book.access == "apart from roles"
    places = PastPlaces(program_id, at)
    places.look_up([organization])
    there = {organization.pk}
    grants = grants_at(program_id, at)
    if asked.role_id:
        grants = grants.filter(role_id=asked.role_id)
    connected: QuerySet[Grant] | QuerySet[Access] = grants.filter(organization=organization)
    people = parts_then(program_id, at)
    if apart:
        above = places.chain(organization.pk)[1:]
        connected = accesses_at(program_id, at).filter(
            Q(organization=organization) | Q(organization__in=above, lower_levels=True)
        )
        there |= set(above)
        if asked.role_id:
            people = people.filter(Exists(grants.filter(participation=OuterRef("pk"))))
    people = people.filter(Exists(connected.filter(participation=OuterRef("pk"))))
    parts, next_after = _paged(people, asked.search, after, limit)

    def reaches(one: Holding) -> bool:
        if isinstance(one, Access):
            return one.organization_id == organization.pk or (
                one.organization_id in there and one.lower_levels
            )
        return apart or one.organization_id == organization.pk

    past = people_at(program_id, [one.account for one in parts], at, apart=apart, parts=parts)
    places.look_up(
        one.organization
        for person in past
        for one in person.held
        if one.organization is not None and reaches(one)
    )
    rows = rows_then(past, book, at, now, wanted=reaches, places=places)
    return UsersThen(place_then(places, organization), Page(rows, next_after), was_in_force)


def waited_then(
    viewer: Account,
    organization_id: uuid.UUID | str,
    program_id: str,
    at: datetime,
    now: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[WaitedThen]:
    """Return the requests whose stage at an organization was open at ``at``, oldest first; raises as that does."""
    standing = viewer_standing(viewer, program_id, now)
    organization = organization_for_past(standing, organization_id)
    _, book, _ = book_then(program_id, at)
    length = paging.bounded(limit)
    stages = Stage.objects.filter(
        Q(settled_at=None) | Q(settled_at__gt=at),
        program_id=program_id,
        organization=organization,
        opened_at__lte=at,
    )
    stages = stages.filter(paging.following(paging.instant_key(after), "opened_at"))
    # With their items by one statement: a line for each item of these stages.
    first = stages.order_by("opened_at", "pk").values("pk")[: length + 1]
    lines = Stage.items.through.objects.filter(stage__in=first).select_related(
        "stage__request__beneficiary", "stage__request__requester", "requestitem"
    )
    items: dict[int, list[RequestItem]] = {}
    rows: dict[int, Stage] = {}
    for line in lines.order_by("stage__opened_at", "stage", "requestitem"):
        rows.setdefault(line.stage_id, line.stage)
        items.setdefault(line.stage_id, []).append(line.requestitem)
    told = [
        WaitedThen(
            stage.request.public_id,
            stage.request.beneficiary.name,
            stage.request.requester.name,
            tuple(
                dict.fromkeys(
                    role_title(book, item.role_id) if item.role_id else item.get_kind_display()
                    for item in items[stage.pk]
                )
            ),
            stage.opened_at or stage.request.submitted_at,
            stage.state,
            stage.settled_at,
        )
        for stage in rows.values()
    ]
    keys = [((stage.opened_at or at).isoformat(), stage.pk) for stage in rows.values()]
    return paging.cut(told, keys, length)


def people_then(
    viewer: Account,
    program_id: str,
    at: datetime,
    now: datetime,
    *,
    wanted: WantedThen | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[PersonThen]:
    """Return everybody who held anything in the program at ``at``, by name, for its stewards of today.

    Raises NotFound for everybody else.
    """
    standing = stewards_standing(viewer, program_id, now)
    asked = wanted or WantedThen()
    _, book, _ = book_then(program_id, at)
    apart = standing.book.access == "apart from roles"
    mine = in_force(at) & Q(program_id=program_id, participation=OuterRef("pk"))
    place = paging.search_words(asked.organization)
    if place:
        mine &= Q(
            organization__in=Organization.objects.filter(program_id=program_id, search_key__contains=place)
        )
    people = parts_then(program_id, at).filter(_held_then(mine, asked, place=bool(place), apart=apart, at=at))
    parts, next_after = _paged(people, asked.search, after, limit)
    past = people_at(program_id, [one.account for one in parts], at, apart=apart, parts=parts)
    return Page(rows_then(past, book, at, now), next_after)


def _held_then(mine: Q, asked: WantedThen, *, place: bool, apart: bool, at: datetime) -> Q:
    """Return the condition for people who held what is asked for; ``mine`` finds what they held at the place."""
    grants, codes = Q(Exists(Grant.objects.filter(mine))), Q(Exists(Access.objects.filter(mine)))
    if not asked.role_id:
        return grants | codes if apart else grants
    there = Q(Exists(Grant.objects.filter(mine, role_id=asked.role_id)))
    if not (place and apart):
        return there
    # Apart from roles, it is the access that is held at a place, and the role at none.
    anywhere = Grant.objects.filter(in_force(at), participation=OuterRef("pk"), role_id=asked.role_id)
    return there | (Q(Exists(anywhere)) & codes)


def person_then(
    viewer: Account, account_id: uuid.UUID | str, program_id: str, at: datetime, now: datetime
) -> PersonThen:
    """Return what one person held at ``at``: to a steward and to themselves all of it, else what View Users shows.

    Of oneself, who decided is named where the viewer may see persons; elsewhere the office is told (decision 33).
    Raises NotFound for somebody of whom the viewer may see nothing.
    """
    standing = viewer_standing(viewer, program_id, now)
    part = parts_then(program_id, at).filter(account__public_id=public_id_of(account_id)).first()
    if part is None:
        raise NotFound
    account = part.account
    _, book, _ = book_then(program_id, at)
    apart = standing.book.access == "apart from roles"
    past = people_at(program_id, [account], at, apart=apart, parts=[part])
    seen: frozenset[uuid.UUID] | None = None
    own = account.pk == viewer.pk
    if not own and not administers(standing):
        seen = seen_among(standing, past)
        if not seen and not seen_of(standing, [account.pk], now):
            raise NotFound
    [row] = rows_then(
        past,
        book,
        at,
        now,
        wanted=lambda one: seen is None or one.public_id in seen,
        tells_names=(lambda there: sees_names(standing, there)) if own else None,
    )
    return row


def seen_among(standing: Standing, people: Sequence[PastPerson]) -> frozenset[uuid.UUID]:
    """Return what `seen_of` does, of people whose holdings have been read; no statement."""
    offices = standing.offices(Act.VIEW_USERS)
    if standing.book.access != "apart from roles":
        return frozenset(
            one.public_id
            for person in people
            for one in person.grants
            if any(shows(standing, office, one) for office in offices)
        )
    found: set[uuid.UUID] = set()
    for person in people:
        codes = [
            one.public_id
            for one in person.accesses
            if any(
                office.covers(one.organization) if office.organization_id is not None else office.lower_levels
                for office in offices
            )
        ]
        found |= {*codes, *(one.public_id for one in person.grants if codes)}
    return frozenset(found)


def seen_of(standing: Standing, accounts: Collection[int], at: datetime) -> frozenset[uuid.UUID]:
    """Return the public ids of what people (internal ids) held at ``at`` and the viewer may see, as in View Users.

    Where access is held apart from roles, it is the access that connects a person: with it all their roles are seen.
    One statement, or two.
    """
    mine = grants_at(standing.program_id, at).filter(account__in=accounts)
    if standing.book.access != "apart from roles":
        return frozenset(mine.filter(visible(standing)).values_list("public_id", flat=True))
    places = Q(pk__in=[])
    for office in standing.offices(Act.VIEW_USERS):
        if office.organization_id is not None:
            places |= office.where()
        elif office.lower_levels:
            places |= Q(organization__isnull=False)
    theirs = accesses_at(standing.program_id, at).filter(places, account__in=accounts)
    codes = dict(theirs.values_list("public_id", "account"))
    roles = mine.filter(account__in=set(codes.values())).values_list("public_id", flat=True)
    return frozenset({*codes, *roles})


def _paged(
    people: QuerySet[Participation], search: str, after: str | None, limit: int
) -> tuple[list[Participation], str | None]:
    """Return the parts of one page of people by name, and the key of the next."""
    length = paging.bounded(limit)
    words = paging.search_words(search)
    if words:
        people = people.filter(called(words, "account__"))
    found = list(people.filter(after_name(after)).order_by("account__name", "account")[: length + 1])
    more = len(found) > length
    last = found[length - 1].account if more else None
    return found[:length], None if last is None else paging.to_text((last.name, last.pk))


def after_name(after: str | None) -> Q:
    """Return the SQL condition for parts of people who come after one in a list by name; its key as text for a link."""
    return paging.following(paging.from_text(after), "account__name", "account")


def every_row(page: Callable[[str | None], Page[PersonThen]]) -> Iterator[PersonThen]:
    """Yield the rows of a list page after page, a page's worth in memory; ``page`` gives the one after a key."""
    after: str | None = None
    while True:
        found = page(after)
        yield from found.rows
        after = found.next_after
        if after is None:
            return
