"""Many evaluations in one call on the wire (AuthZEN Authorization API 1.0, section 7).

Each item takes the subject, action, resource or context that it lacks whole from the request. All items are judged at
one instant and at one revision of what is known; a broken item gets no, with its error beside it. Plain questions are
read and asked together (`plain_batches`), all others one after the other.
"""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from rolebook.authzen.evaluation import (
    NO,
    ORGANIZATION_TYPE,
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
from rolebook.authzen.plain_batches import Plain, read_plain
from rolebook.authzen.reasons import explained
from rolebook.authzen.state import ProgramState

MOST_EVALUATIONS: Final = 1000
"""Items of one call (I12)."""
MOST_AT_ONCE: Final = 16 * 1024
"""Bytes of a call whose plain questions are answered while nobody else is: one or some hundreds, in parts of a ms."""
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


class TakesLong(Exception):
    """Answering may take milliseconds, which others should not wait for."""


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
    plain = None if reasons else _plain(program, body)
    if plain is not None:
        return _answer_plain(program, plain, at_micros)
    try:
        batch: Batch | RawBatch = _decode_batch(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if not decoded(_decode_outline, body).evaluations:
            return evaluate(program, body, at_micros, reasons=reasons)
        batch = decoded(_decode_raw_batch, body)
    if not batch.evaluations:
        return evaluate(program, body, at_micros, reasons=reasons)
    require_each_name_once(body)
    _require_not_too_many(len(batch.evaluations))
    stop_after = _stop_after(batch.options.get("evaluations_semantic", EXECUTE_ALL))
    asked = [_whole(item, batch, reasons=reasons) for item in batch.evaluations]
    return _said(program.at_one_revision(lambda: list(_in_turn(program, asked, stop_after, at_micros))))


def evaluate_some(program: ProgramState, body: bytes, at_micros: int) -> bytes:
    """Answer as `evaluate_many` what takes no more than a millisecond: plain questions in a small body.

    Raises what that raises, and TakesLong for anything else.
    """
    plain = _plain(program, body) if len(body) <= MOST_AT_ONCE else None
    if plain is None:
        raise TakesLong
    return _answer_plain(program, plain, at_micros)


def _plain(program: ProgramState, body: bytes) -> Plain | None:
    """Return questions of the snapshot alone; None where there may be more to an answer than its decision."""
    plain = None if program.conditions else read_plain(body)
    if plain is None:
        return None
    compiled = program.snapshot.tables.program
    types = {ORGANIZATION_TYPE} if plain.types is None else set(plain.types)
    known = types <= {ORGANIZATION_TYPE, *compiled.kinds} and compiled.record_type not in types
    return plain if known else None


def _answer_plain(program: ProgramState, plain: Plain, at_micros: int) -> bytes:
    _require_not_too_many(plain.number)
    options = plain.options
    stop_after = None if options is UNSET else _stop_after(options.evaluations_semantic)

    def which() -> list[int]:
        snapshot = program.snapshot_at(at_micros)
        return [] if snapshot is None else plain.which(snapshot, at_micros)

    said = [NO] * plain.number
    for number in program.at_one_revision(which):
        said[number] = YES
    if stop_after is not None:
        last = YES if stop_after else NO
        if last in said:
            del said[said.index(last) + 1 :]
    return _said(said)


def _require_not_too_many(number: int) -> None:
    if number > MOST_EVALUATIONS:
        raise TooManyEvaluations(f"expected at most {MOST_EVALUATIONS} evaluations, found {number}")


def _stop_after(semantic: object) -> bool | None:
    """Return after which decision the answers end, None for after none. Raises Malformed for an unknown semantic."""
    if not isinstance(semantic, str) or semantic not in STOP_AFTER:
        raise Malformed(f"expected a semantic of {', '.join(STOP_AFTER)}, found {str(semantic)[:40]!r}")
    return STOP_AFTER[semantic]


def _said(answers: list[bytes]) -> bytes:
    return b'{"evaluations":[' + b",".join(answers) + b"]}"


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
