"""The status that people had at an earlier instant, from the log: rows keep only the present one."""

import json
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import Participation

ACTIVE = Account.Status.ACTIVE.value
_ACCOUNT = tags.ACCOUNT_STATUS_CHANGED.name
_PART = tags.PARTICIPATION_STATUS_CHANGED.name
_MOVED = (
    tags.PARTICIPATION_CLOSING_NEAR.name,
    tags.PARTICIPATION_LAST_OFFICIAL_NEAR.name,
    tags.PARTICIPATION_CLOSING_MOVED.name,
)
TELLING = (_ACCOUNT, _PART, *_MOVED)
"""What is read of the log to tell a status: changes of it, and what moved the end by quiet."""


class ToldStatus(Protocol):
    """What is read of an event that tells something of a status."""

    @property
    def account_id(self) -> uuid.UUID: ...
    @property
    def tag(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def content(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """That somebody's status, or its end by quiet, changed, as the log tells it."""

    account_id: uuid.UUID
    tag: str
    occurred_at: datetime
    content: str


def status_events(program_id: str, account_ids: Collection[uuid.UUID]) -> list[StatusEvent]:
    """Return what tells the statuses of some people, of their accounts and their parts in a program; one statement."""
    rows = Event.objects.filter(beneficiary_id__in=account_ids, tag__in=TELLING)
    found = rows.order_by("sequence").values_list(
        "beneficiary_id", "tag", "occurred_at", "content", "program_id"
    )
    return [
        StatusEvent(account_id, tag, occurred_at, content)
        for account_id, tag, occurred_at, content, where in found
        if account_id is not None and where in (None, program_id)
    ]


def statuses_at(
    parts: Iterable[Participation], events: Iterable[ToldStatus], at: datetime
) -> Mapping[int, str]:
    """Return the status that people had at ``at`` by internal id of the account, as lists of people show it.

    It is of the whole account where that was not active, else of the part in the program. ``parts`` carry their
    accounts, and ``events`` are all of theirs. Before the first change it is what that change says was there; where
    nothing ever changed, it is as it is.
    """
    known: dict[tuple[uuid.UUID, str], str] = {}
    later: set[tuple[uuid.UUID, str]] = set()
    past_quiet: set[uuid.UUID] = set()
    for event in events:
        key = (event.account_id, event.tag)
        told = json.loads(event.content)
        if _ends_a_gap(told["old"], event.occurred_at, at):
            past_quiet.add(event.account_id)
        if event.tag in _MOVED:
            continue
        # Power ends by quiet at its instant, before a job has closed anything.
        quiet = told["new"].get("quiet_ends_at")
        if event.occurred_at <= at or (quiet is not None and datetime.fromisoformat(quiet) <= at):
            known[key] = told["new"]["status"]
        elif key not in known and key not in later:
            known[key] = told["old"]["status"]
            later.add(key)
    return {
        part.account_id: _status(part, known, at, ended=part.account.public_id in past_quiet)
        for part in parts
    }


def _ends_a_gap(old: Mapping[str, str | None], occurred_at: datetime, at: datetime) -> bool:
    """Return whether ``at`` lies between an end by quiet and what put that end off, or replaced it, afterwards.

    In between the part gave no power, though no job had closed it and none does any more.
    """
    ended = old.get("quiet_ends_at")
    return ended is not None and datetime.fromisoformat(ended) <= at < occurred_at


def _status(
    part: Participation, known: Mapping[tuple[uuid.UUID, str], str], at: datetime, *, ended: bool
) -> str:
    account = part.account
    whole = known.get((account.public_id, _ACCOUNT), account.status)
    if whole != ACTIVE:
        return whole
    mine = known.get((account.public_id, _PART), part.status)
    now_past = part.status == ACTIVE and part.quiet_ends_at is not None and part.quiet_ends_at <= at
    if now_past or (ended and mine == ACTIVE):
        return Participation.Status.CLOSED.value
    return mine
