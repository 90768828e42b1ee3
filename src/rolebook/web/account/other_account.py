"""Somebody says that another account is theirs, too; a steward looks at it, and nothing is merged by it (IQIES-04)."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.governance.flows.name_same_person import declare_same_person
from rolebook.web.account import session
from rolebook.web.account.pages import too_many


class OtherAccountForm(forms.Form):
    """The user ID of the other account."""

    user_id = forms.CharField(
        label="User ID of your other account",
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Enter the user ID of your other account."},
    )


@require_http_methods(["GET", "HEAD", "POST"])
def declare(request: HttpRequest) -> HttpResponse:
    """Take the user ID; the answer is the same whether or not there is such an account."""
    account = session.account_of(request)
    form = OtherAccountForm(request.POST if request.method == "POST" else None)
    context = {"form": form}
    page = "account/other_account.html"
    if account is None or request.method != "POST" or not form.is_valid():
        return render(request, page, context, status=422 if request.method == "POST" else 200)
    try:
        declare_same_person(
            acting_user=account,
            user_id=form.cleaned_data["user_id"],
            at=clock.now(),
            origin=session.origin_of(request),
        )
    except TooManyAttempts as limit:
        return too_many(request, page, context, limit)
    messages.success(request, "Thank you. If there is such an account, a steward looks at the two.")
    return HttpResponseRedirect(reverse("security"))
