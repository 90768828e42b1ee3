"""The notice settings in a browser: axe finds nothing, and the address can be made by keyboard (QPP-16)."""

from urllib.parse import urlsplit

import pytest

from rolebook.notices.choosing import stop_url
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.web.worlds import designate, user

pytestmark = pytest.mark.browser


@pytest.mark.requirement("QPP-16")
@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_axe_finds_nothing_on_the_notice_settings(
    site: Site, open_page: OpenPage, width: int, dark: bool
) -> None:
    page = open_page(site.world.maria, width=width, dark=dark)
    page.goto("/qpp/notices/")
    assert violations(page) == []
    page.get_by_label("Remind me by e-mail").select_option("Once a week")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Your reminders were saved.").wait_for()
    make = page.get_by_role("button", name="Make a calendar address")
    make.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Your calendar address").wait_for()
    assert violations(page) == []
    visitor = open_page(width=width, dark=dark)
    visitor.goto(urlsplit(stop_url(site.world.maria.account, "qpp")).path)
    assert violations(visitor) == []
    visitor.get_by_role("button", name="Stop the reminders").click()
    visitor.get_by_role("heading", name="Your reminders have stopped").wait_for()
    assert violations(visitor) == []


@pytest.mark.requirement("IQIES-06")
@pytest.mark.parametrize(("width", "dark"), [(1280, True), (390, False)])
def test_axe_finds_nothing_on_the_report_of_few_officials(
    site: Site, open_page: OpenPage, width: int, dark: bool
) -> None:
    steward = user("Sasha Steward", "sasha", site.world.start)
    designate(steward, "steward", None, site.world.start)
    page = open_page(steward, width=width, dark=dark)
    page.goto("/qpp/officials/")
    page.get_by_role("link", name="Hilltop Clinic", exact=True).wait_for()
    assert violations(page) == []
