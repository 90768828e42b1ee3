"""One account request: what is asked and what it comes to, versions, both agencies' outcomes, and one's decision."""

import uuid

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from rolebook.governance.deciding import AlreadyDecided, ReturnedForChange
from rolebook.governance.flows.answer_as_supervisor import ask_supervisor_again
from rolebook.governance.flows.decide_stage import decide_stage
from rolebook.governance.flows.let_rest_go_on import let_rest_go_on
from rolebook.governance.models import Outcome
from rolebook.governance.queries.account_detail import account_request_detail
from rolebook.governance.queries.account_requests import has_form
from rolebook.governance.queries.audit_trail import may_see_official_history
from rolebook.governance.queries.reactivations import reactivation_told
from rolebook.governance.queries.seeing import find_stage
from rolebook.governance.refusals import NotFound, Refused
from rolebook.notices.supervisors import supervisor_mails
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.pages.since import what_became_of
from rolebook.web.program import ProgramRequest

_VERDICTS = frozenset({"approved", "denied", "returned"})
_TITLES = {"new": "New account", "modification": "Modification"}


def show_account_request(
    request: ProgramRequest,
    request_id: uuid.UUID,
    problems: tuple[str, ...] = (),
    status: int = 200,
    typed_stage: uuid.UUID | None = None,
) -> HttpResponse:
    """Show an account request with its course and what the viewer may do with it.

    ``typed_stage`` is the one about which something was posted that was refused: what was typed there is kept.
    """
    found = account_request_detail(request.account, request_id, request.program.id, request.at)
    line = found.detail.line
    own = request.account.public_id == found.detail.beneficiary_id or found.is_requester
    word = found.detail.present.word
    setattr(request, CURRENT_ENTRY, "my-access" if own else "manage-access")
    shown = {
        **what_became_of(request, found.detail),
        "found": found,
        "detail": found.detail,
        "line": line,
        "own": own,
        "link_is_past": word is not None and word.state == "asked" and word.expires_at <= request.at,
        "type_title": _TITLES.get(found.form.request_type, "Account request"),
        "deciding": [row for row in found.detail.to_decide if row.may_decide],
        "now": {stage.stage_id: stage for stage in found.now},
        "may_correct": found.is_requester and line.may_submit_again and found.detail.again_id is None,
        "may_ask_again": found.detail.may_ask_again and line.settled_at is not None,
        "sees_history": own
        or may_see_official_history(request.account, request.program.id, request_id, request.at),
        "reactivation": reactivation_told(
            request.rolebook, request_id, request.at, tell_reason=found.detail.tells_names
        ),
        "typed_reason": request.POST.get("reason", ""),
        "typed_stage": typed_stage,
        "problems": problems,
        "summary_title": "That could not be done",
    }
    return render(request, "account_requests/request.html", shown, status=status)


@program_view
@require_POST
def review_stage(request: ProgramRequest, stage_id: uuid.UUID) -> HttpResponse:
    """Approve, deny or return what the page showed of an account request."""
    verdict, version = request.POST.get("verdict", ""), request.POST.get("version", "")
    if verdict not in _VERDICTS or not version.isascii() or not version[:9].isdigit():
        raise BadRequest("a decision names a verdict and the version that was shown")
    stage = find_stage(request.program.id, stage_id)
    request_id = stage.request.public_id
    if not has_form(request.program.id, request_id):
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
        return show_account_request(request, request_id, said_of(refusal), 409, stage_id)
    person = stage.request.beneficiary.name
    match decided:
        case AlreadyDecided():
            by = "You" if decided.by_you else decided.by.name if decided.by is not None else "Somebody"
            messages.warning(request, f"{by} {decided.state} this before. Your press changed nothing.")
        case ReturnedForChange():
            messages.warning(request, "Who decides this request has changed. It went back to be sent again.")
        case Outcome(verdict=Outcome.Verdict.RETURNED):
            messages.success(request, f"Returned to {stage.request.requester.name} with what is missing.")
        case Outcome(verdict=Outcome.Verdict.DENIED):
            messages.success(request, f"You denied the request of {person}.")
        case _:
            messages.success(request, f"You approved the request of {person}.")
    return _to_request(request, request_id)


@program_view
@require_POST
def go_on(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    """Let the rest of a request go on without what another agency denied."""
    try:
        let_rest_go_on(
            acting_user=request.account,
            program_id=request.program.id,
            request_id=request_id,
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        return show_account_request(request, request_id, said_of(refusal), status=409)
    messages.success(request, "The rest of your request goes on.")
    return _to_request(request, request_id)


@program_view
@require_POST
def remind_supervisor(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    """Mail the supervisor a new link."""
    try:
        word = ask_supervisor_again(
            acting_user=request.account,
            program_id=request.program.id,
            request_id=request_id,
            send=supervisor_mails(request.at),
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        return show_account_request(request, request_id, said_of(refusal), status=409)
    messages.success(
        request, f"{word.form.supervisor_name} gets a new e-mail; the link before stops working."
    )
    return _to_request(request, request_id)


def _to_request(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("request", args=[request.program.id, request_id]), status=303)
