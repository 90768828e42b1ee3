"""What takes power away is answered 202, with where to read when it is confirmed everywhere (decision 11)."""

from http import HTTPStatus

from django.http import HttpRequest
from django.urls import reverse

from rolebook.api.calling import Call, reading
from rolebook.api.documents import reads
from rolebook.api.repeating import Answer
from rolebook.api.routes import PROGRAM, router
from rolebook.api.shapes import EffectShape
from rolebook.governance.queries.effects import Effect, effect
from rolebook.governance.refusals import NotFound


@router.get(PROGRAM + "effects/{int:sequence}", url_name="api-effect", response=reads(EffectShape))
def one_effect(request: HttpRequest, program_id: str, sequence: int) -> EffectShape:
    """Whether a change that you made holds at every decision point: "taking effect", then "confirmed"."""
    with reading(request, program_id) as call:
        return _shape(effect(call.account, sequence, program_id, call.at))


def taking_effect(call: Call, sequence: int | None) -> Answer:
    """Return the answer to a change that takes power away: 202, and where its effect is told.

    What had been done before, by somebody else or with nothing on record, is answered 200: there is nothing to follow.
    """
    try:
        if sequence is None:
            raise NotFound
        found = effect(call.account, sequence, call.program_id, call.at)
    except NotFound:
        done = EffectShape(
            sequence=None,
            status="done already",
            what="",
            happened_at=None,
            awaited=0,
            confirmed_after_seconds=None,
        )
        return Answer(HTTPStatus.OK, done)
    location = reverse("api-effect", args=[call.program_id, found.sequence])
    told = _shape(found).model_copy(update={"status": "taking effect", "confirmed_after_seconds": None})
    return Answer(HTTPStatus.ACCEPTED, told, location)


def _shape(found: Effect) -> EffectShape:
    return EffectShape(
        sequence=found.sequence,
        status="confirmed" if found.confirmed else "taking effect",
        what=found.tag,
        happened_at=found.happened_at,
        awaited=found.waiting_for,
        confirmed_after_seconds=found.seconds,
    )
