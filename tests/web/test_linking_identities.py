"""Identities on the security page: linked after giving the password, never unlinked into a lock-out."""

import dataclasses
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from rolebook.accounts.credential_models import AccountSession
from rolebook.accounts.flows.identities import NoWayIn, unlink_identity
from rolebook.accounts.flows.status import reset_second_factor
from rolebook.accounts.models import Account, LinkedIdentity
from rolebook.accounts.openid.asking import Identity
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.notices.models import Notice
from rolebook.web.account.waiting import Waiting
from tests.support.identity_provider import Provider
from tests.support.people import COMMAND, PASSWORD, Mails, Person, signed_in_client
from tests.web.identities import link, name_in_settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp", "quiet_log")]
LINK, CONFIRM, BACK = (
    "/security/identities/harp/link/",
    "/security/identities/confirm/",
    "/sign-in/with/harp/back/",
)


def link_by_page(client: Client, provider: Provider, subject: str = "m-1", **claims: Any) -> Any:
    sent = client.post(LINK, {"password": PASSWORD})
    assert sent.status_code == 302, sent.content.decode()
    return client.get(BACK, provider.answer(sent["Location"], subject, **claims))


def unlink_address() -> str:
    return f"/security/identities/{LinkedIdentity.objects.get().public_id}/unlink/"


def test_a_signed_in_person_links_an_identity_after_giving_the_password_again(
    provider: Provider, user_with_totp: Person
) -> None:
    client, elsewhere = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    assert "Link HARP" in client.get("/security/").content.decode()
    assert client.post(LINK, {"password": "wrong-horse-battery"}).status_code == 422
    came = link_by_page(client, provider)
    assert came["Location"] == CONFIRM
    assert not LinkedIdentity.objects.exists()
    assert client.post(CONFIRM)["Location"] == "/security/"
    page = client.get("/security/").content.decode()
    assert "HARP is linked" in page
    assert "Unlink" in page
    assert elsewhere.get("/security/").status_code == 302  # other sessions end
    assert AccountSession.objects.filter(account=user_with_totp.account, ended_at=None).count() == 1
    event = Event.objects.get(tag="account:identity-linked")
    assert event.actor_id == event.beneficiary_id == user_with_totp.account.public_id
    assert "HARP" in Notice.objects.get(kind="second-factor-changed").text


def test_only_the_page_whose_form_leads_to_the_provider_lets_forms_lead_there(
    provider: Provider, user_with_totp: Person
) -> None:
    client = signed_in_client(user_with_totp)
    assert f"form-action 'self' {provider.issuer}" in client.get(LINK)["Content-Security-Policy"]
    assert provider.issuer not in client.get("/security/")["Content-Security-Policy"]


def test_an_identity_waits_for_who_asked_for_it_and_for_nobody_else(
    provider: Provider, user_with_totp: Person, settings: Settings
) -> None:
    client = signed_in_client(user_with_totp)
    sent = client.post(LINK, {"password": PASSWORD})
    client.post("/sign-out/")
    assert client.get(BACK, provider.answer(sent["Location"], "m-1")).status_code == 400
    other = signed_in_client(user_with_totp)
    assert other.get(CONFIRM)["Location"] == "/security/"
    assert other.post(CONFIRM)["Location"] == "/security/"
    assert not LinkedIdentity.objects.exists()


def test_an_identity_that_nobody_proved_to_be_theirs_is_not_linked(
    provider: Provider, user_with_totp: Person
) -> None:
    client = signed_in_client(user_with_totp)
    identity = Identity("harp", provider.issuer, "m-1", two_factors=True)
    session = client.session
    session["rolebook.identity"] = dataclasses.asdict(Waiting(identity, "qpp"))
    session.save()
    assert client.post(CONFIRM)["Location"] == "/security/"
    assert not LinkedIdentity.objects.exists()


def test_linking_needs_a_session_with_two_factors(provider: Provider, new_user: Person) -> None:
    assert Client().get(LINK)["Location"].startswith("/sign-in/")
    assert Client().post(CONFIRM)["Location"].startswith("/sign-in/")


def test_an_identity_of_somebody_else_is_not_linked_twice(
    provider: Provider, user_with_totp: Person, new_user: Person
) -> None:
    link(new_user, provider)
    client = signed_in_client(user_with_totp)
    link_by_page(client, provider)
    refused = client.post(CONFIRM)
    assert refused.status_code == 409
    assert "linked to another account" in refused.content.decode()
    assert LinkedIdentity.objects.get().account == new_user.account


def test_unlinking_asks_for_the_password_and_ends_the_way_in(
    provider: Provider, user_with_totp: Person
) -> None:
    link(user_with_totp, provider)
    client = signed_in_client(user_with_totp)
    assert client.post(unlink_address(), {"password": "wrong-horse-battery"}).status_code == 422
    assert client.post(unlink_address(), {"password": PASSWORD})["Location"] == "/security/"
    assert not LinkedIdentity.objects.exists()
    assert Event.objects.filter(tag="account:identity-unlinked").count() == 1
    assert client.get("/security/").status_code == 200
    browser = Client()
    sent = browser.get("/qpp/sign-in/with/harp/")
    came = browser.get(BACK, provider.answer(sent["Location"], "m-1", amr=["otp"]))
    assert came["Location"] == "/sign-in/identity/"


@pytest.mark.invariant("I3")
def test_the_link_of_somebody_else_looks_as_if_it_did_not_exist(
    provider: Provider, user_with_totp: Person, new_user: Person
) -> None:
    link(new_user, provider)
    client = signed_in_client(user_with_totp)
    assert client.post(unlink_address(), {"password": PASSWORD}).status_code == 404
    assert LinkedIdentity.objects.count() == 1
    assert not unlink_identity(
        acting_user=user_with_totp.account,
        link_id=LinkedIdentity.objects.get().public_id,
        password=PASSWORD,
        at=clock.now(),
        origin=COMMAND,
        send=Mails(),
    )


@pytest.mark.requirement("QPP-01")
def test_the_only_second_factor_is_not_unlinked(provider: Provider, new_user: Person) -> None:
    link(new_user, provider, two_factors=True)
    with pytest.raises(NoWayIn, match="second factor"):
        unlink_identity(
            acting_user=new_user.account,
            link_id=LinkedIdentity.objects.get().public_id,
            password=PASSWORD,
            at=clock.now(),
            origin=COMMAND,
            send=Mails(),
        )
    assert LinkedIdentity.objects.exists()


@pytest.mark.requirement("QPP-01")
def test_who_lost_the_second_factor_of_a_provider_sets_up_another_one_after_the_operator_removed_it(
    client: Client, provider: Provider, new_user: Person
) -> None:
    link(new_user, provider, two_factors=True)
    typed = {"user_id": new_user.account.user_id, "password": PASSWORD, "agree": "on"}
    assert client.post("/qpp/sign-in/", typed).status_code == 422
    assert reset_second_factor(account=new_user.account, at=clock.now(), origin=COMMAND, send=Mails())
    assert client.post("/qpp/sign-in/", typed)["Location"] == "/sign-in/code/"
    assert Notice.objects.filter(kind="sign-in-code").count() == 1


def test_who_has_no_password_is_told_to_choose_one_first(provider: Provider, user_with_totp: Person) -> None:
    link(user_with_totp, provider)
    client = signed_in_client(user_with_totp)
    account = Account.objects.get(pk=user_with_totp.account.pk)
    account.set_unusable_password()
    account.save()
    browser = Client()
    sent = browser.get("/qpp/sign-in/with/harp/")
    browser.get(BACK, provider.answer(sent["Location"], "m-1", amr=["otp"]))
    page = browser.get(unlink_address()).content.decode()
    assert "Choose a password" in page
    refused = browser.post(unlink_address(), {"password": PASSWORD})
    assert refused.status_code == 409
    assert LinkedIdentity.objects.exists()
    assert "Choose a password" in browser.get("/security/").content.decode()
    assert "Choose a password" in browser.get(LINK).content.decode()
    assert re.search(r"You have no password", browser.get("/security/").content.decode())
    del client


def test_a_provider_that_is_down_is_said_on_the_page_that_links(
    provider: Provider, user_with_totp: Person, settings: Settings
) -> None:
    client = signed_in_client(user_with_totp)
    down = dataclasses.replace(provider.settings(), issuer="http://127.0.0.1:9")
    name_in_settings(settings, down)
    answer = client.get(LINK)
    assert answer.status_code == 503
    assert "does not answer at present" in answer.content.decode()
