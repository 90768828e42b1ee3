"""Who must answer in a review finds it on Home and in the navigation, with its number; nobody else sees an entry."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.models import ReviewCampaign
from rolebook.governance.queries.review_waiting import reviews_for
from tests.support import iqcs
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import COMMAND
from tests.support.reviews import Agencies, agencies, answers, opened, steward, submits
from tests.web.test_review_pages import browser
from tests.web.worlds import QPP, World, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]


@pytest.fixture
def agents() -> Agencies:
    """Two agencies; no audit has been opened."""
    return agencies()


def audit() -> ReviewCampaign:
    """An audit that opened an hour ago."""
    at = clock.now() - timedelta(hours=1)
    return opened(at, due_on=(at + timedelta(days=30)).date())


def left(account: Account, program_id: str = PROGRAM) -> int:
    return reviews_for(account, program_id, clock.now()).left


def words(client: Client, name: str, program_id: str = PROGRAM) -> str:
    """The words of a page, without its tags."""
    return " ".join(strip_tags(client.get(reverse(name, args=[program_id])).content.decode()).split())


def home(client: Client, program_id: str = PROGRAM) -> str:
    return words(client, "home", program_id)


def test_a_lead_finds_what_waits_on_home_and_in_the_navigation_with_its_number(agents: Agencies) -> None:
    client = browser(agents.fws_lead)
    assert "Reviews" not in home(client)
    campaign = audit()
    shown = home(client)
    assert "Reviews waiting for your answers" in shown
    assert f"{campaign.title} 9 " in shown
    assert "Reviews 9 to answer" in shown
    at = clock.now()
    answers(agents.fws_lead, campaign, agents.fws_person, at, account="keep", account_manager="keep",
            FWS_R6_BNR="keep")  # fmt: skip
    submits(agents.fws_lead, campaign, agents.fws_person, at)
    assert "Reviews 6 to answer" in home(client)


def test_what_is_ones_own_is_not_counted_and_who_answers_nothing_is_shown_nothing(agents: Agencies) -> None:
    audit()
    # The lead of the Air Force answers Bo's code there; all else there is the lead's own.
    assert left(agents.usaf_lead) == 1
    assert left(agents.fws_lead) == 9
    assert not reviews_for(agents.fws_person, PROGRAM, clock.now()).is_there
    assert "Reviews" not in home(browser(agents.fws_person))


def test_after_the_closing_the_entry_leads_to_the_reports_and_counts_nothing(agents: Agencies) -> None:
    campaign = audit()
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=clock.now(), origin=COMMAND
    )
    client = browser(agents.fws_lead)
    shown = home(client)
    assert "Reviews" in shown
    assert "to answer" not in shown
    listed = words(client, "reviews")
    assert "Earlier reviews" in listed
    assert "User Audit Report" in listed
    assert "Reviews" not in home(browser(agents.fws_person))


def test_the_steward_is_told_of_what_nobody_else_answers(agents: Agencies) -> None:
    someone = steward()
    # Employed by nobody, and in no agency: who answers about the steward's own account is another steward.
    stray = iqcs.holder(MANAGER, None, "Stray Manager")
    audit()
    assert stray.name == "Stray Manager"
    # The stray account with its role, and what the answering people hold: three accounts of three items each.
    assert left(someone) == 2 + 9


def test_an_official_finds_a_review_that_opens_on_demand_only(world: World) -> None:
    client = signed_in(world.maria)
    assert "Reviews" not in home(client, QPP)
    open_review(acting_user=None, program_id=QPP, review_id="yearly_review", at=clock.now(), origin=COMMAND)
    assert "Reviews waiting for your answers" in home(client, QPP)
    assert "Reviews" not in home(signed_in(world.uma), QPP)
