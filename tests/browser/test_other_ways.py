"""The same work by keyboard only, without JavaScript, with a page that went stale, and with two presses."""

import re

import pytest
from playwright.sync_api import Page, expect

from rolebook.audit import clock
from rolebook.governance.models import Grant, Outcome
from tests.browser.conftest import OpenPage, Site
from tests.browser.ways import reach, tab_stops
from tests.support import people
from tests.web.worlds import answer

pytestmark = pytest.mark.browser
_MOST_TABS = 60


def tab_to(page: Page, name: str) -> None:
    """Press the tab key until the control with an accessible name that begins so has the focus, visibly."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and re.sub(r"\s+", " ", focused.inner_text()).strip().startswith(name):
            assert focused.evaluate("e => getComputedStyle(e).outlineStyle") != "none"
            return
    pytest.fail(f"no tab stop is called {name!r}")


@pytest.mark.requirement("QPP-05", "QPP-07", "QPP-10")
def test_deciding_and_removing_work_with_the_keyboard_alone(site: Site, open_page: OpenPage) -> None:
    page = open_page(site.world.maria)
    page.goto("/qpp/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Approve Nora Newell")
    page.keyboard.press("Enter")
    expect(page.locator("[data-answer]")).to_be_focused()
    expect(page.locator("#toasts")).to_contain_text("You approved Nora Newell")
    page.goto("/qpp/manage-access/")
    tab_to(page, "View Users of Cedar Valley")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cedar Valley Family Practice")
    tab_to(page, "Remove Access of Stella Stone")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="No, Cancel Action")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Remove Access of Stella Stone")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="No, Cancel Action")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Stella Stone's access")).to_be_visible()


def test_the_first_tab_stop_leads_past_the_navigation_and_the_rest_follow_the_page(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(site.world.maria)
    page.goto("/qpp/manage-access/")
    stops = tab_stops(page, 7)
    assert stops[0] == "Skip to main content"
    assert stops[2].startswith("Maria Alvarez")
    assert stops[3:] == ["Home", "Manage Access", "My Access", "Request a Role"]
    page.goto("/qpp/manage-access/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.querySelector('main').contains(document.activeElement)")


def test_an_open_dialog_keeps_the_focus_and_escape_gives_it_back(site: Site, open_page: OpenPage) -> None:
    page = open_page(site.world.maria)
    page.goto(f"/qpp/organizations/{site.world.cedar.public_id}/users/")
    opener = page.get_by_role("link", name="Remove Access of Stella Stone")
    reach(opener)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="No, Cancel Action")).to_be_focused()
    for _ in range(5):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "() => document.activeElement.closest('dialog, main, header, nav, footer')?.tagName"
        )
        assert here in ("DIALOG", None)  # None: the body, from where the next Tab enters the dialog again
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_the_menus_open_and_close_by_keys_and_give_the_focus_back(site: Site, open_page: OpenPage) -> None:
    people.activate("iqies", site.world.start)
    page = open_page(site.world.maria, width=390)
    page.goto("/qpp/")
    menu = page.get_by_role("button", name="Menu")
    reach(menu)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Home", exact=True)).to_be_focused()
    expect(menu).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    for words, behind in (("Switch program", "Internet Quality"), ("your account", "Security")):
        summary = page.locator("summary").filter(has_text=words)
        reach(summary)
        page.keyboard.press("Enter")
        entry = page.get_by_role("banner").get_by_role("link", name=behind)
        reach(entry)
        page.keyboard.press("Escape")
        expect(summary).to_be_focused()
        expect(entry).to_be_hidden()


@pytest.mark.requirement("QPP-05", "QPP-07", "QPP-10")
def test_everything_works_without_javascript(site: Site, open_page: OpenPage) -> None:
    page = open_page(site.world.maria, javascript=False)
    page.goto("/qpp/manage-access/")
    row = page.get_by_role("row").filter(has_text="Nora Newell")
    row.get_by_text("Give a reason").click()
    row.get_by_role("textbox").fill("Please ask for Hilltop instead.")
    row.get_by_role("button", name="Deny").click()
    expect(page.locator("#toasts")).to_contain_text("You denied Nora Newell as Staff User")
    page.get_by_role("link", name="Denied by mistake?").click()
    expect(page.get_by_role("main")).to_contain_text("Please ask for Hilltop instead.")
    page.get_by_role("button", name="Ask Nora Newell to submit again").click()
    expect(page.locator("#toasts")).to_contain_text("asked by e-mail to submit the request again")
    page.goto("/qpp/manage-access/")
    page.get_by_role("link", name="View Users of Cedar Valley").click()
    page.get_by_role("link", name="Remove Access of Stella Stone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove Stella Stone's access?")
    page.get_by_role("link", name="No, Cancel Action").click()
    page.get_by_role("link", name="Remove Access of Stella Stone").click()
    page.get_by_role("button", name="Yes, Remove Access").click()
    expect(page.get_by_role("status").filter(has_text="Stella Stone's access")).to_be_visible()
    expect(page.get_by_role("button", name="Close this notification")).to_have_count(0)
    again = page.get_by_role("link", name="Check whether it is confirmed")
    if again.is_visible():
        again.click()
        page.get_by_role("link", name="Check again").or_(page.get_by_text("Confirmed everywhere")).wait_for()


@pytest.mark.requirement("QPP-05")
@pytest.mark.fault(23)
def test_a_stale_page_says_who_decided_first_and_what_and_when(site: Site, open_page: OpenPage) -> None:
    page = open_page(site.world.maria)
    page.goto("/qpp/manage-access/")
    answer(site.world.owen, site.world.waiting, "denied", clock.now())
    page.get_by_role("row").filter(has_text="Nora Newell").get_by_role("button", name="Approve").click()
    said = page.get_by_role("row").filter(has_text="Already denied")
    expect(said).to_contain_text("Owen Brandt denied it on")
    expect(said).to_contain_text("Your press changed nothing")
    assert not Grant.objects.filter(account=site.world.nora.account).exists()


@pytest.mark.fault(17)
def test_a_double_click_decides_once(site: Site, open_page: OpenPage) -> None:
    page = open_page(site.world.maria)
    page.goto("/qpp/manage-access/")
    page.get_by_role("row").filter(has_text="Nora Newell").get_by_role("button", name="Approve").dblclick()
    expect(page.get_by_role("row").filter(has_text="Nora Newell")).to_contain_text("pproved")
    expect(page.locator("#toasts")).to_contain_text("pproved")
    assert Outcome.objects.filter(request=site.world.waiting).count() == 1
    assert Grant.objects.filter(account=site.world.nora.account).count() == 1
