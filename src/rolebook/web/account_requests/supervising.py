"""The supervisor's page, by the mailed link or signed in: what is asked, and a button for each answer (IQCS-02)."""

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor, find_word
from rolebook.governance.models import SupervisorWord
from rolebook.governance.queries.account_requests import changes_of_word, words_asked_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.words import sentence
from rolebook.web.account.session import origin_of
from rolebook.web.answers import program_view, said_of
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.gate import open_page
from rolebook.web.program import ProgramRequest, place_in_program

_ABOUT_THE_REASON = frozenset({"say_what_is_missing", "text_too_long", "text_unreadable"})
"""Refusals that are said beside the reason, too."""


@open_page
@require_http_methods(["GET", "HEAD", "POST"])
def supervisor_link(request: HttpRequest, program_id: str, token: str) -> HttpResponse:
    """Show by the mailed link what is asked; record the answer on POST. Opening the page decides nothing."""
    placed: Any = request
    place_in_program(placed, program_id)
    try:
        word = find_word(program_id, token=token, at=placed.at)
    except NotFound:
        return _bare(render(request, "account_requests/link_spent.html", status=404))
    refused: Refused | None = None
    if request.method == "POST":
        try:
            answer_as_supervisor(
                program_id=program_id,
                authorize=request.POST.get("answer") == "authorize",
                reason=request.POST.get("reason", ""),
                token=token,
                at=placed.at,
                origin=origin_of(request),
            )
        except Refused as refusal:
            refused = refusal
        except NotFound:
            return _bare(render(request, "account_requests/link_spent.html", status=404))
        else:
            authorized = request.POST.get("answer") == "authorize"
            shown = {"word": word, "authorized": authorized}
            return _bare(render(request, "account_requests/answered.html", shown))
    return _bare(_page(request, word, refused, placed.at, signed_in=False, token=token))


def _bare(response: HttpResponse) -> HttpResponse:
    """Keep the address of the link, which is a secret, from caches and from the next site's log."""
    response["Cache-Control"] = "no-store, private"
    # Not "no-referrer": a browser then sends the form without its origin, and the form is refused.
    response["Referrer-Policy"] = "same-origin"
    return response


@program_view
@require_safe
def authorizations_page(request: ProgramRequest) -> HttpResponse:
    """List the authorizations that are asked of the viewer as a supervisor."""
    if request.rolebook.access != "apart from roles":
        raise NotFound
    setattr(request, CURRENT_ENTRY, "manage-access")
    asked = words_asked_of(request.account, request.program.id, request.at)
    return render(request, "account_requests/authorizations.html", {"asked": asked})


@program_view
@require_http_methods(["GET", "HEAD", "POST"])
def authorization_page(request: ProgramRequest, word_id: uuid.UUID) -> HttpResponse:
    """Show one of them, and record the answer of who is signed in on POST."""
    setattr(request, CURRENT_ENTRY, "manage-access")
    word = find_word(request.program.id, account=request.account, word_id=word_id, at=request.at)
    if request.method != "POST":
        return _page(request, word, None, request.at, signed_in=True)
    authorize = request.POST.get("answer") == "authorize"
    try:
        answer_as_supervisor(
            program_id=request.program.id,
            authorize=authorize,
            reason=request.POST.get("reason", ""),
            acting_user=request.account,
            word_id=word_id,
            at=request.at,
            origin=request.origin,
        )
    except Refused as refusal:
        return _page(request, word, refusal, request.at, signed_in=True)
    person = word.form.request.beneficiary.name
    done = "You authorized the request" if authorize else "You did not authorize the request"
    messages.success(request, f"{done} of {person}.")
    return HttpResponseRedirect(reverse("authorizations", args=[request.program.id]), status=303)


def _page(
    request: HttpRequest,
    word: SupervisorWord,
    refused: Refused | None,
    at: datetime,
    *,
    signed_in: bool,
    token: str = "",
) -> HttpResponse:
    violations = () if refused is None else refused.violations
    if word.state != SupervisorWord.State.ASKED:
        raise Http404
    changes, dates = changes_of_word(word, at)
    shown = {
        "word": word,
        "told": word.form,
        "asked_for": word.form.request,
        "changes": changes,
        "dates": dates,
        "reason": request.POST.get("reason", ""),
        "problems": () if refused is None else said_of(refused),
        "about_reason": [
            sentence(one.code, **one.params) for one in violations if one.code in _ABOUT_THE_REASON
        ],
        "signed_in": signed_in,
        "attached": word.form.attachments.order_by("pk"),
        "token": token,
        "summary_title": "Your answer was not recorded",
    }
    return render(request, "account_requests/authorize.html", shown, status=409 if violations else 200)
