"""Remove Access: end every grant that a person has at one organization (QPP-10, QPP-11)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.ledger import close_grants
from rolebook.governance.models import Grant
from rolebook.governance.queries.access import removable
from rolebook.governance.queries.seeing import find_organization, organization_for, public_id_of
from rolebook.governance.refusals import NotFound
from rolebook.policy.model import Act


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal did.

    Attributes:
        sequence: sequence of its event in the log; it is confirmed once every decision point has applied that.
        grants: the grants that it ended; empty when a colleague (or a first click) had removed them already.
        already: whether it had been done before; ``sequence`` is then that of the earlier removal.
    """

    sequence: int
    grants: tuple[Grant, ...]
    beneficiary: Account
    organization_id: uuid.UUID
    already: bool = False


def remove_access(
    *,
    acting_user: Account,
    program_id: str,
    organization_id: uuid.UUID | str,
    beneficiary_id: uuid.UUID | str,
    at: datetime,
    origin: Origin,
    reason: str = "",
) -> Removal:
    """End all grants of ``beneficiary_id`` at an organization, at once.

    Ids are public ids. Raises Refused for one's own access (another official must, or, for the only one, the program);
    NotAllowed at an organization of one's own where the act is not one's; NotFound for everything foreign and for a
    person who never held anything there.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REMOVE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        organization = find_organization(program_id, organization_id, at)
        beneficiary = Account.objects.filter(public_id=public_id_of(beneficiary_id)).first()
        if beneficiary is None:
            raise NotFound
        about.organization_id, about.beneficiary_id = organization.public_id, beneficiary.public_id
        held = locks.lock(accounts=[beneficiary.pk, acting_user.pk], organizations=[organization.pk])
        standing = acting_standing(acting_user, program_id, at)
        try:
            _, beneficiary, grants = removable(standing, organization.public_id, beneficiary.public_id)
        except NotFound:
            # Both have to look alike to strangers, so whether it may be known is asked before.
            organization_for(standing, organization.public_id, Act.REMOVE)
            earlier = _earlier_removal(program_id, organization.public_id, beneficiary.public_id)
            if earlier is None:
                raise
            work.nothing_happened()
            return Removal(earlier, (), beneficiary, organization.public_id, already=True)
        closed = close_grants(work, held, grants, cause="removed", rolebook_version=standing.version.number)
        work.record(
            tags.ACCESS_REMOVED,
            program_id=program_id,
            beneficiary_id=beneficiary.public_id,
            organization_id=organization.public_id,
            rolebook_version=standing.version.number,
            old={"roles": [grant.role_id for grant in closed]},
            new={"grants": [grant.public_id for grant in closed], "roles": []},
            personal={"reason": checked_text(reason) or None},
        )
    if work.sequence is None:
        raise RuntimeError("a removal was committed without its event")
    return Removal(work.sequence, closed, beneficiary, organization.public_id)


def _earlier_removal(program_id: str, organization_id: uuid.UUID, beneficiary_id: uuid.UUID) -> int | None:
    """Return the sequence of the last removal of the person at the organization, or None."""
    events = Event.objects.filter(
        tag=tags.ACCESS_REMOVED.name,
        program_id=program_id,
        organization_id=organization_id,
        beneficiary_id=beneficiary_id,
    )
    return events.order_by("-sequence").values_list("sequence", flat=True).first()
