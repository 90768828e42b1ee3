"""An extension continues what is held: what was removed after it was asked for comes back by no earlier request."""

import json
import uuid
from collections.abc import Collection, Sequence

from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.leaving import CLOSED_FOR_QUIET
from rolebook.governance.models import Access, Grant, Request, RequestItem
from rolebook.policy.rules import Violation

_OPENED = (tags.GRANT_OPENED.name, tags.ACCESS_OPENED.name)
_CLOSED = (tags.GRANT_CLOSED.name, tags.ACCESS_CLOSED.name)


def removed_since_asked(request: Request, items: Sequence[RequestItem]) -> tuple[Violation, ...]:
    """Return a violation for each item that would extend what was held when it was asked for, and removed since.

    Who removed it knew more than who asked; it takes a new request, or a corrected version of one that came back, sent
    after the removal: everybody decides that anew (I5). The beneficiary is locked (fault 18).
    """
    removed = _removed_since(request)
    if not removed:
        return ()
    return tuple(Violation("removed_since_asked") for item in items if _was_removed(request, item, removed))


def _removed_since(request: Request) -> frozenset[uuid.UUID]:
    """Return the public ids of what was the beneficiary's as it was asked, also for a later day, and was closed since.

    Asked: as the request's present version was sent.
    The log tells in which order things happened. A row does not: what is closed before its first day carries that day.
    A closing for want of a sign-in is nobody's removal: only a request that reactivates outlives it, and gives it back.
    """
    sent = Event.objects.filter(request_id=request.public_id, tag=tags.REQUEST_SUBMITTED.name)
    since = sent.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    told = Event.objects.filter(
        beneficiary_id=request.beneficiary.public_id,
        program_id=request.program_id,
        tag__in=(*_OPENED, *_CLOSED),
        sequence__gt=since,
    )
    opened: set[uuid.UUID] = set()
    closed: set[uuid.UUID] = set()
    for tag, content in told.values_list("tag", "content"):
        new = json.loads(content)["new"]
        holding_id = uuid.UUID(new.get("grant_id") or new["access_id"])
        if tag in _OPENED:
            opened.add(holding_id)
        elif new["cause"] != CLOSED_FOR_QUIET:
            closed.add(holding_id)
    return frozenset(closed - opened)


def _was_removed(request: Request, item: RequestItem, removed: Collection[uuid.UUID]) -> bool:
    held = {
        "public_id__in": removed,
        "program_id": request.program_id,
        "account": request.beneficiary_id,
        "organization": item.organization_id,
        "moved_to": None,
    }
    if item.kind == RequestItem.Kind.ADD_ROLE:
        return Grant.objects.filter(**held, role_id=item.role_id).exists()
    if item.kind == RequestItem.Kind.ADD_ACCESS:
        return Access.objects.filter(**held).exists()
    return False
