"""How the API says no: problem documents (RFC 9457), for everything that is not done, and never HTML."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpResponse
from pydantic import BaseModel

from rolebook.governance.refusals import Refused
from rolebook.policy.words import sentence

CONTENT_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="rolebook"'
_TYPES = "urn:rolebook:problem:"


class Against(BaseModel):
    """What one rule has against a change."""

    code: str
    detail: str


class WrongField(BaseModel):
    """What is wrong with one part of a call: of its body, named by a JSON Pointer (RFC 6901), or a parameter."""

    pointer: str | None = None
    parameter: str | None = None
    detail: str


class ProblemDocument(BaseModel):
    """A problem document. ``type`` names the kind of problem; ``detail`` is for people."""

    type: str
    title: str
    status: int
    detail: str
    violations: list[Against] | None = None
    errors: list[WrongField] | None = None


@dataclass(eq=False)
class Problem(Exception):
    """A call that is not carried out.

    Attributes:
        status: of the answer.
        code: what kind of problem it is, the end of its ``type``.
        detail: what it is, in a sentence for people.
        headers: further headers of the answer.
        violations, errors: see `ProblemDocument`.
    """

    status: HTTPStatus
    code: str
    detail: str
    headers: Mapping[str, str] | None = None
    violations: Sequence[Against] = ()
    errors: Sequence[WrongField] = ()

    def response(self) -> HttpResponse:
        """Return the answer."""
        document = ProblemDocument(
            type=_TYPES + self.code,
            title=self.status.phrase,
            status=self.status.value,
            detail=self.detail,
            violations=list(self.violations) or None,
            errors=list(self.errors) or None,
        )
        return HttpResponse(
            json.dumps(document.model_dump(exclude_none=True), ensure_ascii=True),
            status=self.status.value,
            content_type=CONTENT_TYPE,
            headers=dict(self.headers or {}),
        )


def unauthorized(detail: str, error: str = "") -> Problem:
    """Return the problem of a call without a token that counts."""
    challenge = f'{CHALLENGE}, error="{error}"' if error else CHALLENGE
    return Problem(HTTPStatus.UNAUTHORIZED, "token", detail, headers={"WWW-Authenticate": challenge})


def not_found() -> Problem:
    """Return the one problem of what does not exist and of what is foreign: they look alike (I1, fault 1)."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "There is no such thing here.")


def not_allowed(code: str) -> Problem:
    """Return the problem of an act that is not the caller's; ``code`` is of the catalogue of sentences."""
    return Problem(HTTPStatus.FORBIDDEN, code.replace("_", "-"), sentence(code))


def refused(refusal: Refused) -> Problem:
    """Return what rules have against a change, as the pages say it."""
    said = [Against(code=one.code, detail=sentence(one.code, **one.params)) for one in refusal.violations]
    detail = " ".join(dict.fromkeys(one.detail for one in said))
    return Problem(HTTPStatus.CONFLICT, "refused", detail, violations=said)


def wrong_field(detail: str, *, pointer: str | None = None, parameter: str | None = None) -> Problem:
    """Return the problem of a call of which one part cannot be as it is."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "invalid",
        "The call cannot be carried out as it is.",
        errors=[WrongField(pointer=pointer, parameter=parameter, detail=detail)],
    )


def again_later(detail: str, seconds: int = 1) -> Problem:
    """Return the problem of a server that cannot answer at present."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, headers={"Retry-After": str(seconds)}
    )
