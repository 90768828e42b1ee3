"""People and places of IQCS, a program that holds access apart from roles, and their account requests.

Plain functions for the `db` and `committed_db` fixtures; everything goes through the flows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from rolebook.accounts.flows.organizations import import_organizations
from rolebook.accounts.models import Account, Organization
from rolebook.governance.account_answers import AccountAnswers, CodeAnswer, applicable_type
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor
from rolebook.governance.flows.designate_access import designate_access
from rolebook.governance.flows.record_employment import record_employment
from rolebook.governance.flows.submit_account_request import submit_account_request
from rolebook.governance.models import Access, Designation, Participation, Request, Stage
from rolebook.governance.supervisor_links import SupervisorMail
from tests.support import grants, people, rolebooks
from tests.support.people import COMMAND, START, WEB

PROGRAM = "iqcs"
REPRESENTATIVE, LEAD, SECURITY = "agency_representative", "agency_lead", "iqcs_security"
MANAGER, TRAINING = "account_manager", "training_officer"
PLACES = """kind,code,name,parent
region,FWS-R6,FWS Mountain-Prairie Region,FWS
unit,FWS-R6-BNR,Benton Lake Refuge,FWS-R6
region,USAF-ACC,Air Combat Command,USAF
unit,USAF-ACC-1,First Installation,USAF-ACC
region,BLM-MT,BLM Montana State Office,BLM
"""


class Post:
    """Stands in for the outbox: what supervisors were mailed, newest last."""

    def __init__(self) -> None:
        """Nothing has been mailed yet."""
        self.sent: list[SupervisorMail] = []

    def __call__(self, mail: SupervisorMail) -> None:
        """Keep a mail."""
        self.sent.append(mail)


def begin(at: datetime = START) -> None:
    """Put IQCS into force with its agencies, and some regions and units."""
    people.activate(PROGRAM, at)
    import_organizations(
        acting_user=None, program_id=PROGRAM, data=PLACES.encode(), file="units.csv", at=at, origin=COMMAND
    )


def place(code: str) -> Organization:
    """The organization with a code."""
    return Organization.objects.get(program_id=PROGRAM, code=code)


def gives_access(account: Account, code: str, *, lower_levels: bool = True, at: datetime = START) -> Access:
    """Give access by designation of the operator."""
    return designate_access(
        acting_user=None,
        program_id=PROGRAM,
        beneficiary_id=account.public_id,
        organization_id=place(code).public_id,
        lower_levels=lower_levels,
        at=at,
        origin=COMMAND,
    )


def holds_for(
    account: Account,
    code: str,
    ends_at: datetime | None,
    *,
    starts_at: datetime = START,
    lower_levels: bool = False,
) -> Access:
    """Access that begins and ends by itself, by rows alone: who designates says no dates."""
    given = Designation.objects.create(
        program_id=PROGRAM, account=account, role_id="", lower_levels=lower_levels, designated_at=START
    )
    return Access.objects.create(
        program_id=PROGRAM,
        participation=Participation.objects.get(account=account, program_id=PROGRAM),
        account=account,
        organization=place(code),
        lower_levels=lower_levels,
        starts_at=starts_at,
        ends_at=ends_at,
        designation=given,
    )


def holder(role_id: str, code: str | None, name: str, *, at: datetime = START) -> Account:
    """Somebody with a designated role, and access to an organization with its lower levels."""
    account = grants.user(name, PROGRAM, at)
    grants.designated(account, role_id, program_id=PROGRAM, at=at)
    if code is not None:
        gives_access(account, code, at=at)
    return account


def person(name: str, role_id: str = "", code: str | None = None, at: datetime = START) -> people.Person:
    """Somebody who can sign in; with a designated role and access, lower levels included, where they are named."""
    found = people.user_with_totp(name, at=at)
    if role_id:
        grants.designated(found.account, role_id, program_id=PROGRAM, at=at)
    if code:
        gives_access(found.account, code, at=at)
    return found


def manager(code: str, name: str = "Manuel Manager", at: datetime = START) -> Account:
    """An account manager of some codes, by designation, employed there."""
    account = holder(MANAGER, code, name, at=at)
    employed(account, code, at=at)
    return account


def employed(account: Account, code: str, by: Account | None = None, at: datetime = START) -> None:
    """Record who employs somebody."""
    record_employment(
        acting_user=by,
        program_id=PROGRAM,
        beneficiary_id=account.public_id,
        organization_id=place(code).public_id,
        at=at,
        origin=COMMAND if by is None else WEB,
    )


def answers(
    roles: Mapping[str, str] | None = None,
    codes: Sequence[CodeAnswer | str] = (),
    employer: str = "FWS-R6-BNR",
    **changed: str,
) -> AccountAnswers:
    """A complete form that asks for roles and codes; a bare code is one to add, without lower levels."""
    told = AccountAnswers(
        work_email="rita@agency.example",
        employer_code=employer,
        supervisor_name="Sam Supervisor",
        supervisor_email="sam.supervisor@agency.example",
        roles=roles or {},
        codes=tuple(CodeAnswer(code) if isinstance(code, str) else code for code in codes),
    )
    return replace(told, **changed)  # type: ignore[arg-type]  # texts for texts


def asks(
    account: Account,
    form: AccountAnswers,
    *,
    beneficiary: Account | None = None,
    corrects: Request | None = None,
    authorized: bool = True,
    post: Post | None = None,
    at: datetime = START,
) -> Request:
    """Submit the form, with the supervisor's word by the mailed link unless it is to wait for that."""
    outbox = Post() if post is None else post
    person = account if beneficiary is None else beneficiary
    request = submit_account_request(
        acting_user=account,
        program_id=PROGRAM,
        beneficiary=person,
        answers=form,
        shown_type=applicable_type(rolebooks.in_force(PROGRAM, at), person, at),
        send=outbox,
        corrects=None if corrects is None else corrects.public_id,
        at=at,
        origin=WEB,
    )
    if authorized:
        answer_as_supervisor(
            program_id=PROGRAM, authorize=True, token=outbox.sent[-1].token, at=at, origin=WEB
        )
    return request


def opened(request: Request) -> list[tuple[str, str]]:
    """The open stages, as (role that decides, code of where)."""
    stages = Stage.objects.filter(request=request, request_version=request.version, state="open")
    return sorted((one.approver_role_id, one.organization.code if one.organization else "") for one in stages)


def state_of(request: Request) -> str:
    """The state that the request has now."""
    return Request.objects.get(pk=request.pk).state
