"""The QPP document's numbered steps, in its order and in its words, at both widths."""

import re

import pytest
from playwright.sync_api import Page, expect

from rolebook.accounts.second_factor import code_at
from rolebook.audit import clock
from rolebook.notices.models import Notice
from tests.browser.conftest import WIDTHS, OpenPage, Site, go
from tests.support.people import PASSWORD, Person

pytestmark = pytest.mark.browser
both_widths = pytest.mark.parametrize("width", WIDTHS)


def mailed_code(address: str) -> str:
    """Return the code in the newest mail to an address."""
    notice = Notice.objects.filter(address=address).latest("pk")
    found = re.search(r"\b(\d{4}) ?(\d{4})\b", notice.text)
    assert found is not None, notice.text
    return found.group(1) + found.group(2)


def register(page: Page, name: str, user_id: str) -> None:
    """Register, confirm the address by the mailed code, set up the second factor."""
    page.goto("/")
    page.get_by_role("banner").get_by_role("link", name="Register").click()
    page.get_by_label("Full name").fill(name)
    page.get_by_label("User ID").fill(user_id)
    page.get_by_label("E-mail address").fill(f"{user_id}@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Code from the mail").fill(mailed_code(f"{user_id}@example.org"))
    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("You cannot scan it?").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows").fill(code_at(secret, clock.now()))
    page.get_by_role("button", name="Set up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep your recovery codes")
    page.get_by_role("button", name="I have kept them").click()


def sign_in(page: Page, person: Person) -> None:
    """Step 1: Sign In, upper right; user ID, password and agreement on one form; then the security code."""
    page.goto("/")
    page.get_by_role("banner").get_by_role("link", name="Sign In").click()
    page.get_by_label("User ID").fill(person.account.user_id)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_text("I agree to the Statement of Truth").click()
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Security code").fill(person.code(clock.now()))
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


@both_widths
@pytest.mark.requirement("QPP-01", "QPP-02")
def test_a_new_user_registers_and_asks_for_a_role(site: Site, open_page: OpenPage, width: int) -> None:
    page = open_page(width=width)
    register(page, "Rosa Reyes", "rosa")
    if page.get_by_role("heading", name="Statement of Truth").is_visible():
        page.get_by_text("I agree to the Statement of Truth").click()
        page.get_by_role("main").get_by_role("button").first.click()
    go(page, "Request a Role")
    page.get_by_role("link", name="Choose Staff User").click()
    page.get_by_label("Name or").fill("cedar val")
    page.get_by_role("link", name="Choose Cedar Valley Family Practice").click()
    page.get_by_label("Why do you need this role?").fill("I prepare the measures.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff User at Cedar Valley Family Practice")
    expect(page.locator("#toasts")).to_contain_text("was sent")
    expect(page.get_by_role("main")).to_contain_text("Waits for a Security Official")


@both_widths
@pytest.mark.requirement("QPP-01", "QPP-03", "QPP-04", "QPP-05", "QPP-07")
def test_a_security_official_signs_in_and_approves_a_pending_request(
    site: Site, open_page: OpenPage, width: int
) -> None:
    page = open_page(width=width)
    sign_in(page, site.world.maria)
    go(page, "Manage Access")
    row = page.get_by_role("row").filter(has_text="Nora Newell")
    expect(row).to_contain_text("Staff User")
    expect(row).to_contain_text("Cedar Valley Family Practice")
    approve, deny = row.get_by_role("button", name="Approve"), row.get_by_role("button", name="Deny")
    one, other = approve.bounding_box(), deny.bounding_box()
    assert one is not None
    assert other is not None
    assert (round(one["width"]), round(one["height"])) == (round(other["width"]), round(other["height"]))
    approve.click()
    expect(page.locator("#toasts")).to_contain_text("You approved Nora Newell as Staff User")
    expect(page.get_by_role("table").first).to_contain_text("You approved Nora Newell")
    page.reload()
    expect(page.get_by_role("main")).to_contain_text("Nothing waits for your decision")


@both_widths
@pytest.mark.requirement("QPP-06", "QPP-10")
def test_a_security_official_finds_a_user_and_removes_their_access(
    site: Site, open_page: OpenPage, width: int
) -> None:
    page = open_page(site.world.maria, width=width)
    page.goto("/qpp/")
    go(page, "Manage Access")
    page.get_by_role("link", name="View Users of Cedar Valley Family Practice").click()
    expect(
        page.get_by_role("row").filter(has_text="Nora Newell").get_by_role("button", name="Approve")
    ).to_be_visible()
    remove = page.get_by_role("link", name="Remove Access of Stella Stone")
    remove.click()
    dialog = page.get_by_role("dialog", name="Remove Stella Stone's access?")
    expect(dialog).to_contain_text("Cedar Valley Family Practice")
    expect(dialog.get_by_role("listitem")).to_contain_text("Staff User")
    expect(dialog.get_by_role("link", name="No, Cancel Action")).to_be_focused()
    dialog.get_by_role("link", name="No, Cancel Action").click()
    expect(dialog).not_to_be_visible()
    expect(remove).to_be_focused()
    expect(page.get_by_role("row").filter(has_text="Stella Stone")).to_be_visible()
    remove.click()
    page.get_by_role("button", name="Yes, Remove Access").click()
    page.wait_for_url("**/manage-access/?effect=*")
    expect(page.get_by_role("heading", name="Connected Organizations")).to_be_in_viewport()
    notification = page.get_by_role("status").filter(has_text="Stella Stone's access")
    expect(notification).to_contain_text("Confirmed everywhere", timeout=30_000)
    box, screen = notification.bounding_box(), page.viewport_size
    assert box is not None
    assert screen is not None
    assert box["x"] + box["width"] > screen["width"] * 0.9
    assert box["y"] + box["height"] > screen["height"] * 0.9
    page.get_by_role("link", name="View Users of Cedar Valley Family Practice").click()
    expect(page.get_by_role("main")).not_to_contain_text("Stella Stone")
