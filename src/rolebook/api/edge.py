"""The edge of the API: what goes in is small and JSON, and brings no cookie; what comes out is never a page."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from rolebook.api.problems import CONTENT_TYPE, Problem

PREFIX = "/api/"
LARGEST_BODY = 64 * 1024
"""Bytes of a body; the longest reason and a hundred organizations need a tenth of it (I12)."""
_SENTENCES = {
    HTTPStatus.BAD_REQUEST: ("bad-request", "The request cannot be read."),
    HTTPStatus.NOT_FOUND: ("not-found", "There is no such thing here."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method", "This address does not take that method."),
}
_KEPT_HEADERS = ("Allow", "Retry-After")


class Edge:
    """Middleware: stands in front of all others, so that nothing they answer themselves leaves as a page.

    A browser's cookie is taken off: the API knows bearer tokens alone, so that no other site can use a session for it.
    HEAD is answered as GET without the body (RFC 9110, section 9.3.2).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; addresses outside of the API go on untouched."""
        if not (request.path_info + "/").startswith(PREFIX):
            return self.get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        bodiless = request.method == "HEAD"
        if bodiless:
            request.method = "GET"
        unfit = _unfit(request)
        response = self.get_response(request) if unfit is None else unfit.response()
        if response.status_code >= HTTPStatus.BAD_REQUEST and response.get("Content-Type") != CONTENT_TYPE:
            response = _as_problem(response)
        response.cookies.clear()
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        if bodiless:
            response["Content-Length"] = str(len(response.content))
            response.content = b""
        return response


def _unfit(request: HttpRequest) -> Problem | None:
    """Return what is wrong with a body before it is read, or None."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit():
        return Problem(HTTPStatus.BAD_REQUEST, "bad-request", "Content-Length is no number.")
    if len(length) > 9 or int(length) > LARGEST_BODY:
        return Problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"A body has at most {LARGEST_BODY:,} bytes."
        )
    if request.method == "POST" and int(length) > 0 and request.content_type != "application/json":
        return Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "media-type",
            "Send the body as application/json.",
            headers={"Accept": "application/json"},
        )
    return None


def _as_problem(response: HttpResponse) -> HttpResponse:
    """Return a refusal of another layer as a problem; nothing of its page is repeated."""
    status = HTTPStatus(response.status_code)
    code, detail = _SENTENCES.get(status, (status.phrase.lower().replace(" ", "-"), f"{status.phrase}."))
    kept = {name: response[name] for name in _KEPT_HEADERS if response.has_header(name)}
    return Problem(status, code, detail, headers=kept).response()
