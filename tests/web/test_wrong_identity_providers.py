"""An identity provider that answers wrongly, late or not at all signs nobody in, and leads to a page that says so."""

import dataclasses
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from pytest_django import Settings

from rolebook.accounts import throttling
from rolebook.accounts.openid.discovery import forget_providers
from rolebook.accounts.throttling import PROVIDER_BY_SOURCE
from rolebook.audit import clock
from rolebook.audit.models import Event
from tests.support.identity_provider import Provider, running_provider
from tests.support.people import Person
from tests.web.identities import BACK, GO, come_back, heading, link, name_in_settings, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp", "quiet_log")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://elsewhere.example.org"},
        {"aud": "another-client"},
        {"aud": ["rolebook-tests", "another-client"]},
        {"azp": "another-client"},
        {"sub": ""},
        {"sub": None},
        {"exp": None},
        {"iat": "now"},
    ],
    ids=str,
)
def test_a_token_that_is_not_the_answer_signs_nobody_in(
    client: Client, provider: Provider, user_with_totp: Person, wrong: dict[str, Any]
) -> None:
    link(user_with_totp, provider)
    provider.claims = wrong
    came = come_back(client, provider, amr=["otp"])
    assert came.status_code == 400
    assert heading(came) == "The answer of HARP could not be trusted"
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")
    refused = Event.objects.get(tag="attempt:refused:sign-in")
    assert told(refused)["reason_code"].startswith("identity-provider-")


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        ({"iat": -30, "exp": -30}, True),
        ({"iat": 50, "exp": 300}, True),
        ({"iat": -300, "exp": -90}, False),
        ({"iat": 90, "exp": 300}, False),
        ({"iat": 0, "exp": 300, "nbf": 120}, False),
        ({"iat": -3600, "exp": 300}, False),
    ],
    ids=str,
)
def test_clocks_may_differ_by_a_minute_and_no_more(
    client: Client, provider: Provider, user_with_totp: Person, times: dict[str, int], taken: bool
) -> None:
    link(user_with_totp, provider)
    now = int(clock.now().timestamp())
    provider.claims = {name: now + seconds for name, seconds in times.items()}
    came = come_back(client, provider, amr=["otp"])
    assert came.status_code == (302 if taken else 400)
    if not taken:
        assert heading(came) == "The clocks do not agree"


@pytest.mark.parametrize("how", ["another key", "no signature", "the public key as a shared secret"])
def test_a_token_not_signed_by_a_published_key_signs_nobody_in(
    client: Client, provider: Provider, user_with_totp: Person, how: str
) -> None:
    link(user_with_totp, provider)
    if how == "another key":
        provider.sign_with = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif how == "no signature":
        provider.algorithm, provider.sign_with = "none", ""
    else:
        provider.algorithm, provider.sign_with = "HS256", "x" * 64
    assert come_back(client, provider, amr=["otp"]).status_code == 400
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")


def test_new_keys_of_a_provider_are_fetched_when_they_are_used(
    client: Client, provider: Provider, user_with_totp: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(user_with_totp, provider)
    assert come_back(client, provider, amr=["otp"]).status_code == 302
    provider.key, provider.key_id = rsa.generate_private_key(public_exponent=65537, key_size=2048), "two"
    assert come_back(Client(), provider, amr=["otp"]).status_code == 400  # fetched a moment ago: not again
    assert provider.keys_fetched == 1
    monkeypatch.setattr("rolebook.accounts.openid.discovery._KEYS_AGAIN_SECONDS", 0)
    assert come_back(Client(), provider, amr=["otp"]).status_code == 302


@pytest.mark.fault(26)
def test_a_callback_works_once_and_only_in_the_browser_that_began(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    link(user_with_totp, provider)
    answer = provider.answer(client.get(GO)["Location"], "m-1", amr=["otp"])
    stolen = Client().get(BACK, answer)
    assert stolen.status_code == 400
    assert heading(stolen) == "This sign-in is over"
    assert client.get(BACK, answer).status_code == 302
    assert client.get(BACK, answer).status_code == 400
    assert len(provider.asked) == 1


@pytest.mark.fault(26)
def test_a_callback_works_once_where_nobody_was_signed_in_by_it_either(
    client: Client, provider: Provider
) -> None:
    answer = provider.answer(client.get(GO)["Location"], "unlinked")
    assert client.get(BACK, answer)["Location"] == "/sign-in/identity/"
    assert client.get(BACK, answer).status_code == 400
    assert len(provider.asked) == 1


def test_an_answer_of_any_length_is_not_read_to_its_end(client: Client, provider: Provider) -> None:
    provider.token_body = b'{"padding": "' + b"x" * 600_000 + b'"}'
    assert come_back(client, provider).status_code == 503


def test_a_code_that_was_put_into_another_sign_in_is_refused_by_its_verifier(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    link(user_with_totp, provider)
    injected = provider.answer(Client().get(GO)["Location"], "m-1", amr=["otp"])
    own = provider.answer(client.get(GO)["Location"], "m-2", amr=["otp"])
    came = client.get(BACK, {**own, "code": injected["code"]})
    assert came.status_code == 400
    assert heading(came) == "HARP did not sign you in"


def test_the_answer_of_one_provider_is_not_taken_from_another(
    client: Client, provider: Provider, settings: Settings, user_with_totp: Person
) -> None:
    with running_provider() as other:
        name_in_settings(settings, provider.settings(), other.settings(id="other", name="Other"))
        link(user_with_totp, provider)
        answer = provider.answer(client.get(GO)["Location"], "m-1", amr=["otp"])
        assert client.get("/sign-in/with/other/back/", answer).status_code == 400
        assert other.asked == []
        answer = provider.answer(client.get(GO)["Location"], "m-1", amr=["otp"])
        assert client.get(BACK, {**answer, "iss": other.issuer}).status_code == 400
        assert provider.asked == []


def test_a_provider_that_names_its_issuer_must_name_it(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    link(user_with_totp, provider)
    assert come_back(client, provider, amr=["otp"]).status_code == 400
    answer = provider.answer(client.get(GO)["Location"], "m-1", amr=["otp"])
    assert client.get(BACK, {**answer, "iss": provider.issuer}).status_code == 302


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        ("access_denied", 200, "You did not sign in at HARP"),
        ("temporarily_unavailable", 503, "HARP cannot be reached"),
        ("invalid_scope", 400, "HARP did not sign you in"),
        ("<script>alert(1)</script>", 400, "HARP did not sign you in"),
    ],
)
def test_an_error_of_the_provider_is_a_page_that_says_so(
    client: Client, provider: Provider, error: str, status: int, said: str
) -> None:
    sent = parse_qs(urlsplit(client.get(GO)["Location"]).query)
    came = client.get(BACK, {"state": sent["state"][0], "error": error, "error_description": "<i>no</i>"})
    assert came.status_code == status
    assert heading(came) == said
    assert "<script>alert" not in came.content.decode()
    assert "<i>no" not in came.content.decode()
    assert f'href="{GO}"' in came.content.decode()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"oh"),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"id_token": 3}'),
        (200, b'{"id_token": "a.b.c"}'),
        (200, b'{"id_token": "\xff"}'),
        (200, b"{" * 100_000),
        (200, b" " * 600_000),
        (302, b""),
        (307, b""),
        (400, b'{"error": "invalid_client"}'),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_broken_token_endpoint_is_a_page_and_never_a_failure(
    client: Client, provider: Provider, status: int, body: bytes
) -> None:
    provider.token_status, provider.token_body = status, body
    came = come_back(client, provider)
    assert came.status_code in (400, 503)
    assert len(provider.asked) == 1
    assert "/elsewhere" not in provider.fetched  # a redirect is not followed with the secret


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://elsewhere.example.org"},
        {"token_endpoint": "http://elsewhere.example.org/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"jwks_uri": "file:///etc/passwd"},
    ],
    ids=str,
)
def test_metadata_that_cannot_be_right_lead_nowhere(
    client: Client, provider: Provider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    went = client.get(GO)
    assert went.status_code == 503
    assert heading(went) == "HARP cannot be reached"


def test_a_provider_that_is_down_is_said_to_be_and_asked_no_oftener_than_every_few_seconds(
    client: Client, provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolebook.accounts.openid.fetching.SECONDS", 0.2)
    down = provider.settings(issuer="http://127.0.0.1:9")
    name_in_settings(settings, down)
    assert client.get(GO).status_code == 503
    went = client.get(GO)
    assert went.status_code == 503
    assert "sign in another way" in went.content.decode()
    assert client.get("/qpp/sign-in/").status_code == 200


def test_the_client_secret_goes_as_the_provider_wants_it(
    client: Client, provider: Provider, settings: Settings
) -> None:
    come_back(client, provider)
    assert provider.asked[0]["authorization"].startswith("Basic ")
    assert "client_secret" not in provider.asked[0]
    name_in_settings(settings, provider.settings(client_authentication="client_secret_post"))
    forget_providers()
    come_back(Client(), provider)
    assert provider.asked[1]["authorization"] == ""
    assert provider.asked[1]["client_secret"] == "a-secret:with/signs"


@pytest.mark.parametrize(
    "following", ["https://evil.example.org/", "//evil.example.org", "/\\evil.example.org"]
)
def test_nobody_is_led_away_after_signing_in(
    client: Client, provider: Provider, user_with_totp: Person, following: str
) -> None:
    link(user_with_totp, provider)
    sent = client.get(f"{GO}?{urlencode({'next': following})}")
    came = client.get(BACK, provider.answer(sent["Location"], "m-1", amr=["otp"]))
    assert came["Location"] == "/qpp/"


def test_people_come_back_to_the_page_that_they_wanted(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    link(user_with_totp, provider)
    client.get("/qpp/sign-in/?next=/qpp/my-access/")
    assert come_back(client, provider, amr=["otp"])["Location"] == "/qpp/my-access/"


@pytest.mark.fault(48)
def test_the_address_to_come_back_to_is_the_sites_own_whatever_the_host_header_says(
    client: Client, provider: Provider, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    sent = client.get(GO, HTTP_HOST="evil.example.org")
    asked = parse_qs(urlsplit(sent["Location"]).query)
    assert asked["redirect_uri"] == [f"{settings.ROLEBOOK.site_url}{BACK}"]


@pytest.mark.fault(38)
def test_the_session_is_a_new_one_after_signing_in(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    link(user_with_totp, provider)
    client.get(GO)
    before = client.session.session_key
    come_back(client, provider, amr=["otp"])
    assert client.session.session_key != before


def test_wrong_answers_of_one_source_are_counted(
    client: Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [provider.answer(client.get(GO)["Location"], "m-1") for _ in range(3)]
    provider.claims = {"nonce": "another"}
    few = dataclasses.replace(PROVIDER_BY_SOURCE, attempts=2)
    monkeypatch.setattr(throttling, "PROVIDER_BY_SOURCE", few)
    assert [client.get(BACK, answer).status_code for answer in answers] == [400, 400, 429]
    assert client.get(GO).status_code == 429
