"""People in the states that governance gives them: officials, staff, stewards, and requests that wait.

Plain functions for the `db` and `committed_db` fixtures; everything goes through the flows, so that every grant has its
origin and the log its events.
"""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account, Organization, Program, StatementAgreement
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.governance.deciding import Decided
from rolebook.governance.flows import decide_stage, designate_role, request_role
from rolebook.governance.laying_out import lay_out_request
from rolebook.governance.models import Designation, Grant, Participation, Request, RequestItem, Stage
from rolebook.governance.refusals import Refused
from tests.support.people import COMMAND, START, WEB, give_factor, new_user

OFFICIAL = "security_official"
STAFF = "staff_user"
STEWARD = "steward"
LATER = START + timedelta(hours=1)


def agree(account: Account, program_id: str = "qpp", at: datetime = START) -> None:
    """Agree to the program's statement as it is worded now."""
    version, book = rolebook_in_force(program_id, at)
    if book.program.statement is not None:
        StatementAgreement.objects.create(
            account=account,
            program=Program.objects.get(pk=program_id),
            rolebook_version=version,
            wording_hash=statement_hash(book.program.statement),
            agreed_at=at,
        )


def user(name: str = "Uma User", program_id: str = "qpp", at: datetime = START) -> Account:
    """Somebody who has a second factor, has agreed to the statement, and holds nothing."""
    account = new_user(name, at=at).account
    give_factor(account)
    agree(account, program_id, at)
    return account


def placed(
    account: Account,
    role_id: str,
    organization: Organization | None,
    *,
    program_id: str = "qpp",
    at: datetime = START,
    ends_at: datetime | None = None,
) -> Grant:
    """Give a role by rows alone, without events: quick, for races and crowds that need many people in office."""
    participation, _ = Participation.objects.get_or_create(
        account=account, program_id=program_id, defaults={"created_at": at}
    )
    designation = Designation.objects.create(
        program_id=program_id, account=account, role_id=role_id, organization=organization, designated_at=at
    )
    return Grant.objects.create(
        program_id=program_id,
        participation=participation,
        account=account,
        role_id=role_id,
        organization=organization,
        starts_at=at,
        ends_at=ends_at,
        designation=designation,
    )


def designated(
    account: Account,
    role_id: str,
    organization: Organization | None = None,
    *,
    program_id: str = "qpp",
    by: Account | None = None,
    at: datetime = START,
) -> Grant:
    """Give a role by designation, of the operator where nobody else is named."""
    return designate_role(
        acting_user=by,
        program_id=program_id,
        role_id=role_id,
        beneficiary_id=account.public_id,
        organization_id=None if organization is None else organization.public_id,
        at=at,
        origin=COMMAND,
    )


def official(organization: Organization, name: str = "Olga Official", at: datetime = START) -> Account:
    """A Security Official of the organization, by designation."""
    account = user(name, organization.program_id, at)
    designated(account, OFFICIAL, organization, program_id=organization.program_id, at=at)
    return account


def steward(name: str = "Stella Steward", program_id: str = "qpp", at: datetime = START) -> Account:
    """A steward of the program."""
    account = user(name, program_id, at)
    designated(account, STEWARD, program_id=program_id, at=at)
    return account


def asks(
    account: Account,
    *organizations: Organization,
    role_id: str = STAFF,
    reason: str = "",
    program_id: str = "qpp",
    at: datetime = START,
) -> Request:
    """Ask for a role at the organizations."""
    return request_role(
        acting_user=account,
        program_id=program_id,
        role_id=role_id,
        organization_ids=[one.public_id for one in organizations],
        reason=reason,
        at=at,
        origin=WEB,
    )


def waiting(
    account: Account, organization: Organization, role_id: str = STAFF, at: datetime = START
) -> Stage:
    """An open stage of a request that is there by rows alone, without events: quick, for races and crowds."""
    version, book = rolebook_in_force(organization.program_id, at)
    request = Request.objects.create(
        program_id=organization.program_id,
        requester=account,
        beneficiary=account,
        rolebook_version=version,
        submitted_at=at,
    )
    item = RequestItem.objects.create(
        program_id=organization.program_id,
        request=request,
        request_version=1,
        position=0,
        kind=RequestItem.Kind.ADD_ROLE,
        role_id=role_id,
        organization=organization,
    )
    [stage] = lay_out_request(request, [item], book)
    stage.state, stage.opened_at = Stage.State.OPEN, at
    stage.save(update_fields=["state", "opened_at"])
    return stage


def open_stage(request: Request, organization: Organization | None = None) -> Stage:
    """The first open stage of a request, or the one at an organization."""
    stages = Stage.objects.filter(request=request, state=Stage.State.OPEN).order_by("pk")
    if organization is not None:
        stages = stages.filter(organization=organization)
    found = stages.first()
    assert found is not None
    return found


def decides(
    approver: Account,
    stage: Stage,
    verdict: str = "approved",
    *,
    reason: str = "",
    shown_version: int | None = None,
    shown_hash: str | None = None,
    at: datetime = LATER,
) -> Decided:
    """Decide a stage as a page would that shows it as it is now."""
    return decide_stage(
        acting_user=approver,
        program_id=stage.program_id,
        stage_id=stage.public_id,
        verdict=verdict,
        reason=reason,
        shown_version=stage.request_version if shown_version is None else shown_version,
        shown_hash=stage.items_hash if shown_hash is None else shown_hash,
        at=at,
        origin=WEB,
    )


def staff(
    organization: Organization, approver: Account, name: str = "Stan Staff", at: datetime = START
) -> Account:
    """A Staff User of the organization, who asked and was approved."""
    account = user(name, organization.program_id, at)
    request = asks(account, organization, program_id=organization.program_id, at=at)
    decides(approver, open_stage(request), at=at)
    return account


def codes(refusal: pytest.ExceptionInfo[Refused]) -> list[str]:
    """The codes of the violations that a flow was refused for, in their order."""
    return [violation.code for violation in refusal.value.violations]
