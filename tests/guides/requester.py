"""docs/guides/for-requesters.md: a new person registers, asks for a role and gets it; another one was denied."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from rolebook.accounts.second_factor import code_at
from rolebook.audit import clock
from rolebook.cli.server.demo_world.cast import MARIA, PASSWORD, SAM
from rolebook.notices.models import Notice
from tests.guides.people import sign_in
from tests.guides.walking import Walk, digits, go

_MAIL = "jordan.ellis@demo.example"


def walk(walk: Walk, open_page: Callable[..., Page]) -> None:
    """Walk the guide."""
    page = open_page()
    _registers(walk, page)
    _asks(walk, page)
    _is_approved(open_page())
    with walk.step("When you were approved", page):
        go(page, "My Access")
        walk.picture(page, "requester-12-my-access")
        expect(page.get_by_role("main")).to_contain_text("approved by")
    page = open_page()
    sign_in(page, SAM)
    page.get_by_role("link", name="Submit again").first.click()
    with walk.step("When you were denied", page):
        page.get_by_label("Your reason").fill("I am on Dr. Reed's team; Daniel knows me as the new coder.")
        again = page.get_by_role("button", name="Submit again")
        again.scroll_into_view_if_needed()
        walk.picture(page, "requester-13-denied", press=again, height=700)
        again.click()
        expect(page.locator("#toasts")).to_contain_text("was submitted again")


def _registers(walk: Walk, page: Page) -> None:
    page.goto("/")
    with walk.step("Open the site and register", page):
        register = page.get_by_role("banner").get_by_role("link", name="Register")
        walk.picture(page, "requester-01-register", press=register, height=420)
        register.click()
    with walk.step("Say who you are", page):
        page.get_by_label("Full name").fill("Jordan Ellis")
        page.get_by_label("User ID").fill("jordan.ellis")
        page.get_by_label("E-mail address").fill(_MAIL)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password, once more").fill(PASSWORD)
        go_on = page.get_by_role("button", name="Go on")
        walk.picture(page, "requester-02-who-you-are", press=go_on, height=700)
        go_on.click()
    with walk.step("Type the code from your mail", page):
        code = digits(Notice.objects.filter(address=_MAIL).latest("pk").text)
        page.get_by_label("Code from the mail").fill(code)
        confirm = page.get_by_role("button", name="Confirm")
        walk.picture(page, "requester-03-code-from-the-mail", press=confirm, height=520)
        confirm.click()
    with walk.step("Connect your phone", page):
        secret = (page.locator("code.secret").text_content() or "").replace(" ", "")
        page.get_by_label("Code that the app shows").fill(code_at(secret, clock.now()))
        set_up = page.get_by_role("button", name="Set up")
        walk.picture(page, "requester-04-phone", press=set_up, height=700)
        set_up.click()
    with walk.step("Keep your recovery codes", page):
        kept = page.get_by_role("button", name="I have kept them")
        walk.picture(page, "requester-05-recovery-codes", press=kept)
        kept.click()
    with walk.step("Choose the program", page):
        page.get_by_role("link", name="Open QPP").click()
        page.get_by_text("I agree to the Statement of Truth").click()
        go_on = page.get_by_role("main").get_by_role("button").first
        walk.picture(page, "requester-06-statement", press=go_on)
        go_on.click()


def _asks(walk: Walk, page: Page) -> None:
    with walk.step("Start asking for a role", page):
        request = page.get_by_role("main").get_by_role("link", name="Request a role")
        walk.picture(page, "requester-07-home", press=request, height=520)
        request.click()
    with walk.step("Choose the role", page):
        choose = page.get_by_role("link", name="Choose Staff User")
        choose.scroll_into_view_if_needed()
        walk.picture(page, "requester-08-choose-role", press=choose, height=700)
        choose.click()
    with walk.step("Find your organization", page):
        page.get_by_label("Name or").fill("cedar val")
        choose = page.get_by_role("link", name="Choose Cedar Valley Family Practice")
        choose.wait_for()
        walk.picture(page, "requester-09-find-organization", press=choose)
        choose.click()
    with walk.step("Check and send", page):
        page.get_by_label("Why do you need this role?").fill(
            "I am the new billing coder in Dr. Reed's team and submit our quality measures."
        )
        send = page.get_by_role("button", name="Send request")
        send.scroll_into_view_if_needed()
        walk.picture(page, "requester-10-check-and-send", press=send, height=700)
        send.click()
    with walk.step("See where it stands", page):
        expect(page.locator("#toasts")).to_contain_text("was sent")
        walk.picture(page, "requester-11-waits", height=700)


def _is_approved(page: Page) -> None:
    sign_in(page, MARIA)
    go(page, "Manage Access")
    page.get_by_role("row").filter(has_text="Jordan Ellis").get_by_role("button", name="Approve").click()
    expect(page.locator("#toasts")).to_contain_text("You approved Jordan Ellis")
