"""Audit: the searchable log, one person's history, one request's, one's own, and the log as files."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import cast
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rolebook.governance.instants import date_in_words
from rolebook.governance.queries.audit_files import MOST_EVENTS, Cut, csv_pieces, exported, json_pieces
from rolebook.governance.queries.audit_lines import EventLine
from rolebook.governance.queries.audit_trail import (
    Trail,
    Wanted,
    audit_trail,
    own_history,
    person_history,
    request_history,
)
from rolebook.governance.queries.audit_words import KINDS
from rolebook.web.answers import asked, first_address, next_address, program_view
from rolebook.web.program import ProgramRequest

_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
_UNREADABLE = "Write the day as year-month-day, such as 2026-11-21."


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        error_messages={"invalid": _UNREADABLE},
    )


class Search(forms.Form):
    """What is looked for; every field stands in the address."""

    person = forms.CharField(
        label="Person", help_text="Name, user ID or e-mail", required=False, max_length=200
    )
    organization = forms.CharField(
        label="Organization", help_text="Name, code or number", required=False, max_length=200
    )
    kind = forms.ChoiceField(label="Kind of event", choices=[("", "All"), *KINDS.items()], required=False)
    since = _day("From")
    until = _day("To")

    def clean_since(self) -> date | None:
        """Return the first day. Raises ValidationError for one that no program has seen."""
        return _bounded(self.cleaned_data["since"])

    def clean_until(self) -> date | None:
        """Return the last day, as `clean_since` does."""
        return _bounded(self.cleaned_data["until"])

    def clean(self) -> dict[str, object]:
        """Refuse days in the wrong order, which no event could fit."""
        told = super().clean() or {}
        since, until = told.get("since"), told.get("until")
        if isinstance(since, date) and isinstance(until, date) and since > until:
            begins = date_in_words(since)
            said = f"This day is before {begins}, where the search begins. Choose that day or a later one."
            self.add_error("until", said)
        return told

    def wanted(self, zone: str) -> Wanted:
        """Return what is looked for; days are those of the IANA time zone ``zone``, the last one included."""
        told = self.cleaned_data
        return Wanted(
            person=told["person"],
            organization=told["organization"],
            kind=told["kind"],
            since=_midnight(told["since"], zone) if told["since"] else None,
            until=_midnight(told["until"] + timedelta(days=1), zone) if told["until"] else None,
        )


def _bounded(day: date | None) -> date | None:
    if day is not None and not _FIRST_DAY <= day <= _LAST_DAY:
        raise forms.ValidationError(
            f"Choose a day from {date_in_words(_FIRST_DAY)} on, with four digits for the year."
        )
    return day


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _search(request: ProgramRequest) -> Search:
    return Search({name: asked(request, name) for name in Search.base_fields}, label_suffix="")


@program_view
@require_safe
def audit_page(request: ProgramRequest) -> HttpResponse:
    """List what happened where the viewer answers for access, newest first."""
    search = _search(request)
    readable = search.is_valid()
    found = audit_trail(
        request.account,
        request.program.id,
        request.at,
        wanted=search.wanted(request.program.zone) if readable else None,
        after=asked(request, "after"),
    )
    if not found.many_places:
        del search.fields["organization"]
    shown = {
        "search": search,
        "readable": readable,
        "searched": any(asked(request, name) for name in Search.base_fields),
        "whole": found.whole,
        "query": request.GET.urlencode(),
        "most": MOST_EVENTS,
        "days_are": f"Days are those of the program ({request.program.zone}); the last one is included.",
        "links_people": True,
        **_paged(request, found.trail),
    }
    return render(request, "pages/audit.html", shown)


@program_view
@require_safe
def person_history_page(request: ProgramRequest, account_id: uuid.UUID) -> HttpResponse:
    """Show what one person did, and what was done about them."""
    history = person_history(
        request.account, request.program.id, account_id, request.at, after=asked(request, "after")
    )
    shown = {"history": history, **_paged(request, history.trail)}
    return render(request, "pages/person_history.html", shown)


@program_view
@require_safe
def own_history_page(request: ProgramRequest) -> HttpResponse:
    """Show the viewer what is on record about themselves."""
    trail = own_history(request.account, request.program.id, request.at, after=asked(request, "after"))
    return render(request, "pages/own_history.html", _paged(request, trail))


@program_view
@require_safe
def request_history_page(request: ProgramRequest, request_id: uuid.UUID) -> HttpResponse:
    """Show what happened about one request."""
    trail = request_history(
        request.account, request.program.id, request_id, request.at, after=asked(request, "after")
    )
    shown = {"request_id": request_id, **_paged(request, trail)}
    return render(request, "pages/request_history.html", shown)


def _paged(request: ProgramRequest, trail: Trail) -> dict[str, object]:
    return {
        "trail": trail,
        "next_url": next_address(request, "after", trail.next_after),
        "first_url": first_address(request, "after"),
    }


@program_view
@require_safe
def export_csv(request: ProgramRequest) -> HttpResponse:
    """Give what the search finds as CSV, as it is read."""
    # The mark tells spreadsheets that the text is UTF-8; readers of CSV skip it ("utf-8-sig").
    zone = request.program.zone
    return _file(
        request, "csv", "text/csv; charset=utf-8", lambda lines: chain("\ufeff", csv_pieces(lines, zone))
    )


@program_view
@require_safe
def export_json(request: ProgramRequest) -> HttpResponse:
    """Give what the search finds as JSON lines, as it is read."""
    return _file(request, "jsonl", "application/jsonl", json_pieces)


def _file(
    request: ProgramRequest,
    ending: str,
    content_type: str,
    pieces: Callable[[Iterable[EventLine | Cut]], Iterator[str]],
) -> HttpResponse:
    search = _search(request)
    if not search.is_valid():
        return render(request, "400.html", status=400)
    wanted = search.wanted(request.program.zone)
    lines = exported(request.account, request.program.id, request.clock, wanted)
    # The first one is read before anything is sent: who may not see the log gets its 404.
    first = next(lines, None)
    answer = StreamingHttpResponse(
        pieces(lines if first is None else chain([first], lines)), content_type=content_type
    )
    answer["Content-Disposition"] = f'attachment; filename="{request.program.id}-audit.{ending}"'
    # Of the two kinds of answers Django's types know only the other as what views give.
    return cast("HttpResponse", answer)
