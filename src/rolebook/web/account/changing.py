"""A change of one's own account by a form with the password: shown, carried out, or refused beside its field."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rolebook.accounts.flows import credentials
from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.models import Account
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.web.account import session
from rolebook.web.account.forms import say
from rolebook.web.account.pages import SPENT_CODE, WRONG_CODE, too_many

NOT_YOURS = "That is not your password."
WITHOUT_ONE = (
    "You have no password yet. Choose one first: \u201cChoose a password\u201d on the Security page."
)


def wrong_password(account: Account) -> str:
    """Return what to say of a password that is not the account's."""
    return NOT_YOURS if account.has_usable_password() else WITHOUT_ONE


def change_by_form(
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
        say(form, proved_by, wrong_password(signed_in_account(request)))
    except ValidationError as refused:
        say(form, "email" if "email" in form.fields else "password", refused.messages)
    except CodeRefused as refused:
        say(form, "code", SPENT_CODE if refused.spent else WRONG_CODE)
    except TooManyAttempts as limit:
        return too_many(request, template, context, limit)
    return render(request, template, context, status=422)


def signed_in_account(request: HttpRequest) -> Account:
    """Return who is signed in; the gate lets nobody else come here."""
    account = session.account_of(request)
    if account is None:
        raise PermissionError("found nobody signed in behind the gate")
    return account
