"""A steward gives an application a token, the application asks with it, and asks in vain once it is taken away."""

import http.client
import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Site, go
from tests.browser.test_accessibility import violations
from tests.cli.processes import eventually
from tests.web.worlds import designate, user

pytestmark = pytest.mark.browser


def status_with(site: Site, token: str) -> int:
    """The status of an application's question."""
    body = {
        "subject": {"type": "user", "id": str(site.world.maria.account.public_id)},
        "action": {"name": "view_performance_data"},
        "resource": {"type": "organization", "id": str(site.world.cedar.public_id)},
    }
    connection = http.client.HTTPConnection(site.url.removeprefix("http://"), timeout=20)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request("POST", "/qpp/access/v1/evaluation", json.dumps(body), headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.invariant("I4")
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_token_counts_from_when_it_is_given_until_it_is_confirmed_to_be_taken_away(
    site: Site, open_page: OpenPage, width: int, dark: bool
) -> None:
    sten = user("Sten Steward", "sten", site.world.start)
    designate(sten, "steward", None, site.world.start)
    page = open_page(sten, width=width, dark=dark)
    page.goto("/qpp/")
    go(page, "Applications")
    expect(page.get_by_text("No application has a token yet")).to_be_visible()
    found = violations(page)
    page.get_by_role("button", name="Give a token").click()
    expect(page.get_by_label("Name of the application")).to_have_attribute("aria-invalid", "true")
    found += violations(page)
    page.get_by_label("Name of the application").fill("Portal")
    page.get_by_text("It may also search who may do what, and where").click()
    page.get_by_label("Last day").fill("2099-06-30")
    page.get_by_role("button", name="Give a token").click()
    token = page.locator("code.secret").inner_text()
    found += violations(page)
    # A token that is new is refused until the decision point has heard of it.
    assert eventually(lambda: status_with(site, token) == 200)
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("main").locator("tbody tr")).to_have_count(1)
    assert token not in page.content()
    found += violations(page)
    page.get_by_role("link", name="Take away the token of Portal").click()
    found += violations(page)
    page.get_by_role("button", name="Yes, take it away").click()
    page.get_by_text("Confirmed everywhere").wait_for()
    assert status_with(site, token) == 401
    found += violations(page)
    assert found == []
