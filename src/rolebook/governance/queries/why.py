"""Why somebody holds a grant or access: what opened it, who decided it, as far as the viewer is told (decision 33)."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from rolebook.governance.authority import Standing
from rolebook.governance.models import Designation, Grant, Outcome, Registration, Request
from rolebook.governance.origins import (
    Holding,
    first_of,
    reactivations,
    restored_of,
    stages_of_reactivations,
)
from rolebook.governance.queries.naming import (
    confirming_office,
    designating_office,
    office_in_words,
    sees_names,
)


@dataclass(frozen=True, slots=True)
class Why:
    """What opened it: a request with its last approver, a reactivation, a designation, an import, or registering.

    Attributes:
        how: "request", "reactivation", "designation", "import" or "registration".
        by: who decided or designated: "a Security Official of Cedar Valley", by name where the viewer may see persons;
            who approved in the earlier system to those alone. None for the operator.
        at: when it was decided, designated or imported.
        reason: of a designation, import or registration; what was written to a request stands on its page.
        request_id: public id of the request, None where there is none.
        approved_on: the day of the original approval of what was imported, else None.
        asked_by: who made the request, where that was another than whom it is for; else None.
    """

    how: str
    by: str | None
    at: datetime
    reason: str
    request_id: uuid.UUID | None
    approved_on: date | None = None
    asked_by: str | None = None


def whys_of(standing: Standing, held: Sequence[Holding]) -> Mapping[uuid.UUID, Why]:
    """Return why each of ``held`` is there, by its public id; two statements, three more after reactivations."""
    firsts = {one.public_id: first_of(one) for one in held}
    items = {first.request_item_id for first in firsts.values() if first.request_item_id is not None}
    by_item: dict[int, list[Outcome]] = {}
    for outcome in _approved().filter(stage__items__in=items).distinct().prefetch_related("stage__items"):
        for item in outcome.stage.items.all():
            by_item.setdefault(item.pk, []).append(outcome)
    restored = {one.public_id: back for one in held if (back := restored_of(one)) is not None}
    requests = reactivations(restored.values())
    again: dict[int, list[Outcome]] = {}
    if requests:
        for outcome in _approved().filter(stage__in=stages_of_reactivations(requests.values())):
            again.setdefault(outcome.request_id, []).append(outcome)
    found: dict[uuid.UUID, Why] = {}
    for one in held:
        back, first = restored.get(one.public_id), firsts[one.public_id]
        request = None if back is None else requests.get(back.public_id)
        if back is not None and request is not None:
            decided = again.get(request.pk, ())
            found[one.public_id] = _asked(standing, "reactivation", request, decided, back.starts_at)
        else:
            found[one.public_id] = _why(standing, first, by_item.get(first.request_item_id or 0, ()))
    return found


def _approved() -> QuerySet[Outcome]:
    outcomes = Outcome.objects.filter(verdict=Outcome.Verdict.APPROVED).order_by("decided_at", "pk")
    return outcomes.select_related("approver", "stage__organization")


def _why(standing: Standing, first: Holding, outcomes: Sequence[Outcome]) -> Why:
    """Return why somebody holds what has its origin itself."""
    if first.designation is not None:
        return _designated(standing, first, first.designation)
    told = first.imported
    if told is not None:
        by = told.approved_by if sees_names(standing, [first.organization]) else None
        return Why("import", by, told.imported.imported_at, told.imported.reason, None, told.approved_on)
    if isinstance(first, Grant) and first.registration is not None:
        return _registered(standing, first, first.registration)
    if first.request_item is None:
        raise ValueError("a grant has no origin")
    return _asked(standing, "request", first.request_item.request, outcomes, first.starts_at)


def _designated(standing: Standing, first: Holding, designation: Designation) -> Why:
    by = None if designation.designated_by is None else designation.designated_by.name
    if by is not None and not sees_names(standing, [first.organization]):
        by = designating_office(standing.book)
    return Why("designation", by, designation.designated_at, designation.reason, None)


def _registered(standing: Standing, first: Grant, registration: Registration) -> Why:
    by = None if registration.answered_by is None else registration.answered_by.name
    place = None if first.record is None else first.record.organization
    if by is not None and not sees_names(standing, [place]):
        by = confirming_office(standing.book, None if place is None else place.name)
    return Why("registration", by, first.starts_at, registration.reason, None)


def _asked(
    standing: Standing, how: str, request: Request, outcomes: Iterable[Outcome], since: datetime
) -> Why:
    """Return what a request opened, with who approved its last stage."""
    decided, by = list(outcomes), None
    at = decided[-1].decided_at if decided else since
    if decided:
        last = decided[-1]
        place = last.stage.organization
        by = last.approver.name
        if not sees_names(standing, [one.stage.organization for one in decided]):
            where = None if place is None else place.name
            by = office_in_words(standing.book, last.stage.approver_role_id, where)
    asker = None if request.requester_id == request.beneficiary_id else request.requester.name
    return Why(how, by, at, "", request.public_id, asked_by=asker)
