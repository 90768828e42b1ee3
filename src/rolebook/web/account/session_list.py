"""Where somebody is signed in: the list on the security page, and signing out of one session or of all others."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from rolebook.accounts.flows import sessions as flows
from rolebook.accounts.models import Account
from rolebook.accounts.queries.credentials import ListedSession, sessions_of
from rolebook.audit import clock
from rolebook.web.account import session
from rolebook.web.account.changing import signed_in_account


def listed_sessions(request: HttpRequest, account: Account) -> tuple[ListedSession, ...]:
    """Return the sessions that the person of a request has, this one first."""
    return sessions_of(
        account,
        at=clock.now(),
        # The list is noted every few minutes: a session may have been seen that much later than it says.
        idle=timedelta(seconds=settings.ROLEBOOK_SESSION_IDLE_SECONDS + session.LISTED_RESOLUTION),
        longest=timedelta(seconds=settings.SESSION_COOKIE_AGE),
        name=session.origin_of(request).session,
    )


@require_POST
def sign_out_one(request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
    """End one session of one's own; it is out at its next request."""
    origin = session.origin_of(request)
    ended = flows.sign_out_session(
        acting_user=signed_in_account(request), session_id=session_id, at=clock.now(), origin=origin
    )
    if origin.session == str(session_id):
        session.end(request)
        return HttpResponseRedirect(reverse("signed-out"))
    if ended:
        messages.success(request, "That session was signed out.")
    else:
        messages.info(request, "That session had ended already.")
    return HttpResponseRedirect(f"{reverse('security')}#sessions")


@require_POST
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End every session of one's own but this one."""
    account = flows.sign_out_elsewhere(
        acting_user=signed_in_account(request), at=clock.now(), origin=session.origin_of(request)
    )
    session.keep(request, account)
    messages.success(request, "You were signed out everywhere else.")
    return HttpResponseRedirect(f"{reverse('security')}#sessions")
