"""A passkey from its set-up to its removal, in a browser with a device made of software."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import Settings

from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.models import Account
from rolebook.accounts.person_models import Recovery
from rolebook.audit import clock
from tests.browser.conftest import PATIENCE, Site, Watch
from tests.browser.test_accessibility import violations
from tests.support.people import PASSWORD, Person
from tests.web.worlds import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.requirement("QPP-01")]


@pytest.fixture
def named(site: Site, settings: Settings) -> str:
    """The site by its name: browsers know no passkeys at a bare number."""
    address = f"http://localhost:{urlsplit(site.url).port}"
    settings.ROLEBOOK = replace(settings.ROLEBOOK, site_url=address)
    settings.ALLOWED_HOSTS = ["localhost"]
    return address


def with_device(context: BrowserContext, page: Page) -> None:
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def let_in(context: BrowserContext, person: Person, address: str) -> None:
    cookie = signed_in(person).cookies["rolebook"].value
    context.add_cookies([{"name": "rolebook", "value": cookie, "url": address}])


def type_password(page: Page) -> None:
    page.goto("/qpp/sign-in/")
    page.get_by_label("User ID").fill("maria")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_text("I agree to the Statement of Truth").click()
    page.get_by_role("button", name="Sign In").click()


def test_a_passkey_is_set_up_signs_in_is_renamed_and_removed(
    site: Site, browser: Browser, named: str
) -> None:
    maria, watch = site.world.maria, Watch(named)
    context = browser.new_context(base_url=named, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    context.on("request", watch.request)
    context.on("console", watch.console)
    page = context.new_page()
    page.on("pageerror", watch.error)
    with_device(context, page)
    let_in(context, maria, named)

    page.goto("/security/")
    page.get_by_role("link", name="Set up a passkey").click()
    page.get_by_label("Name of the passkey").fill("Work laptop")
    page.get_by_label("Your password").fill("not my password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not your password.")
    expect(page.get_by_label("Your password")).to_be_focused()
    assert violations(page) == []
    page.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("The passkey “Work laptop” is set up.")
    factors = page.get_by_role("region", name="Second factor")
    expect(factors).to_contain_text("not used yet")
    assert violations(page) == []

    # The same device once more: the browser itself knows that it holds one already.
    page.get_by_role("link", name="Set up another passkey").click()
    page.get_by_label("Name of the passkey").fill("Twice")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set up the passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("holds a passkey of yours already")

    context.clear_cookies()
    type_password(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    assert violations(page) == []
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{named}/qpp/")
    assert Passkey.objects.get().last_used_at is not None

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/security/")
    expect(page.get_by_role("region", name="Second factor")).to_contain_text("last used just now")
    assert violations(page) == []
    page.get_by_role("link", name="Rename the passkey Work laptop").click()
    page.get_by_label("Name of the passkey").fill("Home laptop")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("link", name="Remove the passkey Home laptop").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.locator("#toasts")).to_contain_text("The passkey “Home laptop” is removed.")
    assert not Passkey.objects.exists()
    context.close()
    assert watch.complaints == []


def test_who_has_only_a_passkey_vouches_with_it(site: Site, browser: Browser, named: str) -> None:
    world, now = site.world, clock.now()
    lost = Recovery.objects.create(
        account=world.stella.account,
        address=world.stella.account.email,
        asked_at=now,
        expires_at=now + timedelta(days=7),
        cancel_hash="0" * 64,
    )
    context = browser.new_context(base_url=named, viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    with_device(context, page)
    let_in(context, world.maria, named)
    page.goto("/second-factor/passkey/")
    page.get_by_label("Name of the passkey").fill("Phone")
    page.get_by_label("Your password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("is set up")
    Authenticator.objects.filter(user_id=world.maria.account.pk).delete()

    page.goto(f"/qpp/recoveries/{lost.public_id}/")
    assert violations(page) == []
    page.get_by_role("button", name="Vouch for Stella Stone").click()
    expect(page.get_by_role("alert")).to_have_text("Choose how you made sure.")
    page.get_by_label("How did you make sure").select_option("called")
    page.get_by_label("What you did, and when").fill("Called her on the practice's number")
    page.get_by_text("I made sure myself").click()
    page.get_by_role("button", name="Vouch with a passkey").click()
    expect(page.locator("#toasts")).to_contain_text("You vouched for Stella Stone.")
    assert Recovery.objects.get(pk=lost.pk).state == "vouched"
    context.close()


def test_without_javascript_a_code_signs_in_whoever_has_a_passkey(
    site: Site, browser: Browser, named: str
) -> None:
    maria = site.world.maria
    Passkey.objects.create(
        account=maria.account, name="Key", credential_id=b"1", credential=b"", created_at=clock.now()
    )
    context = browser.new_context(base_url=named, java_script_enabled=False)
    page = context.new_page()
    type_password(page)
    expect(page.get_by_role("button", name="Use a passkey")).to_be_hidden()
    expect(page.get_by_role("main")).to_contain_text("Passkeys need JavaScript")
    Account.objects.filter(pk=maria.account.pk).update(last_totp_step=0)
    page.get_by_label("Security code").fill(maria.code(clock.now()))
    page.get_by_role("button", name="Sign In").click()
    expect(page).to_have_url(f"{named}/qpp/")
    context.close()
