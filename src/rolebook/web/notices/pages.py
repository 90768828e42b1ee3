"""Notice settings of a program, the calendar behind its private address, and stopping digests from a mail (QPP-16)."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.accounts.queries import NoRolebook, rolebook_in_force
from rolebook.accounts.throttling import TooManyAttempts, network_of
from rolebook.audit import clock
from rolebook.audit.recording import Origin
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.refusals import NotFound
from rolebook.notices.calendar_feed import calendar_of
from rolebook.notices.choosing import (
    choose_reminder,
    chosen_by,
    make_calendar_address,
    revoke_calendar_address,
    stop_reminders,
    whose_reminders,
)
from rolebook.policy.model import Act
from rolebook.web.answers import program_view
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.gate import open_page
from rolebook.web.notices.forms import ReminderForm
from rolebook.web.program import ProgramRequest


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def notice_settings(request: ProgramRequest) -> HttpResponse:
    """Show what was chosen about reminders, and take another choice."""
    if request.method != "POST":
        return _page(request)
    form = ReminderForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    choose_reminder(
        acting_user=request.account,
        program_id=request.program.id,
        **form.cleaned_data,
        at=request.at,
        origin=request.origin,
    )
    messages.success(request, "Your reminders were saved.")
    return _back(request)


@program_view
@require_POST
def calendar_address(request: ProgramRequest) -> HttpResponse:
    """Make a new private address and show it, this once; the one before stops working."""
    address = make_calendar_address(
        acting_user=request.account, program_id=request.program.id, at=request.at, origin=request.origin
    )
    return _page(request, address=address)


@program_view
@require_POST
def calendar_stop(request: ProgramRequest) -> HttpResponse:
    """Stop the private address."""
    revoke_calendar_address(
        acting_user=request.account, program_id=request.program.id, at=request.at, origin=request.origin
    )
    messages.success(request, "The calendar address no longer works.")
    return _back(request)


@open_page
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Give the calendar behind a private address, to whoever has the address; no session is looked at."""
    try:
        calendar = calendar_of(token, source=network_of(request.META.get("REMOTE_ADDR")), at=clock.now())
    except NotFound:
        return HttpResponse("There is no calendar at this address.\n", status=404, content_type="text/plain")
    except TooManyAttempts as limit:
        wait = max(1, int((limit.again_at - clock.now()).total_seconds()))
        said = "Asked too often. Try again later.\n"
        answer = HttpResponse(said, status=429, content_type="text/plain")
        answer["Retry-After"] = str(wait)
        return answer
    response = HttpResponse(calendar, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="reminders.ics"'
    response["Cache-Control"] = "no-store, private"
    return response


@open_page
@csrf_exempt  # The token is the credential, and a mail program that posts it has no cookie (RFC 8058, section 3.1).
@require_http_methods(["GET", "HEAD", "POST"])
def stop_reminders_page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether to stop a person's digests of a program; only a POST stops them, opening the link does nothing."""
    at = clock.now()
    try:
        participation = whose_reminders(token)
        program = rolebook_in_force(participation.program_id, at)[1].program
        if request.method == "POST":
            origin = Origin(via="web", address=request.META.get("REMOTE_ADDR"))
            stop_reminders(token=token, at=at, origin=origin)
    except (NotFound, NoRolebook) as missing:
        raise Http404 from missing
    context = {"of_program": program, "stopped": request.method == "POST"}
    response = render(request, "account/stop_reminders.html", context)
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _page(
    request: ProgramRequest, *, form: ReminderForm | None = None, address: str = "", status: int = 200
) -> HttpResponse:
    chosen = chosen_by(request.account, request.program.id)
    setattr(request, CURRENT_ENTRY, "manage-access")
    standing = viewer_standing(request.account, request.program.id, request.at)
    first = {"cadence": chosen.cadence, "weekday": chosen.weekday, "hour": chosen.hour}
    context = {
        "form": form or ReminderForm(initial=first),
        "chosen": chosen,
        "address": address,
        "decides": bool(standing.offices(Act.DECIDE)),
    }
    return render(request, "pages/notices.html", context, status=status)


def _back(request: ProgramRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("notice-settings", args=[request.program.id]), status=303)
