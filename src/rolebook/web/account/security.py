"""The security page: what is set up, and how to change it. Every change asks for the password again."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.accounts.flows import credentials, status
from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.models import Account
from rolebook.accounts.queries.credentials import factors_of
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.forms import (
    ChangeEmailForm,
    ChangePasswordForm,
    ConfirmEmailForm,
    ConfirmPasswordForm,
    say,
)
from rolebook.web.account.pages import SPENT_CODE, WRONG_CODE, keep_next, proof_in, too_many
from rolebook.web.account.second_factor import show_codes

_PROOF = "rolebook.new_email"
_NOT_YOURS = "That is not your password."
_GET_OR_POST = ["GET", "HEAD", "POST"]


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """What is set up for the account, and the ways to change it."""
    account = _account(request)
    return render(request, "account/security.html", {"account": account, "factors": factors_of(account)})


@sensitive_post_parameters("old", "password", "password_again")
@require_http_methods(_GET_OR_POST)
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the password; other sessions end, this one goes on."""

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        account = credentials.change_password(
            acting_user=_account(request),
            old=form.cleaned_data["old"],
            new=form.cleaned_data["password"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
        session.keep(request, account)
        messages.success(request, "Your password was changed. You were signed out everywhere else.")
        return HttpResponseRedirect(reverse("security"))

    return _change(request, ChangePasswordForm, "account/change_password.html", change, proved_by="old")


@sensitive_post_parameters("password")
@require_http_methods(_GET_OR_POST)
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    """Replace the recovery codes, and show the new ones."""

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        codes = credentials.make_recovery_codes(
            acting_user=_account(request),
            password=form.cleaned_data["password"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
        show_codes(request, codes)
        keep_next(request, reverse("security"))
        return HttpResponseRedirect(reverse("recovery-codes"))

    return _change(request, ConfirmPasswordForm, "account/new_recovery_codes.html", change)


@sensitive_post_parameters("password")
@require_http_methods(_GET_OR_POST)
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for a new e-mail address, and mail a code to it."""

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        proof_id = credentials.ask_for_new_email(
            acting_user=_account(request),
            password=form.cleaned_data["password"],
            email=form.cleaned_data["email"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
        request.session[_PROOF] = str(proof_id)
        request.session["rolebook.new_address"] = form.cleaned_data["email"]
        return HttpResponseRedirect(reverse("confirm-new-email"))

    return _change(request, ChangeEmailForm, "account/change_email.html", change)


@require_http_methods(_GET_OR_POST)
def confirm_new_email(request: HttpRequest) -> HttpResponse:
    """Take the code that was mailed to the new address."""
    proof_id = proof_in(request, _PROOF)
    if proof_id is None:
        return HttpResponseRedirect(reverse("change-email"))

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        account = credentials.change_email(
            acting_user=_account(request),
            proof_id=proof_id,
            code=form.cleaned_data["code"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
        request.session.pop(_PROOF, None)
        session.keep(request, account)
        messages.success(request, f"Mail now goes to {account.email}.")
        return HttpResponseRedirect(reverse("security"))

    extra = {"address": request.session.get("rolebook.new_address")}
    return _change(request, ConfirmEmailForm, "account/confirm_new_email.html", change, extra=extra)


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of the account, this one included."""
    status.sign_out_everywhere(
        acting_user=_account(request), at=clock.now(), origin=session.origin_of(request)
    )
    session.end(request)
    return HttpResponseRedirect(reverse("signed-out"))


def _change(
    request: HttpRequest,
    kind: type[forms.Form],
    template: str,
    change: Callable[[forms.Form], HttpResponse],
    *,
    proved_by: str = "password",
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show a form, or carry its change out and say beside its fields what was refused."""
    form = kind(request.POST or None)
    context = {"form": form, **(extra or {})}
    if request.method != "POST" or not form.is_valid():
        return render(request, template, context, status=422 if request.method == "POST" else 200)
    try:
        return change(form)
    except credentials.WrongPassword:
        say(form, proved_by, _NOT_YOURS)
    except ValidationError as refused:
        say(form, "email" if "email" in form.fields else "password", refused.messages)
    except CodeRefused as refused:
        say(form, "code", SPENT_CODE if refused.spent else WRONG_CODE)
    except TooManyAttempts as limit:
        return too_many(request, template, context, limit)
    return render(request, template, context, status=422)


def _account(request: HttpRequest) -> Account:
    """Return who is signed in; the gate lets nobody else come here."""
    account = session.account_of(request)
    if account is None:
        raise PermissionError("found nobody signed in behind the gate")
    return account
