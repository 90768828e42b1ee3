"""What a designation is, for the rules: for who looks before, and for the flow."""

from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.policy.model import STEWARD_ID, Act, Rolebook
from rolebook.policy.rules import Change, ChangeKind, Moment, Violation


def by_designation(book: Rolebook, role_id: str) -> tuple[Violation, ...]:
    """Return a violation for a role that is asked for and decides nothing: it has its ordinary way."""
    role = book.role(role_id)
    if role is None:
        return (Violation("unknown_role", {"role": role_id}),)
    decides = book.authority.holder(Act.DECIDE, role_id) is not None
    if role_id == STEWARD_ID or role.obtained == "designation" or decides:
        return ()
    return (Violation("not_by_designation", {"role": role.title}),)


def designation_change(
    beneficiary: Account,
    acting_user: Account | None,
    role_id: str,
    organization: Organization | None,
    at: datetime,
    ends_at: datetime | None = None,
) -> Change:
    """Return what a designation would change, for the rules; ``acting_user`` None: the operator."""
    return Change(
        kind=ChangeKind.ADD_ROLE,
        moment=Moment.DESIGNATION,
        at=at,
        beneficiary_id=str(beneficiary.public_id),
        requester_id=str(beneficiary.public_id if acting_user is None else acting_user.public_id),
        actor_id=None if acting_user is None else str(acting_user.public_id),
        role_id=role_id,
        organization_id=None if organization is None else str(organization.public_id),
        ends_at=ends_at,
    )
