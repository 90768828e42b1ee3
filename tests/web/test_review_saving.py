"""What a save of answers tells the page's script."""

import pytest

from rolebook.audit import clock
from rolebook.governance.flows.submit_review import named
from rolebook.governance.models import ReviewCampaign
from tests.support.iqcs import MANAGER
from tests.support.people import LATELY
from tests.support.reviews import Agencies, agencies, answers, items
from tests.web.test_review_pages import at_page, browser, form, open_an_hour_ago

pytestmark = pytest.mark.django_db
AS_JSON = {"accept": "application/json"}


@pytest.fixture
def world() -> Agencies:
    """Two agencies whose people the audit asks about."""
    return agencies(LATELY)


@pytest.fixture
def campaign(world: Agencies) -> ReviewCampaign:
    """The audit of both agencies, open since an hour ago."""
    return open_an_hour_ago()


@pytest.mark.requirement("IQCS-12")
def test_a_save_tells_who_answered_and_when_of_what_is_newer_than_the_page(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    mona = world.fws_person
    answers(world.fws_lead, campaign, mona, clock.now(), account_manager="keep", FWS_R6_BNR="keep")
    address = at_page("review-account", campaign, mona.public_id)
    changed = form(campaign, mona, account_manager="remove", account="keep")
    told = browser(world.fws_representative).post(address, changed, headers=AS_JSON).json()
    role = f"role.{named(items(campaign, mona)[MANAGER])[1]}"
    assert set(told["by"]) == {role, f"account.{mona.public_id}"}
    by = told["by"][role]
    assert (by["who"], by["ago"]) == ("Rita Representative", "just now")
    assert by["exact"].endswith(("MST", "MDT"))
