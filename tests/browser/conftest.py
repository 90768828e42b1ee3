"""A browser, a server of the test's own with the whole application, and a watch on what the pages ask for."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from tests.browser.ways import Way, put_the_mouse_away
from tests.support.chromium import chromium_path
from tests.support.databases import CommittedDatabase
from tests.support.people import Person
from tests.support.serving import served
from tests.web.worlds import World, make_world, signed_in

PATIENCE = 30_000
"""Milliseconds that a page is waited for: a busy machine is no fault of the pages."""
WIDTHS = {1280: 900, 390: 844}
"""Widths that every walk is done at, with the height of such a screen."""
ZONE = "America/New_York"
"""Where the browsers of the tests are: not where a machine may be that tests run on."""
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture(autouse=True, scope="session")
def _database_from_the_browser_thread() -> Iterator[None]:
    """Playwright keeps an event loop in this thread, which Django takes for asynchronous code."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Site:
    """A running server with the world of tests/web/worlds.py in its database."""

    url: str
    world: World


@pytest.fixture
def site(committed_db: CommittedDatabase) -> Iterator[Site]:
    """Serve the whole application over a world of its own."""
    world = make_world()
    with served() as url:
        yield Site(url, world)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The system's chromium."""
    started = playwright.chromium.launch(executable_path=chromium_path(), args=_FLAGS)
    yield started
    started.close()


@dataclass
class Watch:
    """What went wrong while pages were used: requests to other hosts, script errors, breaches of the policy."""

    site: str
    complaints: list[str] = field(default_factory=list)

    def request(self, request: Request) -> None:
        """Note a request that leaves the site."""
        if not request.url.startswith((self.site, "data:")):
            self.complaints.append(f"asked {request.url}")

    def console(self, message: ConsoleMessage) -> None:
        """Note an error of a script or of the content security policy; refusals that a test provokes are none."""
        # The second is a request that a test aborted.
        provoked = ("the server responded with a status of", "net::ERR_FAILED")
        if message.type in ("error", "warning") and not any(one in message.text for one in provoked):
            self.complaints.append(message.text)

    def error(self, error: object) -> None:
        """Note an uncaught error of a script."""
        self.complaints.append(str(error))


type OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[OpenPage]:
    """Return a function that gives a new page, signed in as somebody; afterwards nothing may have gone wrong."""
    watch = Watch(site.url)
    contexts: list[BrowserContext] = []

    def give(
        person: Person | None = None,
        *,
        width: int = 1280,
        javascript: bool = True,
        dark: bool = False,
    ) -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": WIDTHS.get(width, 900)},
            java_script_enabled=javascript,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            timezone_id=ZONE,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("request", watch.request)
        context.on("console", watch.console)
        if person is not None:
            cookie = signed_in(person).cookies["rolebook"].value
            context.add_cookies([{"name": "rolebook", "value": cookie, "url": site.url}])
        page = context.new_page()
        page.on("pageerror", watch.error)
        return page

    yield give
    for context in contexts:
        context.close()
    assert watch.complaints == []


@pytest.fixture
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    """The way that a walk is walked this time (`walked`, `every_way`)."""
    chosen: Way = request.param
    if chosen.keyboard:
        put_the_mouse_away(monkeypatch)
    return chosen


@contextmanager
def navigation(page: Page) -> Iterator[None]:
    """Open the left-hand navigation where a phone keeps it behind its button."""
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
    yield


def go(page: Page, entry: str) -> None:
    """Follow an entry of the left-hand navigation."""
    with navigation(page):
        page.get_by_role("navigation", name="Main").get_by_role("link", name=entry, exact=True).click()
