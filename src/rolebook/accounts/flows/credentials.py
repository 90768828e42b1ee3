"""What proves who somebody is: second factor, recovery codes, password, e-mail address. A change ends other
sessions.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction

from rolebook.accounts import mailed_codes, sessions, throttling
from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.flows.registration import limit_mails
from rolebook.accounts.flows.signing_in import prove_second_factor
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account, LinkedIdentity, MailedCode
from rolebook.accounts.passwords import LONGEST, judge_password, spend_time_hashing
from rolebook.accounts.personal_tokens import end_tokens
from rolebook.accounts.rejected_addresses import note_code_arrived, note_proved
from rolebook.accounts.second_factor import has_own_factor, has_second_factor, matching_step, totp_of
from rolebook.accounts.texts import clean_email, email_key, fold_user_id
from rolebook.accounts.token_models import PersonalToken
from rolebook.audit.recording import Origin, UnitOfWork, record_refusal, unit_of_work
from rolebook.audit.tags import (
    ACCOUNT_CHANGED,
    ACCOUNT_CODES_MADE,
    ACCOUNT_EMAIL_CONFIRMED,
    ACCOUNT_FACTOR_ADDED,
    ACCOUNT_FACTOR_REMOVED,
    ACCOUNT_PASSWORD_CHANGED,
    ATTEMPT_REFUSED_CONFIRM,
)


class WrongPassword(Exception):
    """The password typed to confirm a change is not the account's."""


class WrongSecurityCode(Exception):
    """The security code does not fit the secret, or was used already."""


class WrongPresentCode(Exception):
    """The code of the authenticator app that is to be replaced is wrong, or was used already."""


class OnlyFactor(Exception):
    """The account's only second factor cannot be removed: without one nobody acts (QPP-01)."""


@dataclass(frozen=True, slots=True)
class FactorSetUp:
    """A second factor that was just set up; the codes are shown once, and empty where the earlier ones still hold."""

    account: Account
    recovery_codes: tuple[str, ...]


def set_up_totp(
    *,
    acting_user: Account,
    secret: str,
    code: str,
    at: datetime,
    origin: Origin,
    send: SendMail,
    password: str = "",
    present_code: str = "",
) -> FactorSetUp:
    """Set up an authenticator app with ``secret``, proved by a ``code`` of it.

    Beside another second factor it asks for the password; replacing an app also for a code of the present one (or a
    recovery code). With the first factor, and with a replaced app, come new recovery codes. Other sessions end.
    Raises WrongSecurityCode, WrongPresentCode, WrongPassword and TooManyAttempts.
    """
    replacing = totp_of(acting_user) is not None
    if has_second_factor(acting_user):
        confirm_password(acting_user, password, at, origin)
    limits = [(throttling.CODE_BY_SOURCE_AND_ACCOUNT, f"set up {acting_user.pk}")]
    throttling.take(limits, at)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        present = totp_of(account)
        if present is not None:
            if not replacing or prove_second_factor(account, present_code, at) is None:
                raise WrongPresentCode
            _drop_totp(work, account, present)
        step = matching_step(secret, code, at)
        if step is None:
            raise WrongSecurityCode
        beside = has_own_factor(account)
        TOTP.activate(account, secret)
        account.last_totp_step, account.factors_removed_at = step, None
        account.save(update_fields=["last_totp_step", "factors_removed_at"])
        sessions.end_sessions(account, at, but=origin.session)
        work.record(ACCOUNT_FACTOR_ADDED, beneficiary_id=account.public_id, new={"method": "totp"})
        codes = () if beside and not replacing else new_recovery_codes(work, account)
        send(AccountMail("second-factor-changed", account.name, account=account, what=_told(replacing)))
    throttling.give_back(limits)
    return FactorSetUp(account, codes)


def remove_totp(
    *, acting_user: Account, password: str, at: datetime, origin: Origin, send: SendMail
) -> Account:
    """Remove the authenticator app beside a passkey, after the password was confirmed; the other sessions end.

    The last second factor is never removed. Raises OnlyFactor, WrongPassword and TooManyAttempts.
    """
    confirm_password(acting_user, password, at, origin)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        present = totp_of(account)
        if present is None:
            work.nothing_happened()
            return account
        if not Passkey.objects.filter(account=account).exists():
            raise OnlyFactor
        _drop_totp(work, account, present)
        sessions.end_sessions(account, at, but=origin.session)
        what = "The authenticator app was removed from your account. You sign in with a passkey."
        send(AccountMail("second-factor-changed", account.name, account=account, what=what))
    return account


def make_recovery_codes(
    *, acting_user: Account, password: str, at: datetime, origin: Origin, send: SendMail
) -> tuple[str, ...]:
    """Replace the recovery codes by new ones, and return them. Raises WrongPassword, TooManyAttempts."""
    confirm_password(acting_user, password, at, origin)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        if not has_own_factor(account):
            raise WrongSecurityCode
        codes = new_recovery_codes(work, account)
        what = "New recovery codes were made. The earlier ones no longer work."
        send(AccountMail("second-factor-changed", account.name, account=account, what=what))
    return codes


def change_password(
    *, acting_user: Account, old: str, new: str, at: datetime, origin: Origin, send: SendMail
) -> Account:
    """Change a password, which ends all other sessions. Raises WrongPassword, ValidationError, TooManyAttempts."""
    confirm_password(acting_user, old, at, origin)
    judge_password(new, acting_user)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        _set_password(work, account, new, "changed", send)
    return account


def ask_for_password_reset(
    *, named: str, at: datetime, origin: Origin, send: SendMail, known_browser: bool = False
) -> uuid.UUID:
    """Mail a code for a new password to the account with this user ID or e-mail address, and return a proof's id.

    The answer is the same when there is no such account (fault 40), and mail goes only to the stored address (fault
    39). ``known_browser``: the browser has signed in to this account before; what strangers had mailed then does not
    count against it. Raises TooManyAttempts.
    """
    limit_mails(named[:254], origin, at, known_browser=known_browser)
    key = email_key(named)
    found = (
        Account.objects.filter(email_key=key)
        if "@" in named
        else Account.objects.filter(user_id=fold_user_id(named))
    )
    account = found.first()
    with transaction.atomic(durable=True):
        known = account is not None and _may_reset(account)
        new = mailed_codes.make_code(
            MailedCode.Purpose.RESET_PASSWORD,
            address=account.email if account is not None and known else "",
            at=at,
            account=account if known else None,
            usable=known,
        )
        if account is not None and known:
            send(AccountMail("reset-password", account.name, account=account, code=new.code))
    return new.proof.public_id


def reset_password(
    *, proof_id: uuid.UUID, code: str, new: str, at: datetime, origin: Origin, send: SendMail
) -> Account:
    """Set a new password with a mailed code. Nobody is signed in by it, and the second factor stays as it
    is (fault 40).

    All sessions end. Raises CodeRefused and ValidationError (the code stays good).
    """
    judge_password(new, None)
    proof = mailed_codes.check_code(proof_id, MailedCode.Purpose.RESET_PASSWORD, code, at)
    if proof.account is None:
        raise mailed_codes.CodeRefused(spent=True)
    judge_password(new, proof.account)
    with unit_of_work(at=at, origin=origin, actor_id=proof.account.public_id) as work:
        account = Account.objects.select_for_update().get(pk=proof.account.pk)
        mailed_codes.use(proof, at)
        if not _may_reset(account):
            raise mailed_codes.CodeRefused(spent=True)
        note_code_arrived(work, account, proof.address)
        _set_password(work, account, new, "reset", send)
    return account


def ask_for_new_email(
    *, acting_user: Account, password: str, email: str, at: datetime, origin: Origin, send: SendMail
) -> uuid.UUID:
    """Mail a code to a new address, and return the proof's id; the present address stays until it is typed.

    The answer is the same when the address belongs to another account. Raises WrongPassword,
    ValidationError, TooManyAttempts.
    """
    confirm_password(acting_user, password, at, origin)
    address = clean_email(email)
    limit_mails(address, origin, at)
    with transaction.atomic(durable=True):
        taken = Account.objects.filter(email_key=email_key(address)).exclude(pk=acting_user.pk).exists()
        new = mailed_codes.make_code(
            MailedCode.Purpose.CHANGE_EMAIL, address=address, at=at, account=acting_user, usable=not taken
        )
        if not taken:
            send(AccountMail("confirm-new-email", acting_user.name, address=address, code=new.code))
    return new.proof.public_id


def change_email(
    *, acting_user: Account, proof_id: uuid.UUID, code: str, at: datetime, origin: Origin, send: SendMail
) -> Account:
    """Replace the address by the one whose code was typed; the old one is warned (fault 46), other sessions end.

    With the present address it only proves that mail arrives there. Raises CodeRefused.
    """
    proof = mailed_codes.check_code(proof_id, MailedCode.Purpose.CHANGE_EMAIL, code, at)
    if proof.account_id != acting_user.pk:
        raise mailed_codes.CodeRefused(spent=True)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        mailed_codes.use(proof, at)
        old, key = account.email, email_key(proof.address)
        if key == account.email_key:
            note_proved(work, account)
            work.record(
                ACCOUNT_EMAIL_CONFIRMED, beneficiary_id=account.public_id, personal={"email": account.email}
            )
            return account
        if Account.objects.filter(email_key=key).exclude(pk=account.pk).exists():
            raise mailed_codes.CodeRefused(spent=True)
        account.email, account.email_key = proof.address, key
        account.save(update_fields=["email", "email_key"])
        note_proved(work, account)
        sessions.end_sessions(account, at, but=origin.session)
        work.record(
            ACCOUNT_CHANGED,
            beneficiary_id=account.public_id,
            new={"fields": ["email"]},
            personal={"email": account.email, "old_email": old},
        )
        send(AccountMail("email-changed", account.name, address=old, what=account.email))
        send(AccountMail("email-is-new", account.name, account=account))
    return account


def confirm_password(
    account: Account, password: str, at: datetime, origin: Origin, *, signed_in: bool = True
) -> None:
    """Raise WrongPassword unless ``password`` is the account's; TooManyAttempts after some failures.

    A wrong one is on record, and its person is told of several a day, as of sign-ins. It is counted by network and
    account, and by session: whoever tries from elsewhere keeps nobody from their own account. ``signed_in``: whether
    the account itself asks, and not only who has a link mailed to it.
    """
    limits = [(throttling.PASSWORD_AGAIN, f"{throttling.network_of(origin.address)} {account.pk}")]
    if signed_in and origin.session is not None:
        limits.append((throttling.PASSWORD_AGAIN, f"session {origin.session}"))
    throttling.take(limits, at)
    if len(password) > LONGEST:
        spend_time_hashing(password)
    elif account.check_password(password):
        throttling.give_back(limits)
        return
    record_refusal(
        ATTEMPT_REFUSED_CONFIRM,
        at=at,
        origin=origin,
        actor_id=account.public_id if signed_in else None,
        beneficiary_id=account.public_id,
        new={"reason_code": "password"},
    )
    raise WrongPassword


def remove_factors(work: UnitOfWork, account: Account) -> None:
    """Remove every second factor and the recovery codes of who lost them, in a flow's unit of work; all sessions and
    access tokens end.

    Until a new one is set up, the account uses no office, and its mailbox sets no password.
    """
    for method, rows in (
        ("totp", Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.TOTP)),
        ("passkey", Passkey.objects.filter(account=account)),
    ):
        if rows.delete()[0]:
            work.record(ACCOUNT_FACTOR_REMOVED, beneficiary_id=account.public_id, old={"method": method})
    # An identity provider's no longer counts either, until it is confirmed again.
    if LinkedIdentity.objects.filter(account=account, two_factors_at__isnull=False).update(
        two_factors_at=None
    ):
        work.record(ACCOUNT_FACTOR_REMOVED, beneficiary_id=account.public_id, old={"method": "provider"})
    Authenticator.objects.filter(user_id=account.pk).delete()
    account.factors_removed_at = work.at
    account.save(update_fields=["factors_removed_at"])
    sessions.end_sessions(account, work.at)
    end_tokens(work, account, PersonalToken.Ending.SECOND_FACTOR)


def _drop_totp(work: UnitOfWork, account: Account, present: Authenticator) -> None:
    present.delete()
    work.record(ACCOUNT_FACTOR_REMOVED, beneficiary_id=account.public_id, old={"method": "totp"})


def new_recovery_codes(work: UnitOfWork, account: Account) -> tuple[str, ...]:
    """Replace the recovery codes, in a flow's unit of work, and return the new ones."""
    Authenticator.objects.filter(user_id=account.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
    codes = tuple(RecoveryCodes.activate(account).get_unused_codes())
    work.record(ACCOUNT_CODES_MADE, beneficiary_id=account.public_id, new={"count": len(codes)})
    return codes


def _set_password(work: UnitOfWork, account: Account, new: str, way: str, send: SendMail) -> None:
    account.set_password(new)
    account.save(update_fields=["password"])
    sessions.end_sessions(account, work.at, but=work.origin.session if way == "changed" else None)
    end_tokens(work, account, PersonalToken.Ending.PASSWORD)
    work.record(ACCOUNT_PASSWORD_CHANGED, beneficiary_id=account.public_id, new={"way": way})
    send(AccountMail("password-changed", account.name, account=account))


def _may_reset(account: Account) -> bool:
    """Whether the mailbox may set a new password.

    Not between the operator's removing a lost second factor and the setting up of a new one: the mailbox stands in
    for the factor then, and would be all there is (QPP-01: no way round the second factor).
    """
    had = account.factors_removed_at is not None or account.last_totp_step > 0
    return account.is_active and (has_own_factor(account) or not had)


def _told(replacing: bool) -> str:
    if replacing:
        return "Your authenticator app was replaced by another one, and new recovery codes were made."
    return "An authenticator app was set up for your account."
