"""The steward's pages in a browser: axe finds nothing, and an organization is closed by keyboard alone."""

from pathlib import Path

import pytest

from tests.browser.conftest import OpenPage, Site, go
from tests.browser.test_accessibility import violations
from tests.web.worlds import designate, user

pytestmark = pytest.mark.browser


@pytest.mark.requirement("QPP-12", "IQIES-08")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_axe_finds_nothing_on_the_stewards_pages(
    site: Site, open_page: OpenPage, tmp_path: Path, width: int, dark: bool
) -> None:
    steward = user("Sasha Steward", "sasha", site.world.start)
    designate(steward, "steward", None, site.world.start)
    page = open_page(steward, width=width, dark=dark)
    page.goto("/qpp/")
    go(page, "Organizations")
    page.get_by_role("heading", name="Open organizations").wait_for()
    found = violations(page)
    page.get_by_role("link", name="Hilltop Clinic").click()
    page.get_by_role("heading", name="Whom to ask").wait_for()
    found += violations(page)
    page.get_by_role("link", name="Edit", exact=True).first.click()
    page.get_by_label("Name", exact=True).first.fill("")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Enter the name.").wait_for()
    found += violations(page)
    go(page, "Designate")
    page.get_by_label("Person").fill("uma")
    page.get_by_label("Role").select_option("Security Official")
    page.get_by_label("Organization").fill("11-2223334")
    page.get_by_label("Reason").fill("First official")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Yes, designate").wait_for()
    found += violations(page)
    page.get_by_role("button", name="Yes, designate").click()
    page.get_by_text("is now Security Official at Hilltop Clinic").wait_for()
    found += violations(page)
    for entry, heading in (("Mail queue", "Mail queue"), ("Jobs", "Jobs")):
        go(page, entry)
        page.get_by_role("heading", name=heading, exact=True).wait_for()
        found += violations(page)
    file = tmp_path / "practices.csv"
    file.write_text(
        "code,name,kind,tin\nelm,Elm Street,practice,12-3456789\n52-1830045,Maple,practice,52-1830045\n"
    )
    page.goto("/qpp/organizations/import/")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Compare it").click()
    page.get_by_role("button", name="Yes, import 2 changes").wait_for()
    found += violations(page)
    page.get_by_role("button", name="Yes, import 2 changes").click()
    page.get_by_role("link", name="Show the organizations").wait_for()
    assert found == []


@pytest.mark.invariant("I4")
def test_an_organization_is_closed_by_keyboard_and_the_notification_says_when_it_is_confirmed(
    site: Site, open_page: OpenPage
) -> None:
    steward = user("Sasha Steward", "sasha", site.world.start)
    designate(steward, "steward", None, site.world.start)
    page = open_page(steward)
    page.goto(f"/qpp/organizations/{site.world.hilltop.public_id}/close/")
    page.get_by_label("Reason").fill("Merged")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Hilltop Clinic was closed").wait_for()
    page.get_by_text("Confirmed everywhere").wait_for()
    assert violations(page) == []
