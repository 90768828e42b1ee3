"""What stood behind a grant or access: who asked, who decided each stage and when, and why it ended.

Who decided is told by name to those alone who may see persons (decision 33).
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import Q

from rolebook.accounts.models import Organization
from rolebook.governance.models import Outcome, Request, Stage
from rolebook.governance.origins import (
    Holding,
    first_of,
    reactivations,
    restored_of,
    stages_of_reactivations,
)
from rolebook.governance.past.told import CLOSED, Told, told_of

PROMISED = "promised end"

type TellsNames = Callable[[Sequence[Organization | None]], bool]
"""Whether who looks is told by name who acted at some places; None among them: at no organization."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One stage of the request behind a line, and its outcome.

    Attributes:
        chain_id: which run of a chain the stage belongs to.
        position: its place in that run.
        approver_role_id: the role that decides it.
        organization: where, by name; None for an office of the program.
        state: the stage's state.
        by: who decided, by name; None while nobody has, and for who is told the office only.
        verdict: the outcome; empty while there is none.
        at: when it was decided.
    """

    chain_id: str
    position: int
    approver_role_id: str
    organization: str | None
    state: str
    by: str | None
    verdict: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Ended:
    """When and why something ended, as it is known now.

    ``why`` is the ledger's word, or "promised end"; ``by`` who ended it, None for the operator, a job or time itself.
    """

    at: datetime
    why: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Behind:
    """What opened a grant or access, and what ended it.

    Attributes:
        how: "request", "reactivation", "designation", "import" or "registration".
        by: who designated, or approved in the earlier system, by name; of a request its last approver; None: the
            operator, or somebody who is not named.
        named: whether who acted is named; where not, the offices are all that is told.
        by_operator: whether the operator designated.
        at: when it was opened here: decided, designated or imported.
        request_id: public id of the request.
        requester: who asked, by name.
        asked_at: when.
        decided: the stages that decided it, in their order.
        approved_on: the day of the original approval of what was imported.
        source: where that approval can be looked up.
        recorded_at: when it was recorded here, where it is older than that; before, this server knew nothing of it.
        moved_from: user ID of the account of the same person that held it before a merge.
        ended: when and why it ended; None while it has not.
        before: of what a reactivation opened: what opened it the first time.
    """

    how: str
    by: str | None
    at: datetime
    request_id: uuid.UUID | None = None
    requester: str | None = None
    asked_at: datetime | None = None
    decided: tuple[Decided, ...] = ()
    approved_on: date | None = None
    source: str = ""
    recorded_at: datetime | None = None
    moved_from: str | None = None
    ended: Ended | None = None
    named: bool = True
    by_operator: bool = False
    before: "Behind | None" = None


def to_all(places: Sequence[Organization | None]) -> bool:
    """Tell names, wherever it was."""
    del places
    return True


def behind(
    held: Sequence[Holding],
    now: datetime,
    tells_names: TellsNames = to_all,
    told: Sequence[Told] | None = None,
) -> Mapping[uuid.UUID, Behind]:
    """Return what stood behind each of ``held``, by its public id.

    ``told`` is what the log tells of all who held something (`told_of`), where it has been read: then one statement
    more than merges have, two where reactivations opened some.
    """
    firsts = {one.public_id: first_of(one) for one in held}
    restored = {one.public_id: back for one in held if (back := restored_of(one)) is not None}
    people = {one.account.public_id for one in held}
    if told is None:
        told = told_of(held[0].program_id, people) if held else ()
    theirs = told if all(one.account.public_id in people for one in restored.values()) else None
    again = reactivations(restored.values(), theirs)
    stages = _stages(firsts.values(), again.values())
    ends = ends_of(held, now, told)
    found: dict[uuid.UUID, Behind] = {}
    for one in held:
        first = firsts[one.public_id]
        ended = ends.get(one.public_id)
        known = _first(first, stages.of_item(first.request_item_id), tells_names)
        back = restored.get(one.public_id)
        request = None if back is None else again.get(back.public_id)
        if request is not None and back is not None:
            decided = stages.by_request.get(request.pk, ())
            reactivated = _asked("reactivation", request, decided, back.starts_at, tells_names)
            known = replace(
                reactivated,
                before=known,
                approved_on=known.approved_on,
                source=known.source,
                recorded_at=known.recorded_at,
            )
        if ended is not None and not tells_names([one.organization]):
            ended = replace(ended, by=None)
        found[one.public_id] = replace(known, moved_from=_moved_from(one), ended=ended)
    return found


def _moved_from(one: Holding) -> str | None:
    if one.moved_from is None or one.moved_from.account_id == one.account_id:
        return None
    return one.moved_from.account.user_id


def _first(first: Holding, stages: Sequence[Stage], tells_names: TellsNames) -> Behind:
    """Return what opened something that has its origin itself."""
    named = tells_names([first.organization])
    if first.designation is not None:
        by = first.designation.designated_by
        return Behind(
            "designation",
            by.name if by is not None and named else None,
            first.designation.designated_at,
            named=named,
            by_operator=by is None,
        )
    if first.imported is not None:
        told, whole = first.imported, first.imported.imported
        return Behind(
            "import",
            told.approved_by if named else None,
            whole.imported_at,
            approved_on=told.approved_on,
            source=told.source,
            recorded_at=whole.imported_at,
            named=named,
        )
    if first.request_item is None:
        return Behind("registration", None, first.starts_at, named=named)
    return _asked("request", first.request_item.request, stages, first.starts_at, tells_names)


def _asked(
    how: str, request: Request, stages: Sequence[Stage], since: datetime, tells_names: TellsNames
) -> Behind:
    """Return what a request opened, with the stages that decided it."""
    named = tells_names([stage.organization for stage in stages])
    decided = tuple(_decided(stage, named=named) for stage in stages)
    last = max((one for one in decided if one.at is not None), key=_when, default=None)
    return Behind(
        how,
        None if last is None else last.by,
        since if last is None or last.at is None else last.at,
        request_id=request.public_id,
        requester=request.requester.name,
        asked_at=request.submitted_at,
        decided=decided,
        named=named,
    )


def _when(one: Decided) -> tuple[bool, datetime | None]:
    return (one.at is not None, one.at)


def _decided(stage: Stage, *, named: bool) -> Decided:
    outcome = getattr(stage, "outcome", None)
    return Decided(
        stage.chain_id,
        stage.position,
        stage.approver_role_id,
        None if stage.organization is None else stage.organization.name,
        stage.state,
        _by(outcome) if outcome is not None and named else None,
        "" if outcome is None else outcome.verdict,
        None if outcome is None else outcome.decided_at,
    )


def _by(outcome: Outcome) -> str:
    """Return who decided; of a delegate also for whom."""
    absent = outcome.delegate_for
    return outcome.approver.name if absent is None else f"{outcome.approver.name} (for {absent.name})"


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages that decided items, and reactivations by their requests, in the order in which they were opened."""

    by_item: Mapping[int, Sequence[Stage]]
    by_request: Mapping[int, Sequence[Stage]]

    def of_item(self, item_pk: int | None) -> Sequence[Stage]:
        return () if item_pk is None else self.by_item.get(item_pk, ())


def _stages(firsts: Iterable[Holding], again: Iterable[Request]) -> _Stages:
    """Read the stages behind some origins and reactivations; one statement."""
    items = {one.request_item_id for one in firsts if one.request_item_id is not None}
    requests = list(again)
    if not items and not requests:
        return _Stages({}, {})
    through = Stage.items.through.objects.filter(
        Q(requestitem__in=items) | Q(stage__in=stages_of_reactivations(requests))
    )
    rows = through.select_related(
        "stage__organization", "stage__outcome__approver", "stage__outcome__delegate_for"
    )
    by_item: dict[int, list[Stage]] = {}
    by_request: dict[int, list[Stage]] = {}
    for row in rows.order_by("requestitem", "stage__settled_at", "stage__position", "stage"):
        by_item.setdefault(row.requestitem_id, []).append(row.stage)
        of_request = by_request.setdefault(row.stage.request_id, [])
        if row.stage not in of_request:
            of_request.append(row.stage)
    return _Stages(by_item, by_request)


def ends_of(held: Sequence[Holding], now: datetime, events: Iterable[Told]) -> Mapping[uuid.UUID, Ended]:
    """Return when and why each of ``held`` ended, by its public id, if it has; ``events`` tell of who held it."""
    found: dict[uuid.UUID, Ended] = {}
    closed: dict[str, Holding] = {}
    for one in held:
        if one.closed_at is not None and (one.ends_at is None or one.closed_at <= one.ends_at):
            closed[str(one.public_id)] = one
        elif one.ends_at is not None and one.ends_at <= now:
            found[one.public_id] = Ended(one.ends_at, PROMISED, None)
    if not closed:
        return found
    told: dict[str, tuple[str, str | None]] = {}
    for event in events:
        if event.tag not in CLOSED:
            continue
        new = json.loads(event.content)["new"]
        holding_id = new.get("grant_id") or new.get("access_id")
        if holding_id in closed:
            told[holding_id] = (new.get("cause") or "", event.by)
    for holding_id, one in closed.items():
        why, by = told.get(holding_id, ("", None))
        if one.closed_at is not None:
            found[one.public_id] = Ended(one.closed_at, why, by)
    return found
