"""People: everybody who takes part in a program, for its stewards; and one person, with what they hold and asked."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.rejected_addresses import rejected_since
from rolebook.governance.authority import Standing, in_force, standing_of
from rolebook.governance.deciders import stages_in_office, stages_with_nobody_left
from rolebook.governance.leaving import ends_with_closing
from rolebook.governance.models import Access, Grant, Participation, Request, Stage
from rolebook.governance.queries import paging
from rolebook.governance.queries.last_use import LastUse, last_uses
from rolebook.governance.queries.officials import official_grants
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import is_steward_of, other_stewards, stewards_standing
from rolebook.governance.refusals import NotFound

MOST_EXPORTED = 100_000


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


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person of the program. ``status`` is of their part in it, or of the account where that is not active."""

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    status: str
    fsid: str
    held: tuple[Held, ...]
    last_signed_in_at: datetime | None
    rejected_since: datetime | None = None
    """Since when mail to the person's address is rejected; None where it is not."""
    quiet_ends_at: datetime | None = None
    """When an active part is closed unless the person signs in; None where it never is."""


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What is looked for; empty: everybody. ``organization`` is part of a name, code or number."""

    search: str = ""
    status: str = ""
    role_id: str = ""
    organization: str = ""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """A request of the person's."""

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
        only_official_of: organizations of which they are the only Security Official.
        waits_only_for_them: requests of others that the steward would have to decide without them.
        only_steward: whether no other active person is steward.
        gives_back: whether reopening gives back the roles that were held at closing.
        merged_into: the account of the same person that remained, by user ID; None for one that was not merged.
    """

    row: PersonRow
    account_status: str
    account_reason: str
    participation_status: str
    status_reason: str
    status_at: datetime | None
    status_by: str | None
    status_cause: str
    joined_at: datetime
    requests: tuple[AskedFor, ...]
    only_official_of: tuple[str, ...]
    waits_only_for_them: int
    only_steward: bool
    is_viewer: bool
    gives_back: bool
    merged_into: str | None


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
    key = paging.from_text(after)
    if key is not None:
        people = people.filter(Q(account__name__gt=key[0]) | Q(account__name=key[0], account__gt=key[1]))
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
        people = people.filter(
            Q(account__name__icontains=words)
            | Q(account__user_id__contains=words)
            | Q(account__email_key__contains=words)
            | Q(fsid__iexact=words)
        )
    if wanted.status == Participation.Status.ACTIVE:
        people = people.filter(status=wanted.status, account__status=Account.Status.ACTIVE)
    elif wanted.status in Participation.Status.values:
        people = people.filter(Q(status=wanted.status) | Q(account__status=wanted.status))
    held = Grant.objects.filter(in_force(standing.at), participation=OuterRef("pk"))
    if wanted.role_id == "none":
        return people.filter(~Exists(held))
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


def rows_of(standing: Standing, people: Sequence[Participation]) -> tuple[PersonRow, ...]:
    """Return participations, with their accounts, as rows; three queries for all of them."""
    held = _held(standing, [one.pk for one in people])
    rejected = rejected_since([one.account_id for one in people])
    return tuple(
        PersonRow(
            account_id=one.account.public_id,
            name=one.account.name,
            user_id=one.account.user_id,
            email=one.account.email,
            status=one.account.status if one.account.status != Account.Status.ACTIVE else one.status,
            fsid=one.fsid,
            held=tuple(held.get(one.pk, ())),
            last_signed_in_at=one.last_signed_in_at,
            rejected_since=rejected.get(one.account_id),
            quiet_ends_at=one.quiet_ends_at if one.status == Participation.Status.ACTIVE else None,
        )
        for one in people
    )


def _held(standing: Standing, participation_pks: Sequence[int]) -> Mapping[int, list[Held]]:
    held: dict[int, list[Held]] = {}
    mine = in_force(standing.at)
    grants = Grant.objects.filter(mine, participation__in=participation_pks)
    for grant in grants.select_related("organization", "moved_from__account").order_by("starts_at", "pk"):
        place = grant.organization
        held.setdefault(grant.participation_id, []).append(
            Held(
                role_id=grant.role_id,
                role_title=role_title(standing.book, grant.role_id),
                organization=None if place is None else place.name,
                organization_id=None if place is None else place.public_id,
                starts_at=grant.starts_at,
                ends_at=grant.ends_at,
                moved_from=_moved_from(grant),
            )
        )
    if standing.book.access == "apart from roles":
        accesses = Access.objects.filter(mine, participation__in=participation_pks)
        for access in accesses.select_related("organization").order_by("starts_at", "pk"):
            there = access.organization
            held.setdefault(access.participation_id, []).append(
                Held(None, None, there.name, there.public_id, access.starts_at, access.ends_at)
            )
    return held


def _moved_from(grant: Grant) -> str | None:
    """Return whose a grant was before a merge moved it; None where it was never moved, or came back."""
    before = grant.moved_from
    return None if before is None or before.account_id == grant.account_id else before.account.user_id


def one_person(viewer: Account, program_id: str, account_id: uuid.UUID | str, at: datetime) -> OnePerson:
    """Return one person of the program, as its steward sees them.

    Raises NotFound for everybody who is no steward, and for somebody who takes no part.
    """
    standing = stewards_standing(viewer, program_id, at)
    participation = participation_in(program_id, account_id)
    account = participation.account
    [row] = rows_of(standing, [participation])
    row = replace(row, held=_with_last_uses(standing, participation, row.held))
    merged = account.merged_into
    return OnePerson(
        row=row,
        account_status=account.status,
        account_reason=account.status_reason,
        participation_status=participation.status,
        status_reason=participation.status_reason,
        status_at=participation.status_at,
        status_by=None if participation.status_by is None else participation.status_by.name,
        status_cause=participation.status_cause,
        joined_at=participation.created_at,
        requests=_asked_for(standing, account),
        only_official_of=_only_official_of(standing, account),
        waits_only_for_them=_waits_only_for(standing, account),
        only_steward=is_steward_of(account, program_id, at) and not other_stewards(account, program_id, at),
        is_viewer=account.pk == viewer.pk,
        gives_back=not ends_with_closing(standing.book),
        merged_into=None if merged is None else merged.user_id,
    )


def _with_last_uses(
    standing: Standing, participation: Participation, held: Sequence[Held]
) -> tuple[Held, ...]:
    """Return what somebody holds with the last use of each role: grants come first, in the order of `_held`."""
    grants = list(
        Grant.objects.filter(in_force(standing.at), participation=participation).order_by("starts_at", "pk")
    )
    uses = last_uses(standing.book, grants, standing.at)
    known = [uses[grant.pk] for grant in grants]
    return tuple(
        replace(one, last_use=None if one.role_id is None or position >= len(known) else known[position])
        for position, one in enumerate(held)
    )


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


def _asked_for(standing: Standing, account: Account) -> tuple[AskedFor, ...]:
    requests = Request.objects.filter(program_id=standing.program_id, beneficiary=account)
    found = requests.order_by("-submitted_at", "-pk").prefetch_related("items__organization")
    return tuple(
        AskedFor(
            request_id=request.public_id,
            state=request.state,
            roles=tuple(
                dict.fromkeys(
                    role_title(standing.book, item.role_id) for item in request.items.all() if item.role_id
                )
            ),
            organizations=tuple(
                dict.fromkeys(item.organization.name for item in request.items.all() if item.organization)
            ),
            submitted_at=request.submitted_at,
        )
        for request in found[: paging.DEFAULT_LIMIT]
    )


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
