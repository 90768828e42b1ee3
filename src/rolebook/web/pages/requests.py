"""Requests of one's own, one request with its course, and what its requester and its approvers do with it."""

import uuid
from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rolebook.accounts.models import canonical_id
from rolebook.governance.flows.ask_to_submit_again import ask_to_submit_again
from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.flows.submit_request_again import submit_request_again
from rolebook.governance.flows.withdraw_part import withdraw_part
from rolebook.governance.flows.withdraw_request import withdraw_request
from rolebook.governance.models import Request
from rolebook.governance.queries import my_requests, request_detail
from rolebook.governance.queries.account_requests import has_form
from rolebook.governance.queries.audit_trail import may_see_official_history
from rolebook.governance.queries.reactivations import reactivation_told
from rolebook.governance.refusals import Refused
from rolebook.web.account_requests.request import show_account_request
from rolebook.web.answers import asked, first_address, next_address, program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.pages.since import what_became_of
from rolebook.web.program import ProgramRequest

_SHOWN_AT_ONCE = 5
"""Organizations whose steps a request's course shows without being opened."""


@program_view
@require_safe
def my_requests_page(request: ProgramRequest) -> HttpResponse:
    """List every request that the viewer made, or that is for them, newest first; by state and organization."""
    wanted = next((state for state in Request.State if state.value == asked(request, "state")), None)
    search = asked(request, "search")
    own = my_requests(
        request.account,
        request.program.id,
        request.at,
        state=None if wanted is None else wanted.value,
        search=search,
        after=asked(request, "after"),
    )
    shown = {
        "own": own,
        "search": search,
        "narrowed": bool(search or wanted),
        "states": [(state.value, state.label, state == wanted) for state in Request.State],
        "next_url": next_address(request, "after", own.next_after),
        "first_url": first_address(request, "after"),
    }
    return render(request, "pages/my_requests.html", shown)


@program_view
@require_safe
def request_page(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    """Show one request with its course and what the viewer may do with it; an account request with its form."""
    return show_request(request, request_id)


def show_request(
    request: ProgramRequest, request_id: uuid.UUID, problems: tuple[str, ...] = (), status: int = 200
) -> HttpResponse:
    """Show one request with its course and what the viewer may do with it; what they typed is kept."""
    if request.rolebook.access == "apart from roles" and has_form(request.program.id, request_id):
        return show_account_request(request, request_id, problems, status)
    detail = request_detail(request.account, request_id, request.program.id, request.at)
    line = detail.line
    own = request.account.public_id == detail.beneficiary_id or line.may_withdraw or line.may_submit_again
    # Who decides comes from Manage Access and goes back there.
    setattr(request, CURRENT_ENTRY, "my-access" if own else "manage-access")
    shown = {
        **what_became_of(request, detail),
        "detail": detail,
        "line": line,
        "item": line.items[0],
        "own": own,
        "deciding": [row for row in detail.to_decide if row.may_decide],
        "folded": len(line.items) > _SHOWN_AT_ONCE,
        "may_submit_again": line.may_submit_again and detail.again_id is None,
        "reactivation": reactivation_told(
            request.rolebook, request_id, request.at, tell_reason=detail.tells_names
        ),
        "denials": [step for step in detail.present.steps if step.verdict == "denied" and step.reason],
        "typed_reason": request.POST.get("reason", line.reason),
        "typed_now": request.POST.get("reason", ""),
        "longest": LONGEST_TEXT,
        "sees_history": own
        or may_see_official_history(request.account, request.program.id, request_id, request.at),
        "problems": problems,
        "summary_title": "That could not be done",
    }
    return render(request, "pages/request.html", shown, status=status)


@program_view
@require_POST
def withdraw(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    """Take a request back, whole or at one organization."""
    place = canonical_id(request.POST.get("organization", ""))
    if place is not None:
        part = partial(withdraw_part, organization_id=place)
        return _act(request, request_id, part, "That part of your request was withdrawn; the rest goes on.")
    return _act(request, request_id, withdraw_request, "Your request was withdrawn.")


@program_view
@require_POST
def submit_again(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    """Make a new request with the answers of an earlier one, and its reason as it was changed here (QPP-13)."""
    typed = request.POST.get("reason")
    if typed is not None and len(typed) > LONGEST_TEXT:
        return show_request(
            request, request_id, (f"Write {LONGEST_TEXT:,} characters at most as the reason.",), 422
        )
    said = "Your request was submitted again, with the same answers."
    if typed is not None:
        said = "Your request was submitted again, with the reason as you wrote it."
    return _act(request, request_id, partial(submit_request_again, reason=typed), said)


@program_view
@require_POST
def ask_again(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    """Ask the requester of a request that the viewer denied to submit it again (QPP-13)."""
    said = "{name} is asked by e-mail to submit the request again."
    return _act(request, request_id, ask_to_submit_again, said)


def _act(
    request: ProgramRequest, request_id: uuid.UUID, flow: Callable[..., Request], said: str
) -> HttpResponse:
    """Do something with a request, and show the request that came of it; or say why it could not be done."""
    try:
        made = flow(
            acting_user=request.account,
            program_id=request.program.id,
            request_id=request_id,
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        return show_request(request, request_id, said_of(refusal), status=409)
    messages.success(request, said.format(name=made.requester.name))
    return HttpResponseRedirect(reverse("request", args=[request.program.id, made.public_id]), status=303)
