"""One organization, for everybody connected to it: what it is, whom to ask, its officials and its history."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, in_force, is_closed
from rolebook.governance.deciders import holders_at
from rolebook.governance.laying_out import approver_roles, paths_of
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries.officials import OfficialsHint, few_officials, official_grants
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.queries.stewards import administers
from rolebook.governance.queries.users import OrganizationLine, organization_line
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Act, Rolebook

_MOST_OFFICIALS = 50
_MOST_PAST = 100


@dataclass(frozen=True, slots=True)
class Official:
    """An official of the organization, for those who may view its users."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ContactLine:
    """Whom to ask, and what for; ``email`` and ``phone`` may be empty."""

    purpose: str
    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Past:
    """What was so once: "name", "code", a scheme's title, "place" or "closed"; ``value`` is empty for a closing."""

    what: str
    value: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrganizationPage:
    """An organization as its page shows it.

    Attributes:
        above: names of the organizations that it belongs to, from the top down.
        officials: None where the viewer may not view its users.
        hint: advice to add an official, for those who may view users.
        may_administer: whether the viewer may change it.
        past: what was so once, the latest first; the present is not among it.
    """

    organization: OrganizationLine
    kind_id: str
    above: tuple[str, ...]
    contacts: tuple[ContactLine, ...]
    officials: tuple[Official, ...] | None
    hint: OfficialsHint | None
    may_view_users: bool
    may_administer: bool
    closed_at: datetime | None
    past: tuple[Past, ...]


def organization_page(
    viewer: Account, program_id: str, organization_id: uuid.UUID | str, at: datetime
) -> OrganizationPage:
    """Return an organization's page for somebody who is connected to it, looks after it, or administers the program.

    Raises NotFound for every other organization, and for a closed one except for who administers the program: as if
    there were none.
    """
    standing = viewer_standing(viewer, program_id, at)
    organization = visible_organization(standing, organization_id)
    views = standing.may(Act.VIEW_USERS, organization)
    officials = _officials(standing, organization) if views else None
    number = 0 if officials is None else len(officials)
    return OrganizationPage(
        organization=organization_line(standing, organization),
        kind_id=organization.kind_id,
        above=_above(organization),
        contacts=_contacts(organization),
        officials=officials,
        hint=few_officials(standing.book, organization.kind_id, number) if views else None,
        may_view_users=views,
        may_administer=administers(standing),
        closed_at=organization.closed_at,
        past=past_of(standing.book, organization),
    )


def visible_organization(standing: Standing, organization_id: uuid.UUID | str) -> Organization:
    """Return an organization that the viewer is connected to or looks after. Raises NotFound for every other one."""
    public_id = public_id_of(organization_id)
    organization = (
        Organization.objects.filter(program_id=standing.program_id, public_id=public_id)
        .select_related("parent")
        .first()
    )
    if organization is None:
        raise NotFound
    if administers(standing):
        return organization
    if is_closed(organization, standing.at):
        raise NotFound
    connected = organization.pk in standing.held_organization_ids
    if connected or standing.may(Act.VIEW_USERS, organization) or _has_access(standing, organization):
        return organization
    raise NotFound


def _has_access(standing: Standing, organization: Organization) -> bool:
    if standing.book.access != "apart from roles":
        return False
    held = Access.objects.filter(in_force(standing.at), account=standing.account, organization=organization)
    return held.exists()


def _officials(standing: Standing, organization: Organization) -> tuple[Official, ...]:
    if standing.book.access == "apart from roles":
        return _in_office(standing, organization)
    grants = Grant.objects.filter(
        in_force(standing.at),
        official_grants(standing.book, standing.at),
        program_id=standing.program_id,
        organization=organization,
    )
    # Each by itself, and no join: for the order of names PostgreSQL goes through all accounts by name, to stop at the
    # fiftieth official, and where there are fewer it reads them all.
    person = Account.objects.filter(pk=OuterRef("account"))
    people = grants.annotate(by_name=Subquery(person.values("name")), email=Subquery(person.values("email")))
    rows = people.order_by("by_name", "account").values_list("by_name", "email", "account").distinct()
    return tuple(Official(name, email) for name, email, _ in rows[:_MOST_OFFICIALS])


def _in_office(standing: Standing, organization: Organization) -> tuple[Official, ...]:
    """Return who is in the first office of the chain that has anybody, where access is held apart from roles."""
    for role_id in approver_roles(standing.book, paths_of([organization])[organization.pk]):
        people = holders_at(standing.book, role_id, organization, standing.at).order_by("name", "pk")
        if found := tuple(people[:_MOST_OFFICIALS]):
            return tuple(Official(one.name, one.email) for one in found)
    return ()


def _above(organization: Organization) -> tuple[str, ...]:
    ids = [int(step) for step in organization.path.split("/") if step][:-1]
    names = dict(Organization.objects.filter(pk__in=ids).values_list("pk", "name"))
    return tuple(names[pk] for pk in ids if pk in names)


def _contacts(organization: Organization) -> tuple[ContactLine, ...]:
    rows = organization.contacts.order_by("purpose").values_list("purpose", "name", "email", "phone")
    return tuple(ContactLine(*row) for row in rows)


def scheme_titles(book: Rolebook) -> Mapping[str, str]:
    """Return what the schemes of identifiers are called."""
    return {kind.identifier_scheme: kind.identifier_title for kind in book.organization_kinds}


def past_of(book: Rolebook, organization: Organization) -> tuple[Past, ...]:
    """Return what was so of an organization once, the latest first; of a long life the latest hundred of each."""
    titles = scheme_titles(book)
    values = organization.former_values.order_by("-ends_at")[:_MOST_PAST]
    found = [Past(titles.get(one.what, one.what), one.value, one.starts_at, one.ends_at) for one in values]
    placements = organization.placements.filter(ends_at__isnull=False).select_related("parent")
    found += [
        Past("place", one.parent.name if one.parent is not None else "", one.starts_at, one.ends_at)
        for one in placements.order_by("-ends_at")[:_MOST_PAST]
    ]
    closings = organization.closings.order_by("-starts_at")[:_MOST_PAST]
    found += [Past("closed", "", one.starts_at, one.ends_at) for one in closings]
    return tuple(sorted(found, key=lambda one: one.ends_at or one.starts_at, reverse=True))
