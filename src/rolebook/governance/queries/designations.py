"""Designations for who makes them: what a designation would be refused for, and which ones are in force."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.texts import email_key, fold_user_id
from rolebook.governance.active import inactive_violations
from rolebook.governance.authority import in_force
from rolebook.governance.designating import by_designation, designation_change
from rolebook.governance.facts import RowFacts, judge_changes
from rolebook.governance.models import Grant
from rolebook.governance.queries import paging
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import other_stewards, stewards_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import STEWARD_ID, Act, Role, Rolebook
from rolebook.policy.rules import Violation


@dataclass(frozen=True, slots=True)
class Designated:
    """A designation in force: who holds what, where, since when, until when, and who designated (empty: the operator).

    ``why_kept`` is why it cannot be ended by the viewer: "own" for their own, "only steward", or empty.
    """

    grant_id: uuid.UUID
    account_id: uuid.UUID
    name: str
    user_id: str
    role_title: str
    organization_name: str
    starts_at: datetime
    ends_at: datetime | None
    designated_by: str
    reason: str
    why_kept: str


def designated_roles(book: Rolebook) -> tuple[Role, ...]:
    """Return the roles that are given by designation: the steward's office, designated ones, and those that decide."""
    return tuple(role for role in (book.steward, *book.roles) if not by_designation(book, role.id))


def decides(book: Rolebook, role_id: str) -> bool:
    """Return whether a role decides requests."""
    return book.authority.holder(Act.DECIDE, role_id) is not None


def person_to_designate(viewer: Account, program_id: str, text: str, at: datetime) -> Account | None:
    """Return the account with a user ID or e-mail address, for a steward, or None."""
    stewards_standing(viewer, program_id, at)
    if not text.strip():
        return None
    named = Q(user_id=fold_user_id(text)) | Q(email_key=email_key(text))
    return Account.objects.filter(named).first()


def what_forbids_designation(
    viewer: Account,
    program_id: str,
    role_id: str,
    person: Account,
    organization: Organization | None,
    at: datetime,
    *,
    ends_at: datetime | None = None,
) -> tuple[Violation, ...]:
    """Return what the rules would say against a designation now; the flow judges again, under lock."""
    book = stewards_standing(viewer, program_id, at).book
    change = designation_change(person, viewer, role_id, organization, at, ends_at)
    return (
        *by_designation(book, role_id),
        *inactive_violations(person, program_id),
        *judge_changes([change], RowFacts(book)),
    )


def designations(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Designated]:
    """Return the designations in force, the latest first. Raises NotFound for who does not administer the program."""
    book = stewards_standing(viewer, program_id, at).book
    length = paging.bounded(limit)
    rows = _in_force(program_id, at)
    rows = rows.filter(paging.following(paging.instant_key(after), "starts_at", newest_first=True))
    found = list(rows.order_by("-starts_at", "-pk")[: length + 1])
    only = _only_steward(program_id, found, at)
    lines = tuple(_line(book, grant, viewer, only) for grant in found[:length])
    if len(found) <= length:
        return Page(lines)
    last = found[length - 1]
    return Page(lines, paging.to_text((last.starts_at.isoformat(), last.pk)))


def one_designation(viewer: Account, program_id: str, grant_id: uuid.UUID | str, at: datetime) -> Designated:
    """Return one designation in force. Raises NotFound."""
    book = stewards_standing(viewer, program_id, at).book
    grant = _in_force(program_id, at).filter(public_id=public_id_of(grant_id)).first()
    if grant is None:
        raise NotFound
    return _line(book, grant, viewer, _only_steward(program_id, [grant], at))


def _in_force(program_id: str, at: datetime) -> QuerySet[Grant]:
    grants = Grant.objects.filter(in_force(at), program_id=program_id, designation__isnull=False)
    return grants.select_related("account", "organization", "designation__designated_by")


def _only_steward(program_id: str, grants: list[Grant], at: datetime) -> int | None:
    """Return the internal id of the only active steward among the holders, or None."""
    for grant in grants:
        if grant.role_id == STEWARD_ID:
            return None if other_stewards(grant.account, program_id, at) else grant.account_id
    return None


def _line(book: Rolebook, grant: Grant, viewer: Account, only_steward: int | None) -> Designated:
    designation = grant.designation
    by = None if designation is None else designation.designated_by
    kept = ""
    if grant.account_id == viewer.pk:
        kept = "own"
    elif grant.role_id == STEWARD_ID and grant.account_id == only_steward:
        kept = "only steward"
    return Designated(
        grant_id=grant.public_id,
        account_id=grant.account.public_id,
        name=grant.account.name,
        user_id=grant.account.user_id,
        role_title=role_title(book, grant.role_id),
        organization_name="" if grant.organization is None else grant.organization.name,
        starts_at=grant.starts_at,
        ends_at=grant.ends_at,
        designated_by="" if by is None else by.name,
        reason="" if designation is None else designation.reason,
        why_kept=kept,
    )
