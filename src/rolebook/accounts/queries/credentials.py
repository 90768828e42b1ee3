"""What is set up to prove who somebody is; for the person's own security page, and for the operator."""

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from rolebook.accounts.models import Account
from rolebook.accounts.second_factor import totp_of


@dataclass(frozen=True, slots=True)
class Factors:
    """What is set up for one account.

    Attributes:
        authenticator_since: when the authenticator app was set up; None without one.
        recovery_codes_left: how many recovery codes are unused.
    """

    authenticator_since: datetime | None
    recovery_codes_left: int


def factors_of(account: Account) -> Factors:
    """Return what is set up for ``account``."""
    totp = totp_of(account)
    codes = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    return Factors(
        authenticator_since=totp.created_at if totp else None,
        recovery_codes_left=len(RecoveryCodes(codes).get_unused_codes()) if codes else 0,
    )
