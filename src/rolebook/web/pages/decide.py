"""Approve and Deny: one press, answered in place and with a pop-up notification (QPP-05, -07)."""

import uuid
from dataclasses import dataclass
from typing import Literal

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from rolebook.governance.deciding import AlreadyDecided, Decided, ReturnedForChange
from rolebook.governance.flows.decide_stage import decide_stage
from rolebook.governance.instants import instant_in_words
from rolebook.governance.models import Outcome, Stage
from rolebook.governance.queries import home as waiting_at_home
from rolebook.governance.queries.connected import number_pending_at
from rolebook.governance.queries.pending import asked_titles, items_by_stage, pending_rows
from rolebook.governance.queries.seeing import find_stage, viewer_standing
from rolebook.governance.refusals import Refused
from rolebook.web.answers import in_part, program_view, said_of
from rolebook.web.program import ProgramRequest
from rolebook.web.zones import viewer_zone

type Tone = Literal["success", "warning", "error"]

_COLUMNS = {"home": 5, "manage-access": 5, "users": 4, "request": 4}
"""Pages that have the buttons, and how many columns their lists have."""
_VERDICTS = frozenset({"approved", "denied"})
_ABOUT_THE_REASON = frozenset({"text_too_long", "text_unreadable"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said in the row and in the notification; ``leaves``: the row goes away once it has been read."""

    title: str
    text: str
    tone: Tone
    icon: str
    leaves: bool = False
    next: str = ""
    next_url: str = ""


@program_view
@require_POST
def decide(request: ProgramRequest, stage_id: uuid.UUID) -> HttpResponse:
    """Record the verdict on what the page showed; say so, or say who got there first."""
    verdict, back = request.POST.get("verdict", ""), request.POST.get("back", "")
    shown_version = request.POST.get("version", "")
    if verdict not in _VERDICTS or not shown_version.isascii() or not shown_version[:9].isdigit():
        raise BadRequest("a decision names a verdict and the version that was shown")
    try:
        decided = decide_stage(
            acting_user=request.account,
            program_id=request.program.id,
            stage_id=stage_id,
            verdict=verdict,
            reason=request.POST.get("reason", ""),
            shown_version=int(shown_version[:9]),
            shown_hash=request.POST.get("items", ""),
            from_list=True,
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        asks_again = _reason_again(request, stage_id, verdict, said_of_reason(refusal), back)
        if asks_again is not None:
            return asks_again
        answer = Answer("This was not decided", " ".join(said_of(refusal)), "warning", "warning")
        return _answer(request, answer, back, None)
    return _answer(request, _say(request, decided), back, _stage(decided))


def said_of_reason(refusal: Refused) -> str:
    """Return what is wrong with the reason that was typed; "" where something else was refused."""
    about_it = all(one.code in _ABOUT_THE_REASON for one in refusal.violations)
    return " ".join(said_of(refusal)) if about_it else ""


def typed_reason(request: ProgramRequest) -> str:
    """Return the reason as it was typed, to be shown in its field again."""
    return request.POST.get("reason", "").replace("\0", "")


def _reason_again(
    request: ProgramRequest, stage_id: uuid.UUID, verdict: str, wrong: str, back: str
) -> HttpResponse | None:
    """Ask for the reason again, in the row or on a page, with what was typed; nothing was decided.

    None where nothing is wrong with the reason, and for who could not decide the stage with any.
    """
    if not wrong:
        return None
    stage = find_stage(request.program.id, stage_id)
    [row] = pending_rows(viewer_standing(request.account, request.program.id, request.at), [stage])
    if stage.state != Stage.State.OPEN or not row.may_decide or row.shown_whole:
        return None
    reason_id = f"again-{stage_id.hex}"
    shown = {
        "row": row,
        "verdict": verdict,
        "wrong": wrong,
        "reason_id": reason_id,
        "problems_at": [(reason_id, wrong)],
        "typed": typed_reason(request),
        "back": back if back in _COLUMNS else "manage-access",
        "back_url": _address(request, back, stage),
        "columns": _COLUMNS.get(back, 5),
        "version": request.POST.get("version", ""),
        "items": request.POST.get("items", ""),
        "counted": request.POST.get("counted", ""),
    }
    page = "partials/reason_row.html" if in_part(request) else "pages/reason_again.html"
    return render(request, page, shown, status=422)


def _stage(decided: Decided) -> Stage:
    return decided.stage


def _say(request: ProgramRequest, decided: Decided) -> Answer:
    stage = _stage(decided)
    person = stage.request.beneficiary.name
    titles = asked_titles(request.rolebook, items_by_stage([stage.pk]).get(stage.pk, ()))
    where = f" at {stage.organization.name}" if stage.organization is not None else ""
    request_url = reverse("request", args=[request.program.id, stage.request.public_id])
    match decided:
        case AlreadyDecided():
            return _already(request, decided, f"{person}, {titles}{where}", request_url)
        case ReturnedForChange():
            said = "The program has changed who decides such requests. It went back to be sent again."
            return Answer(
                f"Not approved yet: {person}, {titles}{where}",
                said,
                "warning",
                "undo",
                next_url=request_url,
                next="View request",
            )
        case Outcome(verdict=Outcome.Verdict.APPROVED):
            said = f"{person} is told by e-mail, and a confirmation is on its way to you."
            return Answer(
                f"You approved {person} as {titles}{where}", said, "success", "check_circle", leaves=True
            )
        case _:
            said = f"{person} is told by e-mail, and a confirmation is on its way to you."
            again = f"Denied by mistake? Ask {person} to submit again"
            return Answer(
                f"You denied {person} as {titles}{where}",
                said,
                "success",
                "do_not_disturb",
                next=again,
                next_url=request_url,
            )


def _already(request: ProgramRequest, decided: AlreadyDecided, what: str, request_url: str) -> Answer:
    """Say who got there first, what they decided and when."""
    zone = viewer_zone(request, request.program.zone)
    when = f" on {instant_in_words(decided.at, zone)}" if decided.at is not None else ""
    if decided.by_you:
        title = f"You have already {decided.state} this: {what}"
        return Answer(
            title,
            f"Your decision stands, as recorded{when}.",
            "success",
            "check_circle",
            next="View request",
            next_url=request_url,
        )
    if decided.by is None:
        said = f"The request was taken back or changed{when}. Nothing was decided by your press."
        return Answer(
            f"No longer waiting: {what}", said, "warning", "info", next="View request", next_url=request_url
        )
    said = f"{decided.by.name} {decided.state} it{when}. Your press changed nothing."
    return Answer(
        f"Already {decided.state}: {what}", said, "warning", "info", next="View request", next_url=request_url
    )


def _answer(request: ProgramRequest, answer: Answer, back: str, stage: Stage | None) -> HttpResponse:
    """Answer in the row for htmx; otherwise go back to the page that the press came from, with a message."""
    if in_part(request):
        shown = {"answer": answer, "columns": _COLUMNS.get(back, 5), **_numbers(request, back, stage)}
        return render(request, "partials/answered_row.html", shown)
    said = format_html("{}. {}", answer.title, answer.text)
    if answer.next_url:
        said = format_html('{} <a href="{}">{}</a>', said, answer.next_url, answer.next)
    levels = {"success": messages.SUCCESS, "warning": messages.WARNING, "error": messages.ERROR}
    messages.add_message(request, levels[answer.tone], said)
    return HttpResponseRedirect(_address(request, back, stage), status=303)


def _numbers(request: ProgramRequest, back: str, stage: Stage | None) -> dict[str, object]:
    """Return the numbers on the page that a decision changes, for htmx to put in their places."""
    total = here = None
    place = None if stage is None else stage.organization
    if back in ("home", "manage-access"):
        total = waiting_at_home(request.account, request.program.id, request.at).to_decide
    if place is not None and (back == "users" or request.POST.get("counted")):
        here = number_pending_at(request.account, request.program.id, place, request.at)
    if back == "users":
        total, here = here, None
    return {
        "to_decide_total": total,
        "pending_here": here,
        "organization_id": None if place is None else place.public_id,
    }


def _address(request: ProgramRequest, back: str, stage: Stage | None) -> str:
    program_id = request.program.id
    if back == "users" and stage is not None and stage.organization is not None:
        return reverse("organization-users", args=[program_id, stage.organization.public_id])
    if back == "request" and stage is not None:
        return reverse("request", args=[program_id, stage.request.public_id])
    return reverse("home" if back == "home" else "manage-access", args=[program_id])
