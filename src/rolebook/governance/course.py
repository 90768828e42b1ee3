"""The course of a request through its stages: what opens next, what each item came to, when the whole is settled.

State moves are those of `rolebook.policy.lifecycle`; a move that is not in its tables raises.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.canonical import Detail
from rolebook.audit.recording import UnitOfWork
from rolebook.audit.tags import Tag
from rolebook.governance.deciders import stages_nobody_can_decide, stages_with_nobody_left
from rolebook.governance.models import Request, RequestItem, Stage, SupervisorWord
from rolebook.policy.lifecycle import ITEM_MOVES, REQUEST_MOVES, STAGE_MOVES, Moves, may_move


class IllegalMove(RuntimeError):
    """A state was about to change in a way that no table allows: a defect of the flow."""


def open_ready_stages(
    work: UnitOfWork, request: Request, at: datetime, rolebook_version: int
) -> tuple[Stage, ...]:
    """Open every waiting stage of the request's version whose earlier stages are all passed; return those.

    A stage is passed when it was approved, or when none of its items is left to decide. None opens while the supervisor
    has not given their word, or while the requester has not said whether the rest goes on.
    """
    if request.held_since is not None or waits_for_supervisor(request):
        return ()
    stages = _stages(request)
    approved = {stage.pk for stage in stages if stage.state == Stage.State.APPROVED}
    approved |= _without_items([s.pk for s in stages if s.state in (Stage.State.DENIED, Stage.State.VOID)])
    opened: list[Stage] = []
    for stage in stages:
        before = {earlier.pk for earlier in stage.follows.all()}
        if stage.state != Stage.State.WAITING or not before <= approved:
            continue
        move_stage(stage, Stage.State.OPEN)
        stage.opened_at = at
        stage.save(update_fields=["state", "opened_at"])
        opened.append(stage)
        work.record(
            tags.STAGE_OPENED,
            program_id=request.program_id,
            beneficiary_id=request.beneficiary.public_id,
            organization_id=None if stage.organization is None else stage.organization.public_id,
            request_id=request.public_id,
            rolebook_version=rolebook_version,
            new={
                "stage_id": stage.public_id,
                "chain_id": stage.chain_id,
                "position": stage.position,
                "approver_role_id": stage.approver_role_id,
                "version": stage.request_version,
            },
        )
    if opened:
        _, book = rolebook_in_force(request.program_id, at)
        just_opened = Stage.objects.filter(pk__in=[stage.pk for stage in opened]).order_by("pk")
        left = just_opened.filter(stages_with_nobody_left(book, at))
        escalate(work, left, Stage.Why.NOBODY, rolebook_version, late=False)
        note_stuck(work, just_opened.filter(stages_nobody_can_decide(book, at)), rolebook_version)
    return tuple(opened)


def escalate(
    work: UnitOfWork,
    stages: QuerySet[Stage],
    why: Stage.Why,
    rolebook_version: int,
    *,
    late: bool,
    working_days: int | None = None,
) -> int:
    """Put on record that open stages come to the steward as well; return how many. The caller holds their requests.

    ``late``: not as they opened, so that the steward has still to be told.
    """
    found = list(stages.select_related("organization", "request__beneficiary"))
    for stage in found:
        stage.escalated_at, stage.escalated_why = work.at, why
        stage.save(update_fields=["escalated_at", "escalated_why"])
        days = {} if working_days is None else {"working_days": working_days}
        note_stage(
            work, tags.STAGE_ESCALATED, stage, rolebook_version, {"why": why.value, "late": late, **days}
        )
    return len(found)


def note_stuck(work: UnitOfWork, stages: QuerySet[Stage], rolebook_version: int) -> int:
    """Put on record that nobody can decide some open stages; return how many. The caller holds their requests."""
    found = list(stages.select_related("organization", "request__beneficiary"))
    for stage in found:
        stage.stuck_since = work.at
        stage.save(update_fields=["stuck_since"])
        note_stage(work, tags.STAGE_STUCK, stage, rolebook_version, {})
    return len(found)


def note_stage(
    work: UnitOfWork, tag: Tag, stage: Stage, rolebook_version: int, more: Mapping[str, Detail]
) -> None:
    """Record something that happened to an open stage, which nobody decided by it."""
    work.record(
        tag,
        program_id=stage.program_id,
        beneficiary_id=stage.request.beneficiary.public_id,
        organization_id=None if stage.organization is None else stage.organization.public_id,
        request_id=stage.request.public_id,
        rolebook_version=rolebook_version,
        new={
            "stage_id": stage.public_id,
            "version": stage.request_version,
            "approver_role_id": stage.approver_role_id,
            **more,
        },
    )


def waits_for_supervisor(request: Request) -> bool:
    """Return whether the request's version waits for its supervisor's authorization."""
    return SupervisorWord.objects.filter(
        form__request=request, form__request_version=request.version, state=SupervisorWord.State.ASKED
    ).exists()


def _without_items(stage_pks: list[int]) -> set[int]:
    """Return those of the stages that have no pending item."""
    if not stage_pks:
        return set()
    pending = RequestItem.objects.filter(stages__in=stage_pks, state=RequestItem.State.PENDING)
    return set(stage_pks) - set(pending.values_list("stages", flat=True))


def settle_stage(stage: Stage, state: Stage.State, at: datetime) -> None:
    """Give an open stage its end."""
    move_stage(stage, state)
    stage.settled_at = at
    stage.save(update_fields=["state", "settled_at"])


def fully_approved_items(stage: Stage) -> tuple[RequestItem, ...]:
    """Return the pending items of an approved stage that no other stage has still to approve, by position."""
    items = stage.items.filter(state=RequestItem.State.PENDING).select_related(
        "organization", "request__requester", "request__beneficiary"
    )
    waiting = set(
        RequestItem.objects.filter(
            request=stage.request_id, stages__state__in=[Stage.State.WAITING, Stage.State.OPEN]
        ).values_list("pk", flat=True)
    )
    return tuple(item for item in items.order_by("position") if item.pk not in waiting)


def settle_items(items: Iterable[RequestItem], state: RequestItem.State) -> None:
    """Give pending items their end."""
    found = list(items)
    for item in found:
        _require(ITEM_MOVES, item.state, state)
        item.state = state
    if found:
        RequestItem.objects.filter(pk__in=[item.pk for item in found]).update(state=state)


def deny_items(
    work: UnitOfWork, request: Request, stage: Stage, at: datetime, rolebook_version: int, *, whole: bool
) -> None:
    """Deny what a denied stage decides, or the ``whole`` request, and hold what is left for its requester's word.

    The rest is held where another organization than the employing one denied its part (IQCS-04).
    """
    pending = RequestItem.objects.filter(
        request=request, request_version=request.version, state=RequestItem.State.PENDING
    )
    settle_items(pending if whole else pending.filter(stages=stage), RequestItem.State.DENIED)
    drop_pointless_stages(work, request, at, rolebook_version)
    if stage.is_foreign and request.held_since is None and pending.exists():
        request.held_since = at
        request.save(update_fields=["held_since"])
        work.record(
            tags.REQUEST_HELD,
            program_id=request.program_id,
            beneficiary_id=request.beneficiary.public_id,
            organization_id=None if stage.organization is None else stage.organization.public_id,
            request_id=request.public_id,
            rolebook_version=rolebook_version,
            new={"version": request.version, "stage_id": stage.public_id},
        )


def drop_pointless_stages(work: UnitOfWork, request: Request, at: datetime, rolebook_version: int) -> None:
    """Void the stages that have no item left to decide, after a denial."""
    for stage in _stages(request):
        undecided = stage.state in (Stage.State.WAITING, Stage.State.OPEN)
        if undecided and not stage.items.filter(state=RequestItem.State.PENDING).exists():
            _void(work, request, stage, at, rolebook_version)


def settle_request_when_done(work: UnitOfWork, request: Request, at: datetime, rolebook_version: int) -> None:
    """Settle the request once none of its items is pending: approved, denied, or partly approved."""
    # What an earlier version was given stays given, and counts for what the whole came to.
    counted = Q(request_version=request.version) | Q(state=RequestItem.State.APPROVED)
    states = set(request.items.filter(counted).values_list("state", flat=True))
    if RequestItem.State.PENDING in states:
        return
    if states == {RequestItem.State.APPROVED}:
        state = Request.State.APPROVED
    elif RequestItem.State.APPROVED in states:
        state = Request.State.PARTLY_APPROVED
    else:
        state = Request.State.DENIED
    before = request.state
    _move_request(request, state)
    request.settled_at = at
    request.save(update_fields=["state", "settled_at"])
    work.record(
        tags.REQUEST_SETTLED,
        program_id=request.program_id,
        beneficiary_id=request.beneficiary.public_id,
        request_id=request.public_id,
        rolebook_version=rolebook_version,
        old={"state": before},
        new={"state": state.value, "version": request.version},
    )


def end_request(work: UnitOfWork, request: Request, at: datetime, rolebook_version: int) -> None:
    """Withdraw a request: its undecided stages and items end with it; the caller records the withdrawal itself."""
    for stage in _stages(request):
        if stage.state in (Stage.State.WAITING, Stage.State.OPEN):
            _void(work, request, stage, at, rolebook_version)
    pending = request.items.filter(request_version=request.version, state=RequestItem.State.PENDING)
    settle_items(pending, RequestItem.State.WITHDRAWN)
    _void_word(request)
    _move_request(request, Request.State.WITHDRAWN)
    request.settled_at = at
    request.save(update_fields=["state", "settled_at"])


def return_request(work: UnitOfWork, request: Request, at: datetime, rolebook_version: int, why: str) -> None:
    """Send a pending request back to its requester, and record that nobody's decision did so."""
    before = request.state
    send_back(work, request, at, rolebook_version)
    work.record(
        tags.REQUEST_RETURNED,
        program_id=request.program_id,
        beneficiary_id=request.beneficiary.public_id,
        request_id=request.public_id,
        rolebook_version=rolebook_version,
        old={"state": before},
        new={"state": request.state, "version": request.version, "why": why},
    )


def send_back(work: UnitOfWork, request: Request, at: datetime, rolebook_version: int) -> None:
    """Send a pending request back: open stages and pending items are returned, waiting stages void.

    The caller records why. What was approved before is worth nothing for the next version (I5).
    """
    for stage in _stages(request):
        if stage.state == Stage.State.OPEN:
            settle_stage(stage, Stage.State.RETURNED, at)
        elif stage.state == Stage.State.WAITING:
            _void(work, request, stage, at, rolebook_version)
    items = request.items.filter(request_version=request.version, state=RequestItem.State.PENDING)
    settle_items(items, RequestItem.State.RETURNED)
    _void_word(request)
    _move_request(request, Request.State.RETURNED)
    request.held_since = None
    request.save(update_fields=["state", "held_since"])


def _void_word(request: Request) -> None:
    """Ask the supervisor no longer: what they were asked about is no more."""
    SupervisorWord.objects.filter(form__request=request, state=SupervisorWord.State.ASKED).update(
        state=SupervisorWord.State.VOID, token_hash=""
    )


def move_stage(stage: Stage, state: Stage.State) -> None:
    """Change a stage's state in memory. Raises IllegalMove."""
    _require(STAGE_MOVES, stage.state, state)
    stage.state = state


def _void(work: UnitOfWork, request: Request, stage: Stage, at: datetime, rolebook_version: int) -> None:
    settle_stage(stage, Stage.State.VOID, at)
    work.record(
        tags.STAGE_CANCELLED,
        program_id=request.program_id,
        beneficiary_id=request.beneficiary.public_id,
        organization_id=None if stage.organization is None else stage.organization.public_id,
        request_id=request.public_id,
        rolebook_version=rolebook_version,
        new={"stage_id": stage.public_id, "state": stage.state, "version": stage.request_version},
    )


def _stages(request: Request) -> Sequence[Stage]:
    return list(
        Stage.objects.filter(request=request, request_version=request.version)
        .select_related("organization")
        .prefetch_related("follows")
        .order_by("chain_id", "position")
    )


def _move_request(request: Request, state: Request.State) -> None:
    _require(REQUEST_MOVES, request.state, state)
    request.state = state


def _require(moves: Moves, before: str, after: str) -> None:
    if not may_move(moves, before, after):
        raise IllegalMove(
            f"found the move from {before!r} to {after!r}, expected one of the lifecycle's tables"
        )
