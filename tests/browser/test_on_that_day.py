"""The past and the report of a review in a browser: accessible, and usable at both widths (IQCS-13)."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from rolebook.audit import clock
from rolebook.governance.making import make_files
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.support.people import LATELY, Person
from tests.support.reviews import agencies, answers, opened, steward, submits
from tests.web.worlds import steward_of

pytestmark = pytest.mark.browser


def looked_at(page: Page) -> None:
    """Nothing is inaccessible."""
    assert violations(page) == []


def test_a_steward_asks_who_held_what_and_who_could_on_a_day(site: Site, open_page: OpenPage) -> None:
    world = site.world
    sten = steward_of(world, "Sten Steward", "sten")
    day = (world.start + timedelta(days=5)).date().isoformat()
    for width in (1280, 390):
        page = open_page(sten, width=width)
        page.goto("/qpp/audit/")
        page.get_by_role("link", name="On that day").click()
        page.get_by_role("textbox", name="Day").fill(day)
        page.get_by_role("button", name="Search").click()
        page.get_by_text("What stands behind it: Staff User of Stella Stone").click()
        expect(page.get_by_text("approved by Maria Alvarez").first).to_be_visible()
        looked_at(page)
        page.get_by_role("link", name="Who could do something").click()
        page.get_by_label("What?").select_option("submit_performance_data")
        page.get_by_label("At which organization?").fill("cedar")
        page.get_by_role("button", name="Ask").click()
        page.get_by_text("Cedar Valley Family Practice").first.click()
        page.get_by_role("button", name="Ask").click()
        expect(page.get_by_role("link", name="Stella Stone")).to_be_visible()
        looked_at(page)


@pytest.mark.requirement("IQCS-13")
def test_a_lead_reads_the_report_and_has_it_as_pdf(site: Site, open_page: OpenPage) -> None:
    del site
    told = agencies(LATELY)
    campaign = opened(clock.now())
    answers(told.fws_lead, campaign, told.fws_person, clock.now(), account="keep", account_manager="keep")
    answers(told.fws_lead, campaign, told.fws_person, clock.now(), FWS_R6_BNR="remove")
    submits(told.fws_lead, campaign, told.fws_person, clock.now())
    pages = {width: open_page(Person(told.fws_lead), width=width) for width in (1280, 390)}
    for page in pages.values():
        page.goto(f"/iqcs/reviews/{campaign.public_id}/")
        page.get_by_role("link", name="User Audit Report").click()
        looked_at(page)
        page.get_by_role("button", name="Show the report of U.S. Fish and Wildlife Service").click()
        expect(page.get_by_text("Mona Manager")).to_be_visible()
        looked_at(page)
    page = pages[390]
    page.get_by_role("button", name="Make PDF").click()
    expect(page.get_by_text("Being made")).to_be_visible()
    make_files(clock.now())
    page.reload()
    with page.expect_download() as begun:
        page.get_by_role("link", name="Download").click()
    assert begun.value.suggested_filename.endswith("-preliminary.pdf")
    looked_at(page)
    stella = open_page(Person(steward(LATELY)))
    stella.goto(f"/iqcs/reviews/{campaign.public_id}/reports/quality/")
    expect(stella.get_by_text("Lena Lead")).to_be_visible()
    looked_at(stella)
