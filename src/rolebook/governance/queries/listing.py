"""What the operator lists at the command line: requests and grants of a whole program.

The operator runs the server and can read its database; these have no viewer, and no page or API calls them.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from rolebook.accounts.models import Account
from rolebook.governance.authority import in_force
from rolebook.governance.models import Access, Grant, Participation, Request, Stage
from rolebook.governance.origins import first_of


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request. ``waits_for`` are the role ids that decide its open stages."""

    request_id: uuid.UUID
    state: str
    requester: str
    beneficiary: str
    roles: tuple[str, ...]
    organizations: tuple[str, ...]
    waits_for: tuple[str, ...]
    submitted_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant, and what opened it: "request <id>", "designation <id>" or "import <id>, approved by …"."""

    grant_id: uuid.UUID
    holder: str
    role_id: str
    organization: str | None
    starts_at: datetime
    ends_at: datetime | None
    closed_at: datetime | None
    origin: str


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One access apart from roles, and what opened it, as of a grant."""

    access_id: uuid.UUID
    holder: str
    organization: str
    lower_levels: bool
    starts_at: datetime
    ends_at: datetime | None
    closed_at: datetime | None
    origin: str


def list_requests(
    program_id: str, *, state: str | None = None, organization_code: str | None = None, limit: int = 100
) -> tuple[RequestRow, ...]:
    """Return up to ``limit`` requests, oldest first; people by user id, organizations by code."""
    requests = Request.objects.filter(program_id=program_id).select_related("requester", "beneficiary")
    if state:
        requests = requests.filter(state=state)
    if organization_code:
        requests = requests.filter(items__organization__code=organization_code).distinct()
    found = requests.order_by("submitted_at", "pk").prefetch_related("items__organization", "stages")
    return tuple(
        RequestRow(
            request_id=request.public_id,
            state=request.state,
            requester=request.requester.user_id,
            beneficiary=request.beneficiary.user_id,
            roles=tuple(dict.fromkeys(item.role_id for item in request.items.all() if item.role_id)),
            organizations=tuple(
                dict.fromkeys(item.organization.code for item in request.items.all() if item.organization)
            ),
            waits_for=tuple(
                dict.fromkeys(
                    stage.approver_role_id
                    for stage in request.stages.all()
                    if stage.state == Stage.State.OPEN
                )
            ),
            submitted_at=request.submitted_at,
            settled_at=request.settled_at,
        )
        for request in found[:limit]
    )


def _held[Holding: (Grant, Access)](
    rows: QuerySet[Holding], at: datetime, user_id: str | None, code: str | None, all_ever: bool
) -> QuerySet[Holding]:
    if not all_ever:
        rows = rows.filter(in_force(at))
    if user_id:
        rows = rows.filter(account__user_id=user_id.strip().casefold())
    if code:
        rows = rows.filter(organization__code=code)
    related = ("account", "organization", "request_item__request", "designation", "imported__imported")
    return rows.select_related(*related).order_by("pk")


def list_grants(
    program_id: str,
    at: datetime,
    *,
    user_id: str | None = None,
    organization_code: str | None = None,
    all_ever: bool = False,
) -> Iterator[GrantRow]:
    """Yield the grants in force at ``at`` (which may lie in the past), or all there ever were, in opening order."""
    rows = _held(Grant.objects.filter(program_id=program_id), at, user_id, organization_code, all_ever)
    for grant in rows.iterator(chunk_size=500):
        yield GrantRow(
            grant_id=grant.public_id,
            holder=grant.account.user_id,
            role_id=grant.role_id,
            organization=None if grant.organization is None else grant.organization.code,
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
            closed_at=grant.closed_at,
            origin=_origin(grant) if grant.moved_from is None else _moved(grant),
        )


def list_accesses(
    program_id: str,
    at: datetime,
    *,
    user_id: str | None = None,
    organization_code: str | None = None,
    all_ever: bool = False,
) -> Iterator[AccessRow]:
    """Yield access apart from roles in force at ``at``, or all there ever was, as `list_grants` does grants."""
    rows = _held(Access.objects.filter(program_id=program_id), at, user_id, organization_code, all_ever)
    for access in rows.iterator(chunk_size=500):
        yield AccessRow(
            access_id=access.public_id,
            holder=access.account.user_id,
            organization=access.organization.code,
            lower_levels=access.lower_levels,
            starts_at=access.starts_at,
            ends_at=access.ends_at,
            closed_at=access.closed_at,
            origin=_origin(access) if access.moved_from is None else _moved(access),
        )


def list_participations(account: Account) -> tuple[Participation, ...]:
    """Return an account's part in each of its programs, by program."""
    return tuple(Participation.objects.filter(account=account).order_by("program_id"))


def _moved(grant: Grant | Access) -> str:
    """Return the origin of a grant that continues another: what opened the first one, and how it came here."""
    first = first_of(grant)
    if first.account_id == grant.account_id:
        return f"{_origin(first)}, given back by a reactivation"
    return f"{_origin(first)}, moved here from {first.account.user_id}"


def _origin(grant: Grant | Access) -> str:
    if grant.request_item is not None:
        return f"request {grant.request_item.request.public_id}"
    if grant.imported is not None:
        told = grant.imported
        approved = f"approved by {told.approved_by} on {told.approved_on} ({told.source})"
        return f"import {told.imported.public_id}, {approved}"
    if isinstance(grant, Grant) and grant.registration is not None and grant.record is not None:
        return f"registration {grant.registration.public_id} for {grant.record.identifier}"
    return f"designation {grant.designation.public_id}" if grant.designation is not None else ""
