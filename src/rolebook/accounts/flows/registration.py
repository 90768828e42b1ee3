"""Somebody registers: nothing but a pending proof until the address is confirmed, then an account (QPP-02)."""

import uuid
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from rolebook.accounts import mailed_codes, throttling
from rolebook.accounts.linking import IdentityTaken, is_linked, link_in
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account, MailedCode
from rolebook.accounts.openid.asking import Identity
from rolebook.accounts.passwords import judge_password
from rolebook.accounts.texts import clean_email, clean_line, clean_user_id, email_key
from rolebook.audit.ids import new_public_id
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.audit.tags import ACCOUNT_EMAIL_CONFIRMED, ACCOUNT_REGISTERED

LONGEST_NAME = 150


class UserIdTaken(Exception):
    """Somebody has this user ID; told only to who has confirmed an address."""


def register_account(
    *,
    user_id: str,
    name: str,
    email: str,
    password: str | None,
    at: datetime,
    origin: Origin,
    send: SendMail,
    identity: Identity | None = None,
) -> uuid.UUID:
    """Keep a registration and mail its code; returns the public id of the proof, for ``confirm_email``.

    ``identity``: of the provider with which the person came; it is linked to the new account, which then needs no
    ``password``. The address is confirmed by our own code all the same, whatever the provider says of it.

    The answer is the same whether or not the address has an account already; its holder is told by mail (fault 40).
    Nothing governed exists yet, and so there is no audit event before the address is confirmed. Raises ValidationError
    for what cannot be used and TooManyAttempts.
    """
    person = Account(
        user_id=clean_user_id(user_id), name=clean_line(name, longest=LONGEST_NAME), email=clean_email(email)
    )
    if password is not None or identity is None:
        judge_password(password or "", person)
    limit_mails(person.email, origin, at)
    mailed_codes.forget_old(at)
    throttling.forget_old(at)
    details: dict[str, Any] = {
        "user_id": person.user_id,
        "name": person.name,
        "password": make_password(password),
    }
    if identity is not None:
        details["identity"] = asdict(identity)
    with transaction.atomic(durable=True):
        holder = Account.objects.filter(email_key=email_key(person.email)).first()
        purpose = MailedCode.Purpose.REGISTER
        if holder is not None:
            new = mailed_codes.make_code(purpose, address=person.email, at=at, usable=False)
            send(AccountMail("already-registered", holder.name, account=holder))
        else:
            new = mailed_codes.make_code(purpose, address=person.email, at=at, details=details)
            send(AccountMail("confirm-email", person.name, address=person.email, code=new.code))
    return new.proof.public_id


def send_registration_code_again(*, proof_id: uuid.UUID, at: datetime, send: SendMail) -> None:
    """Mail a new code for a registration; the earlier one is void. Raises CodeRefused."""
    with transaction.atomic(durable=True):
        new = mailed_codes.make_again(proof_id, MailedCode.Purpose.REGISTER, at)
        if new.proof.code_hash:
            send(
                AccountMail(
                    "confirm-email", new.proof.details["name"], address=new.proof.address, code=new.code
                )
            )


def confirm_email(
    *, proof_id: uuid.UUID, code: str, at: datetime, origin: Origin, user_id: str | None = None
) -> Account:
    """Make the account of a registration whose mailed code was typed; ``user_id`` replaces one that was taken.

    Raises CodeRefused, UserIdTaken (the code stays good, so that another can be chosen), IdentityTaken, and
    ValidationError for a user ID that cannot be used.
    """
    chosen = clean_user_id(user_id) if user_id is not None else None
    proof = mailed_codes.check_code(proof_id, MailedCode.Purpose.REGISTER, code, at)
    try:
        return _make_account(proof, chosen, at, origin)
    except (
        IntegrityError
    ) as twin:  # somebody else took the user ID, or confirmed the address, in this very moment
        if Account.objects.filter(email_key=email_key(proof.address)).exists():
            raise mailed_codes.CodeRefused(spent=True) from twin
        kept = proof.details.get("identity")
        if kept is not None and is_linked(Identity(**kept)):
            raise IdentityTaken from twin
        raise UserIdTaken from twin


def _make_account(proof: MailedCode, chosen: str | None, at: datetime, origin: Origin) -> Account:
    public_id = new_public_id()
    with unit_of_work(at=at, origin=origin, actor_id=public_id) as work:
        details = mailed_codes.use(proof, at)
        chosen = chosen or details["user_id"]
        if Account.objects.filter(email_key=email_key(proof.address)).exists():
            raise mailed_codes.CodeRefused(spent=True)
        if Account.objects.filter(user_id=chosen).exists():
            raise UserIdTaken
        account = Account.objects.create(
            public_id=public_id,
            user_id=chosen,
            name=details["name"],
            email=proof.address,
            email_key=email_key(proof.address),
            password=details["password"],
            created_at=at,
        )
        work.record(
            ACCOUNT_REGISTERED,
            beneficiary_id=public_id,
            new={"status": account.status},
            personal={"user_id": account.user_id, "name": account.name, "email": account.email},
        )
        work.record(ACCOUNT_EMAIL_CONFIRMED, beneficiary_id=public_id, personal={"email": account.email})
        if "identity" in details:
            link_in(work, account, Identity(**details["identity"]), at)
    return account


def limit_mails(address: str, origin: Origin, at: datetime, *, known_browser: bool = False) -> None:
    """Count a mail with a code towards the limits of its source and mailbox, and of a known browser towards its own.

    Raises TooManyAttempts.
    """
    network, mailbox = throttling.network_of(origin.address), email_key(address)
    throttling.take(
        [
            (throttling.MAIL_BY_SOURCE, network),
            (throttling.MAIL_BY_SOURCE_AND_ADDRESS, f"{network} {mailbox}"),
            (throttling.MAIL_BY_SOURCE_AND_ADDRESS_A_DAY, f"{network} {mailbox}"),
            (throttling.MAIL_BY_ADDRESS, f"known {mailbox}" if known_browser else mailbox),
        ],
        at,
    )
