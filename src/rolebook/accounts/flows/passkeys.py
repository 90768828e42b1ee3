"""Passkeys of one's own account: set up, renamed, removed. Changing who can sign in ends the other sessions."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from rolebook.accounts import challenges, passkeys, sessions
from rolebook.accounts.challenges import Asked, PasskeyAnswer
from rolebook.accounts.credential_models import Passkey, PasskeyChallenge
from rolebook.accounts.flows.credentials import (
    FactorSetUp,
    OnlyFactor,
    confirm_password,
    new_recovery_codes,
)
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account
from rolebook.accounts.second_factor import has_own_factor, has_second_factor, totp_of
from rolebook.accounts.texts import clean_line
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.audit.tags import ACCOUNT_FACTOR_ADDED, ACCOUNT_FACTOR_REMOVED, ACCOUNT_FACTOR_RENAMED

MOST_PASSKEYS = 10
LONGEST_NAME = 60


class TooManyPasskeys(Exception):
    """The account has as many passkeys as it may have."""


class PasskeyKnown(Exception):
    """This very passkey is set up already."""


class NoSuchPasskey(LookupError):
    """The account has no such passkey: removed meanwhile, or another account's."""


@dataclass(frozen=True, slots=True)
class PasskeyRemoved:
    """A passkey that was removed, and its account, with which the present session is renewed."""

    account: Account
    name: str


def ask_for_new_passkey(*, acting_user: Account, password: str, at: datetime, origin: Origin) -> Asked:
    """Return what to ask a device for, so that it makes a passkey for ``acting_user``; the password is confirmed first.

    Who has no second factor at all has just typed the password, and is not asked again. Raises WrongPassword,
    TooManyAttempts, TooManyPasskeys, and PasskeyRefused where the site can have none.
    """
    if has_second_factor(acting_user):
        confirm_password(acting_user, password, at, origin)
    present = tuple(Passkey.objects.filter(account=acting_user).order_by("pk"))
    if len(present) >= MOST_PASSKEYS:
        raise TooManyPasskeys
    if passkeys.site() is None:
        raise passkeys.PasskeyRefused("this site has no name that browsers know passkeys by")
    asked = challenges.make_challenge(acting_user, PasskeyChallenge.Purpose.SET_UP, at)
    return Asked(asked.public_id, passkeys.options_to_set_up(acting_user, present, bytes(asked.challenge)))


def add_passkey(
    *, acting_user: Account, name: str, answer: PasskeyAnswer, at: datetime, origin: Origin, send: SendMail
) -> FactorSetUp:
    """Keep the passkey that a device made in answer to ``ask_for_new_passkey``.

    With the first second factor of an account come its recovery codes. The other sessions end (fault 36). Raises
    PasskeyRefused, PasskeyKnown, TooManyPasskeys and ValidationError (the name).
    """
    called = clean_line(name, longest=LONGEST_NAME)
    challenge = challenges.take_challenge(
        answer.challenge_id, acting_user.pk, PasskeyChallenge.Purpose.SET_UP, at
    )
    made = passkeys.check_new(answer.answer, challenge)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        if Passkey.objects.filter(account=account).count() >= MOST_PASSKEYS:
            raise TooManyPasskeys
        first = not has_own_factor(account)
        try:
            with transaction.atomic():
                Passkey.objects.create(
                    account=account,
                    name=called,
                    credential_id=made.credential_id,
                    credential=made.credential,
                    transports=list(made.transports),
                    sign_count=made.sign_count,
                    created_at=at,
                )
        except IntegrityError as twin:
            raise PasskeyKnown from twin
        account.factors_removed_at = None
        account.save(update_fields=["factors_removed_at"])
        sessions.end_sessions(account, at, but=origin.session)
        work.record(
            ACCOUNT_FACTOR_ADDED,
            beneficiary_id=account.public_id,
            new={"method": "passkey"},
            personal={"name": called},
        )
        codes = new_recovery_codes(work, account) if first else ()
        what = f'A passkey was set up for your account: "{called}".'
        send(AccountMail("second-factor-changed", account.name, account=account, what=what))
    return FactorSetUp(account, codes)


def rename_passkey(
    *, acting_user: Account, passkey_id: uuid.UUID, name: str, at: datetime, origin: Origin
) -> Passkey:
    """Call a passkey otherwise. Raises NoSuchPasskey and ValidationError."""
    called = clean_line(name, longest=LONGEST_NAME)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        passkey = _own(account, passkey_id)
        if passkey.name == called:
            work.nothing_happened()
            return passkey
        old, passkey.name = passkey.name, called
        passkey.save(update_fields=["name"])
        work.record(
            ACCOUNT_FACTOR_RENAMED,
            beneficiary_id=account.public_id,
            new={"method": "passkey"},
            personal={"old_name": old, "name": called},
        )
    return passkey


def remove_passkey(
    *,
    acting_user: Account,
    passkey_id: uuid.UUID,
    password: str,
    at: datetime,
    origin: Origin,
    send: SendMail,
) -> PasskeyRemoved:
    """Remove a passkey, after the password was confirmed; the other sessions end (fault 36).

    The last second factor is never removed: without one nobody acts (QPP-01). Raises OnlyFactor, NoSuchPasskey,
    WrongPassword and TooManyAttempts.
    """
    confirm_password(acting_user, password, at, origin)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        passkey = _own(account, passkey_id)
        others = Passkey.objects.filter(account=account).exclude(pk=passkey.pk)
        if totp_of(account) is None and not others.exists():
            raise OnlyFactor
        passkey.delete()
        sessions.end_sessions(account, at, but=origin.session)
        work.record(
            ACCOUNT_FACTOR_REMOVED,
            beneficiary_id=account.public_id,
            old={"method": "passkey"},
            personal={"name": passkey.name},
        )
        what = f'The passkey "{passkey.name}" was removed from your account.'
        send(AccountMail("second-factor-changed", account.name, account=account, what=what))
    return PasskeyRemoved(account, passkey.name)


def checked_name(name: str) -> str:
    """Return a passkey's name on one line. Raises ValidationError."""
    try:
        return clean_line(name, longest=LONGEST_NAME)
    except ValidationError as wrong:
        raise ValidationError(f"Use 1 to {LONGEST_NAME} characters on one line.") from wrong


def _own(account: Account, passkey_id: uuid.UUID) -> Passkey:
    found = Passkey.objects.filter(account=account, public_id=passkey_id).first()
    if found is None:
        raise NoSuchPasskey
    return found
