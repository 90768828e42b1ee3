"""Identities on the security page: link one after giving the password again, confirm it, unlink it."""

import uuid
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rolebook.accounts import throttling
from rolebook.accounts.flows import identities as flows
from rolebook.accounts.flows.credentials import WrongPassword, confirm_password
from rolebook.accounts.linking import IdentityTaken
from rolebook.accounts.openid.asking import begin
from rolebook.accounts.openid.discovery import metadata_of
from rolebook.accounts.openid.fetching import ProviderDown
from rolebook.accounts.queries import programs_in_force
from rolebook.accounts.queries.identities import identities_of, provider_name, provider_of
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.changing import NOT_YOURS, WITHOUT_ONE, signed_in_account, wrong_password
from rolebook.web.account.forms import ConfirmPasswordForm, say
from rolebook.web.account.pages import safe_next, too_many
from rolebook.web.account.waiting import Away, Waiting, callback_address, forget_waiting
from rolebook.web.context import LAST_PROGRAM

_GET_OR_POST = ["GET", "HEAD", "POST"]
_NO_FACTOR = (
    "Set up an authenticator app or a passkey first: without this identity you would have no second factor."
)
_TAKEN = (
    "This identity is linked to another account, or your account has another one of this provider already."
)


@sensitive_post_parameters("password")
@require_http_methods(_GET_OR_POST)
def link(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Ask for the password, then send the person to the provider whose identity is to be linked."""
    provider = provider_of(provider_id)
    if provider is None:
        raise Http404
    account, at = signed_in_account(request), clock.now()
    form = ConfirmPasswordForm(request.POST or None)
    context = {"form": form, "name": provider.name, "has_password": account.has_usable_password()}
    template = "account/link_identity.html"
    try:
        endpoint = metadata_of(provider).authorization_endpoint
    except ProviderDown:
        return render(request, template, {**context, "problems": [_down(provider.name)]}, status=503)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return _leading_to(endpoint, render(request, template, context, status=status))
    try:
        confirm_password(account, form.cleaned_data["password"], at, session.origin_of(request))
        limit = (throttling.PROVIDER_BY_SOURCE, f"link {account.pk}")
        throttling.take([limit], at)
        address, asked = begin(provider, callback=callback_address(provider_id))
    except WrongPassword:
        say(form, "password", wrong_password(account))
        return _leading_to(endpoint, render(request, template, context, status=422))
    except TooManyAttempts as limited:
        return too_many(request, template, context, limited)
    except ProviderDown:
        return render(request, template, {**context, "problems": [_down(provider.name)]}, status=503)
    Away(provider_id, _program_id(request), account.pk, at.timestamp(), asked).keep(request)
    return HttpResponseRedirect(address)


@require_http_methods(_GET_OR_POST)
def confirm(request: HttpRequest) -> HttpResponse:
    """Show which identity would be linked to which account, and link it when the person says so."""
    account, waiting = signed_in_account(request), Waiting.of(request)
    if waiting is None or waiting.proved_id != account.pk:
        return HttpResponseRedirect(reverse("security"))
    following = safe_next(waiting.following) or reverse("security")
    name = provider_name(waiting.identity.provider_id)
    context = {"waiting": waiting, "name": name, "account": account, "following": following}
    if request.method != "POST":
        return render(request, "account/confirm_identity.html", context)
    forget_waiting(request)
    if "cancel" in request.POST:
        return HttpResponseRedirect(following)
    at = clock.now()
    try:
        flows.link_identity(
            acting_user=account,
            identity=waiting.identity,
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except IdentityTaken:
        return render(request, "account/confirm_identity.html", {**context, "problems": [_TAKEN]}, status=409)
    session.keep(request, account)
    messages.success(request, f"{name} is linked: you can sign in with it from now on.")
    return HttpResponseRedirect(following)


@sensitive_post_parameters("password")
@require_http_methods(_GET_OR_POST)
def unlink(request: HttpRequest, link_id: uuid.UUID) -> HttpResponse:
    """Unlink an identity after the password was given again, unless no way in would be left."""
    account, at = signed_in_account(request), clock.now()
    linked = next((one for one in identities_of(account) if one.link_id == link_id), None)
    if linked is None:
        raise Http404
    form = ConfirmPasswordForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "linked": linked, "has_password": account.has_usable_password()}
    template = "account/unlink_identity.html"
    if request.method != "POST" or not form.is_valid():
        return render(request, template, context, status=422 if request.method == "POST" else 200)
    try:
        flows.unlink_identity(
            acting_user=account,
            link_id=link_id,
            password=form.cleaned_data["password"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except flows.NoWayIn as lacking:
        say(form, None, WITHOUT_ONE if lacking.lacking == "password" else _NO_FACTOR)
        return render(request, template, context, status=409)
    except WrongPassword:
        say(form, "password", NOT_YOURS)
        return render(request, template, context, status=422)
    except TooManyAttempts as limited:
        return too_many(request, template, context, limited)
    session.keep(request, account)
    messages.success(request, f"{linked.name} was unlinked. You were signed out everywhere else.")
    return HttpResponseRedirect(reverse("security"))


def _down(name: str) -> str:
    return f"{name} does not answer at present. Try again in a minute."


def _leading_to(endpoint: str, response: HttpResponse) -> HttpResponse:
    """Let the page's form lead to the provider: browsers hold ``form-action`` against redirects, too."""
    parts = urlsplit(endpoint)
    policy = {**settings.SECURE_CSP, "form-action": ["'self'", f"{parts.scheme}://{parts.netloc}"]}
    response._csp_config = policy  # type: ignore[attr-defined]  # noqa: SLF001 - as django's csp_override does
    return response


def _program_id(request: HttpRequest) -> str:
    """Return the program whose pages the person used last; any, for who used none."""
    ids = [book.program.id for book in programs_in_force(clock.now())]
    last = request.session.get(LAST_PROGRAM)
    return last if last in ids else ids[0]
