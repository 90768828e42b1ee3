"""Connected Organizations: where the viewer holds something, and what they may do there (QPP-03, -06, -12)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import OuterRef, Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Office, Standing, in_force
from rolebook.governance.models import Grant, Stage
from rolebook.governance.queries import paging
from rolebook.governance.queries.counting import rows_counted
from rolebook.governance.queries.officials import (
    OfficialsHint,
    few_officials,
    identifier_titles,
    is_official,
    official_grants,
)
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.users import OrganizationLine, officials_counted
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class ConnectedOrganization:
    """One organization of the viewer's.

    Attributes:
        role_titles: what the viewer holds there; empty where they only look after it (a steward, a higher level).
        may_view_users: whether View Users is shown.
        number_of_officials, number_pending: None unless the viewer may view users; what waits is counted to COUNTED_TO.
        hint: advice to add an official, for those who may view users.
        only_official: whether the viewer is the organization's only official.
    """

    organization: OrganizationLine
    role_titles: tuple[str, ...]
    may_view_users: bool
    number_of_officials: int | None
    number_pending: int | None
    hint: OfficialsHint | None
    only_official: bool


def connected_organizations(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    search: str = "",
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[ConnectedOrganization]:
    """Return the organizations at which the viewer holds a role or may view users, by name.

    ``search`` is part of a name, code or number.
    """
    standing = viewer_standing(viewer, program_id, at)
    length = paging.bounded(limit)
    offices = standing.offices(Act.VIEW_USERS)
    organizations = _theirs(standing, offices)
    words = paging.search_words(search)
    if words:
        organizations = organizations.filter(search_key__contains=words)
    organizations = organizations.filter(paging.following(paging.from_text(after), "name"))
    found = list(organizations.order_by("name", "pk")[: length + 1])
    rows = _rows(standing, found[:length], offices)
    more = len(found) > length
    return Page(rows, paging.to_text((found[length - 1].name, found[length - 1].pk)) if more else None)


def number_pending_at(
    viewer: Account, program_id: str, organization: Organization, at: datetime
) -> int | None:
    """Return how many requests wait at an organization, counted to COUNTED_TO; None where its users are not theirs."""
    standing = viewer_standing(viewer, program_id, at)
    if not standing.may(Act.VIEW_USERS, organization):
        return None
    numbers, _ = _numbers_and_identifiers(standing, [organization.pk], [organization.pk])
    return numbers[organization.pk].pending


def _theirs(standing: Standing, offices: Sequence[Office]) -> QuerySet[Organization]:
    condition = Q(pk__in=standing.held_organization_ids)
    for office in offices:
        if office.organization_id is None and office.lower_levels:
            condition = Q()
            break
        if office.path is not None and office.lower_levels:
            condition |= Q(path__startswith=office.path)
    still_open = Q(closed_at__isnull=True) | Q(closed_at__gt=standing.at)
    return Organization.objects.filter(condition, still_open, program_id=standing.program_id)


def _rows(
    standing: Standing, organizations: Sequence[Organization], offices: Sequence[Office]
) -> tuple[ConnectedOrganization, ...]:
    visible = [one.pk for one in organizations if any(office.covers(one) for office in offices)]
    numbers, identifiers = _numbers_and_identifiers(standing, [one.pk for one in organizations], visible)
    titles = _own_roles(standing)
    return tuple(
        ConnectedOrganization(
            organization=_line(standing, one, identifiers),
            role_titles=titles.get(one.pk, ()),
            may_view_users=one.pk in visible,
            number_of_officials=numbers[one.pk].officials if one.pk in numbers else None,
            number_pending=numbers[one.pk].pending if one.pk in numbers else None,
            hint=few_officials(standing.book, one.kind_id, numbers[one.pk].officials)
            if one.pk in numbers
            else None,
            only_official=one.pk in numbers and numbers[one.pk].officials == 1 and is_official(standing, one),
        )
        for one in organizations
    )


def _line(
    standing: Standing,
    organization: Organization,
    identifiers: Mapping[int, tuple[tuple[str, str], ...]],
) -> OrganizationLine:
    kind = standing.book.kind(organization.kind_id)
    return OrganizationLine(
        organization_id=organization.public_id,
        name=organization.name,
        code=organization.code,
        kind_title=organization.kind_id if kind is None else kind.title,
        identifiers=identifiers.get(organization.pk, ()),
    )


class _Numbers(NamedTuple):
    officials: int
    pending: int


def _numbers_and_identifiers(
    standing: Standing, organization_pks: Sequence[int], visible: Collection[int]
) -> tuple[Mapping[int, _Numbers], Mapping[int, tuple[tuple[str, str], ...]]]:
    """Return officials and open stages of the visible organizations, and everybody's identifiers; one statement."""
    officials = Grant.objects.filter(
        in_force(standing.at),
        official_grants(standing.book, standing.at),
        program_id=standing.program_id,
        organization=OuterRef("pk"),
    )
    pending = Stage.objects.filter(
        program_id=standing.program_id, organization=OuterRef("pk"), state=Stage.State.OPEN
    )
    rows = (
        Organization.objects.filter(pk__in=organization_pks)
        .order_by("pk", "identifiers__scheme", "identifiers__pk")
        .values_list(
            "pk",
            officials_counted(officials),
            rows_counted(pending),
            "identifiers__scheme",
            "identifiers__value",
        )
    )
    titles = identifier_titles(standing.book)
    numbers: dict[int, _Numbers] = {}
    identifiers: dict[int, list[tuple[str, str]]] = {}
    for pk, number, waiting, scheme, value in rows:
        if pk in visible:
            numbers[pk] = _Numbers(number or 0, waiting or 0)
        if scheme is not None:
            identifiers.setdefault(pk, []).append((titles.get(scheme, scheme), value))
    return numbers, {pk: tuple(pairs) for pk, pairs in identifiers.items()}


def _own_roles(standing: Standing) -> Mapping[int, tuple[str, ...]]:
    """Return the titles of what the viewer holds at each organization, the longest held first."""
    held: dict[int, list[str]] = {}
    for holding in sorted(standing.person.holdings, key=lambda one: one.starts_at):
        if holding.organization_id is not None:
            titles = held.setdefault(int(holding.organization_id), [])
            titles.append(role_title(standing.book, holding.role_id))
    return {pk: tuple(titles) for pk, titles in held.items()}
