"""One evaluation on the wire (AuthZEN Authorization API 1.0, sections 5 and 6): JSON in, decision out,
nothing else.

Subjects are of type ``user``, their id is the account's public id. An action's name is a privilege id.
The place is a resource of type ``organization`` with the organization's public id, or
``properties.organization`` of a resource of any other type; ``properties.owner`` names the user whose own
record the resource is. Whatever is unknown gets no.
"""

from datetime import datetime
from typing import Any

import msgspec

from rolebook.authzen.state import ProgramState
from rolebook.decision.compiled import ACT_PREFIX
from rolebook.decision.evaluation import Decision

SUBJECT_TYPE = "user"
ORGANIZATION_TYPE = "organization"


class Entity(msgspec.Struct):
    """A subject or a resource."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class Action(msgspec.Struct):
    """An action; its name is a privilege id."""

    name: str
    properties: dict[str, Any] = {}


class Evaluation(msgspec.Struct):
    """What is asked. Unknown fields are ignored everywhere, as the standard demands."""

    subject: Entity
    action: Action
    resource: Entity
    context: dict[str, Any] = {}


class MalformedEvaluation(ValueError):
    """The body is not an evaluation; the message says what is missing or of the wrong type."""


_decode = msgspec.json.Decoder(Evaluation).decode
_encode = msgspec.json.Encoder().encode
YES = b'{"decision":true}'
NO = b'{"decision":false}'


def read_evaluation(body: bytes) -> Evaluation:
    """Return the evaluation that a request body holds. Raises MalformedEvaluation."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedEvaluation(str(wrong) or "the body is not JSON") from None


def answer(program: ProgramState, asked: Evaluation, at_micros: int) -> bytes:
    """Return the response body. Reasons come only to those who ask with ``context.reasons: true``."""
    subject_id = asked.subject.id if asked.subject.type == SUBJECT_TYPE else ""
    # The acts of governing are decided by flows, which know more than the walk; over the wire there are none.
    action = "" if asked.action.name.startswith(ACT_PREFIX) else asked.action.name
    resource = asked.resource
    organization_id = (
        resource.id if resource.type == ORGANIZATION_TYPE else _named(resource.properties.get("organization"))
    )
    record_id = _named(resource.properties.get("owner"))
    if asked.context.get("reasons") is not True:
        return YES if program.check(subject_id, action, organization_id, at_micros, record_id) else NO
    return _encode(_with_reason(program.decide(subject_id, action, organization_id, at_micros, record_id)))


def _named(value: object) -> str | None:
    """Return an id given as a property; what is not a string names nothing that exists."""
    return value if value is None or isinstance(value, str) else ""


def _with_reason(decision: Decision) -> dict[str, Any]:
    params = {name: _plain(value) for name, value in decision.reason.params.items() if value is not None}
    return {
        "decision": decision.allowed,
        "context": {"reason": {"code": decision.reason.code, "params": params}},
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
