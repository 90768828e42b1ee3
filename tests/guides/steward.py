"""docs/guides/for-stewards.md: Grace names an official, keeps organizations, and helps people."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from rolebook.cli.server.demo_world.cast import ELLEN, GRACE, NORA, PAUL
from tests.guides.people import sign_in
from tests.guides.walking import Walk, go

_FILE = b"code,name,kind,tin\n78-5550143,Heron Marsh Family Practice,practice,78-5550143\n"


def walk(walk: Walk, open_page: Callable[..., Page]) -> None:
    """Walk the guide."""
    page = open_page()
    sign_in(page, GRACE)
    with walk.step("Start at Home", page):
        walk.picture(page, "steward-01-home", height=700)
    _names_an_official(walk, page)
    _keeps_organizations(walk, page)
    _helps_people(walk, page)
    with walk.step("See that mails go out", page):
        go(page, "Jobs")
        walk.look(page)
        go(page, "Mail queue")
        walk.picture(page, "steward-10-mail-queue", height=520)
    with walk.step("Answer an auditor", page):
        go(page, "Reports")
        walk.look(page)
        page.get_by_role("main").get_by_role("link", name="Audit").click()
        page.get_by_role("heading", name="Audit", level=1).wait_for()
        walk.picture(page, "steward-11-audit", height=700)


def _names_an_official(walk: Walk, page: Page) -> None:
    with walk.step("See which organizations have too few officials", page):
        go(page, "Few officials")
        walk.picture(page, "steward-02-few-officials", height=700)
        nobody = page.get_by_role("row").filter(has_text="Nobody").first
        number = nobody.locator(".under").inner_text().split()[-1]
    with walk.step("Name the first official", page):
        go(page, "Designate")
        page.get_by_label("Person").fill(NORA.user_id)
        page.get_by_label("Role").select_option(label="Security Official")
        page.get_by_label("Organization").fill(number)
        page.get_by_label("Reason").fill("First official, named by the practice's letter of March 9.")
        go_on = page.get_by_role("button", name="Go on")
        walk.picture(page, "steward-03-designate", press=go_on, height=700)
        go_on.click()
    with walk.step("Read what it does, and confirm", page):
        yes = page.get_by_role("button", name="Yes, designate")
        walk.picture(page, "steward-04-confirm", press=yes, height=520)
        yes.click()
        expect(page.locator("#toasts")).to_contain_text(NORA.name)


def _keeps_organizations(walk: Walk, page: Page) -> None:
    with walk.step("Add an organization", page):
        go(page, "Organizations")
        walk.look(page)
        page.get_by_role("link", name="Add an organization").click()
        page.get_by_label("Name").first.fill("Marigold Lane Pediatrics")
        page.get_by_label("Kind").select_option(label="Practice")
        page.get_by_label("TIN").fill("79-5550121")
        walk.picture(page, "steward-05-add-organization", height=700)
        page.get_by_role("button", name="Add organization").click()
        page.get_by_role("heading", name="Marigold Lane Pediatrics").wait_for()
    with walk.step("Bring in a whole list", page):
        go(page, "Organizations")
        walk.look(page)
        page.get_by_role("link", name="Import a file").click()
        page.get_by_label("CSV file").set_input_files(
            {"name": "practices.csv", "mimeType": "text/csv", "buffer": _FILE}
        )
        walk.look(page)
        page.get_by_role("button", name="Compare it").click()
        yes = page.get_by_role("button", name="Yes, import 1 change")
        walk.picture(page, "steward-06-import", press=yes)
        yes.click()
        expect(page.get_by_role("main")).to_contain_text("Imported")


def _helps_people(walk: Walk, page: Page) -> None:
    with walk.step("Find a person", page):
        go(page, "People")
        page.get_by_role("search").get_by_role("textbox").first.fill("jensen")
        walk.look(page)
        page.get_by_role("button", name="Search").first.click()
        page.get_by_role("link", name=PAUL.name).click()
        walk.picture(page, "steward-07-person", height=700)
    with walk.step("Somebody leaves", page):
        page.get_by_role("link", name="Deactivate", exact=True).click()
        page.get_by_label("Reason").fill("On leave until June, as the practice told us.")
        yes = page.get_by_role("button", name="Yes, deactivate")
        walk.picture(page, "steward-08-deactivate", press=yes)
        yes.click()
        expect(page.get_by_role("main")).to_contain_text("Deactivated")
    with walk.step("Somebody lost their phone", page):
        go(page, "Home")
        walk.look(page)
        page.get_by_role("row").filter(has_text=ELLEN.name).get_by_role("link", name="Open").click()
        walk.picture(page, "steward-09-vouch", height=700)
