"""Sign in with an identity provider in a real browser: its content security policy lets people go there and back."""

import dataclasses
from collections.abc import Iterator
from urllib.parse import urlsplit

import oidc_provider_mock
import pytest
from playwright.sync_api import Browser, Page
from pytest_django import Settings

from rolebook.accounts.identity_providers import IdentityProvider
from rolebook.accounts.models import Account, LinkedIdentity
from rolebook.accounts.openid.discovery import forget_providers
from rolebook.audit import clock
from tests.browser.conftest import PATIENCE, WIDTHS, Site
from tests.browser.test_accessibility import violations
from tests.support.people import PASSWORD

pytestmark = pytest.mark.browser


@pytest.fixture
def provider(site: Site, settings: Settings) -> Iterator[str]:
    """A provider of another origin, named in the settings; gives its issuer."""
    maria = oidc_provider_mock.User(sub="maria", claims={"name": "Maria at Mock", "amr": ["otp"]})
    with oidc_provider_mock.run_server_in_thread(user_claims=[maria]) as server:
        issuer = f"http://localhost:{server.server_port}"
        named = IdentityProvider("mock", "Mock", issuer, "us", "secret", second_factor_amr=("otp",))
        settings.ROLEBOOK = dataclasses.replace(
            settings.ROLEBOOK, site_url=site.url, identity_providers=(named,)
        )
        forget_providers()
        yield issuer
    forget_providers()


def at_both_widths(page: Page) -> list[str]:
    """What is wrong with a page on a desk and on a phone."""
    found: list[str] = []
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        found += violations(page)
    return found


def there(page: Page, issuer: str) -> None:
    """Sign in at the provider, as a person does."""
    assert page.url.startswith(issuer)
    page.get_by_role("button", name="maria").click()


@pytest.mark.requirement("QPP-01")
def test_somebody_links_on_the_security_page_and_signs_in_with_it_afterwards(
    browser: Browser, site: Site, provider: str
) -> None:
    context = browser.new_context(base_url=site.url, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    page, found, refused = context.new_page(), list[str](), list[str]()
    page.on("console", lambda said: refused.append(said.text) if "Content Security" in said.text else None)

    page.goto("/qpp/sign-in/")
    page.get_by_role("link", name="Sign in with Mock").click()
    there(page, provider)
    page.get_by_role("heading", name="Mock knows you").wait_for()
    found += at_both_widths(page)
    page.get_by_role("link", name="Register with Mock").click()
    assert page.get_by_label("Full name").input_value() == "Maria at Mock"
    found += at_both_widths(page)
    page.go_back()
    page.get_by_role("link", name="Sign in and link").click()
    maria = site.world.maria
    Account.objects.filter(pk=maria.account.pk).update(last_totp_step=0)
    page.get_by_label("User ID").fill(maria.account.user_id)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_text("I agree to the Statement of Truth").click()
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Security code").fill(maria.code(clock.now()))
    page.get_by_role("button", name="Sign In").click()
    page.get_by_role("button", name="Not Now").wait_for()
    found += at_both_widths(page)
    page.get_by_role("button", name="Not Now").click()

    page.goto("/security/")
    found += at_both_widths(page)
    page.get_by_role("link", name="Link Mock").click()
    found += at_both_widths(page)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Go to the sign-in there").click()
    there(page, provider)  # the form led there: the page's own policy lets it
    page.get_by_role("button", name="Yes, Link It").click()
    page.get_by_text("Mock is linked").wait_for()
    assert LinkedIdentity.objects.get().account == maria.account
    page.get_by_role("link", name="Unlink").click()
    found += at_both_widths(page)

    context.clear_cookies(domain=urlsplit(site.url).hostname)
    page.goto("/qpp/sign-in/")
    page.get_by_role("link", name="Sign in with Mock").click()
    there(page, provider)
    page.get_by_text("I agree to the Statement of Truth").click()
    page.get_by_role("button", name="Agree and go on").click()
    page.wait_for_url(f"{site.url}/qpp/")

    page.goto("/sign-in/with/mock/back/?state=old&code=x")
    page.get_by_role("heading", name="This sign-in is over").wait_for()
    found += at_both_widths(page)
    context.close()
    assert found == []
    assert refused == []
