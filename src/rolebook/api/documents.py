"""What the OpenAPI document tells of every address: what it answers, and the problems that it may answer instead."""

from http import HTTPStatus
from typing import Any

from ninja import NinjaAPI

from rolebook.api.problems import CONTENT_TYPE, ProblemDocument

ADDRESS = "/api/v1/"
"""Where every address of the API begins."""
_PROBLEMS = (401, 403, 404, 422, 429, 503)
_OF_CHANGES = (400, 409, 413, 415)
REPEATING = {
    "parameters": [
        {
            "in": "header",
            "name": "Idempotency-Key",
            "required": False,
            "description": "A key of your own, for this one call: sent again with it within a day, it is answered as "
            "before, and nothing is done twice.",
            "schema": {"type": "string", "minLength": 8, "maxLength": 255},
        }
    ]
}
"""What the document says of every call that changes something, besides."""


def reads(answer: Any) -> dict[int, Any]:
    """Return what an address that reads answers, by status."""
    return {200: answer, **dict.fromkeys(_PROBLEMS, ProblemDocument)}


def changes(answer: Any, status: HTTPStatus = HTTPStatus.OK, *more: HTTPStatus) -> dict[int, Any]:
    """Return what an address that changes something answers, by status; ``more``: with the same body."""
    answers = dict.fromkeys((status.value, *(one.value for one in more)), answer)
    return answers | dict.fromkeys((*_PROBLEMS, *_OF_CHANGES), ProblemDocument)


def document_of(api: NinjaAPI) -> dict[str, Any]:
    """Return the OpenAPI document, which says of problems what they are sent as (RFC 9457)."""
    document: dict[str, Any] = dict(api.get_openapi_schema(path_prefix=ADDRESS))
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                if int(status) >= HTTPStatus.BAD_REQUEST and "application/json" in content:
                    answer["content"] = {CONTENT_TYPE: content["application/json"]}
    return document
