"""The security page: what is set up, and how to change it. Every change asks for the password again."""

from collections.abc import Iterable
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.accounts import passkeys
from rolebook.accounts.flows import credentials, status
from rolebook.accounts.queries import programs_in_force
from rolebook.accounts.queries.credentials import factors_of
from rolebook.accounts.queries.personal_tokens import TokenLine, tokens_of
from rolebook.accounts.rejected_addresses import is_rejected
from rolebook.audit import clock
from rolebook.governance.participations import parts_stopped_by_bounce
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.changing import change_by_form, signed_in_account
from rolebook.web.account.forms import (
    ChangeEmailForm,
    ChangePasswordForm,
    ConfirmEmailForm,
    ConfirmPasswordForm,
)
from rolebook.web.account.pages import keep_next, proof_in
from rolebook.web.account.second_factor import show_codes
from rolebook.web.account.session_list import listed_sessions

_PROOF = "rolebook.new_email"
_GET_OR_POST = ["GET", "HEAD", "POST"]


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """What is set up for the account, and the ways to change it."""
    account, at = signed_in_account(request), clock.now()
    context = {
        "account": account,
        "rejected": is_rejected(account),
        "factors": factors_of(account),
        "sessions": listed_sessions(request, account),
        "limits": session.limits(),
        "tokens": _with_programs(tokens_of(account, at), at),
        "passkeys_possible": passkeys.site() is not None,
    }
    return render(request, "account/security.html", context)


def _with_programs(tokens: Iterable[TokenLine], at: datetime) -> list[tuple[TokenLine, str]]:
    """Return tokens with the names of their programs; the id of one whose rolebook is not in force any more."""
    names = {book.program.id: book.program.name for book in programs_in_force(at)}
    return [(token, names.get(token.program_id, token.program_id)) for token in tokens]


@sensitive_post_parameters("old", "password", "password_again")
@require_http_methods(_GET_OR_POST)
def change_password(request: HttpRequest) -> HttpResponse:
    """Change the password; other sessions end, this one goes on."""

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        account = credentials.change_password(
            acting_user=signed_in_account(request),
            old=form.cleaned_data["old"],
            new=form.cleaned_data["password"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
        session.keep(request, account)
        messages.success(request, "Your password was changed. You were signed out everywhere else.")
        return HttpResponseRedirect(reverse("security"))

    return change_by_form(
        request, ChangePasswordForm, "account/change_password.html", change, proved_by="old"
    )


@sensitive_post_parameters("password")
@require_http_methods(_GET_OR_POST)
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    """Replace the recovery codes, and show the new ones."""

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        codes = credentials.make_recovery_codes(
            acting_user=signed_in_account(request),
            password=form.cleaned_data["password"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
        show_codes(request, codes)
        keep_next(request, reverse("security"))
        return HttpResponseRedirect(reverse("recovery-codes"))

    return change_by_form(request, ConfirmPasswordForm, "account/new_recovery_codes.html", change)


@sensitive_post_parameters("password")
@require_http_methods(_GET_OR_POST)
def change_email(request: HttpRequest) -> HttpResponse:
    """Ask for a new e-mail address, and mail a code to it."""

    def change(form: forms.Form) -> HttpResponse:
        return _mail_code(request, form.cleaned_data["email"], form.cleaned_data["password"])

    return change_by_form(request, ChangeEmailForm, "account/change_email.html", change)


@sensitive_post_parameters("password")
@require_http_methods(_GET_OR_POST)
def prove_address(request: HttpRequest) -> HttpResponse:
    """Mail a code to the present address, whose mail was rejected, to show that mail arrives there again (IQCS-09)."""
    account = signed_in_account(request)

    def change(form: forms.Form) -> HttpResponse:
        return _mail_code(request, account.email, form.cleaned_data["password"])

    shown = {"account": account}
    return change_by_form(request, ConfirmPasswordForm, "account/prove_address.html", change, extra=shown)


def _mail_code(request: HttpRequest, address: str, password: str) -> HttpResponse:
    """Mail a code to an address and go on to where it is typed. Raises as `credentials.ask_for_new_email` does."""
    at = clock.now()
    proof_id = credentials.ask_for_new_email(
        acting_user=signed_in_account(request),
        password=password,
        email=address,
        at=at,
        origin=session.origin_of(request),
        send=account_mails(at),
    )
    request.session[_PROOF] = str(proof_id)
    request.session["rolebook.new_address"] = address
    return HttpResponseRedirect(reverse("confirm-new-email"))


@require_http_methods(_GET_OR_POST)
def confirm_new_email(request: HttpRequest) -> HttpResponse:
    """Take the code that was mailed to the new address."""
    proof_id = proof_in(request, _PROOF)
    if proof_id is None:
        return HttpResponseRedirect(reverse("change-email"))

    def change(form: forms.Form) -> HttpResponse:
        at = clock.now()
        account = credentials.change_email(
            acting_user=signed_in_account(request),
            proof_id=proof_id,
            code=form.cleaned_data["code"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
        request.session.pop(_PROOF, None)
        session.keep(request, account)
        messages.success(request, f"Mail now goes to {account.email}.")
        stopped = parts_stopped_by_bounce(account).exists()
        return HttpResponseRedirect(reverse("rejected-address" if stopped else "security"))

    extra = {"address": request.session.get("rolebook.new_address")}
    return change_by_form(request, ConfirmEmailForm, "account/confirm_new_email.html", change, extra=extra)


@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every session of the account, this one included."""
    status.sign_out_everywhere(
        acting_user=signed_in_account(request), at=clock.now(), origin=session.origin_of(request)
    )
    session.end(request)
    return HttpResponseRedirect(reverse("signed-out"))
