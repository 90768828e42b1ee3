"""Register, then confirm the e-mail address by the mailed code (QPP-02)."""

import uuid

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from rolebook.accounts.flows import registration
from rolebook.accounts.linking import IdentityTaken
from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.notices.outbox import account_mails
from rolebook.web.account import session
from rolebook.web.account.forms import ConfirmEmailForm, RegisterForm, say
from rolebook.web.account.pages import SPENT_CODE, WRONG_CODE, keep_next, proof_in, safe_next, too_many
from rolebook.web.account.waiting import Waiting, forget_waiting, registered_with_two_factors
from rolebook.web.gate import open_page

_PROOF = "rolebook.registration"
_LINKED = "The identity that you registered with was linked to another account meanwhile. Sign in with that."
_ADDRESS = "rolebook.registration_address"


@open_page
@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Ask who registers; then mail a code. The answer is the same for an address that has an account (fault 40)."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("start"))
    if request.method != "POST":
        keep_next(request, safe_next(request.GET.get("next")))
        return render(request, "account/register.html", {"form": RegisterForm()})
    form = RegisterForm(request.POST)
    if not form.is_valid():
        return render(request, "account/register.html", {"form": form}, status=422)
    typed, at = form.cleaned_data, clock.now()
    try:
        proof_id = registration.register_account(
            user_id=typed["user_id"],
            name=typed["name"],
            email=typed["email"],
            password=typed["password"],
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except ValidationError as refused:
        say(form, "password", refused.messages)
        return render(request, "account/register.html", {"form": form}, status=422)
    except TooManyAttempts as limit:
        return too_many(request, "account/register.html", {"form": form}, limit)
    forget_waiting(request)  # who chose a password registers without the identity that they came with
    return ask_for_code(request, proof_id, typed["email"])


def ask_for_code(request: HttpRequest, proof_id: uuid.UUID, address: str) -> HttpResponse:
    """Keep a registration whose code was mailed, and lead to the page that takes it."""
    request.session.cycle_key()
    request.session[_PROOF], request.session[_ADDRESS] = str(proof_id), address
    return HttpResponseRedirect(reverse("confirm-email"))


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: HttpRequest) -> HttpResponse:
    """Take the mailed code, make the account and go on to the second factor."""
    proof_id = proof_in(request, _PROOF)
    if proof_id is None:
        return HttpResponseRedirect(reverse("register"))
    form = ConfirmEmailForm(request.POST or None)
    if "user_id" in request.POST:
        form.offer_user_id()
    context = {"form": form, "address": request.session.get(_ADDRESS)}
    if request.method != "POST":
        return render(request, "account/confirm_email.html", context)
    if not form.is_valid():
        return render(request, "account/confirm_email.html", context, status=422)
    at = clock.now()
    try:
        account = registration.confirm_email(
            proof_id=proof_id,
            code=form.cleaned_data["code"],
            user_id=form.cleaned_data.get("user_id"),
            at=at,
            origin=session.origin_of(request),
        )
    except CodeRefused as refused:
        say(form, "code", SPENT_CODE if refused.spent else WRONG_CODE)
        return render(request, "account/confirm_email.html", context, status=422)
    except registration.UserIdTaken:
        again = ConfirmEmailForm(request.POST)
        again.offer_user_id()
        again.full_clean()
        again.errors.pop("user_id", None)
        say(again, "user_id", "Somebody has this user ID already. Choose another one.")
        return render(request, "account/confirm_email.html", {**context, "form": again}, status=422)
    except IdentityTaken:
        request.session.pop(_PROOF, None)
        return render(request, "account/confirm_email.html", {**context, "problems": [_LINKED]}, status=409)
    following, waiting = safe_next(request.session.get("rolebook.next")), Waiting.of(request)
    if registered_with_two_factors(waiting, account):
        session.begin(request, account, assurance="two factors", at=at)
        return HttpResponseRedirect(following or reverse("start"))
    session.begin(request, account, assurance="mailed code", at=at)
    keep_next(request, following)
    return HttpResponseRedirect(reverse("second-factor"))


@open_page
@require_POST
def send_again(request: HttpRequest) -> HttpResponse:
    """Mail a new code for the registration of this session."""
    proof_id = proof_in(request, _PROOF)
    if proof_id is None:
        return HttpResponseRedirect(reverse("register"))
    at = clock.now()
    context = {"form": ConfirmEmailForm(), "address": request.session.get(_ADDRESS)}
    try:
        registration.send_registration_code_again(proof_id=proof_id, at=at, send=account_mails(at))
    except CodeRefused:
        gone = "We cannot send another code for this registration. Please register again."
        return render(request, "account/confirm_email.html", {**context, "problems": [gone]}, status=422)
    return render(request, "account/confirm_email.html", {**context, "sent_again": True})
