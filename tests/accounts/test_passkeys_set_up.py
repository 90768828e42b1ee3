"""Setting up, naming and removing passkeys: what a new one must hold, and what never goes (section 7.1)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from rolebook.accounts import passkeys as known
from rolebook.accounts.challenges import PasskeyAnswer
from rolebook.accounts.credential_models import Passkey, PasskeyChallenge
from rolebook.accounts.flows import passkeys as flows
from rolebook.accounts.flows.credentials import OnlyFactor, WrongPassword, remove_totp
from rolebook.accounts.models import Account
from rolebook.accounts.passkeys import PasskeyRefused
from rolebook.accounts.second_factor import has_second_factor
from rolebook.audit.models import Event
from tests.support import people
from tests.support.authenticator import SITE, Device, add, asked_for_new
from tests.support.people import PASSWORD, START, WEB, Mails, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("named_site", "qpp")]


@pytest.fixture
def named_site(settings: Settings) -> None:
    """A site with a name and TLS, as passkeys need it."""
    settings.ROLEBOOK = replace(settings.ROLEBOOK, site_url=SITE)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda device, options: replace(device, origin="https://evil.test").make(options),
        lambda device, options: replace(device, relying_party_id="evil.test").make(options),
        lambda device, options: device.make(options, type="webauthn.get"),
        lambda device, options: device.make(options, crossOrigin=True),
        lambda device, options: device.make(options, challenge="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        lambda device, options: replace(device, credential_id=bytes(1024)).make(options),
        lambda device, options: {**device.make(options), "response": {"clientDataJSON": "e30"}},
    ],
    ids=[
        "another site",
        "another relying party",
        "a signature",
        "a frame",
        "another challenge",
        "long",
        "half",
    ],
)
def test_an_answer_that_does_not_hold_makes_no_passkey(
    user_with_totp: Person, spoil: Callable[[Device, Any], dict[str, Any]]
) -> None:
    asked = asked_for_new(user_with_totp)
    with pytest.raises(PasskeyRefused):
        flows.add_passkey(
            acting_user=user_with_totp.account,
            name="Key",
            answer=PasskeyAnswer(asked.challenge_id, spoil(Device(), asked.options)),
            at=START,
            origin=WEB,
            send=Mails(),
        )
    assert not Passkey.objects.exists()


@pytest.mark.fault(43)
@given(
    answer=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=60),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["id", "rawId", "type", "response", "clientDataJSON", "attestationObject", "signature"]
                )
                | st.text(max_size=5),
                inner,
                max_size=6,
            )
        ),
        max_leaves=12,
    ).filter(lambda value: isinstance(value, dict))
)
def test_whatever_a_stranger_sends_is_refused_and_never_fails_otherwise(answer: dict[str, Any]) -> None:
    for check in (known.check_new, lambda sent, challenge: known.check_signature(sent, challenge, [])):
        with pytest.raises(PasskeyRefused):
            check(answer, b"x" * 32)


@pytest.mark.fault(43)
@given(noise=st.binary(max_size=120), cut=st.integers(0, 200))
def test_a_key_that_was_tampered_with_is_refused_and_never_fails_otherwise(noise: bytes, cut: int) -> None:
    device, options = Device(), {"challenge": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"}
    answer = device.make(options)
    sealed = known_bytes(answer["response"]["attestationObject"])
    answer["response"]["attestationObject"] = as_text(sealed[:cut] + noise + sealed[cut + len(noise) :])
    try:
        made = known.check_new(answer, b"x" * 32)
    except PasskeyRefused:
        return
    assert made.credential_id == device.credential_id


def known_bytes(text: str) -> bytes:
    from fido2.utils import websafe_decode

    plain: bytes = websafe_decode(text)
    return plain


def as_text(plain: bytes) -> str:
    from fido2.utils import websafe_encode

    text: str = websafe_encode(plain)
    return text


@pytest.mark.fault(43)
def test_deeply_nested_answers_are_refused() -> None:
    answer = Device().make({"challenge": "eHh4"})
    answer["response"]["attestationObject"] = as_text(b"\x81" * 15_000)
    with pytest.raises(PasskeyRefused):
        known.check_new(answer, b"xxx")


def test_one_passkey_is_set_up_once_and_in_one_account(user_with_totp: Person) -> None:
    device = Device()
    add(user_with_totp, device)
    for person in (user_with_totp, people.user_with_totp("Otto Other")):
        with pytest.raises(flows.PasskeyKnown):
            add(person, device, name="Again")
    assert Passkey.objects.count() == 1
    assert asked_for_new(user_with_totp).options["excludeCredentials"]


def test_there_is_a_most_number_of_passkeys(user_with_totp: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows, "MOST_PASSKEYS", 1)
    waiting = asked_for_new(user_with_totp)
    add(user_with_totp, Device())
    with pytest.raises(flows.TooManyPasskeys):
        asked_for_new(user_with_totp)
    with pytest.raises(flows.TooManyPasskeys):
        add(user_with_totp, Device(), waiting, "Second")


def test_setting_one_up_asks_for_the_password_where_there_is_a_factor(user_with_totp: Person) -> None:
    with pytest.raises(WrongPassword):
        flows.ask_for_new_passkey(acting_user=user_with_totp.account, password="wrong", at=START, origin=WEB)
    assert not PasskeyChallenge.objects.exists()


def test_the_first_factor_brings_recovery_codes_and_another_one_does_not(new_user: Person) -> None:
    asked = flows.ask_for_new_passkey(acting_user=new_user.account, password="", at=START, origin=WEB)
    given_codes = flows.add_passkey(
        acting_user=new_user.account,
        name="Phone",
        answer=PasskeyAnswer(asked.challenge_id, Device().make(asked.options)),
        at=START,
        origin=WEB,
        send=Mails(),
    ).recovery_codes
    assert len(given_codes) == 10
    assert has_second_factor(new_user.account)
    codes = Authenticator.objects.get(type="recovery_codes").data
    add(new_user, Device(), name="Laptop")
    assert Authenticator.objects.get(type="recovery_codes").data == codes


@pytest.mark.fault(36)
def test_adding_and_removing_one_ends_the_other_sessions_and_is_told_by_mail(user_with_totp: Person) -> None:
    mails, salt = Mails(), user_with_totp.account.session_salt
    asked = asked_for_new(user_with_totp)
    flows.add_passkey(
        acting_user=user_with_totp.account,
        name="Phone",
        answer=PasskeyAnswer(asked.challenge_id, Device().make(asked.options)),
        at=START,
        origin=WEB,
        send=mails,
    )
    second = Account.objects.get(pk=user_with_totp.account.pk).session_salt
    assert second != salt
    assert mails.last.what == 'A passkey was set up for your account: "Phone".'
    flows.remove_passkey(
        acting_user=user_with_totp.account,
        passkey_id=Passkey.objects.get().public_id,
        password=PASSWORD,
        at=START,
        origin=WEB,
        send=mails,
    )
    assert Account.objects.get(pk=user_with_totp.account.pk).session_salt != second
    assert mails.last.what == 'The passkey "Phone" was removed from your account.'
    assert [e.tag for e in Event.objects.filter(tag__startswith="account:factor").order_by("sequence")] == [
        "account:factor-added",
        "account:factor-removed",
    ]


def test_a_passkey_is_renamed_by_its_person_alone(user_with_totp: Person) -> None:
    passkey = add(user_with_totp, Device())
    named = flows.rename_passkey(
        acting_user=user_with_totp.account,
        passkey_id=passkey.public_id,
        name=" Work  laptop ",
        at=START,
        origin=WEB,
    )
    assert named.name == "Work laptop"
    other = people.user_with_totp("Otto Other").account
    with pytest.raises(flows.NoSuchPasskey):
        flows.rename_passkey(
            acting_user=other, passkey_id=passkey.public_id, name="Mine", at=START, origin=WEB
        )
    with pytest.raises(ValidationError):
        flows.rename_passkey(
            acting_user=user_with_totp.account,
            passkey_id=passkey.public_id,
            name="a\nb",
            at=START,
            origin=WEB,
        )


def test_nobody_removes_another_persons_passkey(user_with_totp: Person) -> None:
    passkey = add(user_with_totp, Device())
    with pytest.raises(flows.NoSuchPasskey):
        flows.remove_passkey(
            acting_user=people.user_with_totp("Otto Other").account,
            passkey_id=passkey.public_id,
            password=PASSWORD,
            at=START,
            origin=WEB,
            send=Mails(),
        )


@pytest.mark.requirement("QPP-01")
def test_the_last_second_factor_is_never_removed(user_with_totp: Person) -> None:
    account = user_with_totp.account
    with pytest.raises(OnlyFactor):
        add_then_remove_app_without_passkey(account)
    passkey = add(user_with_totp, Device())
    remove_totp(acting_user=account, password=PASSWORD, at=START, origin=WEB, send=Mails())
    with pytest.raises(OnlyFactor):
        flows.remove_passkey(
            acting_user=account,
            passkey_id=passkey.public_id,
            password=PASSWORD,
            at=START,
            origin=WEB,
            send=Mails(),
        )
    assert has_second_factor(account)


def add_then_remove_app_without_passkey(account: Account) -> None:
    remove_totp(acting_user=account, password=PASSWORD, at=START, origin=WEB, send=Mails())


@pytest.mark.parametrize(
    ("address", "possible"),
    [
        ("https://access.example.org", True),
        ("https://access.example.org:8443", True),
        ("http://localhost:8000", True),
        ("http://access.example.org", False),
        ("http://127.0.0.1:8000", False),
        ("https://192.0.2.1", False),
        ("https://[2001:db8::1]", False),
    ],
)
def test_a_site_has_passkeys_at_a_name_with_tls(settings: Settings, address: str, possible: bool) -> None:
    settings.ROLEBOOK = replace(settings.ROLEBOOK, site_url=address)
    here = known.site()
    assert (here is not None) == possible
    if here is not None:
        assert here.origin == address
