"""Time-based codes (RFC 6238) and their secrets, kept encrypted in allauth's tables. Time is a parameter here."""

import base64
import io
from datetime import datetime

import qrcode
from allauth.core.internal.cryptokit import compare_user_code, normalize_user_code
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.utils import decrypt
from django.db.models import Exists, OuterRef, Q
from qrcode.image.svg import SvgPathImage

from rolebook.accounts import encryption
from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.models import Account, LinkedIdentity

PERIOD_SECONDS = 30
"""Length of a step (RFC 6238, section 5.2: 30 seconds recommended)."""
TOLERATED_STEPS = 1
"""Steps before and after the present one whose codes are taken, for clocks that differ (RFC 6238, section 5.2)."""


class EncryptingAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts what allauth stores (TOTP secrets, seeds of recovery codes) under the installation's secret key."""

    def encrypt(self, text: str) -> str:
        """Return ``text`` encrypted and authenticated."""
        return encryption.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text that ``encrypt`` was given. Raises SecretUnreadable under a secret key that is not known."""
        return encryption.decrypt(encrypted_text)


def new_secret() -> str:
    """Return a new random secret: 160 bits as base32 (RFC 4226, section 4, R6)."""
    secret: str = generate_totp_secret()
    return secret


def code_at(secret: str, at: datetime) -> str:
    """Return the six digits that an authenticator app shows for ``secret`` at ``at``."""
    code: str = format_hotp_value(hotp_value(secret, _step(at)))
    return code


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the step of which ``code`` is the code, within the tolerance around ``at``; None when of no such step.

    Spaces and hyphens in ``code`` do not count.
    """
    present = _step(at)
    for step in range(present - TOLERATED_STEPS, present + TOLERATED_STEPS + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return step
    return None


def plain_code(typed: str) -> str:
    """Return a typed code without the spaces and hyphens that people put in."""
    code: str = normalize_user_code(typed)
    return code


def totp_of(account: Account) -> Authenticator | None:
    """Return the account's authenticator app as allauth keeps it, or None when none is set up."""
    return Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.TOTP).first()


def has_own_factor(account: Account) -> bool:
    """Return whether an authenticator app or a passkey is set up; recovery codes alone are none."""
    return totp_of(account) is not None or Passkey.objects.filter(account_id=account.pk).exists()


def second_factor_at(account: str) -> Q:
    """Return the condition, in SQL, that the account which the field ``account`` names has a second factor.

    An authenticator app, a passkey, or an identity provider that has confirmed one: who has none may use no office
    (QPP-01).
    """
    own = Authenticator.objects.filter(user_id=OuterRef(account), type=Authenticator.Type.TOTP)
    passkeys = Passkey.objects.filter(account_id=OuterRef(account))
    elsewhere = LinkedIdentity.objects.filter(account_id=OuterRef(account), two_factors_at__isnull=False)
    return Q(Exists(own)) | Q(Exists(passkeys)) | Q(Exists(elsewhere))


def has_second_factor(account: Account) -> bool:
    """Return whether the account has a second factor now, its own or an identity provider's."""
    return Account.objects.filter(second_factor_at("pk"), pk=account.pk).exists()


def secret_of(authenticator: Authenticator) -> str:
    """Return the shared secret of a stored authenticator app."""
    secret: str = decrypt(authenticator.data["secret"])
    return secret


def setup_address(account: Account, secret: str, issuer: str) -> str:
    """Return the otpauth address that authenticator apps read from the QR code."""
    adapter = EncryptingAdapter()
    adapter.get_totp_issuer = lambda: issuer
    adapter.get_totp_label = lambda user: f"{issuer}:{user.user_id}"
    address: str = adapter.build_totp_url(account, secret)
    return address


def qr_picture(address: str) -> str:
    """Return a QR code of ``address`` as a data address (SVG), as the content security policy permits it."""
    out = io.BytesIO()
    qrcode.make(address, image_factory=SvgPathImage, border=2).save(out)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


def _step(at: datetime) -> int:
    return int(at.timestamp()) // PERIOD_SECONDS
