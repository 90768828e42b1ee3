"""Deciding one stage under lock; `decide_stage` and `decide_stages` are the doors to it."""

from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.active import inactive_violations
from rolebook.governance.authority import Standing
from rolebook.governance.content import items_hash
from rolebook.governance.course import (
    deny_items,
    fully_approved_items,
    open_ready_stages,
    return_request,
    send_back,
    settle_items,
    settle_request_when_done,
    settle_stage,
)
from rolebook.governance.deciders import Seat, represented_at, seat_at
from rolebook.governance.ended_meanwhile import come_to_nothing
from rolebook.governance.extending import removed_since_asked
from rolebook.governance.facts import RowFacts, change_of_item, judge_changes
from rolebook.governance.granting import grant_items
from rolebook.governance.laying_out import is_asked_still, layout_has_changed
from rolebook.governance.locks import Held
from rolebook.governance.models import Outcome, Request, RequestItem, Stage
from rolebook.governance.narrowing import is_kept, narrowed_places, narrows
from rolebook.governance.one_voice import own_request, spoken_before
from rolebook.governance.queries.seeing import not_yours
from rolebook.governance.reactivating import asks_to_reactivate
from rolebook.governance.refusals import NotAllowed, Refused
from rolebook.governance.representatives import word_is_a_former_employers
from rolebook.policy.model import Act
from rolebook.policy.rules import Moment, Violation

_TAGS = {
    Outcome.Verdict.APPROVED: tags.OUTCOME_APPROVED,
    Outcome.Verdict.DENIED: tags.OUTCOME_DENIED,
    Outcome.Verdict.RETURNED: tags.OUTCOME_RETURNED,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the approver had before them: the request's version, and the hash of the stage's items (I5)."""

    version: int
    items_hash: str


@dataclass(frozen=True, slots=True)
class AlreadyDecided:
    """A colleague got there first, or the request was taken back meanwhile.

    Attributes:
        state: what became of the stage: "approved", "denied", "returned", "void".
        by: who decided; None when nobody did.
        by_you: whether the viewer did so themselves (a double click).
        at: when.
    """

    stage: Stage
    state: str
    by: Account | None
    by_you: bool
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ReturnedForChange:
    """The program's chain for this request has changed since it was submitted: it went back to its requester."""

    stage: Stage
    request: Request


type Decided = Outcome | AlreadyDecided | ReturnedForChange


def seat_or_refusal(standing: Standing, stage: Stage, role_ids: tuple[str, ...]) -> Seat:
    """Return the person's seat at a stage, open or settled.

    Raises Refused for one's own request; NotAllowed where the person may see the request but not decide it; NotFound
    for everybody else.
    """
    own = own_request(standing.account, stage.request)
    if own is not None:
        raise Refused([Violation(own)])
    seat = seat_at(standing, stage, role_ids)
    if seat is not None:
        return seat
    if standing.may(Act.VIEW_USERS, stage.organization):
        raise NotAllowed("not_yours_to_decide")
    raise not_yours(standing, stage.organization, "not_yours_to_decide")


def decide(
    work: UnitOfWork,
    held: Held,
    standing: Standing,
    stage: Stage,
    *,
    verdict: Outcome.Verdict,
    reason: str,
    shown: Shown,
) -> Decided:
    """Record a verdict on a stage that was read after its locks were taken, with all that follows from it.

    Raises Refused for a stale page, a second decision of one person, a return without a word of what is missing, or
    what a rule forbids; NotAllowed and NotFound as `seat_or_refusal` says.
    """
    request = stage.request
    items = tuple(stage.items.select_related("organization").order_by("position"))
    seat = seat_or_refusal(standing, stage, tuple(item.role_id for item in items))
    if stage.state not in (Stage.State.OPEN, Stage.State.WAITING):
        return already_decided(stage, standing.account)
    second = spoken_before(standing, stage)
    if second is not None:
        raise Refused([Violation(second)])
    if stage.state != Stage.State.OPEN or request.state != Request.State.PENDING:
        raise Refused([Violation("stage_not_open")])
    _require_shown(stage, request, items, shown)
    if _is_laid_out_for_others(standing, stage, verdict):
        return_request(work, request, work.at, standing.version.number, "chain_changed")
        return ReturnedForChange(stage, request)
    if verdict is Outcome.Verdict.APPROVED:
        _judge(standing, stage, request, items)
    elif verdict is Outcome.Verdict.RETURNED:
        _require_returnable(request, reason)
    outcome = _record(work, standing, stage, items, seat=seat, verdict=verdict, reason=reason)
    if verdict is Outcome.Verdict.APPROVED:
        settle_stage(stage, Stage.State.APPROVED, work.at)
        given = fully_approved_items(stage)
        settle_items(given, RequestItem.State.APPROVED)
        grant_items(work, held, standing, given)
    elif verdict is Outcome.Verdict.RETURNED:
        settle_stage(stage, Stage.State.RETURNED, work.at)
        send_back(work, request, work.at, standing.version.number)
        return outcome
    else:
        settle_stage(stage, Stage.State.DENIED, work.at)
        # The employing organization and the closing office speak for the whole request, where a program says so.
        whole = standing.book.approval.employing_chain and not stage.is_foreign
        deny_items(work, request, stage, work.at, standing.version.number, whole=whole)
    open_ready_stages(work, request, work.at, standing.version.number)
    settle_request_when_done(work, request, work.at, standing.version.number)
    return outcome


def already_decided(stage: Stage, viewer: Account) -> AlreadyDecided:
    """Return who decided a settled stage, and what, and when."""
    outcome = Outcome.objects.filter(stage=stage).select_related("approver").first()
    if outcome is None:
        return AlreadyDecided(stage, stage.state, None, False, stage.settled_at)
    by_you = outcome.approver_id == viewer.pk
    return AlreadyDecided(stage, stage.state, outcome.approver, by_you, outcome.decided_at)


def _require_shown(stage: Stage, request: Request, items: tuple[RequestItem, ...], shown: Shown) -> None:
    """Refuse a decision about something else than what was shown: another version, or items that were rewritten."""
    bound = items_hash(request, request.version, items)
    if (shown.version, shown.items_hash) != (request.version, bound) or stage.items_hash != bound:
        raise Refused([Violation("changed_since_shown")])


def _is_laid_out_for_others(standing: Standing, stage: Stage, verdict: Outcome.Verdict) -> bool:
    """Return whether others would have to decide than those who were asked, so that a verdict would not be theirs.

    An approval is worth something only with all others. A denial ends the whole request where the employing
    organization says it, which is not for the former one to do; the closing office's and a third one's stand.
    """
    request = stage.request
    if verdict is Outcome.Verdict.APPROVED:
        changed = layout_has_changed(standing.version, standing.book, request)
        return changed or word_is_a_former_employers(standing.book, request, standing.at)
    if verdict is Outcome.Verdict.DENIED and standing.book.approval.employing_chain:
        return not is_asked_still(standing.book, stage)
    return False


def _require_returnable(request: Request, reason: str) -> None:
    """Refuse a return that its requester could do nothing with: without a form to correct, or a word of why."""
    if not request.forms.filter(request_version=request.version).exists():
        raise Refused([Violation("nothing_to_correct")])
    if not reason:
        raise Refused([Violation("say_what_is_missing")])


def _judge(standing: Standing, stage: Stage, request: Request, items: tuple[RequestItem, ...]) -> None:
    # What another stage denied is not asked for any more: what is against it keeps nothing else from being decided.
    asked = [item for item in items if item.state == RequestItem.State.PENDING]
    facts = RowFacts(standing.book, stage=stage)
    nothing = come_to_nothing(facts, asked, standing.at)
    given = [item for item in asked if item.pk not in nothing or narrows(item)]
    narrowed = narrowed_places(asked)
    changes = [
        change_of_item(
            item,
            request,
            Moment.OUTCOME,
            standing.at,
            standing.account,
            narrows=is_kept(item, narrowed),
        )
        for item in given
    ]
    violations = (
        *(
            ()
            if asks_to_reactivate(request.pk, request.version)
            else inactive_violations(request.beneficiary, request.program_id)
        ),
        *judge_changes(changes, facts),
        *removed_since_asked(request, given),
    )
    if violations:
        raise Refused(violations)


def _record(
    work: UnitOfWork,
    standing: Standing,
    stage: Stage,
    items: tuple[RequestItem, ...],
    *,
    seat: Seat,
    verdict: Outcome.Verdict,
    reason: str,
) -> Outcome:
    request = stage.request
    absent = None if seat.stands_in else represented_at(standing, stage)
    outcome = Outcome.objects.create(
        program_id=request.program_id,
        request=request,
        request_version=request.version,
        chain_id=stage.chain_id,
        stage=stage,
        approver=standing.account,
        verdict=verdict,
        reason=reason,
        items_hash=stage.items_hash,
        decided_at=work.at,
        delegate_for=absent,
    )
    work.record(
        _TAGS[verdict],
        program_id=request.program_id,
        beneficiary_id=request.beneficiary.public_id,
        organization_id=None if stage.organization is None else stage.organization.public_id,
        request_id=request.public_id,
        rolebook_version=standing.version.number,
        new={
            "stage_id": stage.public_id,
            "version": request.version,
            "items_hash": stage.items_hash,
            "items": [item.public_id for item in items],
            "role_id": seat.role_id,
            "stand_in": seat.stands_in,
            **({} if absent is None else {"delegate_for": absent.public_id}),
        },
        personal={"reason": reason or None},
    )
    return outcome
