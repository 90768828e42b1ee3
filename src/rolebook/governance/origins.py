"""What opened a grant or access, also after a merge moved it to another account, or a reactivation opened it again."""

import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Protocol, overload

from django.db.models import F, Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import Access, Grant, Outcome, Request, RequestItem, Stage

type Holding = Grant | Access
"""What a person holds, where both kinds are treated alike."""


@overload
def first_of(holding: Grant) -> Grant: ...
@overload
def first_of(holding: Holding) -> Holding: ...
def first_of(holding: Holding) -> Holding:
    """Return the grant or access that has the origin: itself, or what it continues since a merge or reactivation."""
    while holding.moved_from is not None:
        holding = holding.moved_from
    return holding


def restored_of(holding: Holding) -> Holding | None:
    """Return what a reactivation last opened of a grant or access and what it continues; None: nothing ever came back.

    A merge goes on with another account of the person, a reactivation with the same.
    """
    return next(_restored(holding), None)


def _restored(holding: Holding) -> Iterator[Holding]:
    step: Holding | None = holding
    while step is not None and step.moved_from is not None:
        if step.moved_from.account_id == step.account_id:
            yield step
        step = step.moved_from


class Opening(Protocol):
    """What is read of an event that opened something."""

    @property
    def tag(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def request_id(self) -> uuid.UUID | None: ...


_OPENED = (tags.GRANT_OPENED.name, tags.ACCESS_OPENED.name)


def reactivations(
    restored: Iterable[Holding], told: Iterable[Opening] | None = None
) -> Mapping[uuid.UUID, Request]:
    """Return the request by which each of what reactivations opened came back, by the public id of what was opened.

    It is in the log, where the ledger opened it: in ``told``, where that has been read. Two statements at most; none
    where nothing came back.
    """
    wanted = {str(one.public_id): one.account.public_id for one in restored}
    if not wanted:
        return {}
    if told is None:
        told = Event.objects.filter(
            beneficiary_id__in=set(wanted.values()), tag__in=_OPENED, request_id__isnull=False
        ).iterator()
    found: dict[str, uuid.UUID] = {}
    for event in told:
        if event.tag not in _OPENED:
            continue
        request_id, new = event.request_id, json.loads(event.content)["new"]
        holding_id = new.get("grant_id") or new.get("access_id")
        if request_id is not None and holding_id in wanted:
            found[holding_id] = request_id
    rows = Request.objects.filter(public_id__in=found.values()).select_related("requester")
    requests = {request.public_id: request for request in rows}
    return {uuid.UUID(one): requests[request_id] for one, request_id in found.items()}


def stages_of_reactivations(requests: Iterable[Request]) -> QuerySet[Stage]:
    """Return the stages that decided whether people are reactivated, of the present versions of their requests."""
    return Stage.objects.filter(
        request__in=[one.pk for one in requests],
        request_version=F("request__version"),
        items__kind=RequestItem.Kind.REACTIVATE,
    ).distinct()


def given_by(holding: Holding, people: Collection[int]) -> bool:
    """Return whether one of ``people`` (internal ids of accounts) designated it, confirmed whose record it is, or
    approved a stage that led to it: of the request for it, or for a reactivation by which it came back.

    A person's merged accounts count as they. What was imported was given by nobody here.
    """
    theirs = Q(approver__in=people) | Q(approver__merged_into__in=people)
    approved = Outcome.objects.filter(theirs, verdict=Outcome.Verdict.APPROVED)
    again = reactivations(_restored(holding)).values()
    if again and approved.filter(stage__in=stages_of_reactivations(again)).exists():
        return True
    first = first_of(holding)
    if first.designation is not None:
        by = first.designation.designated_by
        return by is not None and (by.pk in people or by.merged_into_id in people)
    if isinstance(first, Grant) and first.registration is not None:
        by = first.registration.answered_by
        return by is not None and (by.pk in people or by.merged_into_id in people)
    if first.request_item is None:
        return False
    return approved.filter(stage__items=first.request_item).exists()


def family(account: Account) -> frozenset[int]:
    """Return the internal ids of a person's accounts: this one, and those that were merged into it."""
    return frozenset({account.pk, *Account.objects.filter(merged_into=account).values_list("pk", flat=True)})
