"""What the pages of a review say of who reaches everywhere, of what was submitted, and once the review is closed."""

from datetime import timedelta

import pytest
from django.utils.html import strip_tags

from rolebook.audit import clock
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.models import ReviewCampaign
from tests.support import iqcs
from tests.support.iqcs import MANAGER, PROGRAM, SECURITY
from tests.support.people import COMMAND, LATELY
from tests.support.reviews import Agencies, agencies, answers, approved_access, opened, steward, submits
from tests.web.test_review_pages import at_page, browser

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]
NOTHING = "It gives nothing: they have access to no organization code."


@pytest.fixture
def world() -> Agencies:
    """Two agencies whose audit is not open yet."""
    return agencies(LATELY)


def opens() -> ReviewCampaign:
    """An audit that opened an hour ago."""
    at = clock.now() - timedelta(hours=1)
    return opened(at, due_on=(at + timedelta(days=30)).date())


def test_a_role_that_reaches_everywhere_is_not_said_to_give_nothing_without_a_code(world: Agencies) -> None:
    for name, role in (("Sid Security", SECURITY), ("Max Manager", MANAGER)):
        iqcs.employed(iqcs.holder(role, None, name, at=LATELY), "FWS-R6-BNR", at=LATELY)
    campaign = opens()
    answer = browser(world.fws_lead).get(at_page("review", campaign))
    _, *cards = " ".join(strip_tags(answer.content.decode()).split()).split("Last sign-in:")
    told = {NOTHING in card: card for card in cards if "IQCS Security" in card or "Account Manager" in card}
    assert "IQCS Security" in told[False]
    assert "IQCS Security" not in told[True]


@pytest.mark.fault(11)
def test_what_two_people_approved_for_each_other_is_said_beside_its_line_and_no_other(
    world: Agencies,
) -> None:
    approved_access(world.both, "USAF-ACC-1", by=world.usaf_lead, at=LATELY)
    approved_access(world.usaf_lead, "FWS-R6", by=world.both, at=LATELY)
    answer = browser(world.usaf_lead).get(at_page("review", opens()))
    page = " ".join(strip_tags(answer.content.decode()).split())
    assert page.count("Ulf Lead approved this, and Bo Both approved something for Ulf Lead.") == 1
    assert page.count("Keep e Remove r") > 1


def test_a_closed_review_has_its_page_for_who_answered_and_for_the_steward(world: Agencies) -> None:
    campaign = opens()
    grace = steward(LATELY)
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
        page = answer.content.decode()
        assert "closed" in page
        # It offers nothing to answer, and promises nothing.
        assert "Answers are saved as you give them" not in page
        assert "settled of what is yours to answer" not in page
        assert 'action="/iqcs/reviews/' not in page


def test_the_page_of_a_closed_review_says_how_much_nobody_answered_and_where(world: Agencies) -> None:
    campaign, grace = opens(), steward(LATELY)
    answers(world.fws_lead, campaign, world.both, clock.now(), account="keep", account_manager="keep")
    close_review(
        acting_user=grace,
        program_id=PROGRAM,
        campaign_id=campaign.public_id,
        at=clock.now(),
        origin=COMMAND,
    )
    answer = browser(grace).get(at_page("review-progress", campaign))
    page = " ".join(strip_tags(answer.content.decode()).split())
    assert (
        "0 of 11 roles and access settled (0 %), 0 removed by an answer; 11 not answered, and kept." in page
    )
    assert "Organization Not answered Settled Removed" in page
    assert "Who did not answer is named in the User Audit Report" in page


def test_a_submitted_account_says_by_whom_for_which_organization_and_when_and_has_nothing_to_press(
    world: Agencies,
) -> None:
    campaign = opens()
    at, person = clock.now(), world.fws_person
    answers(world.fws_lead, campaign, person, at, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(world.fws_lead, campaign, person, at)
    client = browser(world.fws_representative)
    for address in (
        at_page("review", campaign) + "?show=done",
        at_page("review-account", campaign, person.public_id),
    ):
        page = client.get(address).content.decode()
        card = page[page.index('aria-labelledby="name-') :].split("</section>")[0]
        assert "Submitted by Lena Lead for Benton Lake Refuge" in " ".join(strip_tags(card).split())
        assert "<button" not in card
        assert "<time" in card.split("Submitted by")[1]
    # What another account still waits for keeps its button.
    page = client.get(at_page("review-account", campaign, world.both.public_id)).content.decode()
    assert 'value="submit"' in page


@pytest.mark.invariant("I1")
def test_an_account_that_its_own_agency_submitted_is_not_shown_to_another(world: Agencies) -> None:
    campaign = opens()
    at, person = clock.now(), world.fws_person
    answers(world.fws_lead, campaign, person, at, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(world.fws_lead, campaign, person, at)
    address = at_page("review-account", campaign, person.public_id)
    assert browser(world.usaf_lead).get(address).status_code == 404
    assert browser(world.fws_lead).get(address).status_code == 200
