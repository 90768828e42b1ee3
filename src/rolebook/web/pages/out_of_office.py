"""Out of office: when one is away, who decides meanwhile, and for whom one decides oneself."""

import uuid
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from rolebook.accounts.models import canonical_id
from rolebook.governance.flows.record_absence import decline_delegation, end_absence, record_absence
from rolebook.governance.importing import day_of
from rolebook.governance.queries.absences import out_of_office
from rolebook.governance.queries.pending import role_title
from rolebook.governance.refusals import NotFound, Refused
from rolebook.web.account_requests.reading import typed_text
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest

_DATES = (("first_on", "First day"), ("last_on", "Last day"))


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def out_of_office_page(request: ProgramRequest) -> HttpResponse:
    """Show one's absences and those in which one decides for others, with a form to record one."""
    setattr(request, CURRENT_ENTRY, "manage-access")
    found = out_of_office(request.account, request.program.id, request.at)
    if not (found.offered or found.mine or found.for_others):
        raise NotFound
    typed = {name: typed_text(request.POST, name, 40) for name, _ in _DATES}
    chosen = {
        offered.role_id: typed_text(request.POST, f"delegate-{offered.role_id}", 40)
        for offered in found.offered
    }
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        days = {name: _day(text) for name, text in typed.items()}
        problems = tuple(f"{title}: choose a day." for name, title in _DATES if days[name] is None)
        if not problems:
            problems = _record(request, days, chosen)
            if not problems:
                messages.success(request, "Recorded: when you are out of office. You get a mail about it.")
                return _back(request)
    today = day_of(request.at, request.rolebook)
    shown = {
        "mine": [
            (absence, [(one, role_title(request.rolebook, one.role_id)) for one in absence.delegations.all()])
            for absence in found.mine
        ],
        "for_others": [(one, role_title(request.rolebook, one.role_id)) for one in found.for_others],
        "fields": [
            (name, title, typed[name] or (today.isoformat() if name == "first_on" else ""))
            for name, title in _DATES
        ],
        "today": today.isoformat(),
        "latest": (today + timedelta(days=731)).isoformat(),
        "offered": [(one, chosen[one.role_id]) for one in found.offered],
        "problems": problems,
        "summary_title": "Nothing was recorded",
    }
    return render(request, "pages/out_of_office.html", shown, status=422 if problems else 200)


@program_view
@require_POST
def end_absence_page(request: ProgramRequest, absence_id: uuid.UUID) -> HttpResponse:
    """End an absence of one's own, or withdraw it before it begins."""
    end_absence(
        acting_user=request.account,
        program_id=request.program.id,
        absence_id=absence_id,
        at=request.at,
        origin=request.origin,
    )
    messages.success(request, "Recorded: you are there. Requests come to you again.")
    return _back(request)


@program_view
@require_POST
def decline_page(request: ProgramRequest, delegation_id: uuid.UUID) -> HttpResponse:
    """Say that one does not decide for an absent person."""
    declined = decline_delegation(
        acting_user=request.account,
        program_id=request.program.id,
        delegation_id=delegation_id,
        at=request.at,
        origin=request.origin,
    )
    messages.success(request, f"Recorded: you do not decide for {declined.absence.account.name}.")
    return _back(request)


def _record(request: ProgramRequest, days: dict[str, date | None], chosen: dict[str, str]) -> tuple[str, ...]:
    first_on, last_on = days["first_on"], days["last_on"]
    if first_on is None or last_on is None:
        return ("Choose both days.",)
    if any(named and canonical_id(named) is None for named in chosen.values()):
        return ("Choose a person from the list.",)
    try:
        record_absence(
            acting_user=request.account,
            program_id=request.program.id,
            first_on=first_on,
            last_on=last_on,
            delegates={role_id: named for role_id, named in chosen.items() if named},
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        return said_of(refusal)
    return ()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _back(request: ProgramRequest) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("out-of-office", args=[request.program.id]), status=303)
