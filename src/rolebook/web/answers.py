"""What the views of program pages share: refusals become pages, and addresses keep what was searched."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render

from rolebook.governance.queries.seeing import Read, one_look
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.words import sentence
from rolebook.web.context import LAST_PROGRAM
from rolebook.web.program import ProgramRequest, ProgramView, program_page

SELECT = "select"
"""The parameter that ticks the rows of a page; it belongs to that page, and no link to another keeps it."""


def program_view(view: ProgramView) -> Callable[..., HttpResponse]:
    """Make a view the page of a program, as `program_page` does, and its refusals pages.

    NotFound becomes the 404 of an address that does not exist; NotAllowed a 403 that says why.
    """

    @wraps(view)
    def answered(request: ProgramRequest, **parts: Any) -> HttpResponse:
        if request.session.get(LAST_PROGRAM) != request.program.id:
            request.session[LAST_PROGRAM] = request.program.id
        try:
            if request.method in ("GET", "HEAD"):
                with one_look(_read(request)):
                    return view(request, **parts)
            return view(request, **parts)
        except NotFound as missing:
            raise Http404 from missing
        except NotAllowed as refusal:
            return render(request, "403.html", {"sentence": sentence(refusal.code)}, status=403)

    return program_page(answered)


def _read(request: ProgramRequest) -> Read:
    return Read(
        request.account, request.participation, request.rolebook_version, request.rolebook, request.at
    )


def in_part(request: ProgramRequest) -> bool:
    """Return whether htmx asks for a part of a page, and not the browser for the whole."""
    return bool(getattr(request, "htmx", False))


def asked(request: ProgramRequest, name: str) -> str:
    """Return a parameter of the address as typed, of bounded length and without NUL; the first, when given twice."""
    values = request.GET.getlist(name)
    return values[0].replace("\0", "")[:4_000].strip() if values else ""


def next_address(request: ProgramRequest, name: str, after: str | None, fragment: str = "") -> str:
    """Return the address of the next page by key, everything else that was asked kept; nothing after the last."""
    return with_parameters(request, {name: after}, fragment) if after else ""


def first_address(request: ProgramRequest, name: str, fragment: str = "") -> str:
    """Return the address of the first page again; nothing when this is it."""
    return with_parameters(request, {name: None}, fragment) if asked(request, name) else ""


def with_parameters(request: ProgramRequest, changes: Mapping[str, str | None], fragment: str = "") -> str:
    """Return this page's address with some parameters set, or left out where None."""
    kept = {name: asked(request, name) for name in request.GET if name not in (SELECT, *changes)}
    kept.update({name: value for name, value in changes.items() if value is not None})
    query = urlencode({name: value for name, value in kept.items() if value})
    return request.path + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


def said_of(refusal: Refused) -> tuple[str, ...]:
    """Return what a refusal says to people, a sentence for each rule."""
    return tuple(sentence(violation.code, **violation.params) for violation in refusal.violations)
