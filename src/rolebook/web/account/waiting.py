"""What a session holds while somebody is away at an identity provider, or has come back with an identity unlinked."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Self

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from rolebook.accounts.models import Account, LinkedIdentity
from rolebook.accounts.openid.asking import Asked, Identity
from rolebook.audit import clock

LIFETIME = timedelta(minutes=15)
_ASKED = "rolebook.asked_providers"
_IDENTITY = "rolebook.identity"
_MOST_ASKED = 4
"""Sign-ins begun in several windows of one browser; the oldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody was sent to a provider.

    Attributes:
        provider_id: to which.
        program_id: the program whose page they sign in to.
        linking_id: the signed-in account that gave its password again to link an identity; None at sign-in.
        began: when, in seconds.
        asked: what was asked.
    """

    provider_id: str
    program_id: str
    linking_id: int | None
    began: float
    asked: Asked

    def keep(self, request: HttpRequest) -> None:
        """Keep it in the session, by its state."""
        kept = {**_all_asked(request), self.asked.state: asdict(self)}
        request.session[_ASKED] = dict(list(kept.items())[-_MOST_ASKED:])

    @classmethod
    def take(cls, request: HttpRequest, state: str) -> Self | None:
        """Return, once, what was asked with ``state``; None for nothing, or when its time is over."""
        kept = dict(_all_asked(request))
        found = kept.pop(state, None)
        request.session[_ASKED] = kept
        if not isinstance(found, dict):
            return None
        away = cls(**{**found, "asked": Asked(**found["asked"])})
        return away if _fresh(away.began) else None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An identity that a provider has recognized in this session, and that nobody has linked yet.

    Attributes:
        identity: which.
        program_id: the program that the person came to.
        began: when it was recognized, in seconds.
        proved_id: the account whose person has just proved to be it, in this session, and may link the identity.
        following: where to go on afterwards.
    """

    identity: Identity
    program_id: str
    began: float = field(default_factory=lambda: clock.now().timestamp())
    proved_id: int | None = None
    following: str = ""

    def keep(self, request: HttpRequest) -> None:
        """Keep it in the session."""
        request.session[_IDENTITY] = asdict(self)

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        """Return the identity that waits in a session; None for none, or when its time is over."""
        found = request.session.get(_IDENTITY)
        if not isinstance(found, dict):
            return None
        waiting = cls(**{**found, "identity": Identity(**found["identity"])})
        return waiting if _fresh(waiting.began) else None


def forget_waiting(request: HttpRequest) -> None:
    """Forget the identity that waits in a session."""
    request.session.pop(_IDENTITY, None)


def carry_over(request: HttpRequest, waiting: Waiting | None, account: Account, following: str) -> str:
    """Return where to go on after a sign-in in which ``account``'s person proved everything: to the page that asks
    whether to link the identity that waited, or to ``following`` where none did.
    """
    if waiting is None:
        return following
    Waiting(waiting.identity, waiting.program_id, waiting.began, account.pk, following).keep(request)
    return reverse("confirm-identity")


def registered_with_two_factors(waiting: Waiting | None, account: Account) -> bool:
    """Return whether a new account was registered with the identity that waits, and its second factor counts."""
    if waiting is None or not waiting.identity.two_factors:
        return False
    link = LinkedIdentity.objects.filter(account=account, two_factors_at__isnull=False)
    return link.filter(issuer=waiting.identity.issuer, subject=waiting.identity.subject).exists()


def callback_address(provider_id: str) -> str:
    """Return where a provider sends people back: one address a provider, made from the site's own (RFC 9700, 2.1)."""
    site: str = settings.ROLEBOOK.site_url
    return site + reverse("back-from-provider", args=[provider_id])


def _all_asked(request: HttpRequest) -> Mapping[str, object]:
    kept = request.session.get(_ASKED)
    return kept if isinstance(kept, dict) else {}


def _fresh(began: float) -> bool:
    return 0 <= clock.now().timestamp() - began <= LIFETIME.total_seconds()
