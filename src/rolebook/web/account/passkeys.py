"""Passkeys on the security page, and at sign-in: the device is asked by a script of ours, everything else is forms."""

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from rolebook.accounts import passkeys as known
from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.flows import passkeys as flows
from rolebook.accounts.flows.credentials import FactorSetUp, OnlyFactor, WrongPassword
from rolebook.accounts.models import Account
from rolebook.accounts.passkeys import PasskeyRefused
from rolebook.accounts.second_factor import has_second_factor
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.changing import change_by_form, signed_in_account, wrong_password
from rolebook.web.account.forms import ConfirmPasswordForm, NewPasskeyForm, PasskeyNameForm, say
from rolebook.web.account.pages import BARE_HEADER, remember
from rolebook.web.account.passkey_answers import give, refused, taken_answer, too_many_times
from rolebook.web.account.second_factor import show_codes
from rolebook.web.gate import setting_up_page

_NEW = "account/new_passkey.html"
_FAILED = "That did not work. Press the button, and follow what your device or browser asks."
_KNOWN = "This passkey is set up already. Use another device, or another password manager."
_MOST = (
    f"You have {flows.MOST_PASSKEYS} passkeys, which is the most. Remove one that you no longer use first."
)
_ONLY = (
    "This is your only second factor, and without one nobody can act here. "
    "Set up an authenticator app or another passkey first, then remove this one."
)
_NOWHERE = (
    "Passkeys cannot be used at this address. Whoever runs this server must give it a name, with https."
)


@setting_up_page
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Set up a passkey: its name, the password, and then the device. The first factor brings recovery codes."""
    account = session.account_of(request)
    if account is None or not _may_set_up(request, account):
        session.end(request)  # set up elsewhere meanwhile: this session never proved it
        return HttpResponseRedirect(reverse("choose-program"))
    first = not session.has_two_factors(request)
    form = NewPasskeyForm(request.POST or None, first=first)
    context = {
        "form": form,
        "first": first,
        "possible": known.site() is not None,
        **(BARE_HEADER if first else {}),
    }
    if request.method != "POST":
        return render(request, _NEW, context)
    form.fields.pop("password", None)  # confirmed before the device was asked
    if not form.is_valid():
        return render(request, _NEW, context, status=422)
    at = clock.now()
    try:
        done = flows.add_passkey(
            acting_user=account,
            name=form.cleaned_data["name"],
            answer=taken_answer(request),
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except PasskeyRefused:
        problem = _FAILED
    except flows.PasskeyKnown:
        problem = _KNOWN
    except flows.TooManyPasskeys:
        problem = _MOST
    else:
        return _set_up(request, done, form.cleaned_data["name"])
    form = NewPasskeyForm(initial={"name": form.cleaned_data["name"]}, first=first)
    return render(request, _NEW, {**context, "form": form, "problems": [problem]}, status=422)


def _set_up(request: HttpRequest, done: FactorSetUp, name: str) -> HttpResponse:
    session.keep(request, done.account)
    session.raise_assurance(request)
    if done.recovery_codes:
        show_codes(request, done.recovery_codes)
        response = HttpResponseRedirect(reverse("recovery-codes"))
    else:
        messages.success(
            request, f"The passkey \u201c{name}\u201d is set up. You were signed out everywhere else."
        )
        response = HttpResponseRedirect(reverse("security"))
    remember(request, response, done.account)
    return response


@setting_up_page
@sensitive_post_parameters("password")
@require_POST
def ask_new(request: HttpRequest) -> JsonResponse:
    """Check name and password, and answer with what the browser is to ask a device (JSON, for the script)."""
    account = session.account_of(request)
    if account is None or not _may_set_up(request, account):
        return refused("You were signed out. Load the page again.", status=403)
    form = NewPasskeyForm(request.POST, first=not session.has_two_factors(request))
    if not form.is_valid():
        field, sentences = next(iter(form.errors.items()))
        return refused(" ".join(map(str, sentences)), field=field)
    try:
        asked = flows.ask_for_new_passkey(
            acting_user=account,
            password=form.cleaned_data.get("password", ""),
            at=clock.now(),
            origin=session.origin_of(request),
        )
    except WrongPassword:
        return refused(wrong_password(account), field="password")
    except flows.TooManyPasskeys:
        return refused(_MOST)
    except PasskeyRefused:
        return refused(_NOWHERE)
    except TooManyAttempts as limit:
        return too_many_times(limit)
    return give(request, asked)


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest, passkey_id: uuid.UUID) -> HttpResponse:
    """Call a passkey otherwise."""
    passkey = _own(request, passkey_id)
    form = PasskeyNameForm(request.POST or None, initial={"name": passkey.name})
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(
            request, "account/rename_passkey.html", {"form": form, "passkey": passkey}, status=status
        )
    try:
        renamed = flows.rename_passkey(
            acting_user=signed_in_account(request),
            passkey_id=passkey.public_id,
            name=form.cleaned_data["name"],
            at=clock.now(),
            origin=session.origin_of(request),
        )
    except flows.NoSuchPasskey:
        raise Http404 from None
    messages.success(request, f"The passkey is called \u201c{renamed.name}\u201d now.")
    return HttpResponseRedirect(reverse("security"))


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, passkey_id: uuid.UUID) -> HttpResponse:
    """Remove a passkey, after the password."""
    passkey = _own(request, passkey_id)
    extra = {"passkey": passkey}

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        try:
            removed = flows.remove_passkey(
                acting_user=signed_in_account(request),
                passkey_id=passkey.public_id,
                password=form.cleaned_data["password"],
                at=at,
                origin=session.origin_of(request),
                send=account_mails(at),
            )
        except OnlyFactor:
            say(form, None, _ONLY)
            return render(request, "account/remove_passkey.html", {"form": form, **extra}, status=409)
        except flows.NoSuchPasskey:
            raise Http404 from None
        session.keep(request, removed.account)
        messages.success(
            request,
            f"The passkey \u201c{removed.name}\u201d is removed. You were signed out everywhere else.",
        )
        return HttpResponseRedirect(reverse("security"))

    return change_by_form(request, ConfirmPasswordForm, "account/remove_passkey.html", change, extra=extra)


def _own(request: HttpRequest, passkey_id: uuid.UUID) -> Passkey:
    passkey = Passkey.objects.filter(account=signed_in_account(request), public_id=passkey_id).first()
    if passkey is None:
        raise Http404
    return passkey


def _may_set_up(request: HttpRequest, account: Account) -> bool:
    """Whether this session may set up a factor: it proved two, or the account has none yet."""
    return session.has_two_factors(request) or not has_second_factor(account)
