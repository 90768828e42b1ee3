"""Keys of the reviewer's pages say what they do, and closing an account by keyboard is asked about first."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from rolebook.audit import clock
from rolebook.governance.models import Participation
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.test_review import signed
from tests.support.iqcs import MANAGER
from tests.support.reviews import Agencies, agencies, items, opened

pytestmark = pytest.mark.browser


@pytest.fixture
def people(site: Site) -> Agencies:
    """Two agencies, before their audit opens."""
    del site
    return agencies(clock.now() - timedelta(days=2))


@pytest.mark.requirement("IQCS-12")
def test_y_and_n_answer_the_question_about_the_account_alone_and_e_and_r_what_is_kept_or_removed(
    people: Agencies, open_page: OpenPage
) -> None:
    campaign = opened(clock.now(), due_on=(clock.now() + timedelta(days=30)).date())
    page = open_page(signed(people.fws_lead))
    # The page of one account has the same keys, with their help, and saves as its list does.
    page.goto(f"/iqcs/reviews/{campaign.public_id}/accounts/{people.fws_person.public_id}/")
    lines, said = page.locator("li[data-line]"), page.locator("[data-state]")
    lines.nth(0).press("y")
    # "Does this person have roles no longer needed?": neither yes nor no is an answer to Keep or Remove.
    page.keyboard.press("n")
    page.keyboard.press("y")
    expect(lines.nth(1)).to_be_focused()
    expect(lines.nth(1).locator("input:checked")).to_have_count(0)
    page.keyboard.press("r")
    page.keyboard.press("e")
    expect(said).to_have_text("Saved. Ready to submit")
    told = {name: item.answer for name, item in items(campaign, people.fws_person).items()}
    assert told == {"account": "keep", MANAGER: "remove", "FWS-R6-BNR": "keep"}
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text(
        "Keep the role or the access"
    )
    assert violations(page) == []


@pytest.mark.requirement("IQCS-12")
def test_s_after_the_last_answer_submits_that_account_and_not_the_next_one(
    people: Agencies, open_page: OpenPage
) -> None:
    campaign = opened(clock.now(), due_on=(clock.now() + timedelta(days=30)).date())
    page = open_page(signed(people.fws_lead))
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    card = page.locator("[data-account]").first
    name = card.get_by_role("heading").inner_text()
    lines = card.locator("li[data-line]")
    lines.nth(0).press("y")
    for _ in range(lines.count() - 1):
        page.keyboard.press("e")
    expect(lines.last).to_be_focused()
    page.keyboard.press("s")
    expect(page.get_by_text(f"{name} submitted: everything kept.")).to_be_visible()
    # Tab goes on with the first line of the next one.
    page.keyboard.press("Tab")
    expect(page.locator("li[data-line]").first).to_be_focused()


@pytest.mark.requirement("IQCS-12")
def test_n_and_s_close_no_account_before_a_confirmation(people: Agencies, open_page: OpenPage) -> None:
    campaign = opened(clock.now(), due_on=(clock.now() + timedelta(days=30)).date())
    page = open_page(signed(people.fws_lead))
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    card = page.get_by_role("region", name="Mona Manager", exact=True)
    card.locator("li[data-line]").nth(0).press("n")
    page.keyboard.press("s")
    expect(page.get_by_text("The account in IQCS is closed, as the answer is No.")).to_be_visible()
    expect(page.get_by_role("link", name="No, Cancel Action")).to_be_focused()
    assert violations(page) == []
    assert Participation.objects.get(account=people.fws_person).status == "active"
    page.get_by_role("button", name="Yes, submit and close the account").click()
    expect(page.get_by_text("Mona Manager submitted: the account is closed")).to_be_visible()
