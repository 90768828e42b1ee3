"""Applications, for stewards: their tokens for the decision point, given once, dated, and taken away."""

import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rolebook.accounts.flows.clients import OPERATIONS, USUAL_OPERATIONS, ClientRefused
from rolebook.governance.flows.manage_clients import give_token, take_token_away
from rolebook.governance.queries.clients import clients_of, one_client
from rolebook.web.answers import program_view
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.effects import effect_query, effect_to_show
from rolebook.web.program import ProgramRequest

ENTRY = "applications"


class TokenForm(forms.Form):
    """What an application is, and what it may ask."""

    name = forms.CharField(
        label="Name of the application",
        max_length=100,
        error_messages={"required": "Say what the application is called."},
    )
    search = forms.BooleanField(
        label="It may also search who may do what, and where",
        required=False,
        help_text="Searches name people; deciding needs none",
    )
    reasons = forms.BooleanField(label="Its answers always say why", required=False)
    ends_on = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="From the day after on the token is refused; without a day it counts until it is taken away",
        error_messages={"invalid": "Enter a day, such as 2027-06-30."},
    )


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def applications_page(request: ProgramRequest) -> HttpResponse:
    """List the applications, and give a new one its token, which this answer alone shows."""
    clients = clients_of(request.account, request.program.id, request.at)
    form = TokenForm(request.POST if request.method == "POST" else None, label_suffix="")
    shown: dict[str, Any] = {"clients": clients, "form": form, "effect": effect_to_show(request)}
    if request.method == "POST" and form.is_valid():
        ends_at = _ends_at(request, form)
        if ends_at is not None and ends_at <= request.at:
            form.add_error("ends_on", "Enter a day that is not over.")
        else:
            try:
                added = give_token(
                    acting_user=request.account,
                    program_id=request.program.id,
                    name=form.cleaned_data["name"],
                    operations=OPERATIONS if form.cleaned_data["search"] else USUAL_OPERATIONS,
                    reasons=form.cleaned_data["reasons"],
                    ends_at=ends_at,
                    at=request.at,
                    origin=request.origin,
                )
            except ClientRefused as refused:
                form.add_error("name", str(refused).partition(": ")[2].capitalize())
            else:
                setattr(request, CURRENT_ENTRY, ENTRY)
                answer = render(request, "applications/issued.html", {"added": added})
                answer["Cache-Control"] = "no-store"
                return answer
    shown["summary_title"] = "No token was given"
    return render(request, "applications/applications.html", shown, status=422 if form.errors else 200)


def _ends_at(request: ProgramRequest, form: TokenForm) -> datetime | None:
    """Return the first instant after the last day, in the program's zone."""
    day = form.cleaned_data["ends_on"]
    if day is None:
        return None
    after = day + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(request.program.zone))


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def revoke_page(request: ProgramRequest, client_id: uuid.UUID) -> HttpResponse:
    """Ask whether a token is to be taken away, and take it away."""
    setattr(request, CURRENT_ENTRY, ENTRY)
    client = one_client(request.account, request.program.id, client_id, request.at)
    if request.method == "POST":
        taken = take_token_away(
            acting_user=request.account,
            program_id=request.program.id,
            client_id=client_id,
            at=request.at,
            origin=request.origin,
        )
        address = reverse("applications", args=[request.program.id])
        return HttpResponseRedirect(address + effect_query(taken.sequence), status=303)
    return render(request, "applications/revoke.html", {"client": client})
