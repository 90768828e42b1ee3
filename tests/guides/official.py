"""docs/guides/for-security-officials.md: Maria signs in, decides, and removes somebody's access."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from rolebook.cli.server.demo_world.cast import LENA, MARIA, PASSWORD
from tests.guides.people import code_of
from tests.guides.walking import Walk, go


def walk(walk: Walk, open_page: Callable[..., Page]) -> None:
    """Walk the guide."""
    page = open_page()
    _signs_in(walk, page)
    _decides(walk, page)
    _removes(walk, page)
    with walk.step("Be reminded", page):
        go(page, "Manage Access")
        walk.look(page)
        page.get_by_role("link", name="Reminders").click()
        page.get_by_label("Remind me by e-mail").select_option(label="Once a week")
        save = page.get_by_role("button", name="Save")
        walk.picture(page, "official-12-reminders", press=save)
        save.click()


def _signs_in(walk: Walk, page: Page) -> None:
    page.goto("/")
    with walk.step("Sign in", page):
        page.get_by_role("banner").get_by_role("link", name="Sign In").click()
        page.get_by_role("link", name="Quality Payment Program").click()
        page.get_by_label("User ID").fill(MARIA.user_id)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_text("I agree to the Statement of Truth").click()
        sign_in = page.get_by_role("main").get_by_role("button", name="Sign In")
        walk.picture(page, "official-01-sign-in", press=sign_in, height=700)
        sign_in.click()
    with walk.step("Type the security code", page):
        page.get_by_label("Security code").fill(code_of(MARIA))
        sign_in = page.get_by_role("main").get_by_role("button", name="Sign In")
        walk.picture(page, "official-02-security-code", press=sign_in, height=420)
        sign_in.click()


def _decides(walk: Walk, page: Page) -> None:
    with walk.step("See what waits for you", page):
        page.get_by_role("heading", name="Waiting for you").wait_for()
        walk.picture(page, "official-03-home")
    with walk.step("Open Manage Access", page):
        entry = page.get_by_role("navigation", name="Main").get_by_role("link", name="Manage Access")
        go(page, "Manage Access")
        walk.picture(page, "official-04-manage-access", press=entry, height=700)
    rows = page.get_by_role("row").filter(has=page.get_by_role("button", name="Approve"))
    with walk.step("Look before you decide", page):
        row = rows.filter(has_text="Why they ask").first
        row.get_by_text("Why they ask").click()
        row.get_by_text("What it gives").click()
        row.scroll_into_view_if_needed()
        walk.picture(page, "official-05-look", height=700)
    with walk.step("Approve or deny", page):
        rows.first.get_by_role("button", name="Approve").click()
        expect(page.locator("#toasts")).to_contain_text("You approved")
        page.locator("[data-answer]").scroll_into_view_if_needed()
        walk.picture(page, "official-06-approve", height=700)
    with walk.step("Deny, and say why", page):
        row = rows.first
        row.get_by_text("Give a reason").click()
        row.get_by_label("Reason for a denial").fill("Please ask for Staff User at Fox Run; you work there.")
        deny = row.get_by_role("button", name="Deny")
        walk.picture(page, "official-07-deny", press=deny, height=700)
        deny.click()
        expect(page.locator("#toasts")).to_contain_text("You denied")
    with walk.step("Decide many at once", page):
        page.reload()
        page.get_by_label("Select all").check()
        chosen = page.get_by_role("button", name="Approve selected")
        walk.picture(page, "official-08-many", press=chosen, height=700)
        chosen.click()
        walk.look(page)
        page.go_back()


def _removes(walk: Walk, page: Page) -> None:
    with walk.step("Look who has access", page):
        page.goto("/qpp/manage-access/#connected-organizations")
        walk.look(page)
        page.get_by_role("link", name="View Users of Cedar Valley Family Practice").click()
        page.get_by_role("heading", name="Connected Users").scroll_into_view_if_needed()
        walk.picture(page, "official-09-view-users", height=700)
    with walk.step("Remove access", page):
        page.get_by_role("link", name=f"Remove Access of {LENA.name}").click()
        yes = page.get_by_role("button", name="Yes, Remove Access")
        yes.wait_for()
        walk.picture(page, "official-10-remove", press=yes, height=700)
        yes.click()
    with walk.step("Wait for the confirmation", page):
        page.wait_for_url(re.compile(r"/manage-access/\?."))
        walk.look(page)
        expect(page.get_by_role("status").filter(has_text=LENA.name)).to_contain_text(
            "Confirmed everywhere", timeout=30_000
        )
        walk.picture(page, "official-11-confirmed", height=700)
