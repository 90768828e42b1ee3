"""View Users: everybody connected to one organization, and everybody pending there (QPP-06, -15)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, covered_role_ids, in_force
from rolebook.governance.models import Grant, Participation, Stage
from rolebook.governance.queries import paging
from rolebook.governance.queries.officials import (
    OfficialsHint,
    WhomToContact,
    few_officials,
    identifiers_of,
    is_official,
    official_grants,
)
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import PendingRow, pending_at, role_title
from rolebook.governance.queries.seeing import organization_for, viewer_standing
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class OrganizationLine:
    """An organization as pages name it; ``identifiers`` are (title of the scheme, value), for example ("TIN", …)."""

    organization_id: uuid.UUID
    name: str
    code: str
    kind_title: str
    identifiers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role that a person holds at the organization."""

    grant_id: uuid.UUID
    role_id: str
    role_title: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectedUser:
    """A person with a grant in force at the organization.

    Attributes:
        is_active: whether account and participation are active.
        is_viewer: whether it is the viewer: nobody removes themselves.
        may_remove: whether the viewer may remove every one of the grants listed.
    """

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    roles: tuple[HeldRole, ...]
    is_active: bool
    is_viewer: bool
    may_remove: bool
    last_signed_in_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrganizationUsers:
    """One organization's users; each list has its own key for the next page."""

    organization: OrganizationLine
    connected: Page[ConnectedUser]
    pending: Page[PendingRow]
    number_connected: int
    number_pending: int
    number_of_officials: int
    hint: OfficialsHint | None
    contact: WhomToContact


def users_of_organization(
    viewer: Account,
    organization_id: uuid.UUID | str,
    program_id: str,
    at: datetime,
    *,
    show: Literal["all", "connected", "pending"] = "all",
    role_id: str | None = None,
    search: str = "",
    after: str | None = None,
    pending_after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> OrganizationUsers:
    """Return connected users by name and pending requests by age, of one organization.

    Raises NotAllowed at an organization of the viewer's own where they may not view users, NotFound for any other.
    """
    standing = viewer_standing(viewer, program_id, at)
    organization = organization_for(standing, organization_id, Act.VIEW_USERS, "not_yours_to_view")
    connected: Page[ConnectedUser] = Page(())
    pending: Page[PendingRow] = Page(())
    if show != "pending":
        connected = _connected(
            standing, organization, role_id=role_id, search=search, after=after, limit=limit
        )
    if show != "connected":
        pending = pending_at(standing, organization.pk, search=search, after=pending_after, limit=limit)
    number_connected, officials, number_pending = _numbers(standing, organization)
    line = organization_line(standing, organization)
    return OrganizationUsers(
        organization=line,
        connected=connected,
        pending=pending,
        number_connected=number_connected,
        number_pending=number_pending,
        number_of_officials=officials,
        hint=few_officials(standing.book, organization.kind_id, officials),
        contact=WhomToContact(
            only_official=officials == 1 and is_official(standing, organization),
            contact=standing.book.program.contact,
            organization_name=organization.name,
            identifiers=line.identifiers,
        ),
    )


def _numbers(standing: Standing, organization: Organization) -> tuple[int, int, int]:
    """Return how many people are connected, how many of them are officials, and how many stages are open; one query.

    Each is a subquery of its own, so that counting 100,000 users joins nothing.
    """
    held = _held_there(standing, organization)
    pending = Stage.objects.filter(
        program_id=standing.program_id, organization=organization, state=Stage.State.OPEN
    )

    [numbers] = Organization.objects.filter(pk=organization.pk).values_list(
        counted_there(held, "account"),
        counted_there(held.filter(official_grants(standing.book)), "account"),
        counted_there(pending, "pk"),
    )
    connected, officials, waiting = (found or 0 for found in numbers)
    return connected, officials, waiting


def counted_there(rows: QuerySet[Grant] | QuerySet[Stage], field: str) -> Subquery:
    """Return how many different ``field`` there are in rows of one organization, as a subquery; NULL for none."""
    counted = rows.order_by().values("organization").annotate(number=Count(field, distinct=True))
    return Subquery(counted.values("number"))


def organization_line(standing: Standing, organization: Organization) -> OrganizationLine:
    """Return an organization as pages name it; one query for its identifiers."""
    kind = standing.book.kind(organization.kind_id)
    return OrganizationLine(
        organization_id=organization.public_id,
        name=organization.name,
        code=organization.code,
        kind_title=organization.kind_id if kind is None else kind.title,
        identifiers=identifiers_of(standing.book, [organization]).get(organization.pk, ()),
    )


def _held_there(standing: Standing, organization: Organization) -> QuerySet[Grant]:
    return Grant.objects.filter(
        in_force(standing.at), program_id=standing.program_id, organization=organization
    )


def _connected(
    standing: Standing,
    organization: Organization,
    *,
    role_id: str | None,
    search: str,
    after: str | None,
    limit: int,
) -> Page[ConnectedUser]:
    length = paging.bounded(limit)
    there = _held_there(standing, organization)
    if role_id:
        there = there.filter(role_id=role_id)
    people = Account.objects.filter(Exists(there.filter(account=OuterRef("pk"))))
    words = paging.search_words(search)
    if words:
        people = people.filter(
            Q(name__icontains=words) | Q(user_id__contains=words) | Q(email_key__contains=words)
        )
    key = paging.from_text(after)
    if key is not None:
        people = people.filter(Q(name__gt=key[0]) | Q(name=key[0], pk__gt=key[1]))
    found = list(people.order_by("name", "pk")[: length + 1])
    rows = _rows(standing, organization, found[:length])
    more = len(found) > length
    return Page(rows, paging.to_text((found[length - 1].name, found[length - 1].pk)) if more else None)


def _rows(
    standing: Standing, organization: Organization, people: Sequence[Account]
) -> tuple[ConnectedUser, ...]:
    pks = [person.pk for person in people]
    held: dict[int, list[Grant]] = {}
    there = _held_there(standing, organization).filter(account__in=pks).select_related("participation")
    for grant in there.order_by("starts_at", "pk"):
        held.setdefault(grant.account_id, []).append(grant)
    participations = {pk: theirs[0].participation for pk, theirs in held.items()}
    removable = removable_role_ids(standing, organization)
    return tuple(
        ConnectedUser(
            account_id=person.public_id,
            name=person.name,
            user_id=person.user_id,
            email=person.email,
            roles=tuple(held_role(standing, grant) for grant in held.get(person.pk, ())),
            is_active=person.is_active and participations[person.pk].status == Participation.Status.ACTIVE,
            is_viewer=person.pk == standing.account.pk,
            may_remove=person.pk != standing.account.pk
            and all(grant.role_id in removable for grant in held.get(person.pk, ())),
            last_signed_in_at=participations[person.pk].last_signed_in_at,
        )
        for person in people
    )


def held_role(standing: Standing, grant: Grant) -> HeldRole:
    """Return a grant as pages list it."""
    return HeldRole(
        grant_id=grant.public_id,
        role_id=grant.role_id,
        role_title=role_title(standing.book, grant.role_id),
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
    )


class _Everything(frozenset[str]):
    """Contains every role id, those that the rolebook no longer has too."""

    def __contains__(self, role_id: object) -> bool:
        return isinstance(role_id, str)


def removable_role_ids(standing: Standing, organization: Organization | None) -> frozenset[str]:
    """Return the roles that the viewer's offices let them remove at an organization (None: at none), by category."""
    covered: set[str] = set()
    for office in standing.offices(Act.REMOVE):
        if office.covers(organization):
            if not office.holder.category_ids:
                return _Everything()
            covered.update(covered_role_ids(standing.book, office.holder))
    return frozenset(covered)
