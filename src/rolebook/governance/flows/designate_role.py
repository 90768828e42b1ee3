"""Designate: give a role that cannot be asked for, or an organization its first official, on record (IQIES-08, -05)."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account, Organization, RolebookVersion
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.active import inactive_violations
from rolebook.governance.designating import by_designation, designation_change
from rolebook.governance.facts import RowFacts, judge_changes
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.ledger import open_grant
from rolebook.governance.models import Designation, Grant
from rolebook.governance.queries.seeing import find_organization, not_yours, public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Act, Rolebook


def designate_role(
    *,
    acting_user: Account | None,
    program_id: str,
    role_id: str,
    beneficiary_id: uuid.UUID | str,
    organization_id: uuid.UUID | str | None = None,
    reason: str = "",
    ends_at: datetime | None = None,
    at: datetime,
    origin: Origin,
) -> Grant:
    """Give ``beneficiary_id`` a role without a request, from now on, and until ``ends_at`` where that is given.

    Open to stewards and, with ``acting_user`` None, to the operator at the command line: for the steward's office, for
    roles had by designation, and for the roles that decide (an organization's first official). Every rule that holds
    for a grant holds here too. Ids are public ids.

    Raises Refused with what forbids it, NotAllowed or NotFound for somebody who does not designate there.
    """
    about = About(program_id=program_id, role_id=role_id)
    with attempt(
        tags.ATTEMPT_REFUSED_DESIGNATE, acting_user=acting_user, at=at, origin=origin, about=about
    ) as work:
        told = checked_text(reason)
        organization = None if organization_id is None else find_organization(program_id, organization_id, at)
        beneficiary = Account.objects.filter(public_id=public_id_of(beneficiary_id)).first()
        if beneficiary is None:
            raise NotFound
        about.organization_id = None if organization is None else organization.public_id
        about.beneficiary_id = beneficiary.public_id
        people = {beneficiary.pk} if acting_user is None else {beneficiary.pk, acting_user.pk}
        held = locks.lock(accounts=people, organizations=() if organization is None else [organization.pk])
        version, book = rolebook_in_force(program_id, at)
        if acting_user is not None:
            standing = acting_standing(acting_user, program_id, at)
            if not standing.may_over_role(Act.DESIGNATE, organization, role_id):
                raise not_yours(standing, organization)
        violations = (
            *by_designation(book, role_id),
            *inactive_violations(beneficiary, program_id),
            *judge_changes(
                [designation_change(beneficiary, acting_user, role_id, organization, at, ends_at)],
                RowFacts(book),
            ),
        )
        if violations:
            raise Refused(violations)
        return _designate(
            work,
            held,
            acting_user=acting_user,
            beneficiary=beneficiary,
            role_id=role_id,
            organization=organization,
            version=version,
            book=book,
            reason=told,
            ends_at=ends_at,
        )


def _designate(
    work: UnitOfWork,
    held: locks.Held,
    *,
    acting_user: Account | None,
    beneficiary: Account,
    role_id: str,
    organization: Organization | None,
    version: RolebookVersion,
    book: Rolebook,
    reason: str,
    ends_at: datetime | None,
) -> Grant:
    """Write the designation, open its grant, and record it."""
    designation = Designation.objects.create(
        program_id=book.program.id,
        account=beneficiary,
        role_id=role_id,
        organization=organization,
        designated_by=acting_user,
        reason=reason,
        designated_at=work.at,
    )
    grant = open_grant(
        work,
        held,
        book=book,
        beneficiary=beneficiary,
        role_id=role_id,
        organization=organization,
        origin=designation,
        rolebook_version=version.number,
        ends_at=ends_at,
    )
    work.record(
        tags.ROLE_DESIGNATED,
        program_id=book.program.id,
        beneficiary_id=beneficiary.public_id,
        organization_id=None if organization is None else organization.public_id,
        rolebook_version=version.number,
        new={"role_id": role_id, "designation_id": designation.public_id, "grant_id": grant.public_id},
        personal={"reason": reason or None},
    )
    return grant
