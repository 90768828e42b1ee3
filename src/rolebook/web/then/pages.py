"""The pages "On that day", and their files."""

import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rolebook.governance.files.cells import csv_pieces
from rolebook.governance.making import ask_for_file, find_file, pieces_of
from rolebook.governance.making_then import KIND
from rolebook.governance.models import Making
from rolebook.governance.queries.connected import connected_organizations
from rolebook.governance.queries.stewards import is_steward
from rolebook.governance.queries.then_asked import About, Question
from rolebook.governance.queries.then_files import COLUMNS, lines_of
from rolebook.governance.queries.then_lists import (
    WantedThen,
    people_then,
    person_then,
    users_then,
    waited_then,
)
from rolebook.governance.queries.then_rows import book_then
from rolebook.governance.queries.then_who_could import who_could
from rolebook.governance.refusals import NotFound
from rolebook.web.answers import asked, first_address, in_part, next_address, program_view
from rolebook.web.context import CURRENT_ENTRY
from rolebook.web.program import ProgramRequest
from rolebook.web.then.asking import Day, DayAndSearch, DaySearchAndPlace, moment_in_words
from rolebook.web.then.picking import Asking

_BUSY = (Making.WAITING, Making.MAKING)
_KEPT = ("day", "minute", "search", "role", "organization", "privilege")


@program_view
@require_safe
def day_page(request: ProgramRequest) -> HttpResponse:
    """Show everybody to a steward; to others their organizations, each of which leads to its users on that day."""
    steward = is_steward(request.account, request.program.id, request.at)
    form = DaySearchAndPlace(request) if steward else Day(request)
    shown = _frame(request, form, "people")
    if form.moment is not None and steward:
        found = people_then(
            request.account,
            request.program.id,
            form.moment.at,
            request.at,
            wanted=form.wanted,
            after=asked(request, "after"),
        )
        shown |= {"people": found.rows, **_paged(request, found.next_after)}
    elif not steward:
        mine = connected_organizations(
            request.account, request.program.id, request.at, after=asked(request, "after")
        )
        rows = [row for row in mine.rows if row.may_view_users]
        if not rows and not mine.next_after:
            # Who looks after nothing asks about themselves only.
            return _to(request, reverse("then-person", args=[request.program.id, request.account.public_id]))
        shown |= {"organizations": rows, **_paged(request, mine.next_after)}
    return render(request, "then/day.html", shown | {"steward": steward})


@program_view
@require_safe
def users_page(request: ProgramRequest, organization_id: uuid.UUID) -> HttpResponse:
    """Show who was connected to an organization, and what waited there."""
    form = DayAndSearch(request)
    shown = _frame(request, form, "users", organization_id=organization_id)
    at = request.at if form.moment is None else form.moment.at
    users = users_then(
        request.account,
        organization_id,
        request.program.id,
        at,
        request.at,
        wanted=form.wanted if form.moment is not None else None,
        after=asked(request, "after"),
    )
    shown |= {"place": users.place, "in_force": users.in_force, "organization_id": organization_id}
    if form.moment is not None:
        waited = waited_then(
            request.account,
            organization_id,
            request.program.id,
            at,
            request.at,
            after=asked(request, "waited-after"),
        )
        shown |= {
            "people": users.people.rows,
            **_paged(request, users.people.next_after),
            "waited": waited.rows,
            "waited_next_url": next_address(request, "waited-after", waited.next_after, "waited"),
            "waited_first_url": first_address(request, "waited-after", "waited"),
        }
    return render(request, "then/users.html", shown)


@program_view
@require_safe
def person_page(request: ProgramRequest, account_id: uuid.UUID) -> HttpResponse:
    """Show what one person held."""
    form = Day(request)
    own = account_id == request.account.public_id
    shown = _frame(request, form, "person", account_id=account_id)
    if own:
        setattr(request, CURRENT_ENTRY, "my-access")
    at = request.at if form.moment is None else form.moment.at
    person = person_then(request.account, account_id, request.program.id, at, request.at)
    shown |= {"person": person, "own": own, "people": [person] if form.moment is not None else []}
    return render(request, "then/person.html", shown)


@program_view
@require_safe
def who_could_page(request: ProgramRequest) -> HttpResponse:
    """Ask who could do something at an organization on a day, and answer it once the question is whole."""
    form = Day(request)
    asking = Asking(request, form.moment if form.is_valid() else None)
    shown = _frame(request, form, "who could", organization_id=asking.organization_id)
    shown |= {"asking": asking, "privileges": asking.privileges}
    if form.moment is not None and asking.organization_id is not None and asking.privilege_id:
        shown["answer"] = answer = who_could(
            request.account,
            request.program.id,
            asking.privilege_id,
            asking.organization_id,
            form.moment.at,
            request.at,
            after=asked(request, "after"),
        )
        shown |= {"people": answer.people.rows, **_paged(request, answer.people.next_after)}
    return render(request, "then/who_could.html", shown)


def _frame(
    request: ProgramRequest,
    form: Day,
    about: About,
    *,
    organization_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
) -> dict[str, Any]:
    """Return what every page about a day shows around its list."""
    form.is_valid()
    kept = {name: value for name in _KEPT if (value := asked(request, name))}
    ids = {"about": about, "of": str(organization_id or account_id or "")}
    version, book, in_force = book_then(
        request.program.id, request.at if form.moment is None else form.moment.at
    )
    return {
        "form": form,
        "moment": form.moment,
        "when": "" if form.moment is None else moment_in_words(form.moment, request),
        "then_book": book,
        "in_force": in_force,
        "log_begins_at": version.effective_at,
        "narrowed": form.moment is not None and form.wanted != WantedThen(),
        "csv_url": f"{reverse('then-csv', args=[request.program.id])}?{urlencode(kept | ids)}",
        "file_url": f"{reverse('then-xlsx', args=[request.program.id])}?{urlencode(kept | ids)}",
        "day_query": urlencode([(name, kept[name]) for name in ("day", "minute") if name in kept]),
    }


def _paged(request: ProgramRequest, next_after: str | None) -> dict[str, str]:
    return {
        "next_url": next_address(request, "after", next_after),
        "first_url": first_address(request, "after"),
    }


def _to(request: ProgramRequest, address: str) -> HttpResponse:
    query = request.GET.urlencode()
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


# --- files ------------------------------------------------------------------------------------------------------------


def _question(request: ProgramRequest) -> tuple[Question, DaySearchAndPlace]:
    """Return what the address asks. Raises NotFound for an address that asks nothing whole."""
    form = DaySearchAndPlace(request)
    about = next((one for one in _ABOUT if one == asked(request, "about")), None)
    if about is None or not form.is_valid() or form.moment is None:
        raise NotFound
    try:
        of = uuid.UUID(asked(request, "of")) if asked(request, "of") else None
    except ValueError as wrong:
        raise NotFound from wrong
    wanted = form.wanted
    question = Question(
        about,
        form.moment.day,
        form.moment.minute,
        organization_id=of if about in ("users", "who could") else None,
        account_id=of if about == "person" else None,
        privilege_id=asked(request, "privilege")[:100],
        wanted=wanted,
    )
    return question, form


_ABOUT: tuple[About, ...] = ("people", "users", "person", "who could")


@program_view
@require_safe
def csv_file(request: ProgramRequest) -> HttpResponse:
    """Give a list about a day as CSV, as it is read."""
    question, form = _question(request)
    if form.moment is None:
        raise NotFound
    at, program_id = form.moment.at, request.program.id
    # The first one is read before anything is sent: who may not see the list gets its answer.
    rows = question.rows(request.account, program_id, at, request.clock)
    _, book, _ = book_then(program_id, at)
    pieces = csv_pieces([title for title, _ in COLUMNS], lines_of(rows, book), request.program.zone)
    answer = StreamingHttpResponse(_utf8(pieces), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{_name(request, question)}.csv"'
    answer["Cache-Control"] = "no-store"
    return cast("HttpResponse", answer)


def _utf8(pieces: Iterator[str]) -> Iterator[bytes]:
    first = next(pieces)
    for piece in chain([first], pieces):
        yield piece.encode()


def _name(request: ProgramRequest, question: Question) -> str:
    minute = "" if question.minute is None else f"-{question.minute:%H%M}"
    about = question.about.replace(" ", "-")
    return f"{request.program.id}-{about}-{question.day.isoformat()}{minute}"


@program_view
@require_POST
def ask_for_workbook(request: ProgramRequest) -> HttpResponse:
    """Let a list about a day be made as XLSX in the background."""
    question, form = _question(request)
    if form.moment is None:
        raise NotFound
    # Whether the viewer may see it is asked now, and again when it is made.
    question.require_seen(request.account, request.program.id, form.moment.at, request.at)
    made = ask_for_file(
        acting_user=request.account,
        program_id=request.program.id,
        kind=KIND,
        asked=question.to_json(),
        ending="xlsx",
        name=f"{_name(request, question)}.xlsx",
        at=request.at,
    )
    return HttpResponseRedirect(reverse("made-file", args=[request.program.id, made.public_id]), status=303)


@program_view
@require_safe
def file_page(request: ProgramRequest, file_id: uuid.UUID) -> HttpResponse:
    """Show how far a file is, and give its address once it is there."""
    made = find_file(request.account, request.program.id, file_id, request.at)
    shown = {
        "made": made,
        "busy": made.state in _BUSY,
        "percent": round(100 * made.done / made.total) if made.total else 0,
    }
    page = "then/file_state.html" if in_part(request) else "then/file.html"
    return render(request, page, shown)


@program_view
@require_safe
def fetch_file(request: ProgramRequest, file_id: uuid.UUID) -> HttpResponse:
    """Give a file that was made, piece by piece."""
    made = find_file(request.account, request.program.id, file_id, request.at)
    if made.state != Making.MADE:
        raise NotFound
    answer = StreamingHttpResponse(pieces_of(made), content_type=_TYPES[made.format])
    answer["Content-Disposition"] = f'attachment; filename="{made.name}"'
    answer["Content-Length"] = str(made.size)
    answer["Cache-Control"] = "no-store"
    return cast("HttpResponse", answer)


_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
