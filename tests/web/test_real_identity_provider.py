"""The whole way with a provider that others wrote (oidc-provider-mock), on loopback (QPP-01, QPP-02)."""

import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit

import oidc_provider_mock
import pytest
from django.test import Client
from pytest_django import Settings

from rolebook.accounts.identity_providers import IdentityProvider
from rolebook.accounts.models import LinkedIdentity
from rolebook.accounts.openid.discovery import forget_providers
from tests.support.people import Person, sign_in
from tests.web.identities import heading, name_in_settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp", "quiet_log")]
GO, BACK = "/qpp/sign-in/with/mock/", "/sign-in/with/mock/back/"


@pytest.fixture
def issuer(settings: Settings) -> Iterator[str]:
    """A running provider with two people: one of them uses a second factor there."""
    people = [
        oidc_provider_mock.User(sub="maria", claims={"name": "Maria Medina", "amr": ["pwd", "otp"]}),
        oidc_provider_mock.User(sub="henry", claims={"name": "Henry Hale", "email": "henry@example.org"}),
    ]
    with oidc_provider_mock.run_server_in_thread(user_claims=people, require_nonce=True) as server:
        issuer = f"http://localhost:{server.server_port}"
        named = IdentityProvider("mock", "Mock", issuer, "rolebook", "secret", second_factor_amr=("otp",))
        name_in_settings(settings, named)
        forget_providers()
        yield issuer
    forget_providers()


class Stay(urllib.request.HTTPRedirectHandler):
    """Stays where a redirect comes from."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        """Follow none."""


def authorize(address: str, **form: str) -> dict[str, str]:
    """Do at the provider what a person does there; returns what they bring back."""
    opener = urllib.request.build_opener(Stay, urllib.request.ProxyHandler({}))
    with pytest.raises(HTTPError) as redirected:
        opener.open(address, urlencode(form).encode(), timeout=20)
    with redirected.value as answer:
        location = answer.headers["Location"]
    assert urlsplit(location).path == BACK
    return dict(parse_qsl(urlsplit(location).query))


@pytest.mark.requirement("QPP-01")
def test_somebody_links_signs_in_again_and_the_second_factor_there_counts(
    client: Client, issuer: str, user_with_totp: Person
) -> None:
    came = client.get(BACK, authorize(client.get(GO)["Location"], sub="maria"))
    assert came["Location"] == "/sign-in/identity/"
    sign_in(client, user_with_totp)
    client.post("/security/identities/confirm/")
    link = LinkedIdentity.objects.get()
    assert (link.issuer, link.subject) == (issuer, "maria")
    again = Client()
    came = again.get(BACK, authorize(again.get(GO)["Location"], sub="maria"))
    assert came["Location"] == "/qpp/"
    assert again.get("/qpp/")["Location"].startswith("/qpp/statement/")


@pytest.mark.requirement("QPP-01")
def test_without_a_second_factor_there_our_own_code_is_asked_for(
    client: Client, issuer: str, user_with_totp: Person
) -> None:
    client.get(BACK, authorize(client.get(GO)["Location"], sub="henry"))
    sign_in(client, user_with_totp)
    client.post("/security/identities/confirm/")
    again = Client()
    came = again.get(BACK, authorize(again.get(GO)["Location"], sub="henry"))
    assert came["Location"] == "/sign-in/code/"


@pytest.mark.requirement("QPP-02")
def test_what_the_provider_tells_is_suggested_to_who_registers(client: Client, issuer: str) -> None:
    client.get(BACK, authorize(client.get(GO)["Location"], sub="henry"))
    page = client.get("/register/with-identity/").content.decode()
    assert 'value="Henry Hale"' in page
    assert 'value="henry@example.org"' in page


def test_who_cancels_there_is_told_that_nothing_was_changed(client: Client, issuer: str) -> None:
    came = client.get(BACK, authorize(client.get(GO)["Location"], action="deny"))
    assert came.status_code == 200
    assert heading(came) == "You did not sign in at Mock"
