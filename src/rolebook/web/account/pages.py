"""What the account pages share: where to go on, what is kept between two pages, limits as sentences."""

import secrets
import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme

from rolebook.accounts.encryption import secret_keys
from rolebook.accounts.models import Account
from rolebook.accounts.queries import programs_in_force
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.governance.instants import time_in_words
from rolebook.policy.model import Program
from rolebook.web.zones import viewer_zone

_NEXT = "rolebook.next"
_LONGEST_ADDRESS = 1000
_KNOWN = "__Host-rolebook-known" if settings.ROLEBOOK.https else "rolebook-known"
_KNOWN_SALT = "rolebook.web.account.known"
_KNOWN_DAYS = 180
_MOST_KNOWN = 8

BARE_HEADER: dict[str, object] = {"signing_in": True, "sign_in_url": ""}
"""For pages of people who are half signed in: no user menu, and no Sign In either."""

SPENT_CODE = "That code can no longer be used. Ask for a new one."
WRONG_CODE = "That is not the code. Check it, and type it again."


def safe_next(address: str | None) -> str | None:
    """Return an address to go on to if it is a path of this site, else None (no open redirects)."""
    if not address or len(address) > _LONGEST_ADDRESS or not address.startswith("/"):
        return None
    return address if url_has_allowed_host_and_scheme(address, allowed_hosts=None) else None


def keep_next(request: HttpRequest, address: str | None) -> None:
    """Keep in the session where to go on after several pages."""
    if address:
        request.session[_NEXT] = address


def kept_next(request: HttpRequest) -> str:
    """Return, once, where to go on; the start page when nothing was kept."""
    return safe_next(request.session.pop(_NEXT, None)) or reverse("start")


def too_many(
    request: HttpRequest, template: str, context: dict[str, Any], limit: TooManyAttempts
) -> HttpResponse:
    """Show a page again with when to try again (429)."""
    again = time_in_words(limit.again_at, _zone(request, limit.again_at))
    sentence = f"Too many attempts from here. Please try again after {again}."
    return render(request, template, {**context, "problems": [sentence]}, status=429)


def _zone(request: HttpRequest, at: datetime) -> str:
    """Return the viewer's zone, else that of the program that the page is of; of the only one."""
    program: Program | None = getattr(request, "program", None)
    if program is None:
        books = programs_in_force(at)
        program = books[0].program if len(books) == 1 else None
    return viewer_zone(request, program.zone if program is not None else None)


def proof_in(request: HttpRequest, key: str) -> uuid.UUID | None:
    """Return the id of the proof that a page before this one put into the session under ``key``."""
    try:
        return uuid.UUID(request.session.get(key, ""))
    except ValueError:
        return None


def knows(request: HttpRequest, user_id: str) -> bool:
    """Return whether this browser has signed in with this user ID before (a signed cookie says so).

    Used for throttling only: failures of strangers then do not count against its owner (fault 38).
    """
    marks = _marks(request)
    return any(_mark(user_id, key) in marks for key in secret_keys())


def remember(request: HttpRequest, response: HttpResponse, account: Account) -> None:
    """Let the browser be recognized when its person signs in again."""
    marks = [_mark(account.user_id), *(mark for mark in _marks(request) if mark != _mark(account.user_id))]
    response.set_cookie(
        _KNOWN,
        signing.dumps({"marks": marks[:_MOST_KNOWN], "salt": secrets.token_hex(4)}, salt=_KNOWN_SALT),
        max_age=_KNOWN_DAYS * 24 * 3600,
        httponly=True,
        secure=settings.ROLEBOOK.https,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> list[str]:
    try:
        kept = signing.loads(
            request.COOKIES.get(_KNOWN, ""), salt=_KNOWN_SALT, max_age=_KNOWN_DAYS * 24 * 3600
        )
    except signing.BadSignature:
        return []
    return [str(mark) for mark in kept["marks"]]


def _mark(user_id: str, key: str | None = None) -> str:
    folded = user_id.strip().casefold()
    return salted_hmac(_KNOWN_SALT, folded, secret=key, algorithm="sha256").hexdigest()[:20]
