"""Access tokens on the security page: made after giving the password again, shown once, and taken back."""

import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rolebook.accounts.flows import personal_tokens as flows
from rolebook.accounts.flows.credentials import WrongPassword
from rolebook.accounts.queries import programs_in_force
from rolebook.accounts.queries.personal_tokens import tokens_of
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit.agreed_clock import agreed_now
from rolebook.notices.outbox import account_mails
from rolebook.policy.model import Program
from rolebook.web.account import session
from rolebook.web.account.changing import signed_in_account, wrong_password
from rolebook.web.account.forms import TokenForm, say
from rolebook.web.account.pages import too_many
from rolebook.web.context import LAST_PROGRAM

_TEMPLATE = "account/new_token.html"
_USUAL_DAYS = 90
_TOO_MANY = f"You have {flows.MOST_TOKENS} tokens that count. Take one back first."
_NO_FACTOR = "Set up an authenticator app or a passkey first: nothing acts for you without a second factor."


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask what a token is for, and show the new one: this answer alone does."""
    account, at = signed_in_account(request), agreed_now()
    programs = {book.program.id: book.program for book in programs_in_force(at)}
    usual = {"program": request.session.get(LAST_PROGRAM), "ends_on": at.date() + timedelta(_USUAL_DAYS)}
    form = TokenForm(
        request.POST or None, programs=[(one.id, one.name) for one in programs.values()], initial=usual
    )
    context = {"form": form, "has_password": account.has_usable_password()}
    if request.method != "POST" or not form.is_valid():
        return render(request, _TEMPLATE, context, status=422 if request.method == "POST" else 200)
    program = programs[form.cleaned_data["program"]]
    ends_at = _after(form.cleaned_data["ends_on"], program)
    if ends_at is None or not at < ends_at <= at + timedelta(days=flows.LONGEST_DAYS):
        say(form, "ends_on", f"Choose a day within the next {flows.LONGEST_DAYS - 1} days.")
        return render(request, _TEMPLATE, context, status=422)
    try:
        made = flows.make_token(
            acting_user=account,
            password=form.cleaned_data["password"],
            program_id=program.id,
            name=form.cleaned_data["name"],
            may_act=form.cleaned_data["may_act"],
            ends_at=ends_at,
            at=at,
            origin=session.origin_of(request),
            send=account_mails(at),
        )
    except WrongPassword:
        say(form, "password", wrong_password(account))
        return render(request, _TEMPLATE, context, status=422)
    except TooManyAttempts as limit:
        return too_many(request, _TEMPLATE, context, limit)
    except (flows.TooManyTokens, flows.NoSecondFactor) as refused:
        return _refused(request, form, context, refused)
    return _shown_once(request, made, program)


def _after(day: date, program: Program) -> datetime | None:
    """Return the first instant after a day in a program's zone; None for a day after which there is none."""
    if day.year > 9000:
        return None
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(program.zone))


def _refused(
    request: HttpRequest, form: forms.Form, context: dict[str, object], refused: Exception
) -> HttpResponse:
    say(form, None, _TOO_MANY if isinstance(refused, flows.TooManyTokens) else _NO_FACTOR)
    return render(request, _TEMPLATE, context, status=409)


def _shown_once(request: HttpRequest, made: flows.MadeToken, program: Program) -> HttpResponse:
    answer = render(request, "account/token_made.html", {"made": made, "of_program": program})
    answer["Cache-Control"] = "no-store"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: HttpRequest, token_id: uuid.UUID) -> HttpResponse:
    """Ask whether a token of one's own is to be taken back, and take it back."""
    account, at = signed_in_account(request), agreed_now()
    token = next((one for one in tokens_of(account, at) if one.token_id == token_id), None)
    if token is None:
        raise Http404
    if request.method != "POST":
        return render(request, "account/take_back_token.html", {"token": token})
    flows.take_back_token(acting_user=account, token_id=token_id, at=at, origin=session.origin_of(request))
    messages.success(request, f"The token “{token.name}” was taken back. It is refused from now on.")
    return HttpResponseRedirect(f"{reverse('security')}#tokens", status=303)
