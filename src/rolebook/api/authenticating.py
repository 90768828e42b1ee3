"""Who calls: a person's access token, and nothing else. No cookie counts, and nobody acts without a second factor."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.http import HttpRequest
from ninja.security import HttpBearer

from rolebook.accounts import throttling
from rolebook.accounts.models import Account
from rolebook.accounts.personal_tokens import accepted_token, note_used
from rolebook.accounts.second_factor import has_second_factor
from rolebook.accounts.token_models import PersonalToken
from rolebook.api.problems import unauthorized
from rolebook.audit.agreed_clock import agreed_now
from rolebook.audit.recording import Origin
from rolebook.governance.refusals import NotAllowed


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose program calls, with which token, from where and when."""

    account: Account
    token: PersonalToken
    at: datetime
    origin: Origin


class BearerToken(HttpBearer):
    """An access token in the header ``Authorization: Bearer …``; made on the Security page."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Return who calls.

        Raises Problem (401) for a token that does not count, TooManyAttempts for too many of those from one network,
        NotAllowed for who has no second factor. A token that counts is never held up by what others tried.
        """
        at = agreed_now()  # a token ends, and an office counts, by no replica's own clock (fault 58)
        found = accepted_token(token.strip(), at)
        if found is None or not found.account.is_active:
            source = throttling.network_of(request.META.get("REMOTE_ADDR"))
            throttling.take([(throttling.TOKEN_BY_SOURCE, source)], at)
            raise unauthorized("The token is not valid, has ended, or was taken back.", "invalid_token")
        if not has_second_factor(found.account):
            raise NotAllowed("second_factor_missing")
        note_used(found, at)
        origin = Origin("api", address=request.META.get("REMOTE_ADDR"), session=str(found.public_id))
        return Caller(found.account, found, at, origin)


def caller_of(request: HttpRequest) -> Caller:
    """Return who calls; every address but the open ones has been through `BearerToken`."""
    return cast("Caller", getattr(request, "auth"))  # noqa: B009 - ninja puts it there
