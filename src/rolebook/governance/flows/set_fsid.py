"""An FSID is set, changed or removed by whom the matrix lets manage it ("Manage user FSID")."""

import uuid
from datetime import datetime

from django.db import IntegrityError

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import SamePerson
from rolebook.accounts.texts import clean_fsid
from rolebook.audit import tags
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance import locks
from rolebook.governance.authority import Standing
from rolebook.governance.flows.attempt import About, acting_standing, attempt
from rolebook.governance.flows.name_same_person import name_as_same
from rolebook.governance.models import Participation
from rolebook.governance.queries.fsid import may_manage
from rolebook.governance.queries.people import participation_in
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.rules import Violation

_TAKEN = frozenset({"fsid_taken", "fsid_not_possible"})


def set_fsid(
    *,
    acting_user: Account,
    program_id: str,
    beneficiary_id: uuid.UUID | str,
    fsid: str,
    at: datetime,
    origin: Origin,
) -> Participation:
    """Give somebody in one's reach an FSID, another one, or (empty) none. The same one again changes nothing.

    Raises Refused for what is no FSID, one that another person has (the two are then looked at as possible
    duplicates), and one's own; NotFound for everybody out of reach. That another person has a number is said only to
    who may manage that person's, too (docs/decisions/0034).
    """
    about = About(program_id=program_id)
    try:
        with attempt(
            tags.ATTEMPT_REFUSED_FSID, acting_user=acting_user, at=at, origin=origin, about=about
        ) as work:
            participation = participation_in(program_id, beneficiary_id)
            account = participation.account
            about.beneficiary_id = account.public_id
            locks.lock(accounts=[account.pk, acting_user.pk])
            standing = acting_standing(acting_user, program_id, at)
            if not may_manage(standing, account):
                raise NotFound
            if account.pk == acting_user.pk:
                raise Refused([Violation("own_fsid")])
            wanted = clean_fsid(fsid)
            if wanted is None:
                raise Refused([Violation("bad_fsid")])
            participation = participation_in(program_id, beneficiary_id)
            before = participation.fsid
            if before == wanted:
                work.nothing_happened()
                return participation
            holder = _holder(program_id, wanted) if wanted else None
            if holder is not None:
                raise Refused([_taken(standing, holder)])
            participation.fsid = wanted
            try:
                with work.part():
                    participation.save(update_fields=["fsid"])
            except IntegrityError as twin:  # somebody else got it in this very moment
                raise Refused([_taken(standing, _holder(program_id, wanted))]) from twin
            work.record(
                tags.PARTICIPATION_FSID_CHANGED,
                program_id=program_id,
                beneficiary_id=account.public_id,
                rolebook_version=standing.version.number,
                personal={"old_fsid": before or None, "fsid": wanted or None},
            )
            return participation
    except Refused as refusal:
        if any(violation.code in _TAKEN for violation in refusal.violations):
            _name_twins(acting_user, program_id, beneficiary_id, clean_fsid(fsid) or "", at, origin)
        raise


def _taken(standing: Standing, holder: Account | None) -> Violation:
    """Return the violation: that another person has it, where the one who asks may see so, else that it cannot be."""
    seen = holder is not None and may_manage(standing, holder)
    return Violation("fsid_taken" if seen else "fsid_not_possible")


def _holder(program_id: str, fsid: str) -> Account | None:
    found = Participation.objects.filter(program_id=program_id, fsid=fsid).select_related("account").first()
    return None if found is None else found.account


def _name_twins(
    acting_user: Account,
    program_id: str,
    beneficiary_id: uuid.UUID | str,
    fsid: str,
    at: datetime,
    origin: Origin,
) -> None:
    """Put on record that two people were given one number: they may be one person."""
    account, holder = participation_in(program_id, beneficiary_id).account, _holder(program_id, fsid)
    if holder is None or holder.pk == account.pk:
        return
    with unit_of_work(at=at, origin=origin, actor_id=acting_user.public_id) as work:
        locks.lock(accounts=[account.pk, holder.pk])
        if not name_as_same(work, account, holder, SamePerson.Source.IDENTIFIER, acting_user):
            work.nothing_happened()
