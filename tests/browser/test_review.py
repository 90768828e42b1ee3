"""A whole audit as its people see it: two agencies, an absent reviewer, a change, a removal (IQCS-12)."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.models import Access, Grant, ReviewCampaign, ReviewItem
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.support import iqcs
from tests.support.iqcs import MANAGER
from tests.support.people import Person
from tests.support.reviews import Agencies, agencies, answers, items, steward

pytestmark = pytest.mark.browser


def signed(account: Account) -> Person:
    """The person of an account whose second factor stands already."""
    return Person(account)


def chooses(page: Page, question: str, answer: str) -> None:
    """A reviewer answers one question of the account on the page."""
    page.get_by_role("group", name=question).get_by_text(answer, exact=True).click()


def opened_by(page: Page) -> ReviewCampaign:
    """The steward looks at the numbers, and opens the audit."""
    page.goto("/iqcs/reviews/")
    page.get_by_role("link", name=re.compile("^Open now")).click()
    expect(page.get_by_text("11 roles and codes of 5 accounts")).to_be_visible()
    page.get_by_label("Last day to answer").fill((clock.now() + timedelta(days=30)).date().isoformat())
    page.get_by_role("button", name="Yes, open it").click()
    expect(page.get_by_text("is open. Who has to answer gets a mail.")).to_be_visible()
    return ReviewCampaign.objects.get()


def answers_with_keys(page: Page, campaign: ReviewCampaign) -> None:
    """The lead answers all of one account: keep it, remove the role, keep the code; each is saved at once."""
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    assert violations(page) == []
    mona = page.get_by_role("region", name="Mona Manager", exact=True)
    chooses(page, "Does the account holder still require access to IQCS? (Mona Manager)", "Yes, keep")
    expect(mona.get_by_text("Saved. 2 not answered yet")).to_be_visible()
    mona.locator("li[data-line]").nth(1).focus()
    page.keyboard.press("n")
    page.keyboard.press("y")
    expect(mona.get_by_text("Saved. Ready to submit")).to_be_visible()


def submits_after_a_change(page: Page, campaign: ReviewCampaign, told: Agencies) -> None:
    """A representative answers otherwise, and a code is given: both are said beside their lines first."""
    answers(told.fws_representative, campaign, told.fws_person, clock.now(), account_manager="keep")
    iqcs.gives_access(told.fws_person, "FWS-R6", at=clock.now())
    page.get_by_role("region", name="Mona Manager", exact=True).locator("button[value=submit]").click()
    expect(page.get_by_text("Rita Representative answered Keep since you saw it.")).to_be_visible()
    assert violations(page) == []
    assert Grant.objects.get(account=told.fws_person).closed_at is None
    chooses(page, "Account Manager (Mona Manager)", "Remove")
    page.locator("button[value=submit]").click()
    expect(page.get_by_text("It was given since you saw the account.")).to_be_visible()
    chooses(page, "FWS Mountain-Prairie Region (FWS-R6) (Mona Manager)", "Keep")
    page.locator("button[value=submit]").click()
    expect(page.get_by_text("Mona Manager submitted: 3 kept, 1 removed.")).to_be_visible()
    assert Grant.objects.get(account=told.fws_person).closed_at is not None


def removes_its_own_code(page: Page, campaign: ReviewCampaign, told: Agencies) -> None:
    """The other agency sees its own code of a person of the first one's, and nobody else of that agency."""
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    assert violations(page) == []
    expect(page.get_by_text("Mona Manager")).to_have_count(0)
    bo = page.get_by_role("region", name="Bo Both", exact=True)
    bo.get_by_text("Remove", exact=True).click()
    expect(bo.get_by_text("Saved. Ready to submit")).to_be_visible()
    bo.locator("button[value=submit]").click()
    expect(page.get_by_text("Bo Both submitted: 0 kept, 1 removed.")).to_be_visible()
    assert Access.objects.get(account=told.both, organization__code="USAF-ACC").closed_at is not None


def closes(page: Page, campaign: ReviewCampaign) -> None:
    """The steward closes the audit early; what nobody answered is named before."""
    page.goto(f"/iqcs/reviews/{campaign.public_id}/close/")
    expect(page.get_by_text("have no submitted answer")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Yes, close it").click()
    expect(page.get_by_text("is closed")).to_be_visible()


@pytest.mark.requirement("IQCS-12")
def test_an_audit_of_two_agencies_with_an_absent_reviewer_a_change_and_a_removal(
    site: Site, open_page: OpenPage
) -> None:
    del site
    told = agencies()
    stella = open_page(signed(steward()))
    campaign = opened_by(stella)
    lead = open_page(signed(told.fws_lead))
    answers_with_keys(lead, campaign)
    submits_after_a_change(lead, campaign, told)
    removes_its_own_code(open_page(signed(told.usaf_lead), width=390), campaign, told)
    # Nobody answers the rest: it is kept and reported.
    closes(stella, campaign)
    assert items(campaign, told.both)[MANAGER].outcome == ReviewItem.Outcome.UNANSWERED
    assert Grant.objects.get(account=told.both).closed_at is None
