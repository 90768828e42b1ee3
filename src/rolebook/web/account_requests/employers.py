"""Who employs a person: recorded by who decides there, with the codes to be looked at after a change."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rolebook.governance.account_answers import organization_by_code
from rolebook.governance.checks_going_on import FOLDED, whose_codes
from rolebook.governance.flows.check_codes import LookedAt, carry_out_check, close_access_check
from rolebook.governance.flows.record_employment import record_employment
from rolebook.governance.queries.access_checks import (
    MOST_CHECKS,
    codes_to_remove,
    employer_history,
    open_checks,
)
from rolebook.governance.queries.account_requests import person_named
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Act
from rolebook.web.account_requests.reading import typed_text
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def employers_page(request: ProgramRequest) -> HttpResponse:
    """List the checks that are open for the viewer, with a form to record who employs a person."""
    setattr(request, CURRENT_ENTRY, "manage-access")
    standing = viewer_standing(request.account, request.program.id, request.at)
    if not request.rolebook.approval.employing_chain or not standing.offices(Act.DECIDE):
        raise NotFound
    typed = _typed(request)
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        account = person_named(request.account, request.program.id, typed["person"], request.at)
        place = organization_by_code(standing, typed["code"]) if typed["code"] else None
        if account is None:
            problems = (f"Nobody in {request.program.short_name} has this user ID or e-mail address.",)
        elif place is None:
            problems = (f"There is no organization with the code “{typed['code']}”.",)
        else:
            try:
                record_employment(
                    acting_user=request.account,
                    program_id=request.program.id,
                    beneficiary_id=account.public_id,
                    organization_id=place.public_id,
                    reason=typed["reason"],
                    at=request.at,
                    origin=request.origin,
                )
            except Refused as refusal:
                problems = said_of(refusal)
            except NotFound:
                problems = (f"You do not decide requests at {place.name}, so you cannot record this.",)
            else:
                messages.success(request, f"Recorded: {account.name} works for {place.name}.")
                address = reverse("employer", args=[request.program.id, account.public_id])
                return HttpResponseRedirect(address, status=303)
    return _page(request, problems)


def _page(request: ProgramRequest, problems: tuple[str, ...], check: uuid.UUID | None = None) -> HttpResponse:
    """Show the page with what was typed; with ``check``, what was said about the codes of one person."""
    again = request.POST if check is not None else QueryDict()
    shown = {
        "checks": [
            {
                "line": line,
                "note": again.get("note", "") if line.check_id == check else "",
                "held": [(one, again.get(f"code-{one.public_id}", "")) for one in line.held],
            }
            for line in open_checks(request.account, request.program.id, request.at)
        ],
        "most_checks": MOST_CHECKS,
        "removals": codes_to_remove(request.account, request.program.id, request.at),
        "typed": _typed(request),
        "problems": problems,
        "summary_title": "Nothing was recorded",
    }
    return render(request, "account_requests/employers.html", shown, status=422 if problems else 200)


def _typed(request: ProgramRequest) -> dict[str, str]:
    return {name: typed_text(request.POST, name, 300) for name in ("person", "code", "reason")}


@program_view
@require_safe
def employer_page(request: ProgramRequest, account_id: uuid.UUID) -> HttpResponse:
    """Show who employs a person and who did, with who recorded it and when."""
    own = account_id == request.account.public_id
    setattr(request, CURRENT_ENTRY, "my-access" if own else "manage-access")
    history = employer_history(request.account, request.program.id, account_id, request.at)
    return render(request, "account_requests/employer.html", {"history": history, "own": own})


@program_view
@require_POST
def close_check(request: ProgramRequest, check_id: uuid.UUID) -> HttpResponse:
    """Say of each code whether it is kept or removed."""
    answers = {
        name.removeprefix("code-"): request.POST.get(name) == "keep"
        for name in request.POST
        if name.startswith("code-") and request.POST.get(name) in ("keep", "remove")
    }
    try:
        closed = close_access_check(
            acting_user=request.account,
            program_id=request.program.id,
            check_id=check_id,
            keeps=answers,
            note=request.POST.get("note", ""),
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        setattr(request, CURRENT_ENTRY, "manage-access")
        return _page(request, said_of(refusal), check_id)
    if closed.before:
        messages.warning(request, f"{_closed_before(request, closed)} Your press changed nothing.")
    else:
        person = whose_codes(closed.check).name
        messages.success(request, f"Recorded: you looked at the codes of {person}.")
    return HttpResponseRedirect(reverse("employers", args=[request.program.id]), status=303)


def _closed_before(request: ProgramRequest, closed: LookedAt) -> str:
    """Return in a sentence what became of a check that a page still showed as open."""
    check, person = closed.check, whose_codes(closed.check).name
    if check.note == FOLDED and not check.answers.exists():
        return f"The codes of {person} are looked at in another check since their accounts became one."
    by = check.closed_by
    who = "somebody" if by is None else "you" if by.pk == request.account.pk else by.name
    return f"The codes of {person} were looked at before by {who}."


@program_view
@require_POST
def carry_out_checked(request: ProgramRequest, check_id: uuid.UUID) -> HttpResponse:
    """Remove the codes that were found to be no longer needed."""
    closed = carry_out_check(
        acting_user=request.account,
        program_id=request.program.id,
        check_id=check_id,
        at=request.at,
        origin=request.origin,
    )
    if closed:
        codes = ", ".join(one.organization.code for one in closed)
        messages.success(request, f"Removed from {closed[0].account.name}: access to {codes}.")
    else:
        messages.warning(request, "These codes were removed before. Your press changed nothing.")
    return HttpResponseRedirect(reverse("employers", args=[request.program.id]), status=303)
