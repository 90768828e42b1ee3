"""Passkeys: what the answer of a browser must hold, and what may change (WebAuthn level 3, sections 7.1 and 7.2)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from rolebook.accounts.challenges import LIFETIME, Asked, PasskeyAnswer
from rolebook.accounts.credential_models import Passkey
from rolebook.accounts.flows.signing_in import Agreement, SignInRefused, ask_for_passkey, sign_in
from rolebook.accounts.passkeys import PasskeyRefused
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.audit.models import Event
from tests.support import people
from tests.support.authenticator import SITE, Device, add, asked_for_new
from tests.support.people import START, WEB, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("named_site", "qpp")]


@pytest.fixture
def named_site(settings: Settings) -> None:
    """A site with a name and TLS, as passkeys need it."""
    settings.ROLEBOOK = replace(settings.ROLEBOOK, site_url=SITE)


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
