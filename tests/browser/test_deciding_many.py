"""Deciding several requests at once: by ticks, by keys, on a phone and on a wide screen, without scripts too."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from rolebook.governance.models import Grant, Outcome
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.ways import reach
from tests.web.worlds import World, ask, user

pytestmark = pytest.mark.browser


def people_who_ask(world: World, number: int) -> None:
    """Let so many people ask for Staff User at Cedar Valley, before Nora did."""
    for one in range(number):
        someone = user(f"Person {one}", f"person{one}", world.start)
        ask(someone, world.cedar, world.start + timedelta(hours=one))


@pytest.mark.requirement("QPP-15")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_of_requests_is_ticked_named_and_approved(site: Site, open_page: OpenPage, width: int) -> None:
    people_who_ask(site.world, 4)
    page = open_page(site.world.maria, width=width)
    page.goto("/qpp/manage-access/")
    expect(page.get_by_text("None selected")).to_be_visible()
    page.get_by_label("Select all 5 on this page").check()
    expect(page.get_by_role("status").get_by_text("5 selected")).to_be_visible()
    page.get_by_label("Select Nora Newell").uncheck()
    expect(page.get_by_text("4 selected")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Approve selected").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Approve 4 requests?")
    assert violations(page) == []
    page.get_by_role("button", name="Approve 4 requests").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("4 requests approved")
    expect(page.locator("#toasts")).to_contain_text("You approved 4 requests")
    assert violations(page) == []
    page.get_by_role("link", name="See what still waits").click()
    expect(page.get_by_role("row").filter(has_text="Nora Newell")).to_be_visible()
    assert Grant.objects.filter(account__user_id__startswith="person").count() == 4


@pytest.mark.requirement("QPP-15")
def test_on_a_phone_by_keys_no_notification_covers_what_has_the_focus(
    site: Site, open_page: OpenPage
) -> None:
    people_who_ask(site.world, 6)
    page = open_page(site.world.maria, width=390)
    page.goto("/qpp/manage-access/")
    page.get_by_role("button", name="Approve Person 0").click()
    expect(page.locator("#toasts .toast")).to_contain_text("You approved Person 0")
    for number in range(1, 6):
        for answer in ("Approve", "Deny"):
            reach(page.get_by_role("button", name=f"{answer} Person {number}"))


@pytest.mark.requirement("QPP-15")
def test_keys_move_select_and_decide_while_a_row_has_the_focus(site: Site, open_page: OpenPage) -> None:
    people_who_ask(site.world, 3)
    page = open_page(site.world.maria)
    page.goto("/qpp/manage-access/")
    page.keyboard.press("a")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog")).to_contain_text("Approve it at once")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_focused()
    rows = page.locator("tr[data-row]")
    rows.nth(0).focus()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.get_by_label("Select Person 1")).to_be_checked()
    expect(page.get_by_text("1 selected")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(rows.nth(1)).to_be_focused()
    rows.nth(1).get_by_text("Give a reason").click()
    rows.nth(1).get_by_role("textbox").press_sequentially("a kind dad? jk")
    expect(rows.nth(1).get_by_role("textbox")).to_have_value("a kind dad? jk")
    assert not Outcome.objects.filter(request__requester__user_id__startswith="person").exists()
    expect(page.locator("#connected-organizations")).to_contain_text("4 pending")
    rows.nth(1).focus()
    page.keyboard.press("d")
    expect(page.locator("[data-answer]")).to_contain_text("You denied Person 1")
    expect(page.locator("[data-answer]")).to_be_focused()
    expect(page.locator("#connected-organizations")).to_contain_text("3 pending")
    expect(page.get_by_text("None selected")).to_be_visible()
    page.keyboard.press("j")
    expect(page.locator("tr[data-row]").nth(1)).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("You approved Person 2")
    decided = Outcome.objects.filter(request__requester__user_id__startswith="person")
    assert sorted(decided.values_list("verdict", flat=True)) == ["approved", "denied"]


@pytest.mark.requirement("QPP-15")
def test_several_are_decided_without_javascript(site: Site, open_page: OpenPage) -> None:
    people_who_ask(site.world, 2)
    page = open_page(site.world.maria, javascript=False)
    page.goto(f"/qpp/organizations/{site.world.cedar.public_id}/users/")
    page.get_by_role("link", name="Select all 3 on this page").click()
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_hidden()
    page.get_by_label("Select Nora Newell").uncheck()
    page.get_by_role("button", name="Deny selected").click()
    page.get_by_label("Reason").fill("Please ask for Hilltop.")
    page.get_by_role("button", name="Deny 2 requests").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 requests denied")
    page.get_by_role("link", name="View Users").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cedar Valley Family Practice")
    assert Outcome.objects.filter(reason="Please ask for Hilltop.").count() == 2
