"""Calls that change something: carried out once, however often they are sent with one Idempotency-Key."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel

from rolebook.accounts import kept_answers
from rolebook.api.calling import Call
from rolebook.api.problems import Problem, wrong_field

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{8,255}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a change is answered: its status, its body, and where to look for what came of it."""

    status: HTTPStatus
    body: BaseModel
    location: str = ""


def carried_out(request: HttpRequest, call: Call, carry_out: Callable[[], Answer]) -> HttpResponse:
    """Carry a change out and answer it; a repetition with the same key gets the first answer again.

    A change that is refused is not kept: nothing was done. Raises Problem for a key that is none or another call's
    (422), or while the same call is being carried out (409), and whatever ``carry_out`` raises.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return _response(carry_out())
    if _KEY.fullmatch(key) is None:
        raise wrong_field("Expected 8 to 255 visible ASCII characters.", parameter=HEADER)
    what = f"{request.method} {request.get_full_path()}\n".encode() + request.body
    try:
        begun = kept_answers.begin(call.account, key, what, call.at)
    except kept_answers.KeyOfAnother as other:
        raise wrong_field("This key was used for another call.", parameter=HEADER) from other
    except kept_answers.StillRunning as running:
        detail = "The same call is being carried out. Send it again with the same key."
        raise Problem(HTTPStatus.CONFLICT, "still-running", detail, headers={"Retry-After": "1"}) from running
    if begun.answer is not None:
        kept = begun.answer
        return _built(kept.status or HTTPStatus.OK, kept.body, kept.location)
    try:
        answer = carry_out()
    except BaseException:
        kept_answers.forget(begun)
        raise
    response = _response(answer)
    kept_answers.finish(begun, status=answer.status, location=answer.location, body=response.content.decode())
    return response


def _response(answer: Answer) -> HttpResponse:
    return _built(answer.status, answer.body.model_dump_json(), answer.location)


def _built(status: int, body: str, location: str) -> HttpResponse:
    response = HttpResponse(body, status=status, content_type="application/json")
    if location:
        response["Location"] = location
    if status == HTTPStatus.ACCEPTED:
        response["Retry-After"] = "1"
    return response
