"""What the pages of a review say of who reaches everywhere, and once the review is closed."""

from datetime import timedelta

import pytest
from django.utils.html import strip_tags

from rolebook.audit import clock
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.models import ReviewCampaign
from tests.support import iqcs
from tests.support.iqcs import MANAGER, PROGRAM, SECURITY
from tests.support.people import COMMAND
from tests.support.reviews import Agencies, agencies, opened, steward
from tests.web.test_review_pages import at_page, browser

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]
NOTHING = "It gives nothing: they have access to no organization code."


@pytest.fixture
def world() -> Agencies:
    """Two agencies whose audit is not open yet."""
    return agencies()


def opens() -> ReviewCampaign:
    """An audit that opened an hour ago."""
    at = clock.now() - timedelta(hours=1)
    return opened(at, due_on=(at + timedelta(days=30)).date())


def test_a_role_that_reaches_everywhere_is_not_said_to_give_nothing_without_a_code(world: Agencies) -> None:
    for name, role in (("Sid Security", SECURITY), ("Max Manager", MANAGER)):
        iqcs.employed(iqcs.holder(role, None, name), "FWS-R6-BNR")
    campaign = opens()
    answer = browser(world.fws_lead).get(at_page("review", campaign))
    _, *cards = " ".join(strip_tags(answer.content.decode()).split()).split("Last sign-in:")
    told = {NOTHING in card: card for card in cards if "IQCS Security" in card or "Account Manager" in card}
    assert "IQCS Security" in told[False]
    assert "IQCS Security" not in told[True]


def test_a_closed_review_has_its_page_for_who_answered_and_for_the_steward(world: Agencies) -> None:
    campaign = opens()
    grace = steward()
    close_review(
        acting_user=grace,
        program_id=PROGRAM,
        campaign_id=campaign.public_id,
        at=clock.now(),
        origin=COMMAND,
    )
    for account in (world.fws_lead, world.fws_representative, grace):
        answer = browser(account).get(at_page("review", campaign), follow=True)
        assert answer.status_code == 200
        assert "closed" in answer.content.decode()
