"""The one place where an identity at an outside provider becomes an account's."""

from datetime import datetime

from rolebook.accounts.models import Account, LinkedIdentity
from rolebook.accounts.openid.asking import Identity
from rolebook.audit.recording import UnitOfWork
from rolebook.audit.tags import ACCOUNT_IDENTITY_LINKED


class IdentityTaken(Exception):
    """The identity is linked already: to another account, or another one of its issuer is to this account."""


def link_in(work: UnitOfWork, account: Account, identity: Identity, at: datetime) -> None:
    """Link an identity, in a flow's unit of work. Raises IdentityTaken."""
    if is_linked(identity) or LinkedIdentity.objects.filter(account=account, issuer=identity.issuer).exists():
        raise IdentityTaken
    LinkedIdentity.objects.create(
        account=account,
        provider_id=identity.provider_id,
        issuer=identity.issuer,
        subject=identity.subject,
        linked_at=at,
        two_factors_at=at if identity.two_factors else None,
    )
    work.record(
        ACCOUNT_IDENTITY_LINKED,
        beneficiary_id=account.public_id,
        new={"provider": identity.provider_id, "issuer": identity.issuer},
        personal={"identity": identity.subject},
    )


def is_linked(identity: Identity) -> bool:
    """Return whether an identity is linked to any account."""
    return LinkedIdentity.objects.filter(issuer=identity.issuer, subject=identity.subject).exists()
