"""The check of the codes that a person holds, after their employer changed: each is kept, or removed.

Who decides at the new employer says so of each code. What is not kept is removed by who removes access there: at once
where that is the same person, else by IQCS security with one press. Nothing goes without somebody having said so.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.authority import Standing, not_over
from rolebook.governance.checks_going_on import whose_codes
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.flows.record_employment import require_answers_for
from rolebook.governance.ledger import close_holdings
from rolebook.governance.models import Access, AccessCheck, AccessCheckAnswer, Participation
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.policy.model import Act
from rolebook.policy.rules import Violation


@dataclass(frozen=True, slots=True)
class LookedAt:
    """A check that is closed, as it stands; ``before``: it was closed before, and what was said now changed nothing."""

    check: AccessCheck
    before: bool


def close_access_check(
    *,
    acting_user: Account,
    program_id: str,
    check_id: uuid.UUID | str,
    keeps: Mapping[str, bool],
    note: str = "",
    at: datetime,
    origin: Origin,
) -> LookedAt:
    """Say of each code that a person holds, or that begins later, whether it is kept (True) or removed.

    ``keeps`` is by its public id. By who decides in the new employer's chain, or for the whole program; not by the
    person. Where they may remove access, it is removed at once. Raises Refused where one of them has no answer,
    NotFound and NotAllowed. A check that a colleague closed meanwhile stays as it is.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_DECIDE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(note, "note")
        found = _find_check(program_id, check_id)
        person = whose_codes(found)
        about.beneficiary_id = person.public_id
        about.organization_id = found.employment.organization.public_id
        places = Access.objects.filter(program_id=program_id, account=person, closed_at=None)
        held = locks.lock(
            accounts={acting_user.pk, person.pk},
            organizations={
                found.employment.organization_id,
                *places.values_list("organization_id", flat=True),
            },
        )
        standing = acting_standing(acting_user, program_id, at)
        require_answers_for(standing, found.employment.organization)
        if person.pk == acting_user.pk:
            raise NotAllowed
        found = _find_check(program_id, check_id)
        if found.closed_at is not None:
            work.nothing_happened()
            return LookedAt(found, before=True)
        _require_still_of(found, person)
        participation = Participation.objects.get(program_id=program_id, account=person)
        if participation.status != Participation.Status.ACTIVE:
            raise Refused([Violation("checked_when_back")])
        answers = [(one, keeps.get(str(one.public_id))) for one in _held(program_id, person, at)]
        if any(keep is None for _, keep in answers):
            raise Refused([Violation("answer_each_code")])
        _write(work, standing, found, [(access, bool(keep)) for access, keep in answers], told)
        _carry_out(work, held, standing, found, person)
        return LookedAt(found, before=False)


def carry_out_check(
    *,
    acting_user: Account,
    program_id: str,
    check_id: uuid.UUID | str,
    at: datetime,
    origin: Origin,
) -> tuple[Access, ...]:
    """Remove the codes that a check found to be no longer needed; return which were still held.

    By who removes access there; not by the person. Raises NotFound where there is nothing that is theirs to remove.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REMOVE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        found = _find_check(program_id, check_id)
        person = whose_codes(found)
        about.beneficiary_id = person.public_id
        named = AccessCheckAnswer.objects.filter(access_check=found, keep=False).select_related(
            "access__organization"
        )
        # What was answered of an account that was merged since is closed; it is told of with what took its place.
        held = locks.lock(
            accounts={acting_user.pk, person.pk, *named.values_list("access__account_id", flat=True)},
            organizations=named.values_list("access__organization_id", flat=True),
        )
        _require_still_of(_find_check(program_id, check_id), person)
        standing = acting_standing(acting_user, program_id, at)
        mine = [one for one in _to_remove(found) if standing.may(Act.REMOVE, one.access.organization)]
        if person.pk == acting_user.pk or (not mine and not _may_remove_any(standing, named)):
            raise NotFound
        if not mine:
            work.nothing_happened()
            return ()
        return _carry_out(work, held, standing, found, person)


def _write(
    work: UnitOfWork,
    standing: Standing,
    check: AccessCheck,
    answers: Sequence[tuple[Access, bool]],
    note: str,
) -> None:
    """Close a check with what was found about each code, and put it on record."""
    check.closed_at, check.closed_by, check.note = work.at, standing.account, note
    check.save(update_fields=["closed_at", "closed_by", "note"])
    AccessCheckAnswer.objects.bulk_create(
        AccessCheckAnswer(
            program_id=check.program_id,
            access_check=check,
            access=access,
            keep=keep,
            answered_by=standing.account,
            answered_at=work.at,
        )
        for access, keep in answers
    )
    work.record(
        tags.ACCESS_CHECK_CLOSED,
        program_id=check.program_id,
        beneficiary_id=whose_codes(check).public_id,
        organization_id=check.employment.organization.public_id,
        rolebook_version=standing.version.number,
        new={
            "access_check_id": check.public_id,
            "accesses_kept": [one.public_id for one, keep in answers if keep],
            "accesses_removed": [one.public_id for one, keep in answers if not keep],
        },
        personal={"reason": note or None},
    )


def _carry_out(
    work: UnitOfWork, held: locks.Held, standing: Standing, check: AccessCheck, person: Account
) -> tuple[Access, ...]:
    """Remove what the acting person may remove of what is not kept, and note it on the answers."""
    mine = [one for one in _to_remove(check) if standing.may(Act.REMOVE, one.access.organization)]
    if not mine:
        return ()
    closed = close_holdings(
        work,
        held,
        [one.access for one in mine],
        cause="codes checked",
        rolebook_version=standing.version.number,
    )
    for answer in mine:
        answer.carried_out_at = work.at
        answer.save(update_fields=["carried_out_at"])
    work.record(
        tags.ACCESS_CHECK_CARRIED_OUT,
        program_id=check.program_id,
        beneficiary_id=person.public_id,
        rolebook_version=standing.version.number,
        new={"access_check_id": check.public_id, "accesses": [one.public_id for one in closed]},
    )
    return closed


def _may_remove_any(standing: Standing, named: Iterable[AccessCheckAnswer]) -> bool:
    return any(standing.may(Act.REMOVE, one.access.organization) for one in named)


def _to_remove(check: AccessCheck) -> list[AccessCheckAnswer]:
    answers = AccessCheckAnswer.objects.filter(access_check=check, keep=False, carried_out_at=None)
    return list(answers.select_related("access__organization", "access__account").order_by("pk"))


def _held(program_id: str, person: Account, at: datetime) -> list[Access]:
    held = Access.objects.filter(not_over(at), program_id=program_id, account=person)
    return list(held.select_related("organization").order_by("organization__code", "pk"))


def _require_still_of(check: AccessCheck, person: Account) -> None:
    """Raise Refused where the person was merged into another account before the locks were taken."""
    if whose_codes(check).pk != person.pk:
        raise Refused([Violation("changed_since_shown")])


def _find_check(program_id: str, check_id: uuid.UUID | str) -> AccessCheck:
    checks = AccessCheck.objects.select_related(
        "employment__organization", "employment__participation__account__merged_into", "closed_by"
    )
    found = checks.filter(program_id=program_id, public_id=public_id_of(check_id)).first()
    if found is None:
        raise NotFound
    return found
