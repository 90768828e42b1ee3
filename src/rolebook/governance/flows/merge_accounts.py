"""Two accounts of one person become one: the ledger moves what is held, one account remains (IQIES-04). No undo."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, LinkedIdentity
from rolebook.accounts.person_models import SamePerson
from rolebook.accounts.personal_tokens import end_tokens
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.sessions import end_sessions
from rolebook.accounts.token_models import PersonalToken
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.checks_going_on import carry_checks_over
from rolebook.governance.course import end_request
from rolebook.governance.employing import write_employment
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.flows.recover_second_factor import cancel_recoveries
from rolebook.governance.ledger import close_holdings, move_holding
from rolebook.governance.merging import MergePlan, open_holdings, plan_merge
from rolebook.governance.models import Access, Employment, Participation, RequestItem
from rolebook.governance.origins import family
from rolebook.governance.participations import participation_of
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.queries.stewards import administers
from rolebook.governance.quiet import FIELDS, count_anew, counted_from, is_in, quiet_end
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.rules import Violation

REASON = "Merged into another account of the same person."
EMPLOYER_TAKEN = "As recorded for another account of the same person, which was merged into this one."
WITHDRAWN = "Two accounts of one person were merged; one person would have decided twice, or for themselves."


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did; ``sequence`` is that of its last event, which is what is confirmed."""

    kept: Account
    closed: Account
    sequence: int
    moved: int
    ended: int
    withdrawn: int


def merge_accounts(
    *,
    acting_user: Account | None,
    program_id: str | None,
    kept_id: uuid.UUID | str,
    closed_id: uuid.UUID | str,
    shown: str | None,
    reason: str,
    at: datetime,
    origin: Origin,
) -> Merged:
    """Merge the account ``closed_id`` into ``kept_id``, in every program, in one unit of work.

    Open to a steward of every program in which either takes part and, with ``acting_user`` None, to the operator.
    ``shown`` is the digest of the plan that was shown (None at the command line, which shows and does in one go).
    Raises Refused with all that forbids it, NotFound for everybody who is no steward.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_MERGE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        kept, closed = _account(kept_id), _account(closed_id)
        about.beneficiary_id = kept.public_id
        held = _lock(acting_user, kept, closed, at)
        kept, closed = _account(kept_id), _account(closed_id)
        if acting_user is not None:
            require_steward(acting_user, program_id or "", kept, closed, at)
        plan = plan_merge(kept, closed, at)
        if plan.violations:
            raise Refused(plan.violations)
        if not told:
            raise Refused([Violation("reason_needed")])
        if shown is not None and shown != plan.digest:
            raise Refused([Violation("merge_not_as_shown")])
        _carry_out(work, held, plan, acting_user)
        work.record(
            tags.ACCOUNT_MERGED,
            program_id=program_id,
            beneficiary_id=kept.public_id,
            new={
                "closed_account_id": closed.public_id,
                "moved": len(plan.moves),
                "ended": len(plan.ends),
            },
            personal={"reason": told},
        )
    if work.sequence is None:
        raise RuntimeError("a merge was committed without its event")
    return Merged(kept, closed, work.sequence, len(plan.moves), len(plan.ends), len(plan.withdrawn))


def require_steward(
    acting_user: Account, program_id: str, kept: Account, closed: Account, at: datetime
) -> None:
    """Raise unless somebody is steward of every program in which either account takes part, and it is not their own.

    NotFound for who is no steward of ``program_id``, Refused otherwise.
    """
    if not administers(acting_standing(acting_user, program_id, at)):
        raise NotFound
    parts = Participation.objects.filter(account__in=[kept, closed])
    theirs = set(parts.values_list("program_id", flat=True))
    if program_id not in theirs:
        raise NotFound
    if {kept.pk, closed.pk} & family(acting_user):
        raise Refused([Violation("own_merge")])
    foreign = sorted(one for one in theirs if not _is_steward(acting_user, one, at))
    if foreign:
        names = [rolebook_in_force(one, at)[1].program.short_name for one in foreign]
        raise Refused([Violation("merge_other_programs", {"programs": ", ".join(names)})])


def _is_steward(acting_user: Account, program_id: str, at: datetime) -> bool:
    try:
        return administers(acting_standing(acting_user, program_id, at))
    except NotAllowed:
        return False


def _account(public_id: uuid.UUID | str) -> Account:
    found = Account.objects.filter(public_id=public_id_of(public_id)).first()
    if found is None:
        raise NotFound
    return found


def _lock(acting_user: Account | None, kept: Account, closed: Account, at: datetime) -> locks.Held:
    """Lock both people, whoever acts, and all that the plan may touch: read before, and planned again under lock.

    What is opened or asked for needs the lock of its person, which is held from here on; what came in between is not as
    shown, and the merge is refused.
    """
    holdings = [*open_holdings(kept, at), *open_holdings(closed, at)]
    requests = plan_merge(kept, closed, at).withdrawn
    places = {one.organization_id for one in holdings if one.organization_id is not None}
    items = RequestItem.objects.filter(request__in=requests, organization__isnull=False)
    people = {kept.pk, closed.pk, *(one.beneficiary_id for one in requests)}
    return locks.lock(
        accounts=people if acting_user is None else {*people, acting_user.pk},
        organizations=places | set(items.values_list("organization_id", flat=True)),
        requests=[one.pk for one in requests],
    )


def _carry_out(work: UnitOfWork, held: locks.Held, plan: MergePlan, acting_user: Account | None) -> None:
    touched = [*plan.moves, *(ending.holding for ending in plan.ends)]
    places = {one.organization_id for one in touched if one.organization_id is not None}
    if not places <= held.organizations or not {one.pk for one in plan.withdrawn} <= held.requests:
        raise Refused([Violation("merge_not_as_shown")])
    for request in plan.withdrawn:
        version, _ = rolebook_in_force(request.program_id, work.at)
        before = request.state
        end_request(work, request, work.at, version.number)
        work.record(
            tags.REQUEST_WITHDRAWN,
            program_id=request.program_id,
            beneficiary_id=request.beneficiary.public_id,
            request_id=request.public_id,
            rolebook_version=version.number,
            old={"state": before},
            new={"state": request.state, "version": request.version},
            personal={"reason": WITHDRAWN if request.beneficiary_id != plan.closed.pk else REASON},
        )
    for program_id in plan.programs:
        _join(work, plan, program_id, acting_user)
    _end(work, held, plan)
    moved: dict[int, Access] = {}
    for holding in plan.moves:
        version, book = rolebook_in_force(holding.program_id, work.at)
        again = move_holding(work, held, holding, plan.kept, book=book, rolebook_version=version.number)
        if isinstance(again, Access):
            moved[holding.pk] = again
    versions = {one: rolebook_in_force(one, work.at)[0].number for one in plan.programs}
    carry_checks_over(work, plan.kept, plan.closed, moved=moved, versions=versions, acting_user=acting_user)
    _close_account(work, plan, acting_user)


def _end(work: UnitOfWork, held: locks.Held, plan: MergePlan) -> None:
    for ending in plan.ends:
        version, _ = rolebook_in_force(ending.holding.program_id, work.at)
        close_holdings(work, held, [ending.holding], cause=ending.why, rolebook_version=version.number)


def _join(work: UnitOfWork, plan: MergePlan, program_id: str, acting_user: Account | None) -> None:
    """Let the remaining account take part where the other did: with its last sign-in, its FSID and its employer.

    An FSID or an employer of its own it keeps.
    """
    theirs = Participation.objects.filter(account=plan.closed, program_id=program_id).first()
    if theirs is None:
        return
    mine = participation_of(work, plan.kept, program_id, work.at)
    fsid = theirs.fsid
    if fsid:
        theirs.fsid = ""
        theirs.save(update_fields=["fsid"])
        _record_fsid(work, plan.closed, program_id, fsid, "")
    if fsid and not mine.fsid:
        mine.fsid = fsid
        _record_fsid(work, plan.kept, program_id, "", fsid)
        mine.save(update_fields=["fsid"])
    _take_sign_in(work, mine, theirs)
    _take_employer(work, plan, mine, acting_user)


def _take_sign_in(work: UnitOfWork, mine: Participation, theirs: Participation) -> None:
    """Give the remaining account the later sign-in of the two; its quiet ends as late as that gives, and no earlier.

    What quiet has ended already begins again by a reactivation only (IQCS-08, IQCS-10).
    """
    seen, before = theirs.last_signed_in_at, mine.last_signed_in_at
    if seen is None or (before is not None and before >= seen):
        return
    version, book = rolebook_in_force(mine.program_id, work.at)
    mine.last_signed_in_at, ends_at = seen, mine.quiet_ends_at
    if is_in(mine, work.at):
        counted = quiet_end(book, counted_from(mine))
        if counted is not None and (ends_at is None or counted > ends_at):
            count_anew(mine, book)
    mine.save(update_fields=["last_signed_in_at", *FIELDS])
    work.record(
        tags.PARTICIPATION_SIGN_IN_TAKEN_OVER,
        program_id=mine.program_id,
        beneficiary_id=mine.account.public_id,
        rolebook_version=version.number,
        old={"last_signed_in_at": before, "quiet_ends_at": ends_at},
        new={"last_signed_in_at": seen, "quiet_ends_at": mine.quiet_ends_at},
    )


def _take_employer(
    work: UnitOfWork, plan: MergePlan, mine: Participation, acting_user: Account | None
) -> None:
    """Put the employer of the closed account on record for the remaining one, where that has none.

    What the remaining one held itself was not asked about when that employer came after another: it is now.
    """
    version, _ = rolebook_in_force(mine.program_id, work.at)
    for theirs in plan.employers:
        if theirs.program_id == mine.program_id:
            earlier = Employment.objects.filter(participation=theirs.participation_id, pk__lt=theirs.pk)
            write_employment(
                work,
                mine,
                theirs.organization,
                recorded_by=acting_user,
                reason=EMPLOYER_TAKEN,
                rolebook_version=version.number,
                another_before=earlier.exists(),
            )


def _record_fsid(work: UnitOfWork, account: Account, program_id: str, old: str, new: str) -> None:
    work.record(
        tags.PARTICIPATION_FSID_CHANGED,
        program_id=program_id,
        beneficiary_id=account.public_id,
        new={"way": "merged"},
        personal={"old_fsid": old or None, "fsid": new or None},
    )


def _close_account(work: UnitOfWork, plan: MergePlan, acting_user: Account | None) -> None:
    closed, kept = plan.closed, plan.kept
    before = closed.status
    Account.objects.filter(merged_into=closed).update(merged_into=kept)
    closed.status, closed.status_reason, closed.status_at = Account.Status.CLOSED, REASON, work.at
    closed.merged_into = kept
    closed.save(update_fields=["status", "status_reason", "status_at", "merged_into"])
    end_sessions(closed, work.at)
    end_tokens(work, closed, PersonalToken.Ending.ACCOUNT)
    work.record(
        tags.ACCOUNT_STATUS_CHANGED,
        beneficiary_id=closed.public_id,
        old={"status": before},
        new={"status": closed.status},
        personal={"reason": REASON},
    )
    for identity in LinkedIdentity.objects.filter(account=closed):
        work.record(
            tags.ACCOUNT_IDENTITY_UNLINKED,
            beneficiary_id=closed.public_id,
            old={"provider": identity.provider_id, "issuer": identity.issuer},
        )
        identity.delete()
    one, other = sorted((kept, closed), key=lambda account: account.pk)
    settled = {"state": SamePerson.State.MERGED, "settled_by": acting_user, "settled_at": work.at}
    SamePerson.objects.update_or_create(
        one=one,
        other=other,
        defaults=settled,
        create_defaults={
            **settled,
            "source": SamePerson.Source.STEWARD,
            "named_by": acting_user,
            "named_at": work.at,
        },
    )
    cancel_recoveries(work, [kept, closed], "merged")
