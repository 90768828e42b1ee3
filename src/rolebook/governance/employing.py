"""Who employs a person in a program: the newest record counts; what a form says counts until there is one (IQCS-03)."""

import uuid

from rolebook.accounts.models import Account, Organization
from rolebook.governance.models import Employment, Request


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
