"""End a designation: close the one grant that it opened, on record; never one's own, never the last steward's."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.authority import in_force
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.flows.remove_access import Removal
from rolebook.governance.ledger import close_holdings
from rolebook.governance.models import Grant
from rolebook.governance.queries.seeing import not_yours, public_id_of
from rolebook.governance.queries.stewards import other_stewards
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import STEWARD_ID, Act
from rolebook.policy.rules import Violation


def end_designation(
    *,
    acting_user: Account | None,
    program_id: str,
    grant_id: uuid.UUID | str,
    reason: str = "",
    at: datetime,
    origin: Origin,
) -> Removal:
    """End a role that was designated, at once; by who designates there, or the operator (``acting_user`` None).

    Raises Refused for one's own, and for the office of the program's only steward, so that it always has one; NotFound
    for a grant that was not designated, has ended, or is not theirs to end.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REMOVE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        found = _designated(program_id, grant_id, at)
        about.beneficiary_id, about.role_id = found.account.public_id, found.role_id
        place = found.organization
        people = {found.account_id} if acting_user is None else {found.account_id, acting_user.pk}
        if found.role_id == STEWARD_ID:
            # Two who end the last two stewards' office at the same instant cannot pass each other so.
            people |= other_stewards(found.account, program_id, at)
        held = locks.lock(accounts=people, organizations=() if place is None else [place.pk])
        version, _ = rolebook_in_force(program_id, at)
        if acting_user is not None:
            standing = acting_standing(acting_user, program_id, at)
            if not standing.may_over_role(Act.DESIGNATE, place, found.role_id):
                raise not_yours(standing, place)
            if acting_user.pk == found.account_id:
                raise Refused([Violation("own_removal")])
        grant = _designated(program_id, grant_id, at)
        if grant.role_id == STEWARD_ID and not other_stewards(grant.account, program_id, at):
            told_of = {"name": grant.account.name, "program": program_id}
            raise Refused([Violation("only_steward", told_of)])
        closed = close_holdings(
            work, held, [grant], cause="designation ended", rolebook_version=version.number
        )
        work.record(
            tags.ACCESS_REMOVED,
            program_id=program_id,
            beneficiary_id=grant.account.public_id,
            organization_id=None if place is None else place.public_id,
            rolebook_version=version.number,
            old={"roles": [grant.role_id]},
            new={"grants": [grant.public_id], "roles": []},
            personal={"reason": told or None},
        )
    if work.sequence is None:
        raise RuntimeError("the end of a designation was committed without its event")
    where = None if place is None else place.public_id
    return Removal(work.sequence, closed, grant.account, where)


def _designated(program_id: str, grant_id: uuid.UUID | str, at: datetime) -> Grant:
    """Return a grant in force that a designation opened. Raises NotFound."""
    grants = Grant.objects.filter(
        in_force(at), program_id=program_id, public_id=public_id_of(grant_id), designation__isnull=False
    )
    grant = grants.select_related("account", "organization").first()
    if grant is None:
        raise NotFound
    return grant
