"""What somebody says and proves who vouches for another (decision 21)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts import challenges, throttling
from rolebook.accounts.challenges import PasskeyAnswer
from rolebook.accounts.credential_models import PasskeyChallenge
from rolebook.accounts.flows.signing_in import prove_second_factor
from rolebook.accounts.models import Account
from rolebook.accounts.passkeys import PasskeyRefused
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.rules import Violation


@dataclass(frozen=True, slots=True)
class Vouch:
    """How the voucher made sure that it is the person, and a proof of the voucher's own second factor.

    ``passkey`` is the answer to `ask_voucher_for_passkey`; it stands in for ``code``.
    """

    how: str
    told: str
    made_sure: bool
    code: str
    passkey: PasskeyAnswer | None = None


_WRONG_PROOF = frozenset({"wrong_security_code", "wrong_passkey"})


@contextmanager
def one_try(voucher: Account, passkey: PasskeyAnswer | None, at: datetime) -> Iterator[bytes | None]:
    """Count a try of the voucher's proof, which a wrong proof alone uses up: not a form that is not filled in, nor a
    colleague who was first.

    Gives what a device of the voucher's was to sign, taken for good whatever follows; None where it is none. Raises
    TooManyAttempts.
    """
    tries = [(throttling.CODE_BY_SOURCE_AND_ACCOUNT, f"vouch {voucher.pk}")]
    throttling.take(tries, at)
    try:
        yield _taken_challenge(voucher, passkey, at)
    except Refused as refusal:
        if not _WRONG_PROOF & {violation.code for violation in refusal.violations}:
            throttling.give_back(tries)
        raise
    except (NotAllowed, NotFound):
        throttling.give_back(tries)
        raise
    throttling.give_back(tries)


def _taken_challenge(voucher: Account, passkey: PasskeyAnswer | None, at: datetime) -> bytes | None:
    if passkey is None:
        return None
    try:
        return challenges.take_challenge(passkey.challenge_id, voucher.pk, PasskeyChallenge.Purpose.VOUCH, at)
    except PasskeyRefused:
        return None


def prove(voucher: Account, vouch: Vouch, challenge: bytes | None, at: datetime) -> None:
    """Raise Refused unless the voucher's own second factor is proved; call it with the voucher's row locked."""
    if vouch.passkey is None:
        if prove_second_factor(voucher, vouch.code, at) is None:
            raise Refused([Violation("wrong_security_code")])
        return
    try:
        if challenge is None:
            raise PasskeyRefused("found no open challenge")
        challenges.prove_passkey(voucher, challenge, vouch.passkey.answer, at)
    except PasskeyRefused as wrong:
        raise Refused([Violation("wrong_passkey")]) from wrong
