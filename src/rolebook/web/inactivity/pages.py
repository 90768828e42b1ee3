"""The stewards' watch over who is due to be closed, and the representatives' word for a reactivation."""

import uuid

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.governance.deciding import AlreadyDecided, ReturnedForChange
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.flows.decide_stage import decide_stage
from rolebook.governance.flows.watch_quiet import confirm_closings
from rolebook.governance.queries.inactivity import (
    asks_for,
    closed_people,
    closed_person,
    quiet_overview,
)
from rolebook.governance.queries.reactivations import reactivation_told
from rolebook.governance.queries.seeing import find_stage
from rolebook.governance.refusals import NotFound, Refused
from rolebook.web.account.forms import say
from rolebook.web.answers import asked, first_address, next_address, program_view, said_of
from rolebook.web.pages.requests import show_request
from rolebook.web.program import ProgramRequest


class ReasonForm(forms.Form):
    """Why somebody is to be reactivated, in the representative's words."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_TEXT,
        help_text="IQCS security reads it, and so does the person. It goes on record.",
        error_messages={"required": "Say why. It goes on record, and the person is told."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@program_view
@require_safe
def inactivity_page(request: ProgramRequest) -> HttpResponse:
    """Show who is due to be closed, soonest first, and whether closings stopped; stewards only."""
    overview = quiet_overview(request.account, request.program.id, request.at, after=asked(request, "after"))
    shown = {
        "overview": overview,
        "next_url": next_address(request, "after", overview.due.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "inactivity/inactivity.html", shown)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: ProgramRequest) -> HttpResponse:
    """Say what going on does, and ask once more; on POST say that it goes on."""
    overview = quiet_overview(request.account, request.program.id, request.at)
    back = reverse("inactivity", args=[request.program.id])
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            confirm_closings(
                acting_user=request.account,
                program_id=request.program.id,
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            problems = said_of(refusal)
        else:
            messages.success(request, "Closings go on with the next run, within the hour.")
            return HttpResponseRedirect(back, status=303)
    watch = overview.watch
    possible = watch is not None and watch.stopped_at is not None and watch.confirmed_at is None
    shown = {"overview": overview, "problems": problems, "possible": possible}
    return render(request, "inactivity/confirm.html", shown, status=409 if problems else 200)


@program_view
@require_safe
def reactivations_page(request: ProgramRequest) -> HttpResponse:
    """List who is closed or deactivated among the people whose reactivation the viewer asks for."""
    found = closed_people(request.account, request.program.id, request.at, after=asked(request, "after"))
    shown = {
        "rows": found.rows,
        "asks_for": asks_for(request.account, request.program.id, request.at),
        "next_url": next_address(request, "after", found.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "inactivity/reactivations.html", shown)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def reactivate_page(request: ProgramRequest, account_id: uuid.UUID) -> HttpResponse:
    """Show what would come back, and ask for the reason; on POST ask for the reactivation."""
    person = closed_person(request.account, request.program.id, account_id, request.at)
    form = ReasonForm(request.POST if request.method == "POST" else None, label_suffix="")
    form.fields["reason"].help_text = "Who decides reads it, and so does the person. It goes on record."
    if request.method == "POST" and form.is_valid():
        try:
            made = ask_reactivation(
                acting_user=request.account,
                program_id=request.program.id,
                beneficiary_id=account_id,
                reason=form.cleaned_data["reason"],
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            say(form, None, said_of(refusal))
        else:
            messages.success(request, f"Asked: {person.row.name} is to be reactivated.")
            address = reverse("request", args=[request.program.id, made.public_id])
            return HttpResponseRedirect(address, status=303)
    failed = request.method == "POST"
    shown = {"person": person, "form": form}
    return render(request, "inactivity/reactivate.html", shown, status=409 if failed else 200)


@program_view
@require_POST
def decide_reactivation(request: ProgramRequest, stage_id: uuid.UUID) -> HttpResponse:
    """Reactivate somebody with one click, or deny it; binding what the page showed."""
    verdict, version = request.POST.get("verdict", ""), request.POST.get("version", "")
    if verdict not in ("approved", "denied") or not version.isascii() or not version[:9].isdigit():
        raise BadRequest("a decision names a verdict and the version that was shown")
    stage = find_stage(request.program.id, stage_id)
    person, request_id = stage.request.beneficiary.name, stage.request.public_id
    told = reactivation_told(request.rolebook, request_id, request.at, tell_reason=False)
    if told is None or not told.alone:
        raise NotFound
    try:
        decided = decide_stage(
            acting_user=request.account,
            program_id=request.program.id,
            stage_id=stage_id,
            verdict=verdict,
            reason=request.POST.get("reason", ""),
            shown_version=int(version[:9]),
            shown_hash=request.POST.get("items", ""),
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        return show_request(request, request_id, said_of(refusal), status=409)
    match decided:
        case AlreadyDecided():
            by = "You" if decided.by_you else decided.by.name if decided.by is not None else "Somebody"
            messages.warning(request, f"{by} {decided.state} this before. Your press changed nothing.")
        case ReturnedForChange():
            messages.warning(request, "Who decides this has changed. The representative asks once more.")
        case _:
            done = "reactivated" if verdict == "approved" else "not reactivated"
            messages.success(request, f"{person} was {done}.")
    address = reverse("request", args=[request.program.id, request_id])
    return HttpResponseRedirect(address, status=303)
