"""Lost second factors for which the viewer may vouch: as a list, and one of them with who it is."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import Recovery
from rolebook.governance.authority import in_force
from rolebook.governance.models import Grant
from rolebook.governance.queries.pending import role_title
from rolebook.governance.queries.seeing import public_id_of, viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.governance.vouching import may_vouch, recoveries_waiting


@dataclass(frozen=True, slots=True)
class LostFactor:
    """One recovery that waits for the viewer's word."""

    recovery_id: uuid.UUID
    name: str
    email: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class RecoveryToVouch:
    """One recovery as who may vouch sees it.

    Attributes:
        held: (role, organization) of what the person holds in the program.
        state: "asked" and "vouched" are open, unless ``over``.
        vouched_by: who vouched, or None.
    """

    recovery_id: uuid.UUID
    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    held: tuple[tuple[str, str | None], ...]
    state: str
    state_label: str
    over: bool
    asked_at: datetime
    expires_at: datetime
    vouched_by: str | None
    vouched_at: datetime | None
    how: str
    told: str
    ready_at: datetime | None


def lost_factors(viewer: Account, program_id: str, at: datetime) -> tuple[LostFactor, ...]:
    """Return the recoveries that wait for somebody like the viewer, oldest first."""
    return tuple(
        LostFactor(one.public_id, one.account.name, one.account.email, one.asked_at)
        for one in recoveries_waiting(viewer_standing(viewer, program_id, at))
    )


def recovery_to_vouch(
    viewer: Account, program_id: str, recovery_id: uuid.UUID | str, at: datetime
) -> RecoveryToVouch:
    """Return one recovery. Raises NotFound for everybody who may not vouch for its person."""
    standing = viewer_standing(viewer, program_id, at)
    recovery = (
        Recovery.objects.filter(public_id=public_id_of(recovery_id))
        .select_related("account", "vouched_by")
        .first()
    )
    if recovery is None or not may_vouch(viewer, recovery.account, program_id, at):
        raise NotFound
    account = recovery.account
    grants = Grant.objects.filter(in_force(at), account=account, program_id=program_id)
    voucher = recovery.vouched_by
    return RecoveryToVouch(
        recovery_id=recovery.public_id,
        account_id=account.public_id,
        name=account.name,
        user_id=account.user_id,
        email=account.email,
        held=tuple(
            (
                role_title(standing.book, grant.role_id),
                grant.organization.name if grant.organization else None,
            )
            for grant in grants.select_related("organization").order_by("starts_at", "pk")
        ),
        state=recovery.state,
        state_label=Recovery.State(recovery.state).label,
        over=recovery.expires_at <= at or recovery.settled_at is not None,
        asked_at=recovery.asked_at,
        expires_at=recovery.expires_at,
        vouched_by=None if voucher is None else voucher.name,
        vouched_at=recovery.vouched_at,
        how=recovery.get_how_display() if recovery.how else "",
        told=recovery.told,
        ready_at=recovery.ready_at,
    )
