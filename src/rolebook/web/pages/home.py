"""Where one begins: choosing a program, and Home, which answers "what do I have to do?"."""

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rolebook.accounts.queries import programs_in_force
from rolebook.audit import clock
from rolebook.governance.models import Request
from rolebook.governance.queries import home as waiting_at_home
from rolebook.governance.queries import my_requests, pending_requests
from rolebook.governance.queries.access import my_access_page
from rolebook.governance.queries.counting import COUNTED_TO
from rolebook.governance.queries.home import Home
from rolebook.governance.queries.own_requests import RequestLine
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.recoveries import lost_factors
from rolebook.governance.queries.review_waiting import MOST_COUNTED, reviews_for
from rolebook.web.answers import program_view
from rolebook.web.gate import open_page
from rolebook.web.pages.besides import besides
from rolebook.web.pages.my_access import NO_ROLE
from rolebook.web.program import ProgramRequest

_SHOWN = 5
"""Rows of each list on Home; the rest is one link away."""
_HELD_SHOWN = 10
"""Rows of what one holds: hardly anybody holds more."""


@open_page
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Lead to the program's Home, or let the person choose where there are several."""
    books = programs_in_force(clock.now())
    if len(books) == 1:
        return HttpResponseRedirect(reverse("home", args=[books[0].program.id]))
    return render(request, "pages/programs.html", {"programs": [book.program for book in books]})


@program_view
@require_safe
def home(request: ProgramRequest) -> HttpResponse:
    """What waits for me, oldest first; what I asked for; what I hold."""
    program_id, at = request.program.id, request.at
    waiting = waiting_at_home(request.account, program_id, at)
    none_pending = waiting.besides.asked == 0
    own = my_requests(request.account, program_id, at, to_answer_first=True, none_pending=none_pending).rows
    to_answer = [line for line in own if line.to_answer]
    shown = _open_ends(own)[:_SHOWN]
    holds = my_access_page(request.account, program_id, at, limit=_HELD_SHOWN, reasons=False)
    return render(
        request,
        "pages/home.html",
        {
            "decides": waiting.decides,
            "to_decide": pending_requests(request.account, program_id, at, show="to decide", limit=_SHOWN)
            if waiting.to_decide
            else Page(()),
            "to_decide_total": waiting.to_decide,
            "besides": besides(waiting.besides, program_id),
            "lost_factors": lost_factors(request.account, program_id, at) if waiting.decides else (),
            "to_answer": to_answer[:_SHOWN],
            "more_to_answer": len(to_answer) > _SHOWN,
            "reviews": reviews_for(request.account, program_id, at).waiting,
            "most_counted": MOST_COUNTED,
            "own": shown,
            "holds": holds.rows,
            "holds_more": bool(holds.next_after),
            "lead": _lead(
                waiting, to_answer=bool(to_answer), asked_again=any(line.asked_again for line in shown)
            ),
            "no_role_hint": request.rolebook.hint("no_role") or NO_ROLE,
        },
    )


def _open_ends(own: tuple[RequestLine, ...]) -> tuple[RequestLine, ...]:
    """Return one's newest requests about which something is still to happen, or to do; what waits for one stands above.

    A denied one stays until the same has been asked for again.
    """
    shown: list[RequestLine] = []
    asked_later: set[tuple[str, uuid.UUID | None]] = set()
    for line in own:
        wanted = {(item.role_id, item.organization_id) for item in line.items}
        if not line.to_answer and (
            line.state in (Request.State.PENDING, Request.State.RETURNED)
            or (line.state == Request.State.DENIED and line.may_submit_again and not wanted & asked_later)
        ):
            shown.append(line)
        asked_later |= wanted
    return tuple(shown)


def _lead(waiting: Home, *, to_answer: bool, asked_again: bool) -> str:
    """Return the one sentence that answers the page's question."""
    own = "Something that you asked for waits for you." if to_answer else ""
    if asked_again and not own:
        own = "You are asked to submit a request again."
    if waiting.to_decide == 1:
        return f"One request waits for your decision. {own}".rstrip()
    if waiting.to_decide:
        more = " or more" if waiting.to_decide == COUNTED_TO else ""
        return f"{waiting.to_decide:,}{more} requests wait for your decision. {own}".rstrip()
    if own:
        return own
    if waiting.besides.besides:
        return "Something waits for your word."
    if waiting.decides:
        return "Nothing waits for your decision."
    return (
        "What you asked for, and what you hold."
        if waiting.has_role
        else "Here you ask for a role and see what becomes of it."
    )
