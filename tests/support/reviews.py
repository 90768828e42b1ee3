"""Reviews in the states that tests need: two agencies, an audit that is open, answers given and submitted."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.flows import change_participation_status
from rolebook.governance.flows.answer_review import Answered, Saved, answer_review
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.flows.submit_review import Submitted, named, submit_review
from rolebook.governance.models import (
    Access,
    Outcome,
    Participation,
    Request,
    RequestItem,
    ReviewCampaign,
    ReviewItem,
    Stage,
)
from tests.support import grants, iqcs
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, place
from tests.support.people import COMMAND, START, WEB

AUDIT = "annual_user_audit"
OPENED = datetime(2026, 11, 1, 8, tzinfo=UTC)
"""November 1, 2 a.m. in Boise, where clocks go back an hour on that day."""
MEANWHILE = datetime(2026, 11, 10, 18, tzinfo=UTC)
OVERDUE = datetime(2027, 1, 2, 8, tzinfo=UTC)
CLOSES = datetime(2027, 1, 15, 7, tzinfo=UTC)
"""The first instant in Boise 14 days after December 31."""


@dataclass(frozen=True, slots=True)
class Agencies:
    """The people of two agencies: who answers, and whom it is about.

    ``both`` is employed by FWS and has access to the Air Force's codes, too.
    """

    fws_lead: Account
    fws_representative: Account
    usaf_lead: Account
    fws_person: Account
    both: Account


def agencies(at: datetime = START) -> Agencies:
    """Put IQCS into force with two agencies that have a lead each, and two people who are asked about."""
    iqcs.begin(at)
    found = Agencies(
        iqcs.holder(LEAD, "FWS", "Lena Lead", at=at),
        iqcs.holder(REPRESENTATIVE, "FWS-R6", "Rita Representative", at=at),
        iqcs.holder(LEAD, "USAF", "Ulf Lead", at=at),
        iqcs.holder(MANAGER, "FWS-R6-BNR", "Mona Manager", at=at),
        iqcs.holder(MANAGER, "FWS-R6-BNR", "Bo Both", at=at),
    )
    iqcs.gives_access(found.both, "USAF-ACC", at=at)
    for account, code in (
        (found.fws_lead, "FWS"),
        (found.fws_representative, "FWS-R6"),
        (found.usaf_lead, "USAF"),
        (found.fws_person, "FWS-R6-BNR"),
        (found.both, "FWS-R6-BNR"),
    ):
        iqcs.employed(account, code, at=at)
        account.refresh_from_db()
    return found


def opened(at: datetime = OPENED, *, due_on: date | None = None, by: Account | None = None) -> ReviewCampaign:
    """Open the annual user audit."""
    return open_review(
        acting_user=by,
        program_id=PROGRAM,
        review_id=AUDIT,
        at=at,
        origin=COMMAND if by is None else WEB,
        due_on=due_on,
    )


def becomes(account: Account, status: str, at: datetime) -> None:
    """Let the operator deactivate, close or reopen somebody's part in the program."""
    change_participation_status(
        acting_user=None,
        program_id=PROGRAM,
        beneficiary_id=account.public_id,
        status=status,
        reason="Left, or came back.",
        at=at,
        origin=COMMAND,
    )


def items(campaign: ReviewCampaign, account: Account) -> dict[str, ReviewItem]:
    """What a campaign asks about an account: "account", the role's id, or the organization's code."""
    rows = ReviewItem.objects.filter(campaign=campaign, reviewed__account=account)
    found = rows.select_related("grant", "access__organization", "reviewed__account").order_by("pk")
    return {
        item.grant.role_id
        if item.grant is not None
        else item.access.organization.code
        if item.access is not None
        else "account": item
        for item in found
    }


def answers(
    by: Account, campaign: ReviewCampaign, account: Account, at: datetime = MEANWHILE, /, **given: str
) -> Saved:
    """Save answers by what they are about ("account", a role's id, a code with "_" for "-"), as seen now."""
    found = {name.replace("-", "_"): item for name, item in items(campaign, account).items()}
    return answer_review(
        acting_user=by,
        program_id=campaign.program_id,
        campaign_id=campaign.public_id,
        answers=[
            Answered(*named(found[name]), answer, found[name].version) for name, answer in given.items()
        ],
        at=at,
        origin=WEB,
    )


def seen(campaign: ReviewCampaign, account: Account) -> dict[tuple[str, uuid.UUID], int]:
    """The versions of everything asked about an account, as a page shows them now."""
    return {named(item): item.version for item in items(campaign, account).values()}


def submits(
    by: Account,
    campaign: ReviewCampaign,
    account: Account,
    at: datetime = MEANWHILE,
    *,
    saw: dict[tuple[str, uuid.UUID], int] | None = None,
) -> Submitted:
    """Submit an account as it is seen now."""
    return submit_review(
        acting_user=by,
        program_id=campaign.program_id,
        campaign_id=campaign.public_id,
        account_id=account.public_id,
        seen=seen(campaign, account) if saw is None else saw,
        at=at,
        origin=WEB,
    )


def approved_access(account: Account, code: str, by: Account, at: datetime = START) -> None:
    """Access of somebody that somebody else approved, by rows alone."""
    where = place(code)
    version, _ = rolebook_in_force(where.program_id, at)
    common = {"program_id": where.program_id}
    request = Request.objects.create(
        **common, requester=account, beneficiary=account, rolebook_version=version, submitted_at=at
    )
    once = {**common, "request": request, "request_version": 1}
    item = RequestItem.objects.create(
        **once, position=0, kind=RequestItem.Kind.ADD_ACCESS, organization=where, state="approved"
    )
    stage = Stage.objects.create(
        **once, chain_id="one", spec_id="one", position=0, approver_role_id="agency_lead", items_hash="0" * 64
    )
    item.stages.add(stage)
    Outcome.objects.create(
        **once, chain_id="one", stage=stage, approver=by, verdict="approved", items_hash="0" * 64,
        decided_at=at,
    )  # fmt: skip
    Access.objects.create(
        **common, participation=Participation.objects.get(account=account), account=account,
        organization=where, lower_levels=False, starts_at=at, request_item=item,
    )  # fmt: skip


def steward(at: datetime = START) -> Account:
    """The program's steward."""
    return grants.steward("Stella Steward", PROGRAM, at)


def unit(code: str) -> uuid.UUID:
    """An organization's public id."""
    return place(code).public_id
