"""What two people approved for each other is flagged in a review, and counted in its quality (fault 11)."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rolebook.accounts.models import Account, Organization
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.queries.review_quality import quality
from rolebook.governance.queries.review_work import Asked, worklist
from rolebook.governance.review_reach import reviewer_in
from tests.support import grants, people
from tests.support.people import COMMAND
from tests.support.reviews import MEANWHILE, OPENED, Agencies, agencies, answers, approved_access, opened

pytestmark = [pytest.mark.requirement("IQCS-12"), pytest.mark.fault(11)]
QPP = "qpp"


def flags(by: Account, campaign: ReviewCampaign) -> dict[tuple[str, str], str]:
    """What is said of approvals beside each line of somebody's page, by the account's name and the line's title."""
    reviewer = reviewer_in(standing_of(by, campaign.program_id, MEANWHILE), campaign)
    assert reviewer is not None
    rows = worklist(reviewer, Asked(show="all")).rows
    return {(one.name, line.title): line.in_return for one in rows for line in one.lines}


def approves(by: Account, account: Account, where: Organization, verdict: str = "approved") -> None:
    """Somebody asks for the role of staff and is decided."""
    request = grants.asks(account, where)
    grants.decides(by, grants.open_stage(request), verdict, reason="Seen.")


@pytest.fixture
def practices(db: None) -> tuple[Organization, Organization]:
    """Two practices of QPP."""
    people.activate(QPP)
    first, second = people.practices(2)
    return first, second


def audit() -> ReviewCampaign:
    """The yearly review of QPP, open."""
    return open_review(acting_user=None, program_id=QPP, review_id="yearly_review", at=OPENED, origin=COMMAND)


def test_a_role_whose_approver_was_approved_by_its_person_is_flagged_and_counted(
    practices: tuple[Organization, Organization],
) -> None:
    first, second = practices
    ann, bob = grants.official(first, "Ann Official"), grants.official(second, "Bob Official")
    grants.staff(first, ann, "Eve Staff")
    approves(ann, bob, first)
    approves(bob, ann, second)
    campaign = audit()
    told = "Ann Official approved this, and Bob Official approved something for Ann Official."
    found = flags(ann, campaign)
    assert found == {("Eve Staff", "Staff User"): "", ("Bob Official", "Staff User"): told}
    for account in Account.objects.filter(name__in=("Eve Staff", "Bob Official")):
        # By "staff_user", what both hold there.
        answers(ann, campaign, account, staff_user="keep")
    [row] = quality(campaign)
    assert (row.name, row.answers, row.in_return) == ("Ann Official", 2, 1)


@pytest.mark.parametrize("returned", ["denied", None])
def test_an_approval_that_was_not_returned_is_not_flagged(
    practices: tuple[Organization, Organization], returned: str | None
) -> None:
    first, second = practices
    ann, bob = grants.official(first, "Ann Official"), grants.official(second, "Bob Official")
    approves(ann, bob, first)
    if returned is not None:
        approves(bob, ann, second, returned)
    assert set(flags(ann, audit()).values()) == {""}


def test_so_is_access_in_as_many_statements_as_without(db: None) -> None:
    found: Agencies = agencies()
    approved_access(found.both, "USAF-ACC-1", by=found.usaf_lead)
    campaign = opened()
    with CaptureQueriesContext(connection) as before:
        assert set(flags(found.usaf_lead, campaign).values()) == {""}
    approved_access(found.usaf_lead, "FWS-R6", by=found.both)
    with CaptureQueriesContext(connection) as after:
        told = [flag for flag in flags(found.usaf_lead, campaign).values() if flag]
    assert told == ["Ulf Lead approved this, and Bo Both approved something for Ulf Lead."]
    assert len(after) == len(before)
