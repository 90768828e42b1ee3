"""FSIDs (a federal surveyor's number): which programs have them, and whose somebody may manage (the matrix says).

Authority is the printed row "Manage user FSID" through the one decision walk, at the organizations where the person
holds something; no role is named here.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.governance.authority import Standing, in_force
from rolebook.governance.models import Grant, Participation
from rolebook.governance.queries.people import participation_in
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Rolebook

MANAGE = "manage_user_fsid"
"""The privilege's id, written once in a rolebook; a program without it has no FSIDs."""


@dataclass(frozen=True, slots=True)
class PersonFsid:
    """Somebody's FSID, for who may manage it; ``held`` are the roles with their organizations."""

    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    fsid: str
    held: tuple[tuple[str, str | None], ...]
    is_viewer: bool


def has_fsids(book: Rolebook) -> bool:
    """Return whether the program knows FSIDs: whether it has the privilege to manage them."""
    return book.privilege(MANAGE) is not None


def may_manage(standing: Standing, account: Account) -> bool:
    """Return whether the walk gives the privilege where ``account`` holds something in force; read now."""
    if not has_fsids(standing.book):
        return False
    grants = Grant.objects.filter(in_force(standing.at), account=account, program_id=standing.program_id)
    return any(standing.allows(MANAGE, grant.organization) for grant in grants.select_related("organization"))


def fsid_of(viewer: Account, program_id: str, account_id: uuid.UUID | str, at: datetime) -> PersonFsid:
    """Return the FSID of somebody in the viewer's reach. Raises NotFound for everybody else's."""
    standing = viewer_standing(viewer, program_id, at)
    participation: Participation = participation_in(program_id, account_id)
    account = participation.account
    if not may_manage(standing, account):
        raise NotFound
    grants = Grant.objects.filter(in_force(at), participation=participation).select_related("organization")
    return PersonFsid(
        account_id=account.public_id,
        name=account.name,
        user_id=account.user_id,
        email=account.email,
        fsid=participation.fsid,
        held=tuple(
            (grant.role_id, None if grant.organization is None else grant.organization.name)
            for grant in grants.order_by("starts_at", "pk")
        ),
        is_viewer=account.pk == viewer.pk,
    )
