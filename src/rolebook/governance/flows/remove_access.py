"""Remove Access: end every grant that a person has at one organization (QPP-10, QPP-11), or at none."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.authority import Standing
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.ledger import close_holdings
from rolebook.governance.models import Access, Grant
from rolebook.governance.queries.access import Removable, grants_at, removable
from rolebook.governance.queries.seeing import find_organization, organization_for, public_id_of
from rolebook.governance.queries.stewards import other_stewards
from rolebook.governance.queries.users import removable_role_ids
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Act
from rolebook.policy.rules import Violation


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
    organization_id: uuid.UUID | None
    already: bool = False
    accesses: tuple[Access, ...] = ()


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
    """End all grants of ``beneficiary_id`` at an organization, and access apart from roles to it, at once.

    Ids are public ids. Raises Refused for one's own access (another official must, or, for the only one, the program);
    NotAllowed at an organization of one's own where the act is not one's; NotFound for everything foreign and for a
    person who never held anything there.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REMOVE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        organization = find_organization(program_id, organization_id, at)
        beneficiary = Account.objects.filter(public_id=public_id_of(beneficiary_id)).first()
        if beneficiary is None:
            raise NotFound
        about.organization_id, about.beneficiary_id = organization.public_id, beneficiary.public_id
        held = locks.lock(accounts=[beneficiary.pk, acting_user.pk], organizations=[organization.pk])
        standing = acting_standing(acting_user, program_id, at)
        try:
            _, ends = removable(standing, organization.public_id, beneficiary.public_id)
        except NotFound:
            # Both have to look alike to strangers, so whether it may be known is asked before.
            organization_for(standing, organization.public_id, Act.REMOVE)
            earlier = _earlier_removal(program_id, organization.public_id, beneficiary.public_id)
            if earlier is None:
                raise
            work.nothing_happened()
            return Removal(earlier, (), beneficiary, organization.public_id, already=True)
        closed, codes = _close(work, held, standing, ends, organization, told)
    return Removal(_sequence(work), closed, beneficiary, organization.public_id, accesses=codes)


def remove_program_roles(
    *,
    acting_user: Account,
    program_id: str,
    beneficiary_id: uuid.UUID | str,
    at: datetime,
    origin: Origin,
    reason: str = "",
) -> Removal:
    """End the roles that ``beneficiary_id`` holds at no organization: offices, and roles of the program's own staff.

    Only those are ended that ``acting_user`` may remove, by user category. Raises Refused for one's own, NotFound when
    there is nothing that is theirs to remove.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_REMOVE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        beneficiary = Account.objects.filter(public_id=public_id_of(beneficiary_id)).first()
        if beneficiary is None:
            raise NotFound
        about.beneficiary_id = beneficiary.public_id
        others = other_stewards(beneficiary, program_id, at)
        held = locks.lock(accounts=[beneficiary.pk, acting_user.pk, *others])
        standing = acting_standing(acting_user, program_id, at)
        if not standing.may(Act.REMOVE, None):
            raise NotFound
        allowed = removable_role_ids(standing, None)
        grants = tuple(one for one in grants_at(standing, None, beneficiary) if one.role_id in allowed)
        if not grants:
            raise NotFound
        if beneficiary.pk == acting_user.pk:
            raise Refused([Violation("own_removal")])
        ends = Removable(beneficiary, grants, ())
        closed, _ = _close(work, held, standing, ends, None, told)
    return Removal(_sequence(work), closed, beneficiary, None)


def _close(
    work: UnitOfWork,
    held: locks.Held,
    standing: Standing,
    ends: Removable,
    organization: Organization | None,
    reason: str,
) -> tuple[tuple[Grant, ...], tuple[Access, ...]]:
    """Close what ends, and record the removal as the unit's last event: its sequence is what is confirmed."""
    version = standing.version.number
    closed = close_holdings(work, held, ends.grants, cause="removed", rolebook_version=version)
    codes = close_holdings(work, held, ends.accesses, cause="removed", rolebook_version=version)
    work.record(
        tags.ACCESS_REMOVED,
        program_id=standing.program_id,
        beneficiary_id=ends.beneficiary.public_id,
        organization_id=None if organization is None else organization.public_id,
        rolebook_version=version,
        old={"roles": [grant.role_id for grant in closed]},
        new={
            "grants": [grant.public_id for grant in closed],
            "roles": [],
            **({"accesses": [access.public_id for access in codes]} if codes else {}),
        },
        personal={"reason": reason or None},
    )
    return closed, codes


def _sequence(work: UnitOfWork) -> int:
    if work.sequence is None:
        raise RuntimeError("a removal was committed without its event")
    return work.sequence


def _earlier_removal(program_id: str, organization_id: uuid.UUID, beneficiary_id: uuid.UUID) -> int | None:
    """Return the sequence of the last removal of the person at the organization, or None."""
    events = Event.objects.filter(
        tag=tags.ACCESS_REMOVED.name,
        program_id=program_id,
        organization_id=organization_id,
        beneficiary_id=beneficiary_id,
    )
    return events.order_by("-sequence").values_list("sequence", flat=True).first()
