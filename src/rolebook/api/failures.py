"""What becomes of everything that goes wrong in a call: a problem document, and never a page."""

import logging
import secrets
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from rolebook.accounts.queries import NoRolebook
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.api.problems import (
    Problem,
    WrongField,
    again_later,
    not_allowed,
    not_found,
    refused,
    unauthorized,
)
from rolebook.audit import clock
from rolebook.governance.refusals import NotAllowed, NotFound, Refused

_log = logging.getLogger("rolebook.api")
_FAILURES: tuple[type[Exception], ...] = (
    Exception,
    Problem,
    Refused,
    NotAllowed,
    NotFound,
    Http404,
    NoRolebook,
    ValidationError,
    HttpError,
    AuthenticationError,
    TooManyAttempts,
    SuspiciousOperation,
    OperationalError,
)
"""Named one by one: ninja has handlers of its own for some, and looks for the nearest."""


def tell_failures(api: NinjaAPI) -> None:
    """Have every failure of a call answered with the problem that it is."""
    for failure in _FAILURES:
        api.add_exception_handler(failure, _answer)


def _answer(request: HttpRequest, failure: Exception | type[Exception]) -> HttpResponse:  # noqa: ARG001
    return problem_of(failure() if isinstance(failure, type) else failure).response()


def problem_of(failure: Exception) -> Problem:
    """Return what a failure is told as; what is nobody's fault but ours goes to the log, and is told by a reference."""
    match failure:
        case Problem():
            return failure
        case Refused():
            return refused(failure)
        case NotAllowed():
            return not_allowed(failure.code)
        case NotFound() | Http404() | NoRolebook():
            return not_found()
        case ValidationError():
            return _invalid(failure)
        case AuthenticationError():
            return unauthorized("Send an access token: Authorization: Bearer rbp_…")
        case TooManyAttempts():
            return _too_many(failure)
        case RequestDataTooBig():
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", "The body is too large.")
        case HttpError(status_code=400):
            return Problem(HTTPStatus.BAD_REQUEST, "bad-request", "The body is not JSON.")
        case SuspiciousOperation():
            return Problem(HTTPStatus.BAD_REQUEST, "bad-request", "The request cannot be read.")
        case OperationalError():
            _log.warning("a call found no database: %s", failure)
            return again_later("The database does not answer at present. Send the call again.")
        case _:
            return _unforeseen(failure)


def _invalid(failure: ValidationError) -> Problem:
    """Return what is wrong with each part of a call: of the body by its place, of the address by its name."""
    errors = []
    for one in failure.errors:
        where, *place = one["loc"]
        if where == "body":
            steps = [str(step).replace("~", "~0").replace("/", "~1") for step in place[1:]]
            errors.append(WrongField(pointer="".join(f"/{step}" for step in steps), detail=one["msg"]))
        else:
            errors.append(WrongField(parameter=".".join(map(str, place)), detail=one["msg"]))
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "The call cannot be carried out as it is.", errors=errors
    )


def _too_many(failure: TooManyAttempts) -> Problem:
    seconds = max(1, int((failure.again_at - clock.now()).total_seconds()) + 1)
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "too-many",
        "Too many calls from this network came with tokens that do not count.",
        headers={"Retry-After": str(seconds)},
    )


def _unforeseen(failure: Exception) -> Problem:
    reference = secrets.token_hex(4).upper()
    _log.error("a call failed with reference %s", reference, exc_info=failure)
    detail = f"The server failed; its log says more (reference {reference})."
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "server", detail)
