"""Out of office: who decides requests says from when to when, and names who decides meanwhile (IQCS-04).

A delegate is named among those who could decide anyway, and gains nothing: the seat at a stage is always one's own.
What is gained is that nobody waits for somebody who is away, and that the record says for whom it was decided.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.absences import absences_of, deciding_offices
from rolebook.governance.authority import Office, Standing, standing_of
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.importing import day_of, first_instant
from rolebook.governance.models import Absence, Delegation
from rolebook.governance.queries.seeing import public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Rolebook
from rolebook.policy.rules import Violation

LONGEST = timedelta(days=366)
_LAST_MOMENT = timedelta(microseconds=1)


def record_absence(
    *,
    acting_user: Account | None,
    account: Account | None = None,
    program_id: str,
    first_on: date,
    last_on: date,
    delegates: Mapping[str, uuid.UUID | str],
    at: datetime,
    origin: Origin,
) -> Absence:
    """Record that somebody who decides requests is away for whole days of the program's zone.

    Args:
        acting_user: who is away; None: the operator records it for ``account``.
        account: whose absence the operator records.
        program_id: the program.
        first_on: the first day; when it is today, the absence begins at once.
        last_on: the last day.
        delegates: by the id of a role with which the absent person decides, the public id of who decides meanwhile.
        at: the instant.
        origin: where it comes from.

    Raises NotFound for who decides nothing. Raises Refused for days in the past or in the wrong order, an absence that
    overlaps another, and for a delegate who could not decide anyway somewhere where the absent person does, at the
    first instant and at the last: a role that either lacks, another place, or an end before the absence's (fault 12).
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ABSENCE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        who = account if acting_user is None else acting_user
        if who is None:
            raise NotFound
        about.beneficiary_id = who.public_id
        people = {
            role_id: Account.objects.filter(public_id=public_id_of(named)).first()
            for role_id, named in delegates.items()
        }
        named = {person.pk for person in people.values() if person is not None}
        locks.lock(accounts={who.pk, *named})
        standing = (
            standing_of(who, program_id, at)
            if acting_user is None
            else acting_standing(acting_user, program_id, at)
        )
        if not deciding_offices(standing):
            raise NotFound
        starts_at, ends_at = _dates(standing, first_on, last_on)
        for role_id, person in people.items():
            about.role_id = role_id
            _require_delegate(standing, role_id, person, starts_at, ends_at)
        chosen = [(role_id, person) for role_id, person in sorted(people.items()) if person is not None]
        return _write(work, standing, acting_user, (starts_at, ends_at), chosen)


def end_absence(
    *,
    acting_user: Account | None,
    program_id: str,
    absence_id: uuid.UUID | str,
    at: datetime,
    origin: Origin,
) -> Absence:
    """End an absence now, or withdraw one that has not begun; its delegates decide for nobody from then on.

    By the absent person, or the operator (``acting_user`` None). Raises NotFound for anybody else's; one that is over
    stays as it is.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ABSENCE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        found = _find_absence(program_id, absence_id)
        if acting_user is not None and found.account_id != acting_user.pk:
            raise NotFound
        about.beneficiary_id = found.account.public_id
        locks.lock(accounts={found.account_id})
        if acting_user is not None:
            acting_standing(acting_user, program_id, at)
        found = _find_absence(program_id, absence_id)
        if found.ended_at is not None or found.ends_at <= at:
            work.nothing_happened()
            return found
        found.ended_at, found.ended_by = at, acting_user
        found.save(update_fields=["ended_at", "ended_by"])
        kept = found.delegations.filter(ended_at=None).select_related("delegate").order_by("pk")
        work.record(
            tags.ABSENCE_ENDED,
            program_id=program_id,
            beneficiary_id=found.account.public_id,
            new={
                "absence_id": found.public_id,
                "delegates": [[one.role_id, str(one.delegate.public_id)] for one in kept],
            },
        )
        return found


def decline_delegation(
    *, acting_user: Account, program_id: str, delegation_id: uuid.UUID | str, at: datetime, origin: Origin
) -> Delegation:
    """Say that one does not decide for an absent person after all. What one may decide oneself stays as it is.

    Raises NotFound for a delegation that is not theirs; one that is over stays as it is.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_ABSENCE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        found = _find_delegation(acting_user, program_id, delegation_id)
        about.beneficiary_id = found.absence.account.public_id
        locks.lock(accounts={acting_user.pk, found.absence.account_id})
        acting_standing(acting_user, program_id, at)
        found = _find_delegation(acting_user, program_id, delegation_id)
        if found.ended_at is not None or found.absence.ended_at is not None or found.absence.ends_at <= at:
            work.nothing_happened()
            return found
        _decline(work, found)
        return found


def covers(theirs: Office, mine: Office) -> bool:
    """Return whether an office decides wherever, and about whatever, another one of the same role does."""
    if theirs.role_id != mine.role_id or (mine.lower_levels and not theirs.lower_levels):
        return False
    if mine.organization_id is None:
        return theirs.organization_id is None
    if theirs.organization_id is None or theirs.path is None or mine.path is None:
        return theirs.organization_id is None and theirs.lower_levels
    below = theirs.lower_levels and mine.path.startswith(theirs.path)
    return below or theirs.organization_id == mine.organization_id


def _write(
    work: UnitOfWork,
    standing: Standing,
    recorded_by: Account | None,
    dates: tuple[datetime, datetime],
    chosen: Sequence[tuple[str, Account]],
) -> Absence:
    """Write an absence with its delegates, and put it on record."""
    program_id, (starts_at, ends_at) = standing.program_id, dates
    absence = Absence.objects.create(
        program_id=program_id,
        account=standing.account,
        starts_at=starts_at,
        ends_at=ends_at,
        recorded_by=recorded_by,
        recorded_at=work.at,
    )
    Delegation.objects.bulk_create(
        Delegation(program_id=program_id, absence=absence, role_id=role_id, delegate=person)
        for role_id, person in chosen
    )
    work.record(
        tags.ABSENCE_RECORDED,
        program_id=program_id,
        beneficiary_id=standing.account.public_id,
        rolebook_version=standing.version.number,
        new={
            "absence_id": absence.public_id,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "delegates": [[role_id, str(person.public_id)] for role_id, person in chosen],
        },
    )
    return absence


def _dates(standing: Standing, first_on: date, last_on: date) -> tuple[datetime, datetime]:
    """Return from when to when the days last. Raises Refused for days that cannot be, or that overlap."""
    book, at = standing.book, standing.at
    today = day_of(at, book)
    if last_on < first_on:
        raise Refused([Violation("absence_wrong_order")])
    if first_on < today:
        raise Refused([Violation("absence_in_the_past")])
    if last_on - first_on > LONGEST:
        raise Refused([Violation("absence_too_long", {"most": LONGEST.days})])
    starts_at = max(at, first_instant(first_on, book))
    ends_at = first_instant(last_on + timedelta(days=1), book)
    overlapping = absences_of(standing.account, standing.program_id, at).filter(
        starts_at__lt=ends_at, ends_at__gt=starts_at
    )
    if overlapping.exists():
        raise Refused([Violation("absence_overlaps")])
    return starts_at, ends_at


def _require_delegate(
    standing: Standing, role_id: str, person: Account | None, starts_at: datetime, ends_at: datetime
) -> None:
    """Refuse a delegate who could not decide anyway, at the first instant of the absence and at the last.

    Who could not is not named, and an id of nobody is answered alike: it tells neither whether there is somebody,
    nor who.
    """
    book, program_id = standing.book, standing.program_id
    role = {"role": _title(book, role_id)}
    if person is not None and person.pk == standing.account.pk:
        raise Refused([Violation("own_delegate")])
    for instant in (starts_at, ends_at - _LAST_MOMENT):
        mine = [
            office
            for office in deciding_offices(standing_of(standing.account, program_id, instant))
            if office.role_id == role_id
        ]
        if not mine:
            raise Refused([Violation("delegated_beyond_own", role)])
        theirs = () if person is None else deciding_offices(standing_of(person, program_id, instant))
        if not any(covers(one, office) for one in theirs for office in mine):
            raise Refused([Violation("delegate_could_not_decide", role)])
    if person is not None:
        away = absences_of(person, program_id, standing.at)
        if away.filter(starts_at__lt=ends_at, ends_at__gt=starts_at).exists():
            raise Refused([Violation("delegate_away", {"name": person.name})])


def _decline(work: UnitOfWork, delegation: Delegation) -> None:
    delegation.ended_at = work.at
    delegation.save(update_fields=["ended_at"])
    work.record(
        tags.DELEGATION_DECLINED,
        program_id=delegation.program_id,
        beneficiary_id=delegation.absence.account.public_id,
        new={
            "absence_id": delegation.absence.public_id,
            "delegation_id": delegation.public_id,
            "role_id": delegation.role_id,
        },
    )


def _find_absence(program_id: str, absence_id: uuid.UUID | str) -> Absence:
    absences = Absence.objects.select_related("account")
    found = absences.filter(program_id=program_id, public_id=public_id_of(absence_id)).first()
    if found is None:
        raise NotFound
    return found


def _find_delegation(account: Account, program_id: str, delegation_id: uuid.UUID | str) -> Delegation:
    delegations = Delegation.objects.select_related("absence__account")
    found = delegations.filter(
        program_id=program_id, public_id=public_id_of(delegation_id), delegate=account
    ).first()
    if found is None:
        raise NotFound
    return found


def _title(book: Rolebook, role_id: str) -> str:
    role = book.role(role_id)
    return role_id if role is None else role.title
