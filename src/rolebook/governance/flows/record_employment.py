"""Who employs a person: recorded by who decides there; a change opens a check of the codes that the person holds."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin
from rolebook.governance import locks
from rolebook.governance.authority import Standing, standing_of
from rolebook.governance.employing import present_employment, write_employment
from rolebook.governance.flows.attempt import About, acting_standing, attempt, checked_text
from rolebook.governance.laying_out import chain_roles_of
from rolebook.governance.models import Employment, Participation
from rolebook.governance.participations import participation_of
from rolebook.governance.queries.seeing import find_organization, not_yours, public_id_of
from rolebook.governance.refusals import NotFound, Refused
from rolebook.policy.model import Act
from rolebook.policy.rules import Violation


def record_employment(
    *,
    acting_user: Account | None,
    program_id: str,
    beneficiary_id: uuid.UUID | str,
    organization_id: uuid.UUID | str,
    reason: str = "",
    at: datetime,
    origin: Origin,
) -> Employment:
    """Record that an organization employs a person from now on, over the record before, which stays as history.

    Open to who decides in that organization's chain or for the whole program, and to the operator (``acting_user``
    None). Where the person holds access apart from roles, a check of it is opened for who decides there. Raises
    Refused for oneself and for the employer on record, NotAllowed or NotFound where it is not theirs, NotFound for who
    takes no part in the program.
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
        locks.lock(accounts=people, organizations=[organization.pk])
        version, book = rolebook_in_force(program_id, at)
        if not book.approval.employing_chain:
            raise NotFound
        if acting_user is not None:
            standing = acting_standing(acting_user, program_id, at)
            require_answers_for(standing, organization)
            if acting_user.pk == beneficiary.pk:
                raise Refused([Violation("own_request")])
            _require_takes_no_office(standing, standing_of(beneficiary, program_id, at), organization)
        joined = Participation.objects.filter(program_id=program_id, account=beneficiary).exists()
        if acting_user is not None and not joined:
            raise NotFound
        participation = participation_of(work, beneficiary, program_id, at)
        before = present_employment(beneficiary, program_id)
        if before is not None and before.organization_id == organization.pk:
            raise Refused([Violation("same_employer")])
        return write_employment(
            work,
            participation,
            organization,
            recorded_by=acting_user,
            reason=told,
            rolebook_version=version.number,
        )


def _require_takes_no_office(acting: Standing, person: Standing, organization: Organization) -> None:
    """Raise Refused where an agency would take another agency's representative or lead out of office (decision 45).

    Who decides for the whole program may.
    """
    if any(office.organization_id is None for office in acting.offices(Act.DECIDE)):
        return
    agency = organization.path.split("/")[1]
    offices = [(one.organization_id, one.role_id) for one in person.offices(Act.DECIDE)]
    places = Organization.objects.filter(pk__in=[pk for pk, _ in offices if pk is not None])
    others = [one for one in places if one.path.split("/")[1] != agency]
    roles = chain_roles_of(person.book, others)
    if any(role_id in roles.get(pk or 0, ()) for pk, role_id in offices):
        raise Refused([Violation("employer_of_official")])


def require_answers_for(standing: Standing, organization: Organization) -> None:
    """Raise NotFound or NotAllowed unless somebody answers for an organization's people (`answers_for`)."""
    if not answers_for(standing, organization):
        raise not_yours(standing, organization)


def answers_for(standing: Standing, organization: Organization) -> bool:
    """Return whether an office of theirs decides in the organization's chain, or for the whole program.

    Who only authorizes locally (an account manager) cannot say whom the agency employs.
    """
    return bool(answered_for(standing, [organization]))


def answered_for(standing: Standing, organizations: Sequence[Organization]) -> frozenset[int]:
    """Return the internal ids of the organizations for which `answers_for` is so; one statement for all of them."""
    roles, offices = chain_roles_of(standing.book, organizations), standing.offices(Act.DECIDE)
    return frozenset(
        one.pk
        for one in organizations
        for office in offices
        if office.covers(one) and (office.organization_id is None or office.role_id in roles[one.pk])
    )
