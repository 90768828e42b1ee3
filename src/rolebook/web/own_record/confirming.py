"""A manager says whose record it is: the registrations that wait, and one of them with a button for each answer."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rolebook.governance.flows.answer_registration import answer_registration
from rolebook.governance.queries.own_records import registration_to_answer, registrations_waiting
from rolebook.governance.refusals import Refused
from rolebook.web.answers import asked, first_address, next_address, program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest


@program_view
@require_safe
def registrations_page(request: ProgramRequest) -> HttpResponse:
    """List who says that a record is theirs, where the viewer decides."""
    setattr(request, CURRENT_ENTRY, "manage-access")
    found = registrations_waiting(request.account, request.program.id, request.at, asked(request, "after"))
    shown = {
        "rows": found.rows,
        "next_url": next_address(request, "after", found.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "own_record/registrations.html", shown)


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def answer_page(request: ProgramRequest, registration_id: uuid.UUID) -> HttpResponse:
    """Show who says so and what stands on the record; record the answer on POST."""
    setattr(request, CURRENT_ENTRY, "manage-access")
    found = registration_to_answer(request.account, request.program.id, registration_id, request.at)
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        confirmed = request.POST.get("answer") == "confirm"
        try:
            answer_registration(
                acting_user=request.account,
                program_id=request.program.id,
                registration_id=registration_id,
                confirmed=confirmed,
                reason=request.POST.get("reason", ""),
                at=request.at,
                origin=request.origin,
            )
        except Refused as refusal:
            problems = said_of(refusal)
        else:
            done = "confirmed" if confirmed else "did not confirm"
            messages.success(request, f"You {done} that this record is the one of {found.account.name}.")
            return HttpResponseRedirect(reverse("registrations", args=[request.program.id]), status=303)
    shown = {
        "found": found,
        "record": found.record,
        "reason": request.POST.get("reason", ""),
        "problems": problems,
        "summary_title": "Your answer was not recorded",
    }
    return render(request, "own_record/answer.html", shown, status=409 if problems else 200)
