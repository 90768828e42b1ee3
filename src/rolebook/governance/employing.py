"""Who employs a person in a program: the newest record counts; what a form says counts until there is one (IQCS-03)."""

import uuid
from datetime import datetime

from rolebook.accounts.models import Account, Organization
from rolebook.audit import tags
from rolebook.audit.recording import UnitOfWork
from rolebook.governance.models import Access, AccessCheck, Employment, Participation, Request


def present_employment(account: Account | uuid.UUID, program_id: str) -> Employment | None:
    """Return the newest record of who employs an account (or its public id) in a program, or None."""
    public_id = account.public_id if isinstance(account, Account) else account
    return (
        Employment.objects.filter(program_id=program_id, participation__account__public_id=public_id)
        .select_related("organization", "recorded_by")
        .order_by("-recorded_at", "-pk")
        .first()
    )


def employer_for(request: Request) -> Organization | None:
    """Return the organization whose chain always runs for a request: the recorded one, else the one on its form."""
    recorded = present_employment(request.beneficiary, request.program_id)
    if recorded is not None:
        return recorded.organization
    form = request.forms.filter(request_version=request.version).select_related("employing_organization")
    told = form.first()
    return None if told is None else told.employing_organization


def write_employment(
    work: UnitOfWork,
    participation: Participation,
    organization: Organization,
    *,
    recorded_by: Account | None,
    reason: str,
    rolebook_version: int,
    another_before: bool = False,
) -> Employment:
    """Record an employer, and open a check of the access that the person holds where there was another before.

    ``another_before``: there was, for an account of the same person that is merged into this one. The participation's
    account is locked.
    """
    person, program_id = participation.account, participation.program_id
    before = present_employment(person, program_id)
    employment = Employment.objects.create(
        program_id=program_id,
        participation=participation,
        organization=organization,
        recorded_by=recorded_by,
        reason=reason,
        recorded_at=work.at,
    )
    held = Access.objects.filter(program_id=program_id, account=person, closed_at=None)
    check = None
    if (another_before or before is not None) and held.exclude(ends_at__lte=work.at).exists():
        check = AccessCheck.objects.create(program_id=program_id, employment=employment, opened_at=work.at)
    work.record(
        tags.EMPLOYMENT_RECORDED,
        program_id=program_id,
        beneficiary_id=person.public_id,
        organization_id=organization.public_id,
        rolebook_version=rolebook_version,
        old={"employment_id": None if before is None else before.public_id},
        new={
            "employment_id": employment.public_id,
            "access_check_id": None if check is None else check.public_id,
        },
        personal={"reason": reason or None},
    )
    return employment


def check_what_came_back(
    work: UnitOfWork, participation: Participation, closed_at: datetime, rolebook_version: int
) -> AccessCheck | None:
    """Open a check of codes that a reactivation gave back, where another organization has been recorded since then.

    ``closed_at`` is when the part was closed: nothing was held from then on, and so no check was opened. Return it, or
    None. The participation's account is locked.
    """
    person = participation.account
    present = present_employment(person, participation.program_id)
    earlier = Employment.objects.filter(participation=participation, recorded_at__lt=closed_at)
    before = earlier.order_by("-recorded_at", "-pk").first()
    if (
        present is None
        or before is None
        or present.organization_id == before.organization_id
        or AccessCheck.objects.filter(employment=present).exists()
    ):
        return None
    check = AccessCheck.objects.create(
        program_id=participation.program_id, employment=present, opened_at=work.at
    )
    work.record(
        tags.ACCESS_CHECK_OPENED,
        program_id=participation.program_id,
        beneficiary_id=person.public_id,
        organization_id=present.organization.public_id,
        rolebook_version=rolebook_version,
        new={"access_check_id": check.public_id, "employment_id": present.public_id},
    )
    return check
