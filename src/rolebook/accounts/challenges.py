"""What passkeys are asked to sign: made for one account and purpose, taken once, over after minutes (I8)."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolebook.accounts import passkeys, throttling
from rolebook.accounts.credential_models import Passkey, PasskeyChallenge
from rolebook.accounts.models import Account
from rolebook.audit.recording import Origin

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser is to ask a device; the session that asked keeps ``challenge_id``, and nobody else."""

    challenge_id: uuid.UUID
    options: passkeys.Options


@dataclass(frozen=True, slots=True)
class PasskeyAnswer:
    """What the browser answered, and to which challenge of this session."""

    challenge_id: uuid.UUID | None
    answer: passkeys.Answer


def ask_to_sign(account: Account, purpose: PasskeyChallenge.Purpose, at: datetime, origin: Origin) -> Asked:
    """Return what to ask a device for: a signature by one of the account's passkeys, for one purpose.

    Raises PasskeyRefused for an account that has none, or is not active, and TooManyAttempts.
    """
    network = throttling.network_of(origin.address)
    throttling.take([(throttling.PASSKEY_BY_SOURCE_AND_ACCOUNT, f"{network} {account.pk}")], at)
    present = tuple(Passkey.objects.filter(account=account).order_by("pk"))
    if not present or not account.is_active:
        raise passkeys.PasskeyRefused("found no passkey of an active account")
    asked = make_challenge(account, purpose, at)
    return Asked(asked.public_id, passkeys.options_to_sign_in(present, bytes(asked.challenge)))


def make_challenge(account: Account, purpose: PasskeyChallenge.Purpose, at: datetime) -> PasskeyChallenge:
    """Store a new challenge for ``account`` and return it."""
    return PasskeyChallenge.objects.create(
        account=account,
        purpose=purpose,
        challenge=passkeys.new_challenge(),
        created_at=at,
        expires_at=at + LIFETIME,
    )


def take_challenge(
    public_id: uuid.UUID | None, account_id: int, purpose: PasskeyChallenge.Purpose, at: datetime
) -> bytes:
    """Return a challenge, this once. Raises PasskeyRefused for one that is another's, taken, or over its time.

    It is taken even when what follows is refused: call it outside of the flow's transaction.
    """
    if public_id is None:
        raise passkeys.PasskeyRefused("found no challenge in this session")
    open_ones = PasskeyChallenge.objects.filter(
        public_id=public_id, account_id=account_id, purpose=purpose, used_at=None, expires_at__gt=at
    )
    if not open_ones.update(used_at=at):
        raise passkeys.PasskeyRefused("found a challenge that was taken already, or is over its time")
    return bytes(PasskeyChallenge.objects.values_list("challenge", flat=True).get(public_id=public_id))


def prove_passkey(account: Account, challenge: bytes, answer: passkeys.Answer, at: datetime) -> Passkey:
    """Return the account's passkey that has signed ``challenge``, with its counter and last use noted.

    Call it in a unit of work with the account's row locked. Raises PasskeyRefused.
    """
    proof = passkeys.check_signature(answer, challenge, Passkey.objects.filter(account_id=account.pk))
    passkey = proof.passkey
    passkey.sign_count, passkey.last_used_at = proof.sign_count, at
    passkey.save(update_fields=["sign_count", "last_used_at"])
    return passkey


def forget_old(at: datetime) -> None:
    """Delete challenges that can no longer be answered."""
    PasskeyChallenge.objects.filter(expires_at__lt=at - timedelta(days=1)).delete()
