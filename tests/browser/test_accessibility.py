"""axe finds nothing wrong in any state of what people work with, at both widths, in light and in dark.

Every page as it opens is in test_every_page.py.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from rolebook.audit import clock
from rolebook.web.pages.asking import in_address
from tests.browser.conftest import OpenPage, Site
from tests.web.worlds import World, answer, review

pytestmark = pytest.mark.browser


_ALSO = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
"""What axe leaves out unless asked: touch targets of 24 pixels (WCAG 2.2, AA)."""


def violations(page: Page) -> list[str]:
    """Return what axe finds, a line for each element, and whether the page scrolls sideways."""
    found = [
        f"{page.url}: {violation['id']}: {node['html'][:200]}"
        for violation in _violations(page)
        for node in violation["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append(f"{page.url}: wider than the screen")
    return found


def _violations(page: Page) -> Sequence[Any]:
    """Return axe's findings on a page that has come whole; a press just before may still be leading to it."""
    for _ in range(5):
        page.wait_for_load_state()
        try:
            return list(Axe().run(page, options=_ALSO).response["violations"])
        except PlaywrightError:
            page.wait_for_timeout(200)
    return list(Axe().run(page, options=_ALSO).response["violations"])


def addresses(world: World) -> dict[str, list[str]]:
    """Return the pages to look at, by who looks."""
    cedar = f"/qpp/organizations/{world.cedar.public_id}/users/"
    hilltop = f"/qpp/organizations/{world.hilltop.public_id}/users/"
    request = f"/qpp/requests/{world.waiting.public_id}/"
    ask = "/qpp/request-a-role/"
    return {
        "maria": [
            "/qpp/",
            "/qpp/manage-access/",
            "/qpp/manage-access/?search=nobody",
            cedar,
            f"{cedar}?search=nobody",
            f"{cedar}{world.stella.account.public_id}/remove/",
            request,
            "/qpp/my-access/",
            "/qpp/help/",
            ask,
            f"{ask}staff_user/?search=zzz",
            f"{ask}staff_user/?search=hill",
            review("staff_user", world.hilltop),
            f"{ask}staff_user/?at={in_address([world.hilltop])}",
            review("security_official", world.cedar),
            f"{ask}?need=approve",
            "/security/",
            "/qpp/nothing-here/",
        ],
        "henry": [hilltop, f"{hilltop}{world.henry.account.public_id}/remove/"],
        "stella": ["/qpp/manage-access/", cedar],
        "nora": ["/qpp/", "/qpp/requests/", request],
        "uma": ["/qpp/", "/qpp/manage-access/", "/qpp/my-access/", "/qpp/requests/"],
    }


@pytest.mark.parametrize(("width", "dark"), [(390, False), (1280, True)])
def test_axe_finds_nothing_whether_empty_or_full_and_in_the_dark(
    site: Site, open_page: OpenPage, width: int, dark: bool
) -> None:
    found: list[str] = []
    for who, pages in addresses(site.world).items():
        page = open_page(getattr(site.world, who), width=width, dark=dark)
        for address in pages:
            page.goto(address)
            found += violations(page)
    page = open_page(width=width, dark=dark)
    for address in ("/", "/register/"):
        page.goto(address)
        page.get_by_role("main").get_by_role("button").first.click()
        found += violations(page)
    assert found == []


def _dialog(page: Page, world: World) -> None:
    page.goto(f"/qpp/organizations/{world.cedar.public_id}/users/")
    page.get_by_role("link", name="Remove Access of Stella Stone").click()
    page.get_by_role("dialog").wait_for()


def _removed(page: Page, world: World) -> None:
    _dialog(page, world)
    page.get_by_role("button", name="Yes, Remove Access").click()
    page.get_by_text("Confirmed everywhere").wait_for()


def _answered(page: Page, world: World) -> None:
    page.goto("/qpp/manage-access/")
    page.get_by_text("Give a reason").first.click()
    page.get_by_role("button", name="Deny").first.click()
    page.get_by_text("You denied").first.wait_for()


def _already_answered(page: Page, world: World) -> None:
    page.goto("/qpp/")
    answer(world.owen, world.waiting, "approved", clock.now())
    page.get_by_role("button", name="Approve").first.click()
    page.get_by_text("Already approved").first.wait_for()


def _menu_open(page: Page, world: World) -> None:
    page.goto("/qpp/")
    if page.get_by_role("button", name="Menu").is_visible():
        page.get_by_role("button", name="Menu").click()
    page.locator(".account-menu summary").click()
    page.get_by_role("button", name="Sign out").wait_for()


def _everything_unfolded(page: Page, world: World) -> None:
    page.goto(f"/qpp/organizations/{world.cedar.public_id}/users/")
    for summary in page.locator("main summary").all():
        summary.click()


STATES: dict[str, Callable[[Page, World], None]] = {
    "everything unfolded": _everything_unfolded,
    "dialog": _dialog,
    "removed": _removed,
    "answered": _answered,
    "already answered": _already_answered,
    "menu open": _menu_open,
}


@pytest.mark.parametrize(
    ("state", "width"),
    [*((state, 390) for state in STATES), ("everything unfolded", 1280), ("dialog", 1280)],
)
def test_axe_finds_nothing_in_states_that_are_clicked_together(
    site: Site, open_page: OpenPage, state: str, width: int
) -> None:
    page = open_page(site.world.maria, width=width)
    STATES[state](page, site.world)
    assert violations(page) == []
