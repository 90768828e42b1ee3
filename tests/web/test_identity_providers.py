"""Sign in with an outside identity provider (QPP-01): what it proves, and what it never does."""

import re
from typing import Any

import pytest
from django.test import Client

from rolebook.accounts.linking import IdentityTaken
from rolebook.accounts.models import Account, LinkedIdentity, StatementAgreement
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.flows import change_account_status
from rolebook.governance.models import Grant
from rolebook.notices.models import Notice
from tests.support.identity_provider import Provider
from tests.support.people import COMMAND, PASSWORD, Person, sign_in, signed_in_client
from tests.web.identities import BACK, GO, come_back, heading, link, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp", "quiet_log")]


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
    change_account_status(
        account=user_with_totp.account, status="deactivated", reason="left", at=clock.now(), origin=COMMAND
    )
    came = come_back(client, provider, amr=["otp"] if two_factors else [])
    assert came.status_code == 403
    assert heading(came) == "You cannot sign in with this account"
    assert client.get("/qpp/")["Location"].startswith("/qpp/sign-in/")
    assert Event.objects.filter(tag="attempt:refused:sign-in").count() == 1


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
