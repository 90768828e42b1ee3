"""Deactivate, close or reopen somebody: their part in one program by its steward, the whole account by the operator."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.accounts.personal_tokens import end_tokens
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.sessions import end_sessions
from rolebook.accounts.token_models import PersonalToken
from rolebook.audit import tags
from rolebook.audit.canonical import Detail
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.audit.tags import Tag
from rolebook.governance import locks
from rolebook.governance.authority import standing_of
from rolebook.governance.deciders import stages_in_office, stages_with_nobody_left
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.leaving import settle_what_is_left
from rolebook.governance.models import Participation, Stage
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import administers, is_steward_of, other_stewards
from rolebook.governance.quiet import FIELDS, count_anew, ended_for_quiet, past_end
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.lifecycle import PARTICIPATION_MOVES, may_move
from rolebook.policy.rules import Violation

type Status = Participation.Status | Account.Status

LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """What a change of status did.

    Attributes:
        sequence: of its event in the log; it is confirmed once every decision point has applied that. None when the
            status was so already and never changed by this flow.
        already: whether the status was so before.
        withdrawn: requests that were withdrawn with it.
        ended: roles that it ended.
        escalated: requests of others that wait for the steward now.
    """

    account: Account
    sequence: int | None
    already: bool
    withdrawn: int = 0
    ended: int = 0
    escalated: int = 0


def change_participation_status(
    *,
    acting_user: Account | None,
    program_id: str,
    beneficiary_id: uuid.UUID | str,
    status: str,
    reason: str,
    at: datetime,
    origin: Origin,
    cause: Participation.Cause = Participation.Cause.DECIDED,
    still: Callable[[Participation], bool] | None = None,
) -> StatusChanged:
    """Make somebody's part in a program active, deactivated or closed; power ends, or is there again, at once.

    Open to the program's stewards and, with ``acting_user`` None, to the operator. Requests of somebody who is no
    longer active are withdrawn; closing ends their roles where the program has them asked for again.
    ``cause`` says what a job acted on; ``still`` is asked under the locks, and nothing happens once it says no.

    Raises Refused for oneself, for the only steward, without a reason, and for a move that `_require_move` forbids;
    NotFound for everybody who is no steward and for a person who takes no part. Raises ValueError for no such status.
    """
    wanted = Participation.Status(status)
    about = About(program_id=program_id, verdict=wanted.value)
    with attempt(
        tags.ATTEMPT_REFUSED_STATUS, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = _reason(reason)
        beneficiary = Account.objects.filter(public_id=public_id_of(beneficiary_id)).first()
        if beneficiary is None:
            raise NotFound
        about.beneficiary_id = beneficiary.public_id
        locks.lock(accounts=_people(acting_user, beneficiary, [program_id], at))
        version, _ = rolebook_in_force(program_id, at)
        if acting_user is not None and not administers(acting_standing(acting_user, program_id, at)):
            raise NotFound
        parts = Participation.objects.select_related("account")
        participation = parts.filter(account=beneficiary, program_id=program_id).first()
        if participation is None:
            raise NotFound
        if participation.status == wanted or not (still is None or still(participation)):
            work.nothing_happened()
            escalated = 0
        else:
            _protect(acting_user, beneficiary, [program_id], wanted, at)
            _require_move(participation, wanted)
            participation.status_by, participation.status_cause = acting_user, cause
            escalated = set_status(work, participation, wanted, told, version.number)
    withdrawn, ended = (
        settle_what_is_left(beneficiary, program_id, acting_user=acting_user, at=at, origin=origin)
        if wanted is not Participation.Status.ACTIVE
        else (0, 0)
    )
    already = work.sequence is None
    sequence = work.sequence or _earlier(tags.PARTICIPATION_STATUS_CHANGED, beneficiary, program_id)
    return StatusChanged(beneficiary, sequence, already, withdrawn, ended, escalated)


def set_status(
    work: UnitOfWork, participation: Participation, wanted: Participation.Status, reason: str, version: int
) -> int:
    """Store and record the new status; return how many requests were escalated by it."""
    beneficiary, program_id = participation.account, participation.program_id
    offices = stages_in_office(standing_of(beneficiary, program_id, work.at))
    before: dict[str, Detail] = {"status": participation.status, **past_end(participation, work.at)}
    participation.status, participation.status_reason, participation.status_at = wanted, reason, work.at
    changed = ["status", "status_reason", "status_cause", "status_at", "status_by"]
    if wanted is Participation.Status.ACTIVE:
        count_anew(participation, rolebook_in_force(program_id, work.at)[1])
        changed += FIELDS
    else:
        end_tokens(work, beneficiary, PersonalToken.Ending.ACCOUNT, program_id=program_id)
    participation.save(update_fields=changed)
    escalated = escalate(work, beneficiary, program_id, offices, work.at)
    work.record(
        tags.PARTICIPATION_STATUS_CHANGED,
        program_id=program_id,
        beneficiary_id=beneficiary.public_id,
        rolebook_version=version,
        old=before,
        new={
            "status": wanted.value,
            **({"cause": str(cause)} if (cause := participation.status_cause) else {}),
            # Power had ended by quiet before: the past is read from here (rolebook.governance.past.statuses).
            **(
                {"quiet_ends_at": participation.quiet_ends_at}
                if cause == Participation.Cause.INACTIVITY
                else {}
            ),
        },
        personal={"reason": reason},
    )
    return escalated


def change_account_status(
    *, account: Account, status: str, reason: str, at: datetime, origin: Origin
) -> StatusChanged:
    """Make a whole account active, deactivated or closed, in all its programs at once; the operator's alone.

    Every session ends. Raises Refused for the only steward of a program, for an account that was merged into another,
    and without a reason. Raises ValueError for no such status.
    """
    wanted = Account.Status(status)
    told = _reason(reason)
    with unit_of_work(at=at, origin=origin, actor_id=None) as work:
        programs = sorted(Participation.objects.filter(account=account).values_list("program_id", flat=True))
        locks.lock(accounts=_people(None, account, programs, at))
        locked = Account.objects.get(pk=account.pk)
        escalated = 0
        if locked.merged_into_id is not None:
            raise Refused([Violation("merged_account")])
        if locked.status == wanted:
            work.nothing_happened()
        else:
            _protect(None, locked, programs, wanted, at)
            offices = {one: stages_in_office(standing_of(locked, one, at)) for one in programs}
            before = locked.status
            locked.status, locked.status_reason, locked.status_at = wanted, told, at
            locked.save(update_fields=["status", "status_reason", "status_at"])
            end_sessions(locked, at)
            if wanted is not Account.Status.ACTIVE:
                end_tokens(work, locked, PersonalToken.Ending.ACCOUNT)
            escalated = sum(escalate(work, locked, one, offices[one], at) for one in programs)
            work.record(
                tags.ACCOUNT_STATUS_CHANGED,
                beneficiary_id=locked.public_id,
                old={"status": before},
                new={"status": wanted.value},
                personal={"reason": told},
            )
    withdrawn = ended = 0
    if wanted is not Account.Status.ACTIVE:
        for program_id in programs:
            some = settle_what_is_left(locked, program_id, acting_user=None, at=at, origin=origin)
            withdrawn, ended = withdrawn + some[0], ended + some[1]
    sequence = work.sequence or _earlier(tags.ACCOUNT_STATUS_CHANGED, locked, None)
    return StatusChanged(locked, sequence, work.sequence is None, withdrawn, ended, escalated)


def _reason(reason: str) -> str:
    told = " ".join(checked_text(reason).split())
    if not told:
        raise Refused([Violation("reason_needed")])
    if len(told) > LONGEST_REASON:
        raise Refused([Violation("text_too_long", {"field": "reason", "most": LONGEST_REASON})])
    return told


def _people(
    acting_user: Account | None, beneficiary: Account, programs: list[str], at: datetime
) -> frozenset[int]:
    """Return whom to lock: who acts, whom it is about and, when that is a steward, the other stewards.

    Two who take the last two stewards away at the same instant cannot pass each other so.
    """
    people = {beneficiary.pk} if acting_user is None else {beneficiary.pk, acting_user.pk}
    for program_id in programs:
        if is_steward_of(beneficiary, program_id, at):
            people |= other_stewards(beneficiary, program_id, at)
    return frozenset(people)


def _protect(
    acting_user: Account | None, beneficiary: Account, programs: list[str], wanted: Status, at: datetime
) -> None:
    """Refuse what nobody may do: change their own status, or take a program's only steward away."""
    if acting_user is not None and acting_user.pk == beneficiary.pk:
        raise Refused([Violation("own_status")])
    if wanted == Participation.Status.ACTIVE:
        return
    for program_id in programs:
        if is_steward_of(beneficiary, program_id, at) and not other_stewards(beneficiary, program_id, at):
            raise Refused([Violation("only_steward", {"name": beneficiary.name, "program": program_id})])


def _require_move(participation: Participation, wanted: Participation.Status) -> None:
    """Refuse a move of status by which what a reactivation gives back would be lost (IQCS-10)."""
    if wanted is Participation.Status.ACTIVE and ended_for_quiet(participation).exists():
        raise Refused([Violation("reactivation_needed")])
    if not may_move(PARTICIPATION_MOVES, participation.status, wanted):
        raise Refused([Violation("closed_not_deactivated")])


def escalate(work: UnitOfWork, beneficiary: Account, program_id: str, offices: Q, at: datetime) -> int:
    """Record how many open stages, which somebody could decide, nobody but the steward may decide now; return it."""
    version, book = rolebook_in_force(program_id, at)
    stages = Stage.objects.filter(program_id=program_id, state=Stage.State.OPEN).filter(offices)
    number = stages.filter(stages_with_nobody_left(book, at)).count()
    if number:
        work.record(
            tags.REQUESTS_ESCALATED,
            program_id=program_id,
            beneficiary_id=beneficiary.public_id,
            rolebook_version=version.number,
            new={"escalated": number},
        )
    return number


def _earlier(tag: Tag, beneficiary: Account, program_id: str | None) -> int | None:
    events = Event.objects.filter(tag=tag.name, beneficiary_id=beneficiary.public_id, program_id=program_id)
    return events.order_by("-sequence").values_list("sequence", flat=True).first()
