"""What a reviewer's page says of what changed since the last review: for newcomers, and after a merge (IQCS-12)."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.queries.review_card import AccountLines
from rolebook.governance.queries.review_work import Asked, one_account, worklist
from rolebook.governance.review_reach import Reviewer, reviewer_in
from tests.support import grants, iqcs
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import COMMAND
from tests.support.reviews import CLOSES, Agencies, agencies, answers, opened, submits

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]
DAY = timedelta(days=1)
NEXT = CLOSES + 30 * DAY


@pytest.fixture
def two() -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()


def closes(campaign: ReviewCampaign, at: datetime = CLOSES) -> None:
    close_review(acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=at, origin=COMMAND)


def next_time(lead: Account) -> Reviewer:
    """Who answers in the next audit, a month later."""
    campaign = opened(NEXT, due_on=NEXT.date() + 30 * DAY)
    found = reviewer_in(standing_of(lead, PROGRAM, NEXT), campaign)
    assert found is not None
    return found


def news(account: AccountLines | None) -> list[bool]:
    assert account is not None
    return [line.is_new for line in account.lines]


def test_a_newcomer_is_new_in_the_list_in_a_search_and_on_the_accounts_own_page(two: Agencies) -> None:
    closes(opened())
    zoe = iqcs.holder(MANAGER, "FWS-R6-BNR", "Zoe New", at=CLOSES + DAY)
    iqcs.employed(zoe, "FWS-R6-BNR", at=CLOSES + DAY)
    lead = next_time(two.fws_lead)
    [listed] = [one for one in worklist(lead, Asked()).rows if one.name == "Zoe New"]
    [searched] = worklist(lead, Asked(search="zoe")).rows
    assert news(listed) == news(searched) == news(one_account(lead, zoe.public_id)) == [True, True, True]
    assert news(one_account(lead, two.fws_person.public_id)) == [False, False, False]


def test_in_the_first_review_nothing_is_new(two: Agencies) -> None:
    lead = next_time(two.fws_lead)
    assert news(one_account(lead, two.fws_person.public_id)) == [False, False, False]


def test_what_a_merge_moved_is_not_new_and_says_what_was_answered_last_time(two: Agencies) -> None:
    mona, last = two.fws_person, opened()
    answers(two.fws_lead, last, mona, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(two.fws_lead, last, mona)
    closes(last)
    other = grants.user("Mona Second", PROGRAM)
    merge_accounts(
        acting_user=None, program_id=PROGRAM, kept_id=other.public_id, closed_id=mona.public_id, shown=None,
        reason="One person.", at=CLOSES + DAY, origin=COMMAND,
    )  # fmt: skip
    told = one_account(next_time(two.fws_lead), other.public_id)
    assert told is not None
    held = [line for line in told.lines if line.about != "account"]
    assert [(line.is_new, line.earlier) for line in held] == [(False, "Kept by Lena Lead")] * 2
    assert told.gone == ()
