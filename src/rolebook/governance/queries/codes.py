"""Organizations held apart from roles: one's own with why, everybody who reaches one, and what a removal would end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.rejected_addresses import rejected_since
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Access, Grant, Participation
from rolebook.governance.queries import paging
from rolebook.governance.queries.counting import people_counted
from rolebook.governance.queries.held_days import held_days
from rolebook.governance.queries.listed import ConnectedUser, HeldRole
from rolebook.governance.queries.organization_search import matching
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.person_search import called
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.why import Why, whys_of
from rolebook.governance.quiet import is_in
from rolebook.policy.model import Act

_TOLD = (
    "account",
    "organization",
    "request_item__request__requester",
    "designation__designated_by",
    "imported__imported",
)
"""What is read with access, to say why it is held."""


@dataclass(frozen=True, slots=True)
class HeldCode:
    """One organization held apart from roles, now or later, and why.

    ``days`` says in words when it ends, or from when to when it holds where it ``begins_later``.
    """

    organization_name: str
    organization_code: str
    lower_levels: bool
    starts_at: datetime
    ends_at: datetime | None
    why: Why
    days: str
    begins_later: bool


def my_codes(viewer: Account, program_id: str, at: datetime) -> tuple[HeldCode, ...]:
    """Return the viewer's own access apart from roles, what begins later too; none in programs without such access."""
    standing = viewer_standing(viewer, program_id, at)
    if standing.book.access != "apart from roles":
        return ()
    return _held_codes(standing, list(accesses_of(standing, viewer).select_related(*_TOLD)))


def my_codes_page(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    search: str = "",
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[HeldCode]:
    """Return the same a page at a time, by as many statements.

    ``search`` is part of the name, code or number of an organization.
    """
    standing = viewer_standing(viewer, program_id, at)
    if standing.book.access != "apart from roles":
        return Page(())
    length = paging.bounded(limit)
    later = paging.following(paging.from_text(after), "organization__code")
    accesses = accesses_of(standing, viewer).filter(matching(search, "organization__"), later)
    found = list(accesses.select_related(*_TOLD)[: length + 1])
    rows = _held_codes(standing, found[:length])
    last = found[length - 1] if len(found) > length else None
    return Page(rows, None if last is None else paging.to_text((last.organization.code, last.pk)))


def _held_codes(standing: Standing, accesses: Sequence[Access]) -> tuple[HeldCode, ...]:
    whys = whys_of(standing, accesses)
    return tuple(_held_code(standing, access, whys[access.public_id]) for access in accesses)


def accesses_of(
    standing: Standing, account: Account, organization: Organization | None = None
) -> QuerySet[Access]:
    """Return somebody's access that is open or begins later, at one organization or at all."""
    found = Access.objects.filter(program_id=standing.program_id, account=account, closed_at=None)
    if organization is not None:
        found = found.filter(organization=organization)
    return found.exclude(ends_at__lte=standing.at).order_by("organization__code", "pk")


def _held_code(standing: Standing, access: Access, why: Why) -> HeldCode:
    return HeldCode(
        access.organization.name,
        access.organization.code,
        access.lower_levels,
        access.starts_at,
        access.ends_at,
        why,
        held_days(standing, access),
        access.starts_at > standing.at,
    )


def reaching(standing: Standing, organization: Organization) -> QuerySet[Access]:
    """Return the access in force that reaches an organization: to it, or to one above with its lower levels."""
    above = [int(step) for step in organization.path.split("/") if step]
    return Access.objects.filter(
        in_force(standing.at),
        Q(organization=organization) | Q(organization__in=above, lower_levels=True),
        program_id=standing.program_id,
    )


def number_reaching(standing: Standing, organization: Organization) -> Subquery:
    """Return how many people's access reaches an organization, counted as `people_counted` does, as a subquery."""
    levels = organization.path.count("/")
    return people_counted(reaching(standing, organization), levels)


def connected_by_access(
    standing: Standing,
    organization: Organization,
    *,
    role_id: str | None,
    search: str,
    after: str | None,
    limit: int,
) -> Page[ConnectedUser]:
    """Return everybody whose access reaches an organization, by name, with their roles and that access."""
    length = paging.bounded(limit)
    people = Account.objects.filter(Exists(reaching(standing, organization).filter(account=OuterRef("pk"))))
    if role_id:
        holds = Grant.objects.filter(
            in_force(standing.at), program_id=standing.program_id, role_id=role_id, account=OuterRef("pk")
        )
        people = people.filter(Exists(holds))
    words = paging.search_words(search)
    if words:
        people = people.filter(called(words))
    people = people.filter(paging.following(paging.from_text(after), "name"))
    found = list(people.order_by("name", "pk")[: length + 1])
    rows = _rows(standing, organization, found[:length])
    more = len(found) > length
    return Page(rows, paging.to_text((found[length - 1].name, found[length - 1].pk)) if more else None)


def _rows(
    standing: Standing, organization: Organization, people: Sequence[Account]
) -> tuple[ConnectedUser, ...]:
    pks = [person.pk for person in people]
    lines: dict[int, list[HeldRole]] = {}
    here: set[int] = set()
    grants = Grant.objects.filter(in_force(standing.at), program_id=standing.program_id, account__in=pks)
    for grant in grants.order_by("starts_at", "pk"):
        title = role_title(standing.book, grant.role_id)
        line = HeldRole(grant.public_id, grant.role_id, title, grant.starts_at, grant.ends_at)
        lines.setdefault(grant.account_id, []).append(line)
    accesses = reaching(standing, organization).filter(account__in=pks).select_related("organization")
    for access in accesses.order_by("starts_at", "pk"):
        lines.setdefault(access.account_id, []).append(code_line(access))
        if access.organization_id == organization.pk:
            here.add(access.account_id)
    parts = {
        part.account_id: part
        for part in Participation.objects.filter(program_id=standing.program_id, account__in=pks)
    }
    removes = standing.office_over(Act.REMOVE, organization, ()) is not None
    rejected = rejected_since(pks)
    return tuple(
        ConnectedUser(
            account_id=person.public_id,
            name=person.name,
            user_id=person.user_id,
            email=person.email,
            roles=tuple(lines.get(person.pk, ())),
            is_active=person.is_active and is_in(parts[person.pk], standing.at),
            is_viewer=person.pk == standing.account.pk,
            may_remove=removes and person.pk != standing.account.pk and person.pk in here,
            last_signed_in_at=parts[person.pk].last_signed_in_at,
            rejected_since=rejected.get(person.pk),
        )
        for person in people
    )


def code_line(access: Access) -> HeldRole:
    """Return access as lists of what is held have it, beside the roles: it names no role."""
    below = " with lower levels" if access.lower_levels else ""
    title = f"Access to {access.organization.code}{below}"
    return HeldRole(access.public_id, "", title, access.starts_at, access.ends_at)
