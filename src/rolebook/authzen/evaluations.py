"""Many evaluations in one call on the wire (AuthZEN Authorization API 1.0, section 7).

Each item takes the subject, action, resource or context that it lacks whole from the request. All items are judged at
one instant and at one revision of what is known; a broken item gets no, with its error beside it. Items are asked one
after the other: `Snapshot.check_many` copies the names of all organizations for each call, which pays only for more
questions than one call may have.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolebook.authzen.evaluation import (
    NO,
    ORGANIZATION_TYPE,
    SUBJECT_TYPE,
    YES,
    Action,
    Entity,
    Malformed,
    allowed_about,
    decoded,
    evaluate,
    properties,
    question,
    require_each_name_once,
)
from rolebook.authzen.reasons import explained
from rolebook.authzen.state import ProgramState, Question
from rolebook.decision.compiled import ACT_PREFIX

MOST_EVALUATIONS: Final = 1000
"""Items of one call (I12)."""
EXECUTE_ALL = "execute_all"
STOP_AFTER: Final = {EXECUTE_ALL: None, "deny_on_first_deny": False, "permit_on_first_permit": True}
"""The values of ``options.evaluations_semantic``, and after which decision the answers end."""


class Item(msgspec.Struct):
    """One evaluation of many, or what the request says for all of them."""

    subject: Entity | UnsetType = UNSET
    action: Action | UnsetType = UNSET
    resource: Entity | UnsetType = UNSET
    context: dict[str, Any] | UnsetType = UNSET


class Batch(Item):
    """A request in which every item is well formed."""

    evaluations: list[Item] = []
    options: dict[str, Any] = {}


class RawBatch(Item):
    """A request whose items are looked at one by one, because one of them is broken."""

    evaluations: list[msgspec.Raw] = []
    options: dict[str, Any] = {}


class Outline(msgspec.Struct):
    """What tells whether a request has items at all."""

    evaluations: list[msgspec.Raw] = []


class TooManyEvaluations(ValueError):
    """A call has more items than one call may have."""


type _Asked = tuple[Entity, Action, Entity, dict[str, Any], bool]
"""Subject, action, resource, context, and whether the reason is wanted."""

_decode_batch = msgspec.json.Decoder(Batch).decode
_decode_raw_batch = msgspec.json.Decoder(RawBatch).decode
_decode_outline = msgspec.json.Decoder(Outline).decode
_decode_item = msgspec.json.Decoder(Item).decode


def evaluate_many(program: ProgramState, body: bytes, at_micros: int, *, reasons: bool = False) -> bytes:
    """Answer the body of a request for evaluations; without items it is a request for one evaluation.

    Raises Malformed for faults of the request as a whole, and TooManyEvaluations.
    """
    try:
        batch: Batch | RawBatch = _decode_batch(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if not decoded(_decode_outline, body).evaluations:
            return evaluate(program, body, at_micros, reasons=reasons)
        batch = decoded(_decode_raw_batch, body)
    if not batch.evaluations:
        return evaluate(program, body, at_micros, reasons=reasons)
    plain, needed = (None, 0) if isinstance(batch, RawBatch) else _plain(batch)
    if body.count(b":") != needed:
        require_each_name_once(body)
    if len(batch.evaluations) > MOST_EVALUATIONS:
        raise TooManyEvaluations(
            f"expected at most {MOST_EVALUATIONS} evaluations, found {len(batch.evaluations)}"
        )
    semantic = batch.options.get("evaluations_semantic", EXECUTE_ALL)
    if not isinstance(semantic, str) or semantic not in STOP_AFTER:
        raise Malformed(f"expected a semantic of {', '.join(STOP_AFTER)}, found {str(semantic)[:40]!r}")
    stop_after = STOP_AFTER[semantic]
    places_are_records = program.snapshot.tables.program.record_type == ORGANIZATION_TYPE
    if plain is not None and not (reasons or program.conditions or places_are_records):
        answers = program.at_one_revision(lambda: program.check_each(plain, at_micros))
        said = [YES if allowed else NO for allowed in answers]
        if stop_after is not None and stop_after in answers:
            del said[answers.index(stop_after) + 1 :]
    else:
        asked = [_whole(item, batch, reasons=reasons) for item in batch.evaluations]
        said = program.at_one_revision(lambda: list(_in_turn(program, asked, stop_after, at_micros)))
    return b'{"evaluations":[' + b",".join(said) + b"]}"


def _plain(batch: Batch) -> tuple[list[Question] | None, int]:
    """Return what is asked of the snapshot where all items are users at organizations and say nothing else, else None;
    and how many names a request has that says no more than its items need: fewer cannot be decoded to it.

    The first is what `_whole` and `_one` come to, in one go: most of the time of many questions would go to passing
    each of them on.
    """
    needed = 1 + _names(batch)
    plain: list[Question] = []
    odd = batch.context is not UNSET
    for item in batch.evaluations:
        subject, action, resource = item.subject, item.action, item.resource
        if subject is UNSET:
            subject = batch.subject
        else:
            needed += 3
        if action is UNSET:
            action = batch.action
        else:
            needed += 2
        if resource is UNSET:
            resource = batch.resource
        else:
            needed += 3
        if (
            odd
            or subject is UNSET
            or action is UNSET
            or resource is UNSET
            or item.context is not UNSET
            or resource.type != ORGANIZATION_TYPE
            or subject.type != SUBJECT_TYPE
            or resource.properties
            or action.name.startswith(ACT_PREFIX)
        ):
            odd = True
        else:
            plain.append((subject.id, action.name, resource.id, None))
    return None if odd else plain, needed


def _names(batch: Batch) -> int:
    return (
        3 * (batch.subject is not UNSET) + 2 * (batch.action is not UNSET) + 3 * (batch.resource is not UNSET)
    )


def _whole(item: Item | msgspec.Raw, batch: Item, *, reasons: bool) -> _Asked | bytes:
    """Return an item together with what it takes from the request; the answer itself when it is broken."""
    if isinstance(item, msgspec.Raw):
        try:
            item = decoded(_decode_item, bytes(item))
        except Malformed as wrong:
            return _broken(str(wrong))
    subject = batch.subject if item.subject is UNSET else item.subject
    action = batch.action if item.action is UNSET else item.action
    resource = batch.resource if item.resource is UNSET else item.resource
    context = batch.context if item.context is UNSET else item.context
    if subject is UNSET or action is UNSET or resource is UNSET:
        parts = {"subject": subject, "action": action, "resource": resource}
        missing = ", ".join(name for name, part in parts.items() if part is UNSET)
        return _broken(f"neither the item nor the request says: {missing}")
    said = {} if context is UNSET else context
    return subject, action, resource, said, said.get("reasons", reasons) is True


def _broken(message: str) -> bytes:
    error = {"status": 400, "message": message}
    return msgspec.json.encode({"decision": False, "context": {"error": error}})


def _in_turn(
    program: ProgramState, asked: list[_Asked | bytes], stop_after: bool | None, at_micros: int
) -> Iterator[bytes]:
    """Yield the answers in the order of the items, up to and with the one that ends them."""
    for item in asked:
        if isinstance(item, bytes):
            allowed, answer = False, item
        else:
            allowed, answer = _one(program, item, at_micros)
        yield answer
        if allowed is stop_after:
            return


def _one(program: ProgramState, item: _Asked, at_micros: int) -> tuple[bool, bytes]:
    """Return the decision about an item, and the answer that says it."""
    subject, action, resource, context, with_reason = item
    subject_id, name, organization_id, record_id = question(program, subject, action, resource)
    if with_reason:
        about = properties(program, subject, action, resource, context) if program.conditions else None
        return explained(program, (subject_id, name, organization_id, at_micros, record_id), about)
    if program.conditions and name in program.conditions:
        allowed = allowed_about(program, subject, action, resource, context, at_micros)
    else:
        allowed = program.check(subject_id, name, organization_id, at_micros, record_id)
    return allowed, YES if allowed else NO
