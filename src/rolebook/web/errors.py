"""Error pages in the same dress as every other page."""

import logging
import secrets
import sys
from collections.abc import Callable

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string

from rolebook.governance.refusals import NotAllowed
from rolebook.policy.words import sentence

_log = logging.getLogger("rolebook.web")

_SECONDS_AWAY = 30
"""When to come back where the database was out of reach (``Retry-After``)."""
_ONLY_READ = "25006"
"""What PostgreSQL says (SQLSTATE) where nothing can be written, as while another server takes its office over."""


class MethodsInDress:
    """Middleware: where an address does not take a method, the bare answer becomes a page with the way on."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; a bare 405 to a browser is dressed, and says still which methods there are."""
        response = self.get_response(request)
        bare = isinstance(response, HttpResponseNotAllowed) and not response.content
        if not bare or request.method not in ("GET", "POST") or not request.accepts("text/html"):
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 413: more was sent than any form here needs; else 400: the request could not be read."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "413.html", status=413)
    return render(request, "400.html", status=400)


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403: an organization of one's own, and an act that is not one's own."""
    cause = exception.__cause__ if isinstance(exception, PermissionDenied) else None
    said = sentence(cause.code) if isinstance(cause, NotAllowed) else None
    return render(request, "403.html", {"sentence": said}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer 404: there is no such thing, or not for this person; nothing of the address is repeated."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without touching the database; the reference stands in the log beside the traceback.

    Where it is the database that does not answer, 503 with when to come back: nothing is broken for good.
    """
    reference = secrets.token_hex(4).upper()
    _log.error("error page shown with reference %s for %s", reference, request.path)
    away = _is_away(sys.exc_info()[1])
    said = render_to_string("503.html" if away else "500.html", {"reference": reference, "signing_in": True})
    response = HttpResponse(said, status=503 if away else 500)
    if away:
        response["Retry-After"] = str(_SECONDS_AWAY)
    return response


def _is_away(raised: BaseException | None) -> bool:
    """Return whether it is the database that does not answer, or takes nothing."""
    if isinstance(raised, OperationalError | InterfaceError):
        return True
    return isinstance(raised, DatabaseError) and getattr(raised.__cause__, "sqlstate", "") == _ONLY_READ


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer 403 to a form without its token, and say what to do."""
    return render(request, "403_csrf.html", status=403)
