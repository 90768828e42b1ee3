"""Sign in with an outside identity provider (QPP-01): what it proves, and what it never does."""

import dataclasses
import json
import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from rolebook.accounts.flows.identities import link_identity
from rolebook.accounts.flows.status import deactivate_account
from rolebook.accounts.linking import IdentityTaken
from rolebook.accounts.models import Account, LinkedIdentity, StatementAgreement
from rolebook.accounts.openid.asking import Identity
from rolebook.accounts.throttling import PROVIDER_BY_SOURCE
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.models import Grant
from rolebook.notices.models import Notice
from tests.support.identity_provider import Provider, running_provider
from tests.support.people import COMMAND, PASSWORD, Mails, Person, sign_in, signed_in_client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp")]
GO, BACK = "/qpp/sign-in/with/harp/", "/sign-in/with/harp/back/"


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """A provider that the settings name; people call it HARP."""
    with running_provider() as running:
        name_in_settings(settings, running.settings())
        yield running


def name_in_settings(settings: Settings, *providers: Any) -> None:
    settings.ROLEBOOK = dataclasses.replace(settings.ROLEBOOK, identity_providers=providers)


def link(person: Person, provider: Provider, subject: str = "m-1", *, two_factors: bool = False) -> None:
    identity = Identity("harp", provider.issuer, subject, two_factors)
    link_identity(acting_user=person.account, identity=identity, at=clock.now(), origin=COMMAND, send=Mails())


def come_back(client: Client, provider: Provider, subject: str = "m-1", **claims: Any) -> Any:
    """Go to the provider, sign in there, and come back."""
    sent = client.get(GO)
    assert sent.status_code == 302, sent.content.decode()
    return client.get(BACK, provider.answer(sent["Location"], subject, **claims))


def told(event: Event) -> dict[str, str]:
    new: dict[str, str] = json.loads(event.content)["new"]
    return new


def heading(answer: Any) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.content.decode(), re.DOTALL)
    assert found is not None
    return " ".join(found[1].split())


@pytest.mark.requirement("QPP-01")
def test_a_second_factor_that_counts_signs_in_and_the_statement_comes_before_the_first_page(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    link(user_with_totp, provider)
    came = come_back(client, provider, amr=["pwd", "otp"])
    assert came["Location"] == "/qpp/"
    assert not StatementAgreement.objects.exists()
    first = client.get("/qpp/")
    assert first["Location"].startswith("/qpp/statement/")
    page = client.get(first["Location"]).content.decode()
    wording = re.search(r'name="wording" value="(\w+)"', page)
    assert wording is not None
    assert client.get("/qpp/manage-access/")["Location"].startswith("/qpp/statement/")
    client.post("/qpp/statement/", {"agree": "on", "wording": wording[1]})
    assert client.get("/qpp/").status_code == 200
    assert StatementAgreement.objects.count() == 1
    event = Event.objects.get(tag="account:signed-in")
    assert told(event) == {"method": "provider", "provider": "harp"}


@pytest.mark.requirement("QPP-01")
@pytest.mark.parametrize(
    "said", [{}, {"amr": ["pwd"]}, {"acr": "urn:one"}, {"amr": "otp"}, {"acr": ["urn:two"]}]
)
def test_without_a_second_factor_that_counts_our_own_is_asked_for(
    client: Client, provider: Provider, user_with_totp: Person, said: dict[str, Any]
) -> None:
    link(user_with_totp, provider)
    came = come_back(client, provider, **said)
    assert came["Location"] == "/sign-in/code/"
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")
    done = client.post("/sign-in/code/", {"code": user_with_totp.code(clock.now())})
    assert done["Location"] == "/qpp/"
    assert client.get("/qpp/")["Location"].startswith("/qpp/statement/")


def test_an_acr_of_the_settings_counts_too(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    link(user_with_totp, provider)
    assert come_back(client, provider, acr="urn:two")["Location"] == "/qpp/"


@pytest.mark.requirement("QPP-01")
def test_a_mailed_code_never_stands_in_for_the_second_factor_of_a_provider(
    client: Client, provider: Provider, new_user: Person
) -> None:
    link(new_user, provider, two_factors=True)
    came = come_back(client, provider)
    assert came.status_code == 403
    assert heading(came) == "HARP did not confirm a second factor"
    typed = {"user_id": new_user.account.user_id, "password": PASSWORD, "agree": "on"}
    refused = client.post("/qpp/sign-in/", typed)
    assert refused.status_code == 422
    assert "Sign in with your identity provider" in refused.content.decode()
    assert not Notice.objects.filter(kind="sign-in-code").exists()


def test_who_has_no_second_factor_anywhere_gets_a_mailed_code_and_sets_one_up(
    client: Client, provider: Provider, new_user: Person
) -> None:
    link(new_user, provider)
    assert come_back(client, provider)["Location"] == "/sign-in/code/"
    assert Notice.objects.filter(kind="sign-in-code").count() == 1


@pytest.mark.invariant("I9")
@pytest.mark.fault(39)
def test_an_unlinked_identity_is_never_matched_by_its_address(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    came = come_back(
        client, provider, "new", amr=["otp"], email=user_with_totp.account.email, email_verified=True
    )
    assert came["Location"] == "/sign-in/identity/"
    assert heading(client.get("/sign-in/identity/")) == "HARP knows you; this site does not yet"
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")
    assert not LinkedIdentity.objects.exists()


@pytest.mark.requirement("QPP-01")
def test_an_unlinked_identity_is_linked_after_one_sign_in_with_password_and_code(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    come_back(client, provider, "m-7", name="Maria <b>Medina</b>")
    sign_in(client, user_with_totp)
    asked = client.get("/security/identities/confirm/")
    assert "Maria &lt;b&gt;Medina" in asked.content.decode()
    assert not LinkedIdentity.objects.exists()
    done = client.post("/security/identities/confirm/")
    assert done["Location"] == "/qpp/"
    assert LinkedIdentity.objects.get().account == user_with_totp.account
    assert Event.objects.filter(tag="account:identity-linked").count() == 1
    assert Notice.objects.get(kind="second-factor-changed").recipient == user_with_totp.account
    assert client.get("/qpp/").status_code == 200
    assert client.post("/security/identities/confirm/")["Location"] == "/security/"


def test_who_does_not_want_to_link_goes_on_without(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    come_back(client, provider)
    sign_in(client, user_with_totp)
    assert client.post("/security/identities/confirm/", {"cancel": "1"})["Location"] == "/qpp/"
    assert not LinkedIdentity.objects.exists()
    assert client.get("/security/identities/confirm/")["Location"] == "/security/"


@pytest.mark.requirement("QPP-02")
def test_a_new_person_registers_with_an_identity_and_confirms_the_address_by_our_code(
    client: Client, provider: Provider, user_with_totp: Person
) -> None:
    come_back(client, provider, "n-1", amr=["mfa"], name="Nina Nagy", email="nina@example.org")
    page = client.get("/register/with-identity/").content.decode()
    assert 'value="Nina Nagy"' in page
    typed = {"name": "Nina Nagy", "user_id": "nina.nagy", "email": "nina@example.org"}
    assert client.post("/register/with-identity/", typed)["Location"] == "/confirm-email/"
    assert not Account.objects.filter(user_id="nina.nagy").exists()
    code = re.search(r"\d{4} \d{4}", Notice.objects.get(kind="confirm-email").text)
    assert code is not None
    assert client.post("/confirm-email/", {"code": code[0]}).status_code == 302
    account = Account.objects.get(user_id="nina.nagy")
    assert not account.has_usable_password()
    assert LinkedIdentity.objects.get().account == account
    assert client.get("/qpp/")["Location"].startswith("/qpp/statement/")
    again = Client()
    assert come_back(again, provider, "n-1", amr=["mfa"])["Location"] == "/qpp/"


def test_who_registers_with_an_identity_without_a_second_factor_sets_one_up(
    client: Client, provider: Provider
) -> None:
    come_back(client, provider, "n-2", email="nora@example.org")
    typed = {"name": "Nora", "user_id": "nora.nagy", "email": "nora@example.org"}
    client.post("/register/with-identity/", typed)
    code = re.search(r"\d{4} \d{4}", Notice.objects.get(kind="confirm-email").text)
    assert code is not None
    assert client.post("/confirm-email/", {"code": code[0]})["Location"] == "/second-factor/"
    assert client.get("/qpp/")["Location"] == "/second-factor/"


@pytest.mark.invariant("I2")
def test_no_claim_of_a_provider_gives_anything(client: Client, provider: Provider) -> None:
    claims = {"roles": ["security-official", "steward"], "groups": ["admin"], "is_superuser": True}
    come_back(client, provider, "n-3", amr=["mfa"], email="eve@example.org", **claims)
    typed = {"name": "Eve", "user_id": "eve.eden", "email": "eve@example.org"}
    client.post("/register/with-identity/", typed)
    code = re.search(r"\d{4} \d{4}", Notice.objects.get(kind="confirm-email").text)
    assert code is not None
    client.post("/confirm-email/", {"code": code[0]})
    assert not Grant.objects.exists()


@pytest.mark.invariant("I7")
@pytest.mark.fault(35)
@pytest.mark.parametrize("two_factors", [True, False])
def test_a_deactivated_account_is_not_signed_in_by_any_provider(
    client: Client, provider: Provider, user_with_totp: Person, two_factors: bool
) -> None:
    link(user_with_totp, provider)
    deactivate_account(
        acting_user=None, account=user_with_totp.account, reason="left", at=clock.now(), origin=COMMAND
    )
    came = come_back(client, provider, amr=["otp"] if two_factors else [])
    assert came.status_code == 403
    assert heading(came) == "You cannot sign in with this account"
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")
    assert Event.objects.filter(tag="attempt:refused:sign-in").count() == 1


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
    from cryptography.hazmat.primitives.asymmetric import rsa

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
    from cryptography.hazmat.primitives.asymmetric import rsa

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
    assert len(provider.asked) == 1  # a redirect is not followed with the secret


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
    from rolebook.accounts.openid.discovery import forget_providers

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


def test_wrong_answers_of_one_source_are_counted(client: Client, provider: Provider) -> None:
    provider.claims = {"nonce": "another"}
    from rolebook.accounts import throttling

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttling, "PROVIDER_BY_SOURCE", dataclasses.replace(PROVIDER_BY_SOURCE, attempts=2))
        statuses = [come_back(client, provider).status_code for _ in range(2)]
        assert statuses == [400, 400]
        assert client.get(GO).status_code == 429


def test_an_identity_is_linked_to_one_account_only(
    provider: Provider, user_with_totp: Person, new_user: Person
) -> None:
    link(user_with_totp, provider)
    with pytest.raises(IdentityTaken):
        link(new_user, provider)
    with pytest.raises(IdentityTaken):
        link(user_with_totp, provider, "m-2")


def test_where_no_provider_is_set_nothing_of_it_shows(client: Client, user_with_totp: Person) -> None:
    assert "elsewhere" not in client.get("/qpp/sign-in/").content.decode()
    assert client.get(GO).status_code == 404
    assert client.get(BACK).status_code == 404
    assert "elsewhere" not in signed_in_client(user_with_totp).get("/security/").content.decode()


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> None:
    """The reasons of refused answers are logged."""
    caplog.set_level(logging.ERROR, logger="rolebook.web")
