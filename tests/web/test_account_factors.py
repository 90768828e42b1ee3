"""Second factors through the pages: passkeys, what is warned of by mail, and limits that lock nobody else out."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from pytest_django import Settings

from rolebook.accounts import throttling
from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.flows.registration import limit_mails
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import clocks, people
from tests.support.authenticator import SITE, Device
from tests.support.people import PASSWORD, Person, signed_in_client

pytestmark = pytest.mark.usefixtures("qpp", "named_site")
NEW, ASK = "/second-factor/passkey/", "/second-factor/passkey/ask/"


@pytest.fixture
def named_site(settings: Settings) -> None:
    """A site with a name, as passkeys need it."""
    settings.ROLEBOOK = replace(settings.ROLEBOOK, site_url=SITE)


def set_up(client: Client, device: Device, name: str = "Key") -> Any:
    asked = client.post(ASK, {"name": name, "password": PASSWORD}).json()
    return client.post(NEW, {"name": name, "passkey": json.dumps(device.make(asked["options"]))})


def type_password(client: Client, person: Person, password: str = PASSWORD) -> Any:
    return client.post(
        "/qpp/sign-in/", {"user_id": person.account.user_id, "password": password, "agree": "on"}
    )


def derived(kind: str) -> list[Notice]:
    while derive_notices(now=clock.now()):
        pass
    return list(Notice.objects.filter(kind=kind))


@pytest.mark.requirement("QPP-01")
def test_a_passkey_signs_in_on_the_page_where_the_code_is_asked_for(user_with_totp: Person) -> None:
    device = Device()
    assert set_up(signed_in_client(user_with_totp), device)["Location"] == "/security/"
    client = Client()
    type_password(client, user_with_totp)
    assert "Use a passkey" in client.get("/sign-in/code/").content.decode()
    options = client.post("/sign-in/passkey/ask/").json()["options"]
    done = client.post("/sign-in/code/", {"passkey": json.dumps(device.sign(options))})
    assert done["Location"] == "/qpp/"
    assert client.get("/qpp/").status_code == 200


@pytest.mark.requirement("QPP-02")
def test_a_new_person_may_set_up_a_passkey_instead_of_an_app_and_gets_recovery_codes(
    new_user: Person,
) -> None:
    client, device = Client(), Device()
    type_password(client, new_user)
    code = Notice.objects.latest("pk").text
    digits = next(line for line in code.splitlines() if line.replace(" ", "").isdigit())
    assert client.post("/sign-in/code/", {"code": digits})["Location"] == "/second-factor/"
    assert NEW in client.get("/second-factor/").content.decode()
    options = client.post(ASK, {"name": "Phone"}).json()["options"]
    done = client.post(NEW, {"name": "Phone", "passkey": json.dumps(device.make(options))})
    assert done["Location"] == "/recovery-codes/"
    assert client.get("/security/").status_code == 200
    # From now on the mailbox stands in for nothing, and a recovery code is what can be typed.
    later = Client()
    type_password(later, new_user)
    page = later.get("/sign-in/code/").content.decode()
    assert "Recovery code" in page
    assert "mailed" not in page


@pytest.mark.invariant("I8")
def test_a_challenge_belongs_to_the_session_that_asked_for_it(user_with_totp: Person) -> None:
    device = Device(counts=False)
    set_up(signed_in_client(user_with_totp), device)
    mine, thief = Client(), Client()
    for client in (mine, thief):
        type_password(client, user_with_totp)
    answer = json.dumps(device.sign(mine.post("/sign-in/passkey/ask/").json()["options"]))
    assert thief.post("/sign-in/code/", {"passkey": answer}).status_code == 422
    thief.post("/sign-in/passkey/ask/")
    assert thief.post("/sign-in/code/", {"passkey": answer}).status_code == 422
    assert mine.post("/sign-in/code/", {"passkey": answer}).status_code == 302


@pytest.mark.requirement("QPP-01")
def test_a_password_alone_sets_up_no_passkey_beside_a_factor(user_with_totp: Person) -> None:
    client = Client()
    type_password(client, user_with_totp)
    assert client.post(ASK, {"name": "Key", "password": PASSWORD}).status_code == 302
    assert client.get(NEW)["Location"].startswith("/sign-in/")
    here = signed_in_client(user_with_totp)
    refused = here.post(ASK, {"name": "Key", "password": "wrong"})
    assert (refused.status_code, refused.json()["field"]) == (422, "password")
    assert here.post(ASK, {"name": "\0", "password": PASSWORD}).json()["field"] == "name"
    assert not Passkey.objects.exists()


def test_a_session_of_before_the_factor_was_set_up_sets_up_none(new_user: Person) -> None:
    client = Client()
    type_password(client, new_user)
    text = Notice.objects.latest("pk").text
    digits = next(line for line in text.splitlines() if line.replace(" ", "").isdigit())
    client.post("/sign-in/code/", {"code": digits})
    people.give_factor(new_user.account)
    assert client.post(ASK, {"name": "Key"}).status_code == 403
    assert not Passkey.objects.exists()


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "answer", ["", "null", "[]", "{", '{"rawId": 99999999999}', "[" * 19_000, "x" * 30_000]
)
def test_an_answer_that_cannot_be_read_is_refused_with_what_was_typed_kept(
    user_with_totp: Person, answer: str
) -> None:
    here = signed_in_client(user_with_totp)
    here.post(ASK, {"name": "Work laptop", "password": PASSWORD})
    page = here.post(NEW, {"name": "Work laptop", "passkey": answer})
    assert page.status_code == 422
    assert "Work laptop" in page.content.decode()


@pytest.mark.invariant("I3")
def test_another_persons_passkey_is_not_found(user_with_totp: Person) -> None:
    other = people.user_with_totp("Otto Other").account
    theirs = Passkey.objects.create(
        account=other, name="Theirs", credential_id=b"1", credential=b"", created_at=clock.now()
    )
    here = signed_in_client(user_with_totp)
    for address in (
        f"/security/passkeys/{theirs.public_id}/",
        f"/security/passkeys/{theirs.public_id}/remove/",
    ):
        assert here.get(address).status_code == 404
        assert here.post(address, {"name": "Mine", "password": PASSWORD}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.name == "Theirs"


def test_a_site_without_a_name_offers_no_passkeys(user_with_totp: Person, settings: Settings) -> None:
    settings.ROLEBOOK = replace(settings.ROLEBOOK, site_url="http://127.0.0.1:8000")
    here = signed_in_client(user_with_totp)
    assert NEW not in here.get("/security/").content.decode()
    assert here.post(ASK, {"name": "Key", "password": PASSWORD}).status_code == 422


@pytest.mark.fault(36)
def test_new_and_removed_passkeys_are_told_by_mail_and_end_other_sessions(user_with_totp: Person) -> None:
    here, there = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    set_up(here, Device(), "Work laptop")
    assert there.get("/security/").status_code == 302
    assert here.get("/security/").status_code == 200
    assert "Work laptop" in Notice.objects.filter(kind="second-factor-changed").latest("pk").text
    passkey = Passkey.objects.get()
    here.post(f"/security/passkeys/{passkey.public_id}/remove/", {"password": PASSWORD})
    assert "was removed" in Notice.objects.filter(kind="second-factor-changed").latest("pk").text


def test_a_recovery_code_that_signs_in_is_told_by_mail(user_with_totp: Person) -> None:
    client = Client()
    type_password(client, user_with_totp)
    client.post("/sign-in/code/", {"code": user_with_totp.recovery_codes[0]})
    [notice] = derived("recovery-code-used")
    assert notice.recipient == user_with_totp.account


def test_a_usual_sign_in_is_told_to_nobody(user_with_totp: Person) -> None:
    signed_in_client(user_with_totp)
    assert derived("recovery-code-used") == derived("sign-ins-refused") == []


@pytest.mark.invariant("I14")
def test_refused_sign_ins_are_told_once_a_day_and_only_to_an_account_that_there_is(
    user_with_totp: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = clock.now().replace(hour=12)
    clocks.it_is(monkeypatch, noon)
    for number in range(12):
        stranger = Client(REMOTE_ADDR=f"198.51.100.{number}")
        type_password(stranger, user_with_totp, "not the password")
        stranger.post("/qpp/sign-in/", {"user_id": "nobody.there", "password": "x", "agree": "on"})
        assert len(derived("sign-ins-refused")) == (1 if number >= 4 else 0)
    [notice] = derived("sign-ins-refused")
    assert notice.recipient == user_with_totp.account
    assert "Nobody got in" in notice.text
    clocks.it_is(monkeypatch, noon + timedelta(days=1))
    for number in range(5):
        type_password(Client(REMOTE_ADDR=f"198.51.100.{number}"), user_with_totp, "not the password")
    assert len(derived("sign-ins-refused")) == 2


def test_who_knows_the_password_is_told_of_differently(user_with_totp: Person) -> None:
    client = Client()
    type_password(client, user_with_totp)
    for _ in range(5):
        client.post("/sign-in/code/", {"code": "000000"})
    [notice] = derived("sign-ins-refused")
    assert "Choose a new password now" in notice.text


@pytest.mark.fault(38)
def test_wrong_passwords_at_a_confirmation_are_recorded_told_and_counted_for_their_source_only(
    user_with_totp: Person,
) -> None:
    here, elsewhere = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    address = "/security/recovery-codes/"
    answers = [here.post(address, {"password": "wrong"}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    refused = Event.objects.filter(tag="attempt:refused:confirm")
    assert refused.count() == 10
    assert {one.actor_id for one in refused} == {user_with_totp.account.public_id}
    [notice] = derived("sign-ins-refused")
    assert "signed in to your account" in notice.text
    # The owner, from another network and in another session, is not kept from it.
    done = elsewhere.post(address, {"password": PASSWORD}, REMOTE_ADDR="203.0.113.77")
    assert done.status_code == 302


@pytest.mark.fault(38)
def test_strangers_who_guess_codes_do_not_keep_the_owner_from_using_a_passkey(
    user_with_totp: Person,
) -> None:
    device = Device()
    set_up(signed_in_client(user_with_totp), device)
    limit = throttling.CODE_BY_ACCOUNT
    for _ in range(limit.attempts):
        throttling.take([(limit, str(user_with_totp.account.pk))], clock.now())
    owner = Client(REMOTE_ADDR="203.0.113.9")
    type_password(owner, user_with_totp)
    assert owner.post("/sign-in/code/", {"code": user_with_totp.code(clock.now())}).status_code == 429
    options = owner.post("/sign-in/passkey/ask/").json()["options"]
    assert owner.post("/sign-in/code/", {"passkey": json.dumps(device.sign(options))}).status_code == 302


@pytest.mark.fault(38)
def test_mails_that_strangers_ask_for_do_not_keep_somebody_from_the_code_to_sign_in(new_user: Person) -> None:
    for _ in range(throttling.MAIL_BY_ADDRESS.attempts):
        throttling.take([(throttling.MAIL_BY_ADDRESS, new_user.account.email_key)], clock.now())
    assert Client().post("/forgotten-password/", {"named": new_user.account.email}).status_code == 429
    assert type_password(Client(), new_user)["Location"] == "/sign-in/code/"


@pytest.mark.fault(38)
def test_a_known_browser_gets_a_new_password_whatever_strangers_had_mailed(user_with_totp: Person) -> None:
    known = signed_in_client(user_with_totp)
    known.post("/sign-out/")
    for _ in range(throttling.MAIL_BY_ADDRESS.attempts):
        throttling.take([(throttling.MAIL_BY_ADDRESS, user_with_totp.account.user_id)], clock.now())
    named = {"named": user_with_totp.account.user_id}
    assert Client().post("/forgotten-password/", named).status_code == 429
    assert known.post("/forgotten-password/", named).status_code == 302


def test_passkeys_cannot_be_asked_for_without_end(user_with_totp: Person) -> None:
    set_up(signed_in_client(user_with_totp), Device())
    client = Client()
    type_password(client, user_with_totp)
    limit = throttling.PASSKEY_BY_SOURCE_AND_ACCOUNT
    for _ in range(limit.attempts):
        throttling.take([(limit, f"127.0.0.1 {user_with_totp.account.pk}")], clock.now())
    assert client.post("/sign-in/passkey/ask/").status_code == 429


@pytest.mark.invariant("I14")
def test_without_the_password_nobody_learns_whether_an_account_has_passkeys(user_with_totp: Person) -> None:
    set_up(signed_in_client(user_with_totp), Device())
    client = Client()
    type_password(client, user_with_totp, "wrong")
    assert client.post("/sign-in/passkey/ask/").status_code == 403
    assert client.get("/sign-in/code/").status_code == 302


@pytest.mark.requirement("QPP-01")
def test_the_app_is_removed_beside_a_passkey_and_set_up_again_with_the_password(
    user_with_totp: Person,
) -> None:
    here = signed_in_client(user_with_totp)
    set_up(here, Device())
    assert here.post("/second-factor/remove/", {"password": "wrong"}).status_code == 422
    assert here.post("/second-factor/remove/", {"password": PASSWORD}).status_code == 302
    assert not Authenticator.objects.filter(type="totp").exists()
    page = here.get("/second-factor/")
    assert "Your password" in page.content.decode()


@pytest.mark.fault(38)
def test_one_network_does_not_use_up_what_a_mailbox_gets_in_a_day(new_user: Person) -> None:
    at = clock.now()
    for asked in range(120):
        with suppress(throttling.TooManyAttempts):
            limit_mails(
                new_user.account.email, Origin("web", "198.51.100.7"), at + timedelta(minutes=12 * asked)
            )
    limit_mails(new_user.account.email, Origin("web", "203.0.113.9"), at + timedelta(hours=23))
