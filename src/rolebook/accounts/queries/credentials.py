"""What is set up to prove who somebody is, and where they are signed in; for their security page, and the operator."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from rolebook.accounts.credential_models import AccountSession, Passkey
from rolebook.accounts.models import Account


@dataclass(frozen=True, slots=True)
class Factors:
    """What is set up for one account.

    Attributes:
        authenticator_since: when the authenticator app was set up; None without one.
        recovery_codes_left: how many recovery codes are unused.
        authenticator_used_at: when a code of the app was last taken.
        passkeys: in the order in which they were set up.
    """

    authenticator_since: datetime | None
    recovery_codes_left: int
    authenticator_used_at: datetime | None = None
    passkeys: tuple[Passkey, ...] = ()

    @property
    def app_can_go(self) -> bool:
        """Whether the app may be removed: a passkey stays."""
        return self.authenticator_since is not None and bool(self.passkeys)

    @property
    def passkey_can_go(self) -> bool:
        """Whether a passkey may be removed: the app or another passkey stays."""
        return self.authenticator_since is not None or len(self.passkeys) > 1


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session that goes on, as its person sees it; ``this_one`` is the one that asks."""

    session_id: uuid.UUID
    browser: str
    address: str | None
    began_at: datetime
    seen_at: datetime
    this_one: bool


def factors_of(account: Account) -> Factors:
    """Return what is set up for ``account``."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    found = {one.type: one for one in Authenticator.objects.filter(user_id=account.pk, type__in=kinds)}
    totp, codes = (found.get(kind) for kind in kinds)
    return Factors(
        authenticator_since=totp.created_at if totp else None,
        recovery_codes_left=len(RecoveryCodes(codes).get_unused_codes()) if codes else 0,
        authenticator_used_at=totp.last_used_at if totp else None,
        passkeys=tuple(Passkey.objects.filter(account_id=account.pk).order_by("pk")),
    )


def sessions_of(
    viewer: Account, *, at: datetime, idle: timedelta, longest: timedelta, name: str | None
) -> tuple[ListedSession, ...]:
    """Return the viewer's own sessions that are not over at ``at``: this one (``name``) first, then newest seen first.

    ``idle`` and ``longest`` are the two time-outs; a session that is over is listed no more, also before it is noted.
    """
    going = AccountSession.objects.filter(
        account_id=viewer.pk, ended_at=None, seen_at__gt=at - idle, began_at__gt=at - longest
    )
    listed = (
        ListedSession(
            one.public_id, one.browser, one.address, one.began_at, one.seen_at, str(one.public_id) == name
        )
        for one in going.order_by("-seen_at", "-pk")
    )
    return tuple(sorted(listed, key=lambda one: not one.this_one))
