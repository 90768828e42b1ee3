"""Passkeys: what the answer of a browser must hold, and what may change (WebAuthn level 3, sections 7.1 and 7.2)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from rolebook.accounts import passkeys as known
from rolebook.accounts.challenges import LIFETIME, Asked, PasskeyAnswer
from rolebook.accounts.credential_models import Passkey, PasskeyChallenge
from rolebook.accounts.flows import passkeys as flows
from rolebook.accounts.flows.credentials import OnlyFactor, WrongPassword, remove_totp
from rolebook.accounts.flows.signing_in import Agreement, SignInRefused, ask_for_passkey, sign_in
from rolebook.accounts.models import Account
from rolebook.accounts.passkeys import PasskeyRefused
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.accounts.second_factor import has_second_factor
from rolebook.audit.models import Event
from tests.support import people
from tests.support.authenticator import SITE, Device
from tests.support.people import PASSWORD, START, WEB, Mails, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("named_site", "qpp")]


@pytest.fixture
def named_site(settings: Settings) -> None:
    """A site with a name and TLS, as passkeys need it."""
    settings.ROLEBOOK = replace(settings.ROLEBOOK, site_url=SITE)


def asked_for_new(person: Person, at: datetime = START) -> Asked:
    return flows.ask_for_new_passkey(acting_user=person.account, password=PASSWORD, at=at)


def add(
    person: Person, device: Device, asked: Asked | None = None, name: str = "Key", at: datetime = START
) -> Passkey:
    asked = asked or asked_for_new(person, at)
    flows.add_passkey(
        acting_user=person.account,
        name=name,
        answer=PasskeyAnswer(asked.challenge_id, device.make(asked.options)),
        at=at,
        origin=WEB,
        send=Mails(),
    )
    return Passkey.objects.get(account=person.account, name=name)


def signs_in(person: Person, challenge: Asked, answer: Any, at: datetime = START) -> str:
    _, book = rolebook_in_force("qpp", at)
    agreement = Agreement("qpp", statement_hash(book.program.statement or ""))
    done = sign_in(
        account_id=person.account.pk,
        passkey=PasskeyAnswer(challenge.challenge_id, answer),
        agreement=agreement,
        known_browser=False,
        at=at,
        origin=WEB,
    )
    assert done.two_factors
    return done.method


def asked_to_sign(person: Person, at: datetime = START) -> Asked:
    return ask_for_passkey(account_id=person.account.pk, at=at, origin=WEB)


@pytest.mark.requirement("QPP-01")
def test_a_passkey_takes_the_place_of_the_security_code_and_its_last_use_is_noted(
    user_with_totp: Person,
) -> None:
    device = Device()
    passkey = add(user_with_totp, device)
    later = START + timedelta(hours=1)
    challenge = asked_to_sign(user_with_totp, later)
    assert signs_in(user_with_totp, challenge, device.sign(challenge.options), later) == "passkey"
    passkey.refresh_from_db()
    assert (passkey.last_used_at, passkey.sign_count) == (later, 1)
    assert '"method":"passkey"' in Event.objects.get(tag="account:signed-in").content


def test_the_options_name_neither_the_person_nor_an_address_to_the_device(user_with_totp: Person) -> None:
    options = asked_for_new(user_with_totp).options
    assert options["rp"]["id"] == "access.example.org"
    assert user_with_totp.account.email not in str(options)
    assert options["authenticatorSelection"]["residentKey"] == "preferred"


@pytest.mark.invariant("I8")
def test_a_challenge_is_answered_once(user_with_totp: Person) -> None:
    device = Device(counts=False)
    add(user_with_totp, device)
    challenge = asked_to_sign(user_with_totp)
    answer = device.sign(challenge.options)
    signs_in(user_with_totp, challenge, answer)
    with pytest.raises(SignInRefused):
        signs_in(user_with_totp, challenge, answer)


@pytest.mark.invariant("I8")
def test_a_challenge_is_taken_also_when_its_answer_is_refused(user_with_totp: Person) -> None:
    device = Device(counts=False)
    add(user_with_totp, device)
    challenge = asked_to_sign(user_with_totp)
    with pytest.raises(SignInRefused):
        signs_in(user_with_totp, challenge, Device().sign(challenge.options))
    with pytest.raises(SignInRefused):
        signs_in(user_with_totp, challenge, device.sign(challenge.options))


@pytest.mark.invariant("I8")
def test_a_challenge_is_over_after_its_time(user_with_totp: Person) -> None:
    device = Device()
    add(user_with_totp, device)
    challenge = asked_to_sign(user_with_totp)
    with pytest.raises(SignInRefused):
        signs_in(user_with_totp, challenge, device.sign(challenge.options), START + LIFETIME)


@pytest.mark.invariant("I8")
def test_a_challenge_to_sign_in_makes_no_passkey(user_with_totp: Person) -> None:
    add(user_with_totp, Device())
    challenge = asked_to_sign(user_with_totp)
    with pytest.raises(PasskeyRefused):
        add(user_with_totp, Device(), challenge, "Second")
    assert Passkey.objects.count() == 1


@pytest.mark.invariant("I8")
def test_another_persons_challenge_is_none(user_with_totp: Person) -> None:
    device = Device()
    add(user_with_totp, device)
    other = people.user_with_totp("Otto Other")
    add(other, Device())
    theirs = asked_to_sign(other)
    with pytest.raises(SignInRefused):
        signs_in(user_with_totp, theirs, device.sign(theirs.options))


@pytest.mark.requirement("QPP-01")
def test_another_persons_passkey_signs_nobody_else_in(user_with_totp: Person) -> None:
    add(user_with_totp, Device())
    other, theirs = people.user_with_totp("Otto Other"), Device()
    add(other, theirs)
    challenge = asked_to_sign(user_with_totp)
    with pytest.raises(SignInRefused):
        signs_in(user_with_totp, challenge, theirs.sign(challenge.options))
    refused = Event.objects.get(tag="attempt:refused:sign-in")
    assert '"reason_code":"passkey"' in refused.content


@pytest.mark.parametrize(
    "spoil",
    [
        lambda device, options: replace(device, origin="https://access.example.org.evil.test").sign(options),
        lambda device, options: replace(device, origin="http://access.example.org").sign(options),
        lambda device, options: replace(device, origin="https://sub.access.example.org").sign(options),
        lambda device, options: replace(device, relying_party_id="evil.test").sign(options),
        lambda device, options: device.sign(options, type="webauthn.create"),
        lambda device, options: device.sign(options, crossOrigin=True),
        lambda device, options: device.sign(options, challenge="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        lambda device, options: replace(device, key=Device().key).sign(options),
        lambda device, options: {**device.sign(options), "response": {}},
        lambda device, options: {**device.sign(options), "id": "AAAA"},
        lambda device, options: {},
    ],
    ids=[
        "another site",
        "no TLS",
        "a neighboring host",
        "another relying party",
        "the answer to making one",
        "a frame of another site",
        "another challenge",
        "another key",
        "nothing signed",
        "two ids",
        "nothing",
    ],
)
def test_an_answer_that_does_not_hold_signs_nobody_in(
    user_with_totp: Person, spoil: Callable[[Device, Any], dict[str, Any]]
) -> None:
    device = Device()
    add(user_with_totp, device)
    challenge = asked_to_sign(user_with_totp)
    with pytest.raises(SignInRefused):
        signs_in(user_with_totp, challenge, spoil(device, challenge.options))
    assert not Event.objects.filter(tag="account:signed-in").exists()


def test_a_counter_that_does_not_go_up_betrays_a_copy(user_with_totp: Person) -> None:
    device = Device()
    add(user_with_totp, device)
    copy = replace(device)
    challenge = asked_to_sign(user_with_totp)
    signs_in(user_with_totp, challenge, device.sign(challenge.options))
    challenge = asked_to_sign(user_with_totp)
    with pytest.raises(SignInRefused):
        signs_in(user_with_totp, challenge, copy.sign(challenge.options))


def test_a_passkey_that_counts_nothing_signs_in_again_and_again(user_with_totp: Person) -> None:
    device = Device(counts=False)
    add(user_with_totp, device)
    for _ in range(2):
        challenge = asked_to_sign(user_with_totp)
        signs_in(user_with_totp, challenge, device.sign(challenge.options))


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
        flows.ask_for_new_passkey(acting_user=user_with_totp.account, password="wrong", at=START)
    assert not PasskeyChallenge.objects.exists()


def test_the_first_factor_brings_recovery_codes_and_another_one_does_not(new_user: Person) -> None:
    asked = flows.ask_for_new_passkey(acting_user=new_user.account, password="", at=START)
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
