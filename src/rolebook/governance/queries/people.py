"""People: everybody who takes part in a program, for its stewards."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.rejected_addresses import rejected_since
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Access, Grant, Participation
from rolebook.governance.queries import paging
from rolebook.governance.queries.last_use import LastUse
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.person_search import called, few_called
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.governance.quiet import counts, present_status
from rolebook.governance.refusals import NotFound

MOST_EXPORTED = 100_000
WITH_A_GRANT = ("organization", "moved_from__account")
"""What is read with a grant to list it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role that a person holds, or access apart from roles (``role_title`` None)."""

    role_id: str | None
    role_title: str | None
    organization: str | None
    organization_id: uuid.UUID | None
    starts_at: datetime
    ends_at: datetime | None
    moved_from: str | None = None
    """User ID of the account of the same person that held it before the two were merged."""
    last_use: LastUse | None = None
    """When the role was last used, as far as that is known, on the page of one person."""
    organization_code: str = ""
    lower_levels: bool = False
    """What access apart from roles reaches, besides its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonLine:
    """Who somebody is. ``status`` is of their part in the program, or of the account where that is not active."""

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    status: str
    fsid: str
    last_signed_in_at: datetime | None
    rejected_since: datetime | None = None
    """Since when mail to the person's address is rejected; None where it is not."""
    quiet_ends_at: datetime | None = None
    """When an active part is closed unless the person signs in; None where it never is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow(PersonLine):
    """One person of a list, with what they hold."""

    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What is looked for; empty: everybody. ``organization`` is part of a name, code or number."""

    search: str = ""
    status: str = ""
    role_id: str = ""
    organization: str = ""


def people_of_program(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    wanted: PeopleFilter | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[PersonRow]:
    """Return who takes part in the program, by name. Raises NotFound for everybody who is no steward."""
    standing = stewards_standing(viewer, program_id, at)
    length = paging.bounded(limit)
    people = _wanted(standing, wanted or PeopleFilter())
    people = people.filter(paging.following(paging.from_text(after), "account__name", "account"))
    found = list(people.select_related("account").order_by("account__name", "account")[: length + 1])
    rows = rows_of(standing, found[:length])
    if len(found) <= length:
        return Page(rows)
    last = found[length - 1].account
    return Page(rows, paging.to_text((last.name, last.pk)))


def everybody(viewer: Account, program_id: str, at: datetime, wanted: PeopleFilter) -> Iterator[PersonRow]:
    """Yield everybody who matches, by name, at most MOST_EXPORTED. Raises NotFound as `people_of_program` does."""
    after: str | None = None
    for _ in range(MOST_EXPORTED // paging.MOST_ROWS):
        page = people_of_program(viewer, program_id, at, wanted=wanted, after=after, limit=paging.MOST_ROWS)
        yield from page.rows
        after = page.next_after
        if after is None:
            return


def _wanted(standing: Standing, wanted: PeopleFilter) -> QuerySet[Participation]:
    people = Participation.objects.filter(program_id=standing.program_id)
    words = paging.search_words(wanted.search)
    if words:
        numbered = people.filter(fsid__iexact=words)
        found = few_called(words)
        people = people.filter(
            called(words, "account__") | Q(fsid__iexact=words)
            if found is None
            else Q(account__in=[*found, *numbered.values_list("account", flat=True)])
        )
    if wanted.status == Participation.Status.ACTIVE:
        people = people.filter(counts(standing.at, ""), account__status=Account.Status.ACTIVE)
    elif wanted.status in Participation.Status.values:
        people = people.filter(_has_status(wanted.status, standing.at) | Q(account__status=wanted.status))
    held = Grant.objects.filter(in_force(standing.at), participation=OuterRef("pk"))
    if wanted.role_id == "none":
        without = people.filter(~Exists(held))
        few = paging.the_few(without.values_list("pk", flat=True))
        return without if few is None else Participation.objects.filter(pk__in=few)
    if wanted.role_id:
        held = held.filter(role_id=wanted.role_id)
    place = paging.search_words(wanted.organization)
    if place:
        held = held.filter(
            organization__in=Organization.objects.filter(
                program_id=standing.program_id, search_key__contains=place
            )
        )
    return people.filter(Exists(held)) if wanted.role_id or place else people


def _has_status(status: str, at: datetime) -> Q:
    """Return the condition for a part that `present_status` says to be closed, or deactivated, at ``at``."""
    if status != Participation.Status.CLOSED:
        return Q(status=status)
    return Q(status=status) | Q(status=Participation.Status.ACTIVE, quiet_ends_at__lte=at)


def rows_of(standing: Standing, people: Sequence[Participation]) -> tuple[PersonRow, ...]:
    """Return participations, with their accounts, as rows; three queries for all of them."""
    held = _held(standing, [one.pk for one in people])
    rejected = rejected_since([one.account_id for one in people])
    return tuple(
        PersonRow(**told_of(one, rejected.get(one.account_id), standing.at), held=tuple(held.get(one.pk, ())))
        for one in people
    )


class Told(TypedDict):
    """The fields of a PersonLine."""

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    status: str
    fsid: str
    last_signed_in_at: datetime | None
    rejected_since: datetime | None
    quiet_ends_at: datetime | None


def told_of(part: Participation, rejected: datetime | None, at: datetime) -> Told:
    """Return who somebody is at ``at``, from their part in the program with its account, and since when mail is
    rejected.
    """
    account = part.account
    return Told(
        account_id=account.public_id,
        name=account.name,
        user_id=account.user_id,
        email=account.email,
        status=account.status if account.status != Account.Status.ACTIVE else present_status(part, at),
        fsid=part.fsid,
        last_signed_in_at=part.last_signed_in_at,
        rejected_since=rejected,
        quiet_ends_at=part.quiet_ends_at if part.status == Participation.Status.ACTIVE else None,
    )


def _held(standing: Standing, participation_pks: Sequence[int]) -> Mapping[int, list[Held]]:
    held: dict[int, list[Held]] = {}
    mine = in_force(standing.at)
    grants = Grant.objects.filter(mine, participation__in=participation_pks)
    for grant in grants.select_related(*WITH_A_GRANT).order_by("starts_at", "pk"):
        held.setdefault(grant.participation_id, []).append(held_by_grant(standing, grant))
    if standing.book.access == "apart from roles":
        accesses = Access.objects.filter(mine, participation__in=participation_pks)
        for access in accesses.select_related("organization").order_by("starts_at", "pk"):
            held.setdefault(access.participation_id, []).append(held_by_access(access))
    return held


def held_by_grant(standing: Standing, grant: Grant, last_use: LastUse | None = None) -> Held:
    """Return a grant, read with WITH_A_GRANT, as it is listed."""
    place = grant.organization
    return Held(
        role_id=grant.role_id,
        role_title=role_title(standing.book, grant.role_id),
        organization=None if place is None else place.name,
        organization_id=None if place is None else place.public_id,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        moved_from=_moved_from(grant),
        last_use=last_use,
    )


def held_by_access(access: Access) -> Held:
    """Return access apart from roles, read with its organization, as it is listed."""
    there = access.organization
    return Held(
        role_id=None,
        role_title=None,
        organization=there.name,
        organization_id=there.public_id,
        starts_at=access.starts_at,
        ends_at=access.ends_at,
        organization_code=there.code,
        lower_levels=access.lower_levels,
    )


def _moved_from(grant: Grant) -> str | None:
    """Return whose a grant was before a merge moved it; None where it was never moved, or came back."""
    before = grant.moved_from
    return None if before is None or before.account_id == grant.account_id else before.account.user_id


def participation_in(program_id: str, account_id: uuid.UUID | str) -> Participation:
    """Return somebody's part in a program with their account. Raises NotFound where there is none."""
    found = (
        Participation.objects.filter(program_id=program_id, account__public_id=public_id_of(account_id))
        .select_related("account__merged_into", "status_by")
        .first()
    )
    if found is None:
        raise NotFound
    return found
