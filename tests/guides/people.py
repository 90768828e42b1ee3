"""The demo's people, as they sign in."""

from playwright.sync_api import Page

from rolebook.accounts.models import Account
from rolebook.accounts.second_factor import code_at, secret_of, totp_of
from rolebook.audit import clock
from rolebook.cli.server.demo_world.cast import PASSWORD, Person


def code_of(person: Person) -> str:
    """Return the code that somebody's authenticator app shows now."""
    factor = totp_of(Account.objects.get(user_id=person.user_id))
    assert factor is not None
    return code_at(secret_of(factor), clock.now())


def sign_in(page: Page, person: Person, program_id: str = "qpp") -> None:
    """Sign somebody in, as the page asks."""
    page.goto(f"/{program_id}/sign-in/")
    page.get_by_label("User ID").fill(person.user_id)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    agree = page.get_by_text("I agree to the Statement of Truth")
    if agree.count():
        agree.click()
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Security code").fill(code_of(person))
    page.get_by_role("main").get_by_role("button", name="Sign In").click()
    page.get_by_role("heading", name="Welcome").wait_for()
