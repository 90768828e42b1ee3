"""Give access apart from roles without a request, on record: for the offices that are designated (IQCS-05)."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.active import inactive_violations
from rolebook.governance.facts import RowFacts, judge_changes
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.ledger import open_access
from rolebook.governance.models import Access, Designation
from rolebook.governance.queries.seeing import find_organization, not_yours, public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Act, Rolebook
from rolebook.policy.rules import Change, ChangeKind, Moment


def designate_access(
    *,
    acting_user: Account | None,
    program_id: str,
    beneficiary_id: uuid.UUID | str,
    organization_id: uuid.UUID | str,
    lower_levels: bool,
    reason: str = "",
    at: datetime,
    origin: Origin,
) -> Access:
    """Give a person access to an organization, now; by stewards and, with ``acting_user`` None, by the operator.

    Ids are public ids. Raises Refused with what forbids it, NotAllowed or NotFound for who does not designate there.
    """
    about = About(program_id=program_id)
    with attempt(
        tags.ATTEMPT_REFUSED_DESIGNATE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        organization = find_organization(program_id, organization_id, at)
        beneficiary = Account.objects.filter(public_id=public_id_of(beneficiary_id)).first()
        if beneficiary is None:
            raise NotFound
        about.organization_id, about.beneficiary_id = organization.public_id, beneficiary.public_id
        people = {beneficiary.pk} if acting_user is None else {beneficiary.pk, acting_user.pk}
        held = locks.lock(accounts=people, organizations=[organization.pk])
        version, book = rolebook_in_force(program_id, at)
        if acting_user is not None:
            standing = acting_standing(acting_user, program_id, at)
            if standing.office_over(Act.DESIGNATE, organization, ()) is None:
                raise not_yours(standing, organization)
        change = _change(beneficiary, acting_user, organization, lower_levels, at)
        violations = (
            *inactive_violations(beneficiary, program_id),
            *judge_changes([change], RowFacts(book)),
        )
        if violations:
            raise Refused(violations)
        designation = Designation.objects.create(
            program_id=program_id,
            account=beneficiary,
            role_id="",
            organization=organization,
            lower_levels=lower_levels,
            designated_by=acting_user,
            reason=told,
            designated_at=at,
        )
        return _open(work, held, book, designation, version.number)


def _open(
    work: UnitOfWork, held: locks.Held, book: Rolebook, designation: Designation, rolebook_version: int
) -> Access:
    """Open what a designation gives, and record it."""
    organization = designation.organization
    if organization is None:
        raise ValueError("found a designation of access without an organization, expected one")
    access = open_access(
        work,
        held,
        book=book,
        beneficiary=designation.account,
        organization=organization,
        lower_levels=bool(designation.lower_levels),
        origin=designation,
        rolebook_version=rolebook_version,
    )
    work.record(
        tags.ACCESS_DESIGNATED,
        program_id=designation.program_id,
        beneficiary_id=designation.account.public_id,
        organization_id=organization.public_id,
        rolebook_version=rolebook_version,
        new={
            "access_id": access.public_id,
            "designation_id": designation.public_id,
            "lower_levels": access.lower_levels,
        },
        personal={"reason": designation.reason or None},
    )
    return access


def _change(
    beneficiary: Account,
    acting_user: Account | None,
    organization: Organization,
    lower_levels: bool,
    at: datetime,
) -> Change:
    asker = beneficiary if acting_user is None else acting_user
    return Change(
        kind=ChangeKind.ADD_ACCESS,
        moment=Moment.DESIGNATION,
        at=at,
        beneficiary_id=str(beneficiary.public_id),
        requester_id=str(asker.public_id),
        actor_id=None if acting_user is None else str(acting_user.public_id),
        organization_id=str(organization.public_id),
        lower_levels=lower_levels,
    )
