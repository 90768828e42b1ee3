"""What a browser session holds about its person, its time limits, and how it begins and ends."""

from collections.abc import Callable
from datetime import datetime
from ipaddress import ip_address
from typing import Literal

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from rolebook.accounts import sessions
from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.audit.recording import Origin
from rolebook.web.account.browsers import browser_in_words

type Assurance = Literal["two factors", "mailed code"]

_STARTED = "rolebook.signed_in_at"
_SEEN = "rolebook.seen_at"
_ASSURANCE = "rolebook.assurance"
_NAME = "rolebook.session"
_LISTED = "rolebook.listed_at"
_STATEMENTS = "rolebook.statements"
_ENTERED = "rolebook.entered"
_SEEN_RESOLUTION = 60
"""Seconds between two notes of when a session was last seen, at most, so that not every page writes."""
LISTED_RESOLUTION = 300
"""Seconds between two notes of it in the list of sessions."""
POLL = "Rolebook-Poll"
"""The header with which a page asks by itself whether something is done: nobody sits before it for that."""


class SessionLimits:
    """Middleware: signs out a session that was idle too long, or lasted too long, before any view sees it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """End or renew the session, then answer."""
        key = request.session.session_key
        if request.user.is_authenticated and request.session.session_key != key:
            _note_key(request)  # Django gave it another key, because the secret key was changed
        if request.user.is_authenticated:
            now = clock.now().timestamp()
            started = request.session.get(_STARTED, 0.0)
            seen = request.session.get(_SEEN, 0.0)
            too_long = now - started > settings.SESSION_COOKIE_AGE
            if too_long or now - seen > settings.ROLEBOOK_SESSION_IDLE_SECONDS:
                sessions.close_session(request.session.get(_NAME), clock.now())
                logout(request)
                request.session["rolebook.ended"] = "long" if too_long else "idle"
            elif POLL not in request.headers and now - seen > _seen_resolution():
                request.session[_SEEN] = now
                _note_seen(request, now)
        return self.get_response(request)


def _seen_resolution() -> float:
    return min(_SEEN_RESOLUTION, settings.ROLEBOOK_SESSION_IDLE_SECONDS / 10)


def account_of(request: HttpRequest) -> Account | None:
    """Return the signed-in account of a request, or None; the page may still need a second factor."""
    return None if isinstance(request.user, AnonymousUser) else request.user


def origin_of(request: HttpRequest) -> Origin:
    """Return where a request comes from, as flows record it; the session's name is no credential."""
    return Origin(via="web", address=request.META.get("REMOTE_ADDR"), session=request.session.get(_NAME))


def begin(request: HttpRequest, account: Account, *, assurance: Assurance, at: datetime) -> None:
    """Sign ``account`` in: a new session key (fault 38), nothing kept of the session before but its messages."""
    request.session.flush()
    login(request, account, backend="rolebook.accounts.backend.SessionBackend")
    request.session[_STARTED] = request.session[_SEEN] = at.timestamp()
    request.session[_ASSURANCE] = assurance
    begun = sessions.begin_session(
        account,
        session_key=request.session.session_key or "",
        address=_address(request),
        browser=browser_in_words(request.META.get("HTTP_USER_AGENT", "")),
        at=at,
    )
    request.session[_NAME] = str(begun.public_id)
    request.session[_LISTED] = at.timestamp()
    request.session[_STATEMENTS] = {}


def end(request: HttpRequest) -> None:
    """Sign out: the session is deleted on the server."""
    logout(request)


def keep(request: HttpRequest, account: Account) -> None:
    """Keep this session after a change that ends all others (password, second factor); its key changes."""
    _change_key(request)
    request.session["_auth_user_hash"] = account.get_session_auth_hash()


def raise_assurance(request: HttpRequest) -> None:
    """Note that this session's person has set up and used a second factor; the key changes with the rights."""
    _change_key(request)
    request.session[_ASSURANCE] = "two factors"


def limits() -> dict[str, str]:
    """Return the two time-outs in words: ``idle``, and ``longest``."""
    idle = in_words(settings.ROLEBOOK_SESSION_IDLE_SECONDS)
    return {"idle": idle, "longest": in_words(settings.SESSION_COOKIE_AGE)}


def in_words(seconds: int) -> str:
    """Return a time of whole minutes or hours in words: "30 minutes", "1 hour"."""
    hours, rest = divmod(seconds, 3600)
    number, unit = (hours, "hour") if hours and not rest else (max(1, seconds // 60), "minute")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _change_key(request: HttpRequest) -> None:
    """Give the session another key; one that was ended at this moment from another browser ends."""
    request.session.cycle_key()
    _note_key(request)


def _note_key(request: HttpRequest) -> None:
    if not sessions.note_key(request.session.get(_NAME), request.session.session_key or ""):
        logout(request)


def _note_seen(request: HttpRequest, now: float) -> None:
    if now - request.session.get(_LISTED, 0.0) > LISTED_RESOLUTION:
        request.session[_LISTED] = now
        sessions.note_seen(request.session.get(_NAME), address=_address(request), at=clock.now())


def _address(request: HttpRequest) -> str | None:
    """Return the network address that a request came from, if it is one."""
    try:
        return str(ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def has_two_factors(request: HttpRequest) -> bool:
    """Return whether the signed-in person of this session proved a second factor in it.

    An error page may ask before there is a session (a request for a host that is not ours).
    """
    user = getattr(request, "user", None)
    return bool(user and user.is_authenticated) and request.session.get(_ASSURANCE) == "two factors"


def note_agreement(request: HttpRequest, program_id: str, wording_hash: str) -> None:
    """Remember that a program's statement was agreed to in this session."""
    request.session[_STATEMENTS] = {**request.session.get(_STATEMENTS, {}), program_id: wording_hash}


def agreed(request: HttpRequest, program_id: str, wording_hash: str) -> bool:
    """Return whether this very wording of a program's statement was agreed to in this session."""
    return bool(request.session.get(_STATEMENTS, {}).get(program_id) == wording_hash)


def entered(request: HttpRequest, program_id: str) -> bool:
    """Return whether the person's session in a program has begun already (its sign-in is recorded)."""
    return program_id in request.session.get(_ENTERED, [])


def note_entered(request: HttpRequest, program_id: str) -> None:
    """Remember that the session in a program has begun."""
    request.session[_ENTERED] = [*request.session.get(_ENTERED, []), program_id]


def why_it_ended(request: HttpRequest) -> str | None:
    """Return, once, why the session before this one ended: "idle", "long", or None."""
    reason: str | None = request.session.pop("rolebook.ended", None)
    return reason
