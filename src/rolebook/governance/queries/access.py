"""My access and why I have it; and what a removal would end, before it is confirmed (QPP-10, -11)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries import paging
from rolebook.governance.queries.codes import accesses_of, code_line
from rolebook.governance.queries.held_days import held_days
from rolebook.governance.queries.last_use import LastUse, last_uses
from rolebook.governance.queries.listed import HeldRole
from rolebook.governance.queries.officials import only_official
from rolebook.governance.queries.organization_search import matching
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.seeing import organization_for, public_id_of, viewer_standing
from rolebook.governance.queries.users import (
    OrganizationLine,
    held_role,
    organization_line,
    removable_role_ids,
)
from rolebook.governance.queries.why import Why, whys_of
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.model import Act, Power
from rolebook.policy.rules import Violation


@dataclass(frozen=True, slots=True)
class HeldAccess:
    """One grant of the viewer's own, what it lets them do, and why they have it, where that was asked.

    ``days`` says in words when it ends, or from when to when it holds where it ``begins_later``.
    """

    role: HeldRole
    organization_id: uuid.UUID | None
    organization_name: str | None
    organization_code: str | None
    organization_kind_id: str | None
    powers: tuple[Power, ...]
    why: Why | None
    days: str = ""
    begins_later: bool = False
    last_use: LastUse | None = None
    """When it was last used, as far as that is known, where reasons were asked."""


@dataclass(frozen=True, slots=True)
class RemovalPreview:
    """What "Yes, Remove Access" would end."""

    organization: OrganizationLine
    beneficiary_id: uuid.UUID
    beneficiary_name: str
    roles: tuple[HeldRole, ...]


def my_access(
    viewer: Account, program_id: str, at: datetime, *, reasons: bool = True
) -> tuple[HeldAccess, ...]:
    """Return every grant of the viewer's in a program that is in force or begins later, oldest first, with its reason.

    One statement without ``reasons``, seven with them, two more for what reactivations opened.
    """
    standing = viewer_standing(viewer, program_id, at)
    return _held(standing, list(_grants(standing)), reasons=reasons)


def my_access_page(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    search: str = "",
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
    reasons: bool = True,
) -> Page[HeldAccess]:
    """Return the same a page at a time, by as many statements.

    ``search`` is part of the name, code or number of an organization at which a role is held.
    """
    standing = viewer_standing(viewer, program_id, at)
    length = paging.bounded(limit)
    grants = _grants(standing)
    if paging.search_words(search):
        grants = grants.filter(matching(search, "organization__"))
    grants = grants.filter(paging.following(paging.instant_key(after), "starts_at"))
    found = list(grants[: length + 1])
    rows = _held(standing, found[:length], reasons=reasons)
    last = found[length - 1] if len(found) > length else None
    return Page(rows, None if last is None else paging.to_text((last.starts_at.isoformat(), last.pk)))


def _grants(standing: Standing) -> QuerySet[Grant]:
    """Return the viewer's own grants in force, and those that begin later, with what opened them."""
    at = standing.at
    mine = Grant.objects.filter(
        in_force(at) | Q(starts_at__gt=at, closed_at=None),
        program_id=standing.program_id,
        account=standing.account,
    )
    return mine.select_related(
        "account",
        "organization",
        "request_item__request__requester",
        "designation__designated_by",
        "imported__imported",
        "registration__answered_by",
        "record__organization",
    ).order_by("starts_at", "pk")


def _held(standing: Standing, grants: Sequence[Grant], *, reasons: bool) -> tuple[HeldAccess, ...]:
    whys = whys_of(standing, grants) if reasons else {}
    uses = last_uses(standing.book, grants, standing.at) if reasons else {}
    return tuple(
        HeldAccess(
            role=held_role(standing, grant),
            organization_id=None if grant.organization is None else grant.organization.public_id,
            organization_name=None if grant.organization is None else grant.organization.name,
            organization_code=None if grant.organization is None else grant.organization.code,
            organization_kind_id=None if grant.organization is None else grant.organization.kind_id,
            powers=tuple(standing.book.powers(grant.role_id).values()),
            why=whys.get(grant.public_id),
            days=held_days(standing, grant),
            begins_later=grant.starts_at > standing.at,
            last_use=uses.get(grant.pk),
        )
        for grant in grants
    )


def removal_preview(
    viewer: Account,
    organization_id: uuid.UUID | str,
    beneficiary_id: uuid.UUID | str,
    program_id: str,
    at: datetime,
) -> RemovalPreview:
    """Return what removing a person's access at an organization would end, judged as the removal itself is.

    Raises NotAllowed and NotFound as View Users does, NotFound also for somebody who holds nothing there, and Refused
    for one's own access.
    """
    standing = viewer_standing(viewer, program_id, at)
    organization, ends = removable(standing, organization_id, beneficiary_id)
    roles = [held_role(standing, grant) for grant in ends.grants]
    return RemovalPreview(
        organization=organization_line(standing, organization),
        beneficiary_id=ends.beneficiary.public_id,
        beneficiary_name=ends.beneficiary.name,
        roles=(*roles, *map(code_line, ends.accesses)),
    )


@dataclass(frozen=True, slots=True)
class Removable:
    """What a removal at an organization ends: every grant there, and access apart from roles to it."""

    beneficiary: Account
    grants: tuple[Grant, ...]
    accesses: tuple[Access, ...]


def removable(
    standing: Standing, organization_id: uuid.UUID | str, beneficiary_id: uuid.UUID | str
) -> tuple[Organization, Removable]:
    """Return the organization and all that a person holds there; raises as `removal_preview` says."""
    organization = organization_for(standing, organization_id, Act.REMOVE)
    beneficiary = Account.objects.filter(public_id=public_id_of(beneficiary_id)).first()
    if beneficiary is None:
        raise NotFound
    grants = grants_at(standing, organization, beneficiary)
    accesses = tuple(
        accesses_of(standing, beneficiary, organization).select_related("account", "organization")
        if standing.book.access == "apart from roles"
        else ()
    )
    if not grants and not accesses:
        raise NotFound
    if beneficiary.pk == standing.account.pk:
        raise Refused([own_removal(standing, organization)])
    allowed = removable_role_ids(standing, organization)
    if any(grant.role_id not in allowed for grant in grants):
        raise NotAllowed
    if accesses and standing.office_over(Act.REMOVE, organization, ()) is None:
        raise NotAllowed
    return organization, Removable(beneficiary, grants, accesses)


def grants_at(
    standing: Standing, organization: Organization | None, beneficiary: Account
) -> tuple[Grant, ...]:
    """Return what a person holds at an organization (None: at none), grants that start later too: access they are."""
    return tuple(
        Grant.objects.filter(program_id=standing.program_id, organization=organization, account=beneficiary)
        .filter(closed_at=None)
        .exclude(ends_at__lte=standing.at)
        .select_related("account", "organization")
        .order_by("pk")
    )


def own_removal(standing: Standing, organization: Organization) -> Violation:
    """Return why nobody removes their own access, with whom to ask instead (QPP-11)."""
    params = {"organization": organization.name, "role": _titles(standing, organization)}
    alone = only_official(standing.book, organization.pk, standing.account.pk, standing.at)
    return Violation("only_official" if alone else "own_access", params)


def _titles(standing: Standing, organization: Organization) -> str:
    apart = standing.book.access == "apart from roles"
    places = {None} if apart else {str(organization.pk)}
    held = [h.role_id for h in standing.person.holdings if h.organization_id in places]
    return ", ".join(role_title(standing.book, role_id) for role_id in held)
