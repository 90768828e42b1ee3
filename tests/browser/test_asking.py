"""Request a Role for forty organizations at once, and deciding them together, on a phone and on a wide screen."""

import pytest
from playwright.sync_api import Route, expect

from rolebook.governance.models import Request
from tests.browser.conftest import WIDTHS, OpenPage, Site, go
from tests.browser.test_accessibility import violations
from tests.support import people
from tests.web.worlds import ask, designate

pytestmark = pytest.mark.browser


@pytest.mark.requirement("QPP-02", "QPP-04", "QPP-05", "QPP-15", "IQIES-03")
@pytest.mark.parametrize("width", WIDTHS)
def test_forty_organizations_are_asked_for_by_a_pasted_list_and_decided_together(
    site: Site, open_page: OpenPage, width: int
) -> None:
    world = site.world
    places = people.practices(40, at=world.start)
    for place in places[:6]:
        designate(world.maria, "security_official", place, world.start)
    ask(world.uma, places[39], world.start)
    page = open_page(world.uma, width=width)
    page.goto("/qpp/")
    go(page, "Request a Role")
    page.get_by_label("What do you need to do?").fill("submit performance")
    page.get_by_label("What do you need to do?").press("Enter")
    page.get_by_role("link", name="Add: Submit performance data").click()
    page.get_by_role("link", name="Request Staff User").click()
    page.get_by_text("Many organizations? Paste their numbers").click()
    numbers = [place.code for place in places] + ["00-0000000", places[0].code.replace("-", "")]
    page.get_by_label("Numbers or codes").fill("\n".join(numbers))
    page.get_by_role("button", name="Look them up").click()
    expect(page.get_by_role("heading", name="Your list: 40 of 42 chosen")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="00-0000000")).to_contain_text("Unknown")
    expect(page.get_by_role("row").filter(has_text=places[39].code).first).to_contain_text(
        "Your request waits here already"
    )
    assert violations(page) == []
    page.get_by_label("Name or number").fill("cedar")
    page.get_by_role("link", name="Add Cedar Valley Family Practice").click()
    page.get_by_role("link", name="Go on with 40 organizations").click()
    expect(page.get_by_role("main")).to_contain_text("ask for the role Staff User at 40 organizations")
    expect(page.get_by_role("main")).to_contain_text("Nobody there holds the office of Security Official yet")
    assert violations(page) == []
    page.get_by_label("Why do you need this role?").fill("I submit for all of them.")
    page.get_by_role("button", name="Change the organizations").click()
    page.get_by_role("link", name="Go on with 40 organizations").click()
    expect(page.get_by_label("Why do you need this role?")).to_have_value("I submit for all of them.")
    page.get_by_role("button", name="Send request").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Staff User at")
    assert violations(page) == []
    made = Request.objects.get(requester=world.uma.account, items__organization=places[0])
    assert made.items.count() == 40

    page = open_page(world.maria, width=width)
    page.goto("/qpp/manage-access/")
    expect(page.get_by_text("asks for Staff User at several organizations: 7 of them here")).to_be_visible()
    page.get_by_text("What it gives (6)").first.click()
    assert violations(page) == []
    page.get_by_role("button", name="Approve all of it for Uma Underwood").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve 7 requests?")
    page.get_by_role("button", name="Approve 7 requests").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("7 requests approved")
    assert made.items.filter(state="approved").count() == 7


def test_what_is_typed_into_a_search_before_the_scripts_came_is_looked_for_once_they_are_there(
    site: Site, open_page: OpenPage
) -> None:
    page = open_page(site.world.uma)
    late: list[Route] = []
    page.route("**/htmx.min*.js", lambda route: late.append(route))  # noqa: PLW0108 - playwright marks what it is given
    with page.expect_request("**/htmx.min*.js"):
        page.goto("/qpp/request-a-role/staff_user/", wait_until="commit")
    page.get_by_label("Name or number").fill("Hilltop")
    other = page.get_by_role("link", name="Choose Cedar Valley Family Practice")
    expect(other).to_be_visible()
    late[0].continue_()
    expect(other).to_have_count(0)
    expect(page.get_by_role("link", name="Choose Hilltop")).to_be_visible()
