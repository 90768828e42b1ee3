"""One evaluation on the wire (AuthZEN Authorization API 1.0, sections 5 and 6): JSON in, decision out,
nothing else.

Subjects are of type ``user``, their id is the account's public id. An action's name is a privilege id.
The place is a resource of type ``organization``, or of one of the rolebook's kinds of organization, with the
organization's public id; or ``properties.organization`` of a resource of any other type. ``properties.owner``
names the user whose own record the resource is. In a program whose people register for records, a resource of the
type that the rolebook gives them is the record with that identifier, and ``properties.record`` names the record that
a resource of any other type belongs to. Whatever is unknown gets no.
"""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from rolebook.authzen.reasons import explained
from rolebook.authzen.state import ProgramState, Question
from rolebook.decision.compiled import ACT_PREFIX
from rolebook.policy.conditions import Properties

SUBJECT_TYPE = "user"
ORGANIZATION_TYPE = "organization"


class Entity(msgspec.Struct, gc=False):
    """A subject or a resource."""

    type: str
    id: str
    properties: dict[str, Any] = {}


class Action(msgspec.Struct, gc=False):
    """An action; its name is a privilege id."""

    name: str
    properties: dict[str, Any] = {}


class Evaluation(msgspec.Struct, gc=False):
    """What is asked. Unknown fields are ignored everywhere, as the standard demands."""

    subject: Entity
    action: Action
    resource: Entity
    context: dict[str, Any] = {}


class Malformed(ValueError):
    """The body is not what the endpoint expects; the message says what is missing or of the wrong type."""


_decode = msgspec.json.Decoder(Evaluation).decode
YES = b'{"decision":true}'
NO = b'{"decision":false}'


_NAMES_OF_ONE = 8
"""subject, action and resource; type and id of two of them, and a name: each stands there, or decoding refuses it."""


def decoded[Body](decode: Callable[[bytes], Body], body: bytes) -> Body:
    """Return what a decoder makes of a request body. Raises Malformed."""
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Malformed(str(wrong) or "the body is not JSON") from None


def require_each_name_once(body: bytes) -> None:
    """Raise Malformed for a body in which an object has a name twice (fault 43).

    Readers differ in which of two they take: a proxy could have judged another question than the one that is answered.
    """
    try:
        json.loads(body, object_pairs_hook=_each_once)
    except Malformed:
        raise
    except (ValueError, RecursionError):
        raise Malformed("the body is not JSON") from None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(f"found the name {twice[:40]!r} twice in one object, expected each name once")


def read_evaluation(body: bytes) -> Evaluation:
    """Return the evaluation that a request body holds. Raises Malformed."""
    asked = decoded(_decode, body)
    # Every name is followed by a colon: when there are no more than the needed ones, none stands there twice.
    if body.count(b":") != _NAMES_OF_ONE:
        require_each_name_once(body)
    return asked


def evaluate(program: ProgramState, body: bytes, at_micros: int, *, reasons: bool = False) -> bytes:
    """Answer the body of a request for one evaluation. Raises Malformed.

    Reasons come to those who ask with ``context.reasons: true``, and with ``reasons`` to all who do not refuse them.
    A yes counts as a use of the privilege, unless the question says ``context.use: false``.
    """
    asked = read_evaluation(body)
    subject_id, action, organization_id, record_id = question(
        program, asked.subject, asked.action, asked.resource
    )
    context, conditions = asked.context, program.conditions
    if (context or reasons) and context.get("reasons", reasons) is True:
        about = (
            properties(program, asked.subject, asked.action, asked.resource, context) if conditions else None
        )
        allowed, said = explained(program, (subject_id, action, organization_id, at_micros, record_id), about)
    elif conditions and action in conditions:
        allowed = allowed_about(program, asked.subject, asked.action, asked.resource, context, at_micros)
        said = YES if allowed else NO
    else:
        allowed = program.check(subject_id, action, organization_id, at_micros, record_id)
        said = YES if allowed else NO
    uses = program.uses
    if (
        allowed
        and uses is not None
        and subject_id not in uses.seen[action]
        and context.get("use") is not False
    ):
        uses.add(subject_id, action, at_micros, program.zone)
    return said


def question(program: ProgramState, subject: Entity, action: Action, resource: Entity) -> Question:
    """Return what is asked of the snapshot. Acts of governing are decided by flows, which know more than the walk;
    over the wire there are none.
    """
    return (
        subject.id if subject.type == SUBJECT_TYPE else "",
        "" if action.name.startswith(ACT_PREFIX) else action.name,
        place(program, resource),
        _record(program, resource),
    )


def _record(program: ProgramState, resource: Entity) -> str | None:
    """Return the record that a resource is or belongs to, None for one that names none.

    Where people register, a record has an identifier of its own and is somebody's only by their registration: the user
    named as owner stands for the record bound to them, and no user's id is a record.
    """
    owner, record_type = _named(resource.properties.get("owner")), program.snapshot.tables.program.record_type
    if record_type is None:
        return owner
    store = program.snapshot.store
    if resource.type == record_type:
        record: str | None = resource.id
    elif "record" in resource.properties:
        record = _named(resource.properties["record"])
    elif owner is not None:
        record = store.record(owner) if owner in store.accounts else ""
    else:
        return None
    return "" if record in store.accounts else record


def place(program: ProgramState, resource: Entity) -> str | None:
    """Return the organization that a resource is or stands at, None for one that names none."""
    if resource.type == ORGANIZATION_TYPE:
        return resource.id
    tables = program.snapshot.tables
    if resource.type in tables.program.kinds:
        return resource.id if tables.tree.kind(resource.id) == resource.type else ""
    return _named(resource.properties.get("organization"))


def allowed_about(
    program: ProgramState,
    subject: Entity,
    action: Action,
    resource: Entity,
    context: dict[str, Any],
    at_micros: int,
) -> bool:
    """Return the decision about an action that depends on conditions."""
    subject_id, name, organization_id, record_id = question(program, subject, action, resource)
    return program.check_about(
        subject_id,
        name,
        organization_id,
        at_micros,
        record_id,
        lambda: properties(program, subject, action, resource, context),
    )


def properties(
    program: ProgramState, subject: Entity, action: Action, resource: Entity, context: dict[str, Any]
) -> Properties:
    """Return what conditions may ask: what is stored, with what the request says laid over it. Who and what is asked
    about stays what it is, whatever properties of these names say.
    """
    return {
        "subject": {**subject.properties, "type": subject.type, "id": subject.id},
        "action": {**action.properties, "name": action.name},
        "resource": {
            **program.stored_properties(place(program, resource)),
            **resource.properties,
            "type": resource.type,
            "id": resource.id,
        },
        "context": context,
    }


def _named(value: object) -> str | None:
    """Return an id given as a property; what is not a string names nothing that exists."""
    return value if value is None or isinstance(value, str) else ""
