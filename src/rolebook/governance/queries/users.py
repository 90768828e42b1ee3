"""View Users: everybody connected to one organization, and everybody pending there (QPP-06, -15)."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, covered_role_ids, in_force
from rolebook.governance.models import Grant, Stage
from rolebook.governance.queries import paging
from rolebook.governance.queries.codes import connected_by_access, number_reaching
from rolebook.governance.queries.counting import COUNTED_TO, people_counted, rows_counted
from rolebook.governance.queries.fsid import MANAGE, has_fsids
from rolebook.governance.queries.listed import ConnectedUser, HeldRole
from rolebook.governance.queries.officials import (
    OfficialsHint,
    WhomToContact,
    few_officials,
    identifier_titles,
    identifiers_of,
    is_official,
    official_grants,
    who_else_removes,
)
from rolebook.governance.queries.paging import OnPage, Page
from rolebook.governance.queries.pending import PendingRow, pending_at, role_title
from rolebook.governance.queries.person_search import called
from rolebook.governance.queries.seeing import organization_for, viewer_standing
from rolebook.governance.quiet import is_in
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
class OrganizationUsers:
    """One organization's users; each list has its own key for the next page.

    Who is connected and what waits is counted to COUNTED_TO; officials are all counted.
    """

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
        # Where access is held apart from roles, it is the access that connects a person to an organization.
        apart = standing.book.access == "apart from roles"
        connect = connected_by_access if apart else _connected
        connected = connect(standing, organization, role_id=role_id, search=search, after=after, limit=limit)
    if show != "connected":
        pending = pending_at(
            standing, organization, role_id=role_id, search=search, after=pending_after, limit=limit
        )
    (number_connected, officials, number_pending), identifiers = _numbers_and_identifiers(
        standing, organization
    )
    line = _line(standing, organization, identifiers)
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
            who_else=who_else_removes(standing, organization),
            contact=standing.book.program.contact,
            organization_name=organization.name,
            identifiers=line.identifiers,
        ),
    )


def _numbers_and_identifiers(
    standing: Standing, organization: Organization
) -> tuple[tuple[int, int, int], tuple[tuple[str, str], ...]]:
    """Return how many are connected, how many of them officials, how many stages are open; and the identifiers.

    One statement. Each number is a subquery of its own, so that counting many users joins nothing.
    """
    held = _held_there(standing, organization)
    pending = Stage.objects.filter(
        program_id=standing.program_id, organization=organization, state=Stage.State.OPEN
    )
    rows = list(
        Organization.objects.filter(pk=organization.pk)
        .order_by("identifiers__scheme", "identifiers__pk")
        .values_list(
            "identifiers__scheme",
            "identifiers__value",
            _number_connected(standing, organization, held),
            officials_counted(held.filter(official_grants(standing.book, standing.at))),
            rows_counted(pending),
        )
    )
    titles = identifier_titles(standing.book)
    numbers = tuple(found or 0 for found in rows[0][2:])
    return (min(numbers[0], COUNTED_TO), numbers[1], numbers[2]), tuple(
        (titles.get(scheme, scheme), value) for scheme, value, *_ in rows if scheme is not None
    )


def _number_connected(standing: Standing, organization: Organization, held: QuerySet[Grant]) -> Subquery:
    if standing.book.access == "apart from roles":
        return number_reaching(standing, organization)
    return people_counted(held, len(standing.book.roles))


def officials_counted(grants: QuerySet[Grant]) -> Subquery:
    """Return how many people hold grants of one organization, every one counted, as a subquery; NULL for none."""
    counted = grants.order_by().values("organization").annotate(number=Count("account", distinct=True))
    return Subquery(counted.values("number"))


def organization_line(standing: Standing, organization: Organization) -> OrganizationLine:
    """Return an organization as pages name it; one query for its identifiers."""
    identifiers = identifiers_of(standing.book, [organization]).get(organization.pk, ())
    return _line(standing, organization, identifiers)


def _line(
    standing: Standing, organization: Organization, identifiers: tuple[tuple[str, str], ...]
) -> OrganizationLine:
    kind = standing.book.kind(organization.kind_id)
    return OrganizationLine(
        organization_id=organization.public_id,
        name=organization.name,
        code=organization.code,
        kind_title=organization.kind_id if kind is None else kind.title,
        identifiers=identifiers,
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
        there = there.filter(called(words, "account__"))
        people = people.filter(called(words))
    if (words or role_id) and (few := paging.the_few(there.values_list("account", flat=True))) is not None:
        people = people.filter(pk__in=few)
    people = people.filter(paging.following(paging.from_text(after), "name"))
    page = people.order_by("name", "pk").values("pk")[: length + 1]
    held: dict[int, list[Grant]] = {}
    rejected: dict[int, datetime | None] = {}
    theirs = _held_there(standing, organization).filter(OnPage(F("account"), Subquery(page)))
    for grant in (
        theirs.annotate(rejected_at=F("account__address_standing__rejected_at"))
        .select_related("account", "participation")
        .order_by("account__name", "account", "starts_at", "pk")
    ):
        held.setdefault(grant.account_id, []).append(grant)
        rejected[grant.account_id] = grant.rejected_at
    removable = removable_role_ids(standing, organization)
    fsids = has_fsids(standing.book) and standing.allows(MANAGE, organization)
    rows = [_row(standing, grants, removable, rejected, fsids=fsids) for grants in held.values()]
    return paging.cut(rows, [(grants[0].account.name, pk) for pk, grants in held.items()], length)


def _row(
    standing: Standing,
    grants: Sequence[Grant],
    removable: Collection[str],
    rejected: Mapping[int, datetime | None],
    *,
    fsids: bool,
) -> ConnectedUser:
    person, participation = grants[0].account, grants[0].participation
    is_viewer = person.pk == standing.account.pk
    return ConnectedUser(
        account_id=person.public_id,
        name=person.name,
        user_id=person.user_id,
        email=person.email,
        roles=tuple(held_role(standing, grant) for grant in grants),
        is_active=person.is_active and is_in(participation, standing.at),
        is_viewer=is_viewer,
        may_remove=not is_viewer and all(grant.role_id in removable for grant in grants),
        last_signed_in_at=participation.last_signed_in_at,
        fsid=participation.fsid if fsids else None,
        rejected_since=rejected.get(person.pk),
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
