"""A forgotten password: a code by mail, a new password, and then the usual sign-in with both factors."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rolebook.accounts.flows import credentials
from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.forms import ForgottenPasswordForm, ResetPasswordForm, say
from rolebook.web.account.pages import SPENT_CODE, WRONG_CODE, knows, proof_in, too_many
from rolebook.web.gate import open_page

_PROOF = "rolebook.password_reset"


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask whose password it is; the answer is the same for somebody we do not know."""
    form = ForgottenPasswordForm(request.POST or None)
    context = {"form": form}
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "account/forgotten_password.html", context, status=status)
    at = clock.now()
    try:
        proof_id = credentials.ask_for_password_reset(
            named=form.cleaned_data["named"],
            known_browser=knows(request, form.cleaned_data["named"]),
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except TooManyAttempts as limit:
        return too_many(request, "account/forgotten_password.html", context, limit)
    request.session.cycle_key()
    request.session[_PROOF] = str(proof_id)
    return HttpResponseRedirect(reverse("new-password"))


@open_page
@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "HEAD", "POST"])
def new_password(request: HttpRequest) -> HttpResponse:
    """Take the mailed code and a new password. Nobody is signed in by it."""
    proof_id = proof_in(request, _PROOF)
    if proof_id is None:
        return HttpResponseRedirect(reverse("forgotten-password"))
    form = ResetPasswordForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "account/new_password.html", {"form": form}, status=status)
    at = clock.now()
    try:
        credentials.reset_password(
            proof_id=proof_id,
            code=form.cleaned_data["code"],
            new=form.cleaned_data["password"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except CodeRefused as refused:
        say(form, "code", SPENT_CODE if refused.spent else WRONG_CODE)
        return render(request, "account/new_password.html", {"form": form}, status=422)
    except ValidationError as refused:
        say(form, "password", refused.messages)
        return render(request, "account/new_password.html", {"form": form}, status=422)
    request.session.flush()
    messages.success(request, "Your password was changed. Sign in with it.")
    return HttpResponseRedirect(reverse("choose-program"))
