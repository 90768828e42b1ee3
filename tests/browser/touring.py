"""A tour through pages: axe at both widths, nothing wider than the screen, and which addresses have been looked at."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.urls import resolve
from playwright.sync_api import Page

from tests.browser.conftest import WIDTHS
from tests.browser.test_accessibility import violations


@dataclass
class Tour:
    """What was looked at, by the names of the addresses, and what is wrong with it."""

    looked: set[str] = field(default_factory=set)
    found: list[str] = field(default_factory=list)

    def look(self, page: Page) -> None:
        """Look at the page that is open, on a phone and at a desk."""
        self.looked.add(str(resolve(urlsplit(page.url).path).url_name))
        for width in sorted(WIDTHS):
            page.set_viewport_size({"width": width, "height": WIDTHS[width]})
            self.found += [f"{width}: {one}" for one in violations(page)]

    def go(self, page: Page, *addresses: str) -> None:
        """Open addresses one after the other and look at each."""
        for address in addresses:
            page.goto(address)
            self.look(page)

    def press(self, page: Page, button: str = "") -> None:
        """Press a button of the page, the first one where none is named, and look at what it leads to."""
        buttons = page.get_by_role("main").get_by_role("button")
        found = page.get_by_role("main").get_by_role("button", name=button, exact=True) if button else buttons
        with page.expect_navigation():
            found.first.click()
        self.look(page)
