"""What a request to reactivate somebody is about: why their part ended, what would come back, and what did (IQCS-10).

Why it ended, and what came back, is read from the log, so that it can be read after the decision as before it.
"""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import Access, Grant, Participation, Request, RequestItem
from rolebook.governance.origins import Holding
from rolebook.governance.queries.account_preview import dated_in_words, holding_in_words, refused_in_words
from rolebook.governance.queries.inactivity import in_words
from rolebook.governance.quiet import ended_for_quiet, is_in
from rolebook.governance.reactivating import Returning, comes_back
from rolebook.policy.model import Rolebook

_OPENED = (tags.GRANT_OPENED.name, tags.ACCESS_OPENED.name)


@dataclass(frozen=True, slots=True)
class ReactivationTold:
    """What a request that asks for a reactivation is about.

    Attributes:
        alone: whether it asks for nothing else, so that the representative's word was enough.
        status: "closed" or "deactivated".
        cause: "inactivity", "bounce", or "" where somebody decided it.
        since: when it ended; None where that is not on record.
        months: how many without a sign-in end a part, in programs where they do.
        reason: what was written to it, for who is told; else "".
        comes_back: what would come back now and is not removed with it, in words with its days; empty once decided.
        refused: what would not come back by the rules in force, in words, with what they say; empty once it is decided.
        stays_ended: what was held and is past its end date, in words; empty once it is decided.
        reactivated_at: when it was done; None before, and where it was not.
        came_back: what came back then and was not removed with it, in words with its days.
    """

    alone: bool
    status: str
    cause: str
    since: datetime | None
    months: int | None
    reason: str
    comes_back: tuple[str, ...]
    refused: tuple[str, ...]
    stays_ended: tuple[str, ...]
    reactivated_at: datetime | None
    came_back: tuple[str, ...]


def reactivation_told(
    book: Rolebook, request_id: uuid.UUID, at: datetime, *, tell_reason: bool
) -> ReactivationTold | None:
    """Return what a request asks to reactivate; None where its present version asks for no reactivation.

    The caller has judged that the viewer may see the request; ``tell_reason``: and what was written about its
    beneficiary.
    """
    if book.lifecycle.inactivity_months is None and not book.lifecycle.bounce_deactivates:
        return None
    found = Request.objects.filter(program_id=book.program.id, public_id=request_id)
    request = found.select_related("beneficiary").first()
    if request is None:
        return None
    items = list(request.items.filter(request_version=request.version))
    kinds = {item.kind for item in items}
    part = Participation.objects.filter(account=request.beneficiary, program_id=request.program_id).first()
    if part is None or RequestItem.Kind.REACTIVATE.value not in kinds:
        return None
    done, ended = _logged(request, at)
    reactivated_at = None if done is None else done.occurred_at
    waits = request.state in (Request.State.PENDING, Request.State.RETURNED) and not is_in(part, at)
    returning = comes_back(book, part, at) if waits else Returning()
    new = {} if ended is None else json.loads(ended.content)["new"]
    still_out = ended is None and not is_in(part, at)
    return ReactivationTold(
        alone=len(kinds) == 1,
        status=new.get("status", Participation.Status.CLOSED.value),
        # Who was closed by no act was past their quiet: power ends by it at use (docs/decisions/0029).
        cause=new.get("cause", "") if ended is not None else Participation.Cause.INACTIVITY.value,
        since=ended.occurred_at if ended is not None else part.quiet_ends_at if still_out else None,
        months=book.lifecycle.inactivity_months,
        reason=_reason(ended) if ended is not None and tell_reason else "",
        comes_back=in_words(book, returning, at, _still_asked(items)),
        refused=refused_in_words(book, returning),
        stays_ended=_stays_ended(book, part, at) if waits else (),
        reactivated_at=reactivated_at,
        came_back=() if done is None else _came_back(book, request, part, done, at),
    )


def _still_asked(items: Iterable[RequestItem]) -> list[RequestItem]:
    return [item for item in items if item.state != RequestItem.State.DENIED]


def _logged(request: Request, at: datetime) -> tuple[Event | None, Event | None]:
    """Return the event by which the request reactivated its beneficiary, and the one by which their part had ended."""
    events = Event.objects.filter(
        tag=tags.PARTICIPATION_STATUS_CHANGED.name,
        beneficiary_id=request.beneficiary.public_id,
        program_id=request.program_id,
    )
    done = events.filter(request_id=request.public_id).order_by("sequence").first()
    if done is not None:
        before = events.filter(sequence__lt=done.sequence)
    else:
        before = events.filter(occurred_at__lte=request.settled_at or at)
    ended = before.order_by("-sequence").first()
    if ended is not None and json.loads(ended.content)["new"]["status"] == Participation.Status.ACTIVE:
        ended = None
    return done, ended


def _reason(event: Event) -> str:
    """Return what was written to an event, unless it was erased since."""
    value = event.personal_data.filter(field="reason").values_list("value", flat=True).first()
    return value or ""


def _stays_ended(book: Rolebook, part: Participation, at: datetime) -> tuple[str, ...]:
    past = Q(grant__ends_at__lte=at) | Q(access__ends_at__lte=at)
    rows = ended_for_quiet(part).filter(past).order_by("pk")
    held = (
        one.grant or one.access for one in rows.select_related("grant__organization", "access__organization")
    )
    return tuple(holding_in_words(book, one) for one in held if one is not None)


def _came_back(
    book: Rolebook, request: Request, part: Participation, done: Event, at: datetime
) -> tuple[str, ...]:
    """Return what the request opened again; where nothing had been closed, what counts again since, or will."""
    reactivated_at = done.occurred_at
    opened = Event.objects.filter(request_id=request.public_id, tag__in=_OPENED)
    ids: set[str] = set()
    for content in opened.order_by("sequence").values_list("content", flat=True):
        new = json.loads(content)["new"]
        if new.get("cause") == "reactivated":
            ids.add(new.get("grant_id") or new["access_id"])
    again = Q(public_id__in=ids)
    if not ids:
        open_then = Q(closed_at=None) | Q(closed_at__gt=reactivated_at)
        not_past = Q(ends_at=None) | Q(ends_at__gt=reactivated_at)
        # What began or begins afterwards was held then, unless it was opened by the same request, or since.
        held = Q(starts_at__lt=reactivated_at) | ~Q(public_id__in=_opened_since(request, done))
        again = Q(participation=part) & held & open_then & not_past
    # What the same request removed began and ended at that instant, or ended before its first day.
    at_once = Q(closed_at__lte=reactivated_at) | Q(closed_at__lte=F("starts_at"))
    return tuple(dated_in_words(book, one, at) for one in _held(again & ~at_once))


def _opened_since(request: Request, done: Event) -> set[str]:
    """Return the public ids of what was opened for somebody by the request that reactivated them, or after that."""
    since = Q(request_id=request.public_id) | Q(sequence__gt=done.sequence)
    opened = Event.objects.filter(
        since, beneficiary_id=done.beneficiary_id, program_id=done.program_id, tag__in=_OPENED
    )
    found = (json.loads(content)["new"] for content in opened.values_list("content", flat=True))
    return {new.get("grant_id") or new["access_id"] for new in found}


def _held(condition: Q) -> Iterable[Holding]:
    yield from Grant.objects.filter(condition).select_related("organization").order_by("pk")
    yield from Access.objects.filter(condition).select_related("organization").order_by("pk")
