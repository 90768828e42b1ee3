"""Somebody signs in: password, agreement to the statement, then a security code, in the document's order (QPP-01)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.db import transaction

from rolebook.accounts import challenges, mailed_codes, sessions, throttling
from rolebook.accounts.challenges import Asked, PasskeyAnswer
from rolebook.accounts.credential_models import PasskeyChallenge
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account, LinkedIdentity, MailedCode, StatementAgreement
from rolebook.accounts.passkeys import Answer, PasskeyRefused
from rolebook.accounts.passwords import LONGEST, spend_time_hashing
from rolebook.accounts.queries.rolebooks import rolebook_in_force, statement_hash
from rolebook.accounts.rejected_addresses import note_code_arrived
from rolebook.accounts.second_factor import has_own_factor, matching_step, secret_of, totp_of
from rolebook.accounts.texts import fold_user_id
from rolebook.audit.recording import Origin, UnitOfWork, record_refusal, unit_of_work
from rolebook.audit.tags import (
    ACCOUNT_SIGNED_IN,
    ACCOUNT_SIGNED_OUT,
    ATTEMPT_REFUSED_SIGN_IN,
    STATEMENT_AGREED,
)

type Method = Literal["totp", "recovery", "passkey", "mailed-code", "provider"]


class SignInRefused(Exception):
    """The credentials do not fit an account that may sign in; which of them is not told (I14)."""


class AccountNotActive(SignInRefused):
    """The password was right, and the account is deactivated, closed, or merged into another one of the person's.

    Told only after the password: whoever does not know it learns nothing (I14).
    """

    def __init__(self, account: Account) -> None:
        """Remember the account."""
        super().__init__(account.status)
        self.account = account


class SecondFactorElsewhere(Exception):
    """The account's second factor is its identity provider's: no mailed code stands in for it (QPP-01)."""


class StatementChanged(Exception):
    """The statement in force is not the one that was agreed to; it must be shown and agreed to again."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """That somebody agreed to a program's statement: the hash of the wording that was shown; None where
    there is none.

    ``later``: nothing was agreed to yet; it is asked for before the program's first page (sign-in by an identity
    provider, QPP-01).
    """

    program_id: str
    wording_hash: str | None
    later: bool = False


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A completed sign-in. Only ``two_factors`` opens program pages."""

    account: Account
    method: Method

    @property
    def two_factors(self) -> bool:
        """Whether something the person has was proved, and not only the mailbox."""
        return self.method != "mailed-code"


def check_password(
    *, user_id: str, password: str, known_browser: bool, at: datetime, origin: Origin
) -> Account:
    """Return the account that a user ID and password belong to; it is not signed in yet.

    ``known_browser``: the browser has signed in to this account before; strangers' failures then do not
    count against it. Raises SignInRefused, alike for an unknown user ID and a wrong password; AccountNotActive when the
    password was right; and TooManyAttempts.
    """
    folded = fold_user_id(user_id)
    network = throttling.network_of(origin.address)
    both = f"{network} {folded}{' known' if known_browser else ''}"
    limits = [(throttling.PASSWORD_BY_SOURCE_AND_USER, both)]
    if not known_browser:
        limits.append((throttling.PASSWORD_BY_SOURCE, network))
    throttling.take(limits, at)
    account = Account.objects.filter(user_id=folded).first()
    if account is None or len(password) > LONGEST:
        spend_time_hashing(password)
        right = False
    else:
        right = account.check_password(password)
    if account is None or not right or not account.is_active:
        record_refusal(
            ATTEMPT_REFUSED_SIGN_IN,
            at=at,
            origin=origin,
            actor_id=None,
            beneficiary_id=account.public_id if account else None,
            new={"reason_code": "password" if not right else "status"},
        )
        if account is not None and right:
            raise AccountNotActive(account)
        raise SignInRefused
    throttling.give_back(limits)
    return account


def mail_sign_in_code(*, account: Account, at: datetime, send: SendMail) -> uuid.UUID | None:
    """Mail a code to somebody who has no second factor yet, and return the proof's id; None for who has one.

    The mailbox stands in until the factor is set up: a password alone never suffices. Raises SecondFactorElsewhere.
    """
    if has_own_factor(account):
        return None
    if has_factor_elsewhere(account):
        raise SecondFactorElsewhere
    # Counted apart from what strangers can have mailed to this address: the password was right.
    throttling.take([(throttling.MAIL_BY_ADDRESS, f"sign in {account.pk}")], at)
    purpose = MailedCode.Purpose.SIGN_IN
    with transaction.atomic(durable=True):
        new = mailed_codes.make_code(purpose, address=account.email, at=at, account=account)
        send(AccountMail("sign-in-code", account.name, account=account, code=new.code))
    return new.proof.public_id


def ask_for_passkey(*, account_id: int, at: datetime, origin: Origin) -> Asked:
    """Return what to ask a device for, after ``check_password``: a signature by one of the account's passkeys.

    Raises PasskeyRefused for an account that has none, or is not active, and TooManyAttempts.
    """
    account = Account.objects.get(pk=account_id)
    return challenges.ask_to_sign(account, PasskeyChallenge.Purpose.SIGN_IN, at, origin)


def sign_in(
    *,
    account_id: int,
    agreement: Agreement,
    known_browser: bool,
    at: datetime,
    origin: Origin,
    code: str = "",
    proof_id: uuid.UUID | None = None,
    passkey: PasskeyAnswer | None = None,
    provider_id: str | None = None,
) -> SignedIn:
    """Complete a sign-in, after ``check_password`` or an identity provider's word (``provider_id``), with a security
    code; record it, and the agreement.

    ``code`` is one of the authenticator app (accepted once, RFC 6238 section 5.2), a recovery code, or, for who has no
    second factor yet, the mailed code of ``proof_id``; ``passkey`` is the answer to ``ask_for_passkey`` instead of it.
    Raises SignInRefused, CodeRefused (mailed code), StatementChanged and TooManyAttempts.
    """
    limits = _code_limits(account_id, known_browser or passkey is not None, origin)
    throttling.take(limits, at)
    proof = mailed_codes.check_code(proof_id, MailedCode.Purpose.SIGN_IN, code, at) if proof_id else None
    public_id = Account.objects.values_list("public_id", flat=True).get(pk=account_id)
    try:
        signed = _take_challenge(account_id, passkey, at)
        with unit_of_work(at=at, origin=origin, actor_id=public_id) as work:
            account = Account.objects.select_for_update().get(pk=account_id)
            if not account.is_active:
                raise SignInRefused
            method = (
                _prove(account, code, proof, at) if signed is None else _prove_passkey(account, signed, at)
            )
            if method == "mailed-code" and proof is not None:
                note_code_arrived(work, account, proof.address)
            record_agreement(work, account, agreement, at)
            work.record(
                ACCOUNT_SIGNED_IN,
                program_id=agreement.program_id,
                beneficiary_id=account.public_id,
                new={"method": method, **({"provider": provider_id} if provider_id else {})},
            )
    except SignInRefused:
        record_refusal(
            ATTEMPT_REFUSED_SIGN_IN,
            at=at,
            origin=origin,
            actor_id=None,
            beneficiary_id=public_id,
            new={"reason_code": "security-code" if passkey is None else "passkey"},
        )
        raise
    throttling.give_back(limits)
    return SignedIn(account, method)


def prove_second_factor(account: Account, code: str, at: datetime) -> Method | None:
    """Use up a code of the account's authenticator app, or a recovery code; None when it is neither, or used already.

    Call it in a unit of work with the account's row locked, so that two requests cannot use one code (fault 37).
    """
    totp = totp_of(account)
    step = matching_step(secret_of(totp), code, at) if totp is not None else None
    if totp is not None and step is not None:
        fresh = Account.objects.filter(pk=account.pk, last_totp_step__lt=step)
        if not fresh.update(last_totp_step=step):
            return None
        Authenticator.objects.filter(pk=totp.pk).update(last_used_at=at)
        return "totp"
    codes = Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    if codes is not None and RecoveryCodes(codes).validate_code(code):
        return "recovery"
    return None


def agree_to_statement(
    *,
    acting_user: Account,
    agreement: Agreement,
    at: datetime,
    origin: Origin,
) -> None:
    """Record an agreement by somebody who is signed in and comes to another program. Raises StatementChanged."""
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        record_agreement(work, acting_user, agreement, at)
        if agreement.wording_hash is None:
            work.nothing_happened()


def record_agreement(work: UnitOfWork, account: Account, agreement: Agreement, at: datetime) -> None:
    """Record, in a flow's unit of work, the agreement to the statement in force. Raises StatementChanged."""
    if agreement.later:
        return
    version, book = rolebook_in_force(agreement.program_id, at)
    wording = book.program.statement
    if (statement_hash(wording) if wording is not None else None) != agreement.wording_hash:
        raise StatementChanged
    if agreement.wording_hash is None:
        return
    StatementAgreement.objects.create(
        account=account,
        program_id=agreement.program_id,
        rolebook_version=version,
        wording_hash=agreement.wording_hash,
        agreed_at=at,
    )
    work.record(
        STATEMENT_AGREED,
        program_id=agreement.program_id,
        beneficiary_id=account.public_id,
        rolebook_version=version.number,
        new={"wording_hash": agreement.wording_hash, "rolebook_version": version.number},
    )


def sign_out(*, acting_user: Account, at: datetime, origin: Origin) -> None:
    """Record that somebody signed out; the browser's session itself is ended by who holds it."""
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        sessions.close_session(origin.session, at)
        work.record(ACCOUNT_SIGNED_OUT, beneficiary_id=acting_user.public_id, new={"scope": "this"})


def has_factor_elsewhere(account: Account) -> bool:
    """Return whether an identity provider has confirmed a second factor that counted for ``account``."""
    return LinkedIdentity.objects.filter(account=account, two_factors_at__isnull=False).exists()


def _prove(account: Account, code: str, proof: MailedCode | None, at: datetime) -> Method:
    if proof is not None:
        if proof.account_id != account.pk or has_own_factor(account) or has_factor_elsewhere(account):
            raise SignInRefused
        mailed_codes.use(proof, at)
        return "mailed-code"
    method = prove_second_factor(account, code, at)
    if method is None:
        raise SignInRefused
    return method


def _take_challenge(
    account_id: int, passkey: PasskeyAnswer | None, at: datetime
) -> tuple[bytes, Answer] | None:
    """Return what was to be signed and the answer, the challenge taken for good; None where no passkey is used."""
    if passkey is None:
        return None
    try:
        purpose = PasskeyChallenge.Purpose.SIGN_IN
        return challenges.take_challenge(passkey.challenge_id, account_id, purpose, at), passkey.answer
    except PasskeyRefused as refused:
        raise SignInRefused from refused


def _prove_passkey(account: Account, signed: tuple[bytes, Answer], at: datetime) -> Method:
    try:
        challenges.prove_passkey(account, *signed, at)
    except PasskeyRefused as refused:
        raise SignInRefused from refused
    return "passkey"


def _code_limits(account_id: int, known_browser: bool, origin: Origin) -> list[tuple[throttling.Limit, str]]:
    network = throttling.network_of(origin.address)
    known = " known" if known_browser else ""
    limits = [(throttling.CODE_BY_SOURCE_AND_ACCOUNT, f"{network} {account_id}{known}")]
    if not known_browser:
        limits.append((throttling.CODE_BY_ACCOUNT, str(account_id)))
    return limits
