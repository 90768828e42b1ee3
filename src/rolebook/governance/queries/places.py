"""Where a role may be asked for, and what the rules would say, before anything is sent (QPP-02)."""

import uuid
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.models import Account, Organization
from rolebook.governance.facts import RowFacts, judge_changes
from rolebook.governance.queries import paging
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.seeing import find_organization, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Role
from rolebook.policy.rules import Change, ChangeKind, Moment, Violation


def organizations_for_role(
    viewer: Account,
    program_id: str,
    role_id: str,
    at: datetime,
    *,
    search: str,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Organization]:
    """Return the open organizations at which a role can be held, by name, that have every word of ``search``.

    Which organizations there are is no secret within a program: everybody who asks for a role chooses among them.
    Raises NotFound for a role that is not held at organizations.
    """
    role = _role_held_somewhere(viewer, program_id, role_id, at)
    condition = Q(closed_at__isnull=True) | Q(closed_at__gt=at)
    if role.reach.kinds:
        condition &= Q(kind_id__in=role.reach.kinds)
    for word in paging.search_words(search).split():
        condition &= Q(search_key__contains=word)
    key = paging.from_text(after)
    if key is not None:
        condition &= Q(name__gt=key[0]) | Q(name=key[0], pk__gt=key[1])
    length = paging.bounded(limit)
    chosen = Organization.objects.filter(condition, program_id=program_id).order_by("name", "pk")
    found = list(chosen[: length + 1])
    return paging.cut(found, [(one.name, one.pk) for one in found], length)


def organization_to_ask_at(
    viewer: Account, program_id: str, role_id: str, organization_id: uuid.UUID | str, at: datetime
) -> Organization:
    """Return an open organization at which a role can be held. Raises NotFound for any other."""
    role = _role_held_somewhere(viewer, program_id, role_id, at)
    organization = find_organization(program_id, organization_id, at)
    if role.reach.kinds and organization.kind_id not in role.reach.kinds:
        raise NotFound
    return organization


def _role_held_somewhere(viewer: Account, program_id: str, role_id: str, at: datetime) -> Role:
    book = viewer_standing(viewer, program_id, at).book
    role = book.role(role_id)
    if role is None or not book.held_at_organization(role):
        raise NotFound
    return role


def what_forbids(
    viewer: Account, program_id: str, role_id: str, organization: Organization | None, at: datetime
) -> tuple[Violation, ...]:
    """Return what the rules would say against the viewer asking for a role for themselves now; empty: nothing.

    For telling people before they send; the flow judges again, under lock.
    """
    standing = viewer_standing(viewer, program_id, at)
    change = Change(
        kind=ChangeKind.ADD_ROLE,
        moment=Moment.SUBMISSION,
        at=at,
        beneficiary_id=str(viewer.public_id),
        requester_id=str(viewer.public_id),
        actor_id=str(viewer.public_id),
        role_id=role_id,
        organization_id=None if organization is None else str(organization.public_id),
        submitted_at=at,
    )
    return judge_changes([change], RowFacts(standing.book))
