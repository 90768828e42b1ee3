"""The QPP document's numbered steps, in its order and words: at a desk, on a phone, by keyboard, without scripts."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from rolebook.accounts.second_factor import code_at
from rolebook.audit import clock
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.browser.conftest import OpenPage, Site, go
from tests.browser.ways import NO_SCRIPTS, WAYS, Way, every_way, walked
from tests.support.people import PASSWORD, Person
from tests.web.worlds import ask, designate

pytestmark = pytest.mark.browser


def mailed_code(address: str) -> str:
    """Return the code in the newest mail to an address."""
    notice = Notice.objects.filter(address=address).latest("pk")
    found = re.search(r"\b(\d{4}) ?(\d{4})\b", notice.text)
    assert found is not None, notice.text
    return found.group(1) + found.group(2)


def mailed(person: Person) -> str:
    """Return the subject of the newest mail to somebody, once all that happened is told."""
    while derive_notices(now=clock.now()):
        pass
    return Notice.objects.filter(recipient=person.account).latest("pk").subject


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
    page.get_by_label("Code from the mail").wait_for()
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


@walked(*WAYS, NO_SCRIPTS)
@pytest.mark.requirement("QPP-01", "QPP-02", "QPP-09")
def test_a_new_user_registers_and_asks_for_a_role(site: Site, open_page: OpenPage, way: Way) -> None:
    page = open_page(**way.opening())
    register(page, "Rosa Reyes", "rosa")
    if page.get_by_role("heading", name="Statement of Truth").is_visible():
        page.get_by_text("I agree to the Statement of Truth").click()
        page.get_by_role("main").get_by_role("button").first.click()
    go(page, "Request a Role")
    page.get_by_role("link", name="Choose Staff User").click()
    page.get_by_label("Name or").fill("cedar val")
    if not way.javascript:
        page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Choose Cedar Valley Family Practice").click()
    page.get_by_label("Why do you need this role?").fill("I prepare the measures.")
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff User at Cedar Valley Family Practice")
    expect(page.locator("#toasts")).to_contain_text("was sent")
    expect(page.get_by_role("main")).to_contain_text("Waits for a Security Official")
    assert mailed(site.world.maria) == mailed(site.world.owen)
    assert "Rosa Reyes" in mailed(site.world.maria)


def beside(row: Locator) -> tuple[Locator, Locator]:
    """Return Approve and Deny, which stand beside a name, equal in size."""
    approve, deny = row.get_by_role("button", name="Approve"), row.get_by_role("button", name="Deny")
    one, other = approve.bounding_box(), deny.bounding_box()
    assert one is not None
    assert other is not None
    assert (round(one["width"]), round(one["height"])) == (round(other["width"]), round(other["height"]))
    return approve, deny


@walked(*WAYS, NO_SCRIPTS)
@pytest.mark.requirement("QPP-01", "QPP-03", "QPP-04", "QPP-05", "QPP-07", "QPP-08")
def test_a_security_official_signs_in_and_approves_a_pending_request(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    page = open_page(**way.opening())
    sign_in(page, site.world.maria)
    go(page, "Manage Access")
    row = page.get_by_role("row").filter(has_text="Nora Newell")
    expect(row).to_contain_text("Staff User")
    expect(row).to_contain_text("Cedar Valley Family Practice")
    approve, _ = beside(row)
    approve.click()
    expect(page.locator("#toasts")).to_contain_text("You approved Nora Newell as Staff User")
    if way.javascript:
        expect(page.get_by_role("table").first).to_contain_text("You approved Nora Newell")
        page.reload()
    expect(page.get_by_role("main")).to_contain_text("Nothing waits for your decision")
    # Step 4: an e-mail confirms it to who decided, and one informs who had asked.
    assert "approved" in mailed(site.world.maria)
    assert "approved" in mailed(site.world.nora)


@every_way
@pytest.mark.requirement("QPP-04", "QPP-05", "QPP-06", "QPP-07", "QPP-08")
def test_an_official_of_two_organizations_denies_on_manage_access_and_approves_on_view_users(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    world = site.world
    designate(world.maria, "security_official", world.hilltop, world.start)
    ask(world.uma, world.hilltop, world.start)
    page = open_page(world.maria, **way.opening())
    page.goto("/qpp/manage-access/")
    for name, place in (("Nora Newell", "Cedar Valley Family Practice"), ("Uma Underwood", "Hilltop Clinic")):
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text(place)
    _, deny = beside(page.get_by_role("row").filter(has_text="Nora Newell"))
    deny.click()
    expect(page.locator("#toasts")).to_contain_text("You denied Nora Newell as Staff User")
    expect(page.get_by_role("region", name="Connected Organizations")).to_contain_text("Hilltop Clinic")
    page.get_by_role("link", name="View Users of Hilltop Clinic").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hilltop Clinic")
    pending = page.get_by_role("region", name="Pending Requests")
    expect(page.get_by_role("region", name="Connected Users")).to_contain_text("Henry Hill")
    approve, _ = beside(pending.get_by_role("row").filter(has_text="Uma Underwood"))
    approve.click()
    expect(page.locator("#toasts")).to_contain_text("You approved Uma Underwood as Staff User")
    page.reload()
    expect(page.get_by_role("region", name="Connected Users")).to_contain_text("Uma Underwood")
    assert "denied" in mailed(world.nora)
    assert "approved" in mailed(world.uma)
    assert "Uma Underwood" in mailed(world.maria)


@every_way
@pytest.mark.requirement("QPP-06", "QPP-10")
def test_a_security_official_finds_a_user_and_removes_their_access(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    page = open_page(site.world.maria, **way.opening())
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
    expect(notification).to_contain_text("Confirmed everywhere")
    box, screen = notification.bounding_box(), page.viewport_size
    assert box is not None
    assert screen is not None
    assert box["x"] + box["width"] > screen["width"] * 0.9
    assert box["y"] + box["height"] > screen["height"] * 0.9
    page.get_by_role("link", name="View Users of Cedar Valley Family Practice").click()
    expect(page.get_by_role("main")).not_to_contain_text("Stella Stone")


@every_way
@pytest.mark.requirement("QPP-06", "QPP-11")
def test_nobody_removes_themselves_and_the_only_official_is_told_whom_to_contact_with_what(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    world = site.world
    for person, place, told in (
        (world.maria, world.cedar, "Another Security Official"),
        (world.henry, world.hilltop, "TIN 11-2223334"),
    ):
        page = open_page(person, **way.opening())
        page.goto(f"/qpp/organizations/{place.public_id}/users/")
        own = page.get_by_role("row").filter(has_text="(you)")
        expect(own.get_by_role("link", name="Remove Access")).to_have_count(0)
        own.get_by_text("Why can I not remove myself?").click()
        expect(own).to_contain_text(told)
        contact = page.get_by_role("contentinfo")
        expect(contact.get_by_role("link", name="QPP@cms.hhs.gov")).to_be_visible()
        expect(contact).to_contain_text("Tax Identification Number (TIN)")
        # The only official is hinted to a second one.
        hinted = page.get_by_role("main").get_by_text("Consider adding a second")
        expect(hinted).to_have_count(1 if person is world.henry else 0)
    # Who is no official sees no View Users.
    page = open_page(world.stella, **way.opening())
    page.goto("/qpp/manage-access/")
    expect(page.get_by_role("region", name="Connected Organizations")).to_contain_text("Cedar Valley")
    expect(page.get_by_role("link", name=re.compile("View Users"))).to_have_count(0)


@every_way
@pytest.mark.requirement("QPP-13")
def test_what_was_denied_by_mistake_is_asked_for_again_and_sent_again_with_one_press_each(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    page = open_page(site.world.maria, **way.opening())
    page.goto("/qpp/manage-access/")
    beside(page.get_by_role("row").filter(has_text="Nora Newell"))[1].click()
    page.get_by_role("link", name="Denied by mistake?").first.click()
    expect(page.get_by_role("link", name="nora@example.org")).to_be_visible()
    page.get_by_role("button", name="Ask Nora Newell to submit again").click()
    expect(page.locator("#toasts")).to_contain_text("asked by e-mail to submit the request again")
    page = open_page(site.world.nora, **way.opening())
    page.goto("/qpp/")
    page.get_by_role("link", name="Submit again").first.click()
    again = page.get_by_role("region", name="Submit again")
    again.get_by_role("button", name="Submit again").click()
    expect(page.get_by_role("main")).to_contain_text("I prepare the quality measures.")
    expect(page.get_by_role("main")).to_contain_text("Waits for a Security Official")
