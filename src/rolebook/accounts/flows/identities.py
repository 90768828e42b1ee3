"""Identities at outside providers: linked by their person, used to sign in, unlinked.

Nothing that a provider tells but issuer and subject says whose account it is: no address is ever compared, and no
claim gives a role (I2, I9).
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import NoReturn

from django.db import IntegrityError

from rolebook.accounts import sessions, throttling
from rolebook.accounts.flows.credentials import confirm_password
from rolebook.accounts.flows.signing_in import SignedIn, SignInRefused
from rolebook.accounts.identity_providers import IdentityProvider
from rolebook.accounts.linking import IdentityTaken, link_in
from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.accounts.models import Account, LinkedIdentity
from rolebook.accounts.openid.asking import AnswerRefused, Asked, Identity, finish
from rolebook.accounts.queries.identities import identity_providers, provider_name
from rolebook.accounts.second_factor import has_own_factor
from rolebook.audit.recording import Origin, UnitOfWork, record_refusal, unit_of_work
from rolebook.audit.tags import (
    ACCOUNT_IDENTITY_UNLINKED,
    ACCOUNT_SIGNED_IN,
    ATTEMPT_REFUSED_SIGN_IN,
)


class NoWayIn(Exception):
    """Without this identity its person could not sign in any more; ``lacking`` says what is to be set up first."""

    def __init__(self, lacking: str) -> None:
        """Remember what is lacking: "password" or "second factor"."""
        super().__init__(lacking)
        self.lacking = lacking


def receive_identity(
    *,
    provider: IdentityProvider,
    asked: Asked,
    answer: Mapping[str, str],
    callback: str,
    at: datetime,
    origin: Origin,
) -> Identity:
    """Return who came back from a provider (see ``openid.asking.finish``); a wrong answer is on record.

    Raises AnswerRefused, NotSignedInThere, ProviderRefused, ProviderDown and TooManyAttempts.
    """
    limits = [(throttling.PROVIDER_BY_SOURCE, throttling.network_of(origin.address))]
    throttling.take(limits, at)
    try:
        identity = finish(provider, asked, answer, callback=callback, at=at)
    except AnswerRefused as refused:
        record_refusal(
            ATTEMPT_REFUSED_SIGN_IN,
            at=at,
            origin=origin,
            actor_id=None,
            new={"reason_code": f"identity-provider-{refused.code}"},
        )
        raise
    throttling.give_back(limits)
    return identity


def recognize(*, identity: Identity, at: datetime, origin: Origin) -> Account | None:
    """Return the account that an identity is linked to; None for one that nobody has linked.

    Nobody is signed in by it yet. Raises SignInRefused for an account that may not sign in (I7).
    """
    link = _link_of(identity)
    if link is None:
        return None
    if not link.account.is_active:
        _refuse(link.account, at, origin)
    return link.account


def sign_in_by_provider(*, identity: Identity, program_id: str, at: datetime, origin: Origin) -> SignedIn:
    """Complete the sign-in of somebody whose provider confirmed a second factor that counts; record it.

    The statement is agreed to afterwards, before the program's first page (QPP-01). Raises SignInRefused, also for an
    identity without such a factor: ``signing_in.sign_in`` then asks for our own.
    """
    link = _link_of(identity)
    if link is None or not identity.two_factors:
        raise SignInRefused
    public_id = link.account.public_id
    try:
        with unit_of_work(at=at, origin=origin, actor_id=public_id) as work:
            account = Account.objects.select_for_update().get(pk=link.account_id)
            used = LinkedIdentity.objects.filter(pk=link.pk, account=account)
            if not account.is_active or not used.update(signed_in_at=at, two_factors_at=at):
                raise SignInRefused
            work.record(
                ACCOUNT_SIGNED_IN,
                program_id=program_id,
                beneficiary_id=public_id,
                new={"method": "provider", "provider": identity.provider_id},
            )
    except SignInRefused:
        _refuse(link.account, at, origin)
    return SignedIn(account, "provider")


def link_identity(
    *, acting_user: Account, identity: Identity, at: datetime, origin: Origin, send: SendMail
) -> None:
    """Link an identity to the account of who has just proved both; other sessions end. Raises IdentityTaken.

    Ask for it only where the person signed in, or gave the password again, a moment ago.
    """
    try:
        with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
            account = Account.objects.select_for_update().get(pk=acting_user.pk)
            link_in(work, account, identity, at)
            sessions.end_sessions(account, at, but=origin.session)
            what = f"You can now sign in with {provider_name(identity.provider_id)}: it was linked to your account."
            send(AccountMail("second-factor-changed", account.name, account=account, what=what))
    except IntegrityError as twin:  # linked elsewhere in this very moment
        raise IdentityTaken from twin
    acting_user.session_salt = account.session_salt


def unlink_identity(
    *,
    acting_user: Account,
    link_id: uuid.UUID,
    password: str,
    at: datetime,
    origin: Origin,
    send: SendMail,
) -> bool:
    """Unlink an identity of one's own; other sessions end. Returns False when there is no such link any more.

    What remains must be a way in with two factors. Raises NoWayIn, WrongPassword and TooManyAttempts.
    """
    if not acting_user.has_usable_password():
        raise NoWayIn("password")
    confirm_password(acting_user, password, at, origin)
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        account = Account.objects.select_for_update().get(pk=acting_user.pk)
        link = LinkedIdentity.objects.filter(account=account, public_id=link_id).first()
        if link is None:
            work.nothing_happened()
            return False
        if not _factor_besides(account, link):
            raise NoWayIn("second factor")
        _unlink(work, account, link, origin, send)
    acting_user.session_salt = account.session_salt
    return True


def unlink_abandoned_identities(
    *, account: Account, at: datetime, origin: Origin, send: SendMail, sure: bool
) -> tuple[str, ...]:
    """Unlink the identities of somebody whose providers the settings no longer name; return the providers' ids.

    The operator's, since nobody can sign in with them. ``sure``: also where no second factor remains, because the
    operator has made sure who the person is. They then sign in with a code mailed beside the password and set up a
    factor; who has no password sets one by a mailed code. Raises NoWayIn without ``sure``.
    """
    issuers = {provider.issuer for provider in identity_providers()}
    with unit_of_work(at=at, origin=origin, actor_id=None) as work:
        locked = Account.objects.select_for_update().get(pk=account.pk)
        links = list(LinkedIdentity.objects.filter(account=locked).exclude(issuer__in=issuers).order_by("pk"))
        for link in links:
            last = link.two_factors_at is not None and not _factor_besides(locked, link)
            if last and not sure:
                raise NoWayIn("second factor")
            if last and locked.has_usable_password():
                # The mailbox stands in for the factor until there is a new one, and must not set the password, too.
                locked.factors_removed_at = at
                locked.save(update_fields=["factors_removed_at"])
            _unlink(work, locked, link, origin, send)
        if not links:
            work.nothing_happened()
    return tuple(link.provider_id for link in links)


def _factor_besides(account: Account, link: LinkedIdentity) -> bool:
    """Return whether a second factor is left without an identity: an own one, or another provider's."""
    others = LinkedIdentity.objects.filter(account=account, two_factors_at__isnull=False)
    return has_own_factor(account) or others.exclude(pk=link.pk).exists()


def _unlink(work: UnitOfWork, account: Account, link: LinkedIdentity, origin: Origin, send: SendMail) -> None:
    """Delete a link, end the account's other sessions, and tell its person."""
    link.delete()
    sessions.end_sessions(account, work.at, but=origin.session)
    work.record(
        ACCOUNT_IDENTITY_UNLINKED,
        beneficiary_id=account.public_id,
        old={"provider": link.provider_id, "issuer": link.issuer},
        personal={"identity": link.subject},
    )
    what = f"{provider_name(link.provider_id)} was unlinked from your account: you can no longer sign in with it."
    send(AccountMail("second-factor-changed", account.name, account=account, what=what))


def _link_of(identity: Identity) -> LinkedIdentity | None:
    found = LinkedIdentity.objects.filter(issuer=identity.issuer, subject=identity.subject)
    return found.select_related("account").first()


def _refuse(account: Account, at: datetime, origin: Origin) -> NoReturn:
    record_refusal(
        ATTEMPT_REFUSED_SIGN_IN,
        at=at,
        origin=origin,
        actor_id=None,
        beneficiary_id=account.public_id,
        new={"reason_code": "status"},
    )
    raise SignInRefused
