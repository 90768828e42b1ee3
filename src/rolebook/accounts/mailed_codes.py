"""Codes sent to an e-mail address: made, sent again, checked and used once (I8)."""

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from rolebook.accounts.encryption import secret_keys
from rolebook.accounts.models import Account, MailedCode
from rolebook.accounts.second_factor import plain_code

LIFETIME = timedelta(minutes=15)
MOST_ATTEMPTS = 5
MOST_SENT = 4
_DIGITS = 8


class CodeRefused(Exception):
    """The code was not accepted: mistyped, or its proof is used, over its time, or tried too often (``spent``)."""

    def __init__(self, *, spent: bool) -> None:
        """Remember whether another attempt makes sense."""
        super().__init__("spent" if spent else "wrong")
        self.spent = spent


@dataclass(frozen=True, slots=True)
class NewCode:
    """A code that was just made; ``code`` in clear, for the mail, in groups of four digits."""

    proof: MailedCode
    code: str


def make_code(
    purpose: MailedCode.Purpose,
    *,
    address: str,
    at: datetime,
    account: Account | None = None,
    details: dict[str, Any] | None = None,
    usable: bool = True,
) -> NewCode:
    """Store a new proof for ``address`` and return it with its code.

    One that is not ``usable`` looks the same from outside and is never accepted: for addresses about which
    nothing may be told.
    """
    proof = MailedCode(
        purpose=purpose,
        account=account,
        address=address,
        details=details or {},
        created_at=at,
        expires_at=at + LIFETIME,
    )
    code = _new_digits()
    proof.code_hash = _hashed(proof.public_id, code) if usable else ""
    proof.save(force_insert=True)
    return NewCode(proof, code)


def make_again(public_id: uuid.UUID, purpose: MailedCode.Purpose, at: datetime) -> NewCode:
    """Replace the code of a proof by a new one with new time; attempts go on counting. Raises CodeRefused."""
    proof = _open(public_id, purpose, at)
    code = _new_digits()
    code_hash = _hashed(proof.public_id, code) if proof.code_hash else ""
    if (
        not _still_open(proof, at)
        .filter(sent__lt=MOST_SENT)
        .update(code_hash=code_hash, expires_at=at + LIFETIME, sent=F("sent") + 1)
    ):
        raise CodeRefused(spent=True)
    return NewCode(proof, code)


def check_code(public_id: uuid.UUID, purpose: MailedCode.Purpose, typed: str, at: datetime) -> MailedCode:
    """Return the proof whose code was typed. Raises CodeRefused. The attempt counts even when the caller rolls back:
    call it outside of a transaction, then ``use`` the proof inside.
    """
    proof = _open(public_id, purpose, at)
    if not _still_open(proof, at).filter(attempts__lt=MOST_ATTEMPTS).update(attempts=F("attempts") + 1):
        raise CodeRefused(spent=True)
    expected = proof.code_hash
    # A code may have been mailed a moment before the installation's secret key was changed.
    hashes = [_hashed(proof.public_id, plain_code(typed), key) for key in secret_keys()]
    if not expected or not any(constant_time_compare(expected, one) for one in hashes):
        raise CodeRefused(spent=proof.attempts + 1 >= MOST_ATTEMPTS)
    return proof


def use(proof: MailedCode, at: datetime) -> dict[str, Any]:
    """Use a checked proof up, in the flow's transaction, and return its details, which are erased from it.

    Raises CodeRefused when it was used meanwhile.
    """
    details: dict[str, Any] = proof.details
    changed = _still_open(proof, at).filter(code_hash=proof.code_hash)
    if not changed.update(used_at=at, details={}, code_hash=""):
        raise CodeRefused(spent=True)
    return details


def forget_old(at: datetime) -> None:
    """Delete proofs that can no longer be used, with what they held."""
    MailedCode.objects.filter(expires_at__lt=at - timedelta(days=1)).delete()


def _open(public_id: uuid.UUID, purpose: MailedCode.Purpose, at: datetime) -> MailedCode:
    proof = (
        MailedCode.objects.filter(public_id=public_id, purpose=purpose, used_at=None, expires_at__gt=at)
        .select_related("account")
        .first()
    )
    if proof is None:
        raise CodeRefused(spent=True)
    return proof


def _still_open(proof: MailedCode, at: datetime) -> Any:
    return MailedCode.objects.filter(pk=proof.pk, used_at=None, expires_at__gt=at)


def _new_digits() -> str:
    digits = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
    return f"{digits[:4]} {digits[4:]}"


def _hashed(public_id: uuid.UUID, code: str, key: str | None = None) -> str:
    said = f"{public_id}\n{plain_code(code)}"
    return salted_hmac("rolebook.accounts.mailed_code", said, secret=key, algorithm="sha256").hexdigest()
