"""What stood behind a grant or access: who asked, who decided each stage and when, and why it ended."""

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.models import Outcome, Stage
from rolebook.governance.origins import Holding, first_of

_CLOSED = (tags.GRANT_CLOSED.name, tags.ACCESS_CLOSED.name)
_PROMISED = "promised end"


@dataclass(frozen=True, slots=True)
class Decided:
    """One stage of the request behind a line, and its outcome.

    Attributes:
        chain_id: which run of a chain the stage belongs to.
        position: its place in that run.
        approver_role_id: the role that decides it.
        organization: where, by name; None for an office of the program.
        state: the stage's state.
        by: who decided; None while nobody has.
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
        how: "request", "designation", "import" or "registration".
        by: who designated, or approved in the earlier system; of a request its last approver; None: the operator.
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


def behind(held: Sequence[Holding], now: datetime) -> Mapping[uuid.UUID, Behind]:
    """Return what stood behind each of ``held``, by its public id; at most three statements more than merges have."""
    firsts = {one.public_id: first_of(one) for one in held}
    stages = _stages(firsts.values())
    ends = _ends(held, now)
    return {
        one.public_id: _told(
            one, firsts[one.public_id], stages.get(firsts[one.public_id].request_item_id or 0, ()), ends
        )
        for one in held
    }


def _told(one: Holding, first: Holding, stages: Sequence[Stage], ends: Mapping[uuid.UUID, Ended]) -> Behind:
    moved = None
    if one.moved_from is not None and one.moved_from.account_id != one.account_id:
        moved = one.moved_from.account.user_id
    ended = ends.get(one.public_id)
    if first.designation is not None:
        by = first.designation.designated_by
        name = None if by is None else by.name
        return Behind("designation", name, first.designation.designated_at, moved_from=moved, ended=ended)
    if first.imported is not None:
        told, whole = first.imported, first.imported.imported
        return Behind(
            "import",
            told.approved_by,
            whole.imported_at,
            approved_on=told.approved_on,
            source=told.source,
            recorded_at=whole.imported_at,
            moved_from=moved,
            ended=ended,
        )
    if first.request_item is None:
        return Behind("registration", None, first.starts_at, moved_from=moved, ended=ended)
    request = first.request_item.request
    decided = tuple(map(_decided, stages))
    last = max((one for one in decided if one.at is not None), key=_when, default=None)
    return Behind(
        "request",
        None if last is None else last.by,
        first.starts_at if last is None or last.at is None else last.at,
        request_id=request.public_id,
        requester=request.requester.name,
        asked_at=request.submitted_at,
        decided=decided,
        moved_from=moved,
        ended=ended,
    )


def _when(one: Decided) -> tuple[bool, datetime | None]:
    return (one.at is not None, one.at)


def _decided(stage: Stage) -> Decided:
    outcome = getattr(stage, "outcome", None)
    return Decided(
        stage.chain_id,
        stage.position,
        stage.approver_role_id,
        None if stage.organization is None else stage.organization.name,
        stage.state,
        None if outcome is None else _by(outcome),
        "" if outcome is None else outcome.verdict,
        None if outcome is None else outcome.decided_at,
    )


def _by(outcome: Outcome) -> str:
    """Return who decided; of a delegate also for whom."""
    absent = outcome.delegate_for
    return outcome.approver.name if absent is None else f"{outcome.approver.name} (for {absent.name})"


def _stages(firsts: Iterable[Holding]) -> Mapping[int, list[Stage]]:
    """Return the stages that decided each request item, in the order in which they were opened; one statement."""
    items = {one.request_item_id for one in firsts if one.request_item_id is not None}
    if not items:
        return {}
    through = Stage.items.through.objects.filter(requestitem__in=items)
    rows = through.select_related(
        "stage__organization", "stage__outcome__approver", "stage__outcome__delegate_for"
    )
    found: dict[int, list[Stage]] = {}
    for row in rows.order_by("requestitem", "stage__settled_at", "stage__position", "stage"):
        found.setdefault(row.requestitem_id, []).append(row.stage)
    return found


def _ends(held: Sequence[Holding], now: datetime) -> Mapping[uuid.UUID, Ended]:
    """Return when and why each of ``held`` ended, if it has; two statements where something was closed."""
    found: dict[uuid.UUID, Ended] = {}
    closed: dict[str, Holding] = {}
    for one in held:
        if one.closed_at is not None and (one.ends_at is None or one.closed_at <= one.ends_at):
            closed[str(one.public_id)] = one
        elif one.ends_at is not None and one.ends_at <= now:
            found[one.public_id] = Ended(one.ends_at, _PROMISED, None)
    if not closed:
        return found
    people = {one.account.public_id for one in closed.values()}
    events = Event.objects.filter(beneficiary_id__in=people, tag__in=_CLOSED).order_by("sequence")
    told: dict[str, tuple[str, uuid.UUID | None]] = {}
    for actor_id, content in events.values_list("actor_id", "content").iterator():
        new = json.loads(content)["new"]
        holding_id = new.get("grant_id") or new.get("access_id")
        if holding_id in closed:
            told[holding_id] = (new.get("cause") or "", actor_id)
    actors = {actor_id for _, actor_id in told.values() if actor_id is not None}
    names = dict(Account.objects.filter(public_id__in=actors).values_list("public_id", "name"))
    for holding_id, one in closed.items():
        why, actor_id = told.get(holding_id, ("", None))
        if one.closed_at is not None:
            by = None if actor_id is None else names.get(actor_id)
            found[one.public_id] = Ended(one.closed_at, why, by)
    return found
