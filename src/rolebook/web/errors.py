"""Error pages in the same dress as every other page."""

import logging
import secrets

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from rolebook.governance.refusals import NotAllowed
from rolebook.policy.words import sentence

_log = logging.getLogger("rolebook.web")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001
    """Answer 400: the request could not be read."""
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
    """Answer 500 without touching the database; the reference stands in the log beside the traceback."""
    reference = secrets.token_hex(4).upper()
    _log.error("error page shown with reference %s for %s", reference, request.path)
    return HttpResponse(
        render_to_string("500.html", {"reference": reference, "signing_in": True}), status=500
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """Answer 403 to a form without its token, and say what to do."""
    return render(request, "403_csrf.html", status=403)
