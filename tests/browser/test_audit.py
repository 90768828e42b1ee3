"""The audit pages in a browser: axe finds nothing, at both widths; everything works without scripts and by keyboard."""

import pytest
from playwright.sync_api import expect

from rolebook.audit import clock
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.ways import KEYBOARD, NO_SCRIPTS, Way, walked
from tests.web.audit_worlds import refused_decision, remove

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_axe_finds_nothing_on_the_audit_pages(
    site: Site, open_page: OpenPage, width: int, dark: bool
) -> None:
    world = site.world
    refused_decision(world.henry, world.stage.public_id, clock.now())
    remove(world.maria, world.stella, world, clock.now())
    stella, request = world.stella.account.public_id, world.waiting.public_id
    page = open_page(world.maria, width=width, dark=dark)
    found: list[str] = []
    for address in (
        "audit/",
        "audit/?person=nobody",
        "audit/?since=0001-01-01",
        f"audit/people/{stella}/",
        f"requests/{request}/history/",
        "my-access/history/",
    ):
        page.goto(f"/qpp/{address}")
        found += violations(page)
    assert found == []


@walked(NO_SCRIPTS, Way("on a phone, without scripts", width=390, javascript=False), KEYBOARD)
def test_searching_and_following_a_history_needs_no_script_and_no_mouse(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    page = open_page(site.world.maria, **way.opening())
    page.goto("/qpp/")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Reports", exact=True).click()
    page.get_by_role("link", name="Audit").click()
    page.get_by_label("Person").fill("Stella")
    page.get_by_label("Kind of event").select_option("Roles given and removed")
    page.get_by_role("button", name="Search").click()
    rows = page.get_by_role("main").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Stella Stone received the role Staff User at Cedar Valley Family Practice")
    page.get_by_role("link", name="History of Stella Stone").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("History of Stella Stone")
