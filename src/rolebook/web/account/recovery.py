"""A lost second factor, for its person: ask with password and mailbox, wait for who vouches, set up a new one, or stop.

The links of the mails only ever open pages; what they do is done by a button (fault 45).
"""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from rolebook.accounts.flows.credentials import WrongPassword
from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.models import Account
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.governance.flows import recover_second_factor as flows
from rolebook.governance.vouching import offices_that_vouch
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.forms import ConfirmPasswordForm, MailedCodeForm, say
from rolebook.web.account.pages import BARE_HEADER, SPENT_CODE, WRONG_CODE, proof_in, too_many
from rolebook.web.account.signing_in import Pending, pending_password
from rolebook.web.gate import open_page
from rolebook.web.program import place_in_program

_PROOF = "rolebook.lost_second_factor"
_ASKED = "rolebook.recovery_asked"
_NOT_YOURS = "That is not the password of this account."


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def lost(request: HttpRequest) -> HttpResponse:
    """Say how one is freed of a lost second factor, and mail a code; only after the password was right."""
    pending = pending_password(request)
    if pending is None:
        return HttpResponseRedirect(reverse("choose-program"))
    at = clock.now()
    place_in_program(request, pending.program_id)  # type: ignore[arg-type]  # gets what a page of a program has
    account = _account(pending)
    context = {"wait_hours": settings.ROLEBOOK.recovery_wait_hours, **BARE_HEADER}
    if request.method != "POST":
        return render(request, "account/lost_second_factor.html", context)
    try:
        proof_id = flows.mail_recovery_code(
            account=account, at=at, origin=session.origin_of(request), send=account_mails(at)
        )
    except flows.NothingToRecover:
        return HttpResponseRedirect(reverse("choose-program"))
    except TooManyAttempts as limit:
        return too_many(request, "account/lost_second_factor.html", context, limit)
    request.session[_PROOF] = str(proof_id)
    return HttpResponseRedirect(reverse("lost-second-factor-code"))


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def lost_code(request: HttpRequest) -> HttpResponse:
    """Take the mailed code, and ask those who may vouch."""
    pending, proof_id = pending_password(request), proof_in(request, _PROOF)
    if pending is None or proof_id is None:
        return HttpResponseRedirect(reverse("lost-second-factor"))
    at = clock.now()
    place_in_program(request, pending.program_id)  # type: ignore[arg-type]
    form = MailedCodeForm(request.POST or None)
    context = {"form": form, **BARE_HEADER}
    page = "account/lost_second_factor_code.html"
    if request.method != "POST" or not form.is_valid():
        return render(request, page, context, status=422 if request.method == "POST" else 200)
    try:
        flows.ask_for_recovery(
            account_id=pending.account_id,
            proof_id=proof_id,
            code=form.cleaned_data["code"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except CodeRefused as refused:
        say(form, "code", SPENT_CODE if refused.spent else WRONG_CODE)
        return render(request, page, context, status=422)
    except flows.NothingToRecover:
        return HttpResponseRedirect(reverse("choose-program"))
    request.session.pop(_PROOF, None)
    request.session[_ASKED] = pending.account_id
    return HttpResponseRedirect(reverse("lost-second-factor-asked"))


@open_page
@require_safe
def lost_asked(request: HttpRequest) -> HttpResponse:
    """Say who may vouch (offices, never persons), and what comes next; only right after asking."""
    pending = pending_password(request)
    if pending is None or request.session.get(_ASKED) != pending.account_id:
        return HttpResponseRedirect(reverse("choose-program"))
    at = clock.now()
    place_in_program(request, pending.program_id)  # type: ignore[arg-type]
    account = _account(pending)
    context = {
        "recovery": flows.open_recovery(account, at),
        "offices": offices_that_vouch(account, at),
        "wait_hours": settings.ROLEBOOK.recovery_wait_hours,
        **BARE_HEADER,
    }
    return render(request, "account/lost_second_factor_asked.html", context)


@open_page
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def new_second_factor(request: HttpRequest, token: str) -> HttpResponse:
    """Take the password once more, remove the lost factor, and lead to setting up the new one."""
    at = clock.now()
    form = ConfirmPasswordForm(request.POST if request.method == "POST" else None)
    try:
        recovery = flows.recovery_to_finish(token, at)
    except flows.RecoveryOver:
        return render(request, "account/recovery_over.html", BARE_HEADER, status=410)
    ready = recovery.ready_at is not None and at >= recovery.ready_at
    context = {"recovery": recovery, "ready": ready, "form": form, **BARE_HEADER}
    page = "account/new_second_factor.html"
    if request.method != "POST" or not ready or not form.is_valid():
        return render(request, page, context, status=422 if request.method == "POST" else 200)
    try:
        account = flows.finish_recovery(
            token=token,
            password=form.cleaned_data["password"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except (flows.RecoveryOver, flows.RecoveryNotReady):
        return render(request, "account/recovery_over.html", BARE_HEADER, status=410)
    except WrongPassword:
        say(form, "password", _NOT_YOURS)
        return render(request, page, context, status=422)
    except TooManyAttempts as limit:
        return too_many(request, page, context, limit)
    session.begin(request, account, assurance="mailed code", at=at)
    return HttpResponseRedirect(reverse("second-factor"))


class _NoFields(forms.Form):
    """A button."""


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """Stop a recovery that somebody else asked for: the link opens a page, the button stops it."""
    at = clock.now()
    try:
        flows.recovery_to_cancel(token, at)
        if request.method == "POST":
            flows.cancel_recovery(token=token, at=at, origin=session.origin_of(request))
            return render(request, "account/recovery_stopped.html", BARE_HEADER)
    except flows.RecoveryOver:
        return render(request, "account/recovery_over.html", BARE_HEADER, status=410)
    return render(request, "account/not_me.html", {"form": _NoFields(), **BARE_HEADER})


def _account(pending: Pending) -> Account:
    return Account.objects.get(pk=pending.account_id)
