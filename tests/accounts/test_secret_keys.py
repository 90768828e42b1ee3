"""The secret key is changed: nobody is signed out or loses a second factor, and the old key can be forgotten."""

import dataclasses
import json
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner, Result
from django.core import signing
from pytest_django import Settings

from rolebook.accounts import mailed_codes
from rolebook.accounts.credential_models import AccountSession
from rolebook.accounts.encryption import SecretUnreadable, encrypt
from rolebook.accounts.flows import secret_keys
from rolebook.accounts.flows.secret_keys import StoredSecrets, re_encrypt_secrets, stored_secrets
from rolebook.accounts.flows.signing_in import prove_second_factor
from rolebook.accounts.models import MailedCode
from rolebook.accounts.second_factor import secret_of, totp_of
from rolebook.accounts.sessions import end_one_session
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.authzen.evaluation import Malformed
from rolebook.authzen.paging import PageAsked, PageTokens, Position
from rolebook.cli.main import rolebook
from tests.support.people import COMMAND, START, Person, signed_in_client, user_with_totp

pytestmark = pytest.mark.django_db


def change_key(settings: Settings, *, keep: bool = True) -> None:
    """As after a restart with a new key; ``keep``: the one before is named as an earlier one."""
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY] if keep else []
    settings.SECRET_KEY = "a-new-secret-key-of-the-operator-0123456789"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(rolebook, ["secret-key", *arguments], standalone_mode=False)


@pytest.mark.invariant("I8")
def test_stored_second_factors_are_of_no_use_without_the_secret_key() -> None:
    person = user_with_totp()
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert person.secret not in stored
    assert not any(code in stored for code in person.recovery_codes)


def test_second_factors_under_an_earlier_key_work_and_under_a_forgotten_one_do_not(
    settings: Settings,
) -> None:
    person = user_with_totp()
    totp = totp_of(person.account)
    assert totp is not None
    change_key(settings)
    assert secret_of(totp) == person.secret
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(SecretUnreadable, match="ROLEBOOK_EARLIER_SECRET_KEYS"):
        secret_of(totp)


def test_re_encrypting_brings_everything_under_the_new_key_and_keeps_what_was_used(
    settings: Settings,
) -> None:
    person = user_with_totp()
    used, other = person.recovery_codes[:2]
    assert prove_second_factor(person.account, used, START) == "recovery"
    change_key(settings)
    assert stored_secrets() == StoredSecrets(present=0, earlier=2, unreadable=0)
    assert re_encrypt_secrets(at=clock.now(), origin=COMMAND).earlier == 2
    settings.SECRET_KEY_FALLBACKS = []
    assert stored_secrets() == StoredSecrets(present=2, earlier=0, unreadable=0)
    totp = totp_of(person.account)
    assert totp is not None
    assert secret_of(totp) == person.secret
    assert prove_second_factor(person.account, used, START) is None
    assert prove_second_factor(person.account, other, START) == "recovery"
    assert Event.objects.filter(tag="secrets:re-encrypted").count() == 1


def test_re_encrypting_goes_on_where_it_was_broken_off_and_leaves_what_no_key_reads(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_keys, "BATCH", 2)
    people = [user_with_totp() for _ in range(3)]
    lost = Authenticator.objects.get(user=people[0].account, type="totp")
    old_key = settings.SECRET_KEY
    settings.SECRET_KEY = "a-key-that-nobody-knows-any-more-0123456789"
    lost.data["secret"] = encrypt("gone")
    lost.save()
    settings.SECRET_KEY = old_key
    change_key(settings)
    first = re_encrypt_secrets(at=clock.now(), origin=COMMAND)
    assert first == StoredSecrets(present=0, earlier=5, unreadable=1)
    again = re_encrypt_secrets(at=clock.now(), origin=COMMAND)
    assert again == StoredSecrets(present=5, earlier=0, unreadable=1)


def test_sessions_go_on_under_a_new_key_while_the_earlier_one_is_named(
    qpp: str, user_with_totp: Person, settings: Settings
) -> None:
    client, forgotten = signed_in_client(user_with_totp), signed_in_client(user_with_totp)
    change_key(settings)
    assert client.get("/security/").status_code == 200
    re_encrypt_secrets(at=clock.now(), origin=COMMAND)
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get("/security/").status_code == 200  # it was renewed
    assert forgotten.get("/security/").status_code == 302


@pytest.mark.invariant("I7")
def test_a_session_that_went_on_under_a_new_key_can_be_ended_from_another_one(
    qpp: str, user_with_totp: Person, settings: Settings
) -> None:
    client = signed_in_client(user_with_totp)
    change_key(settings)
    assert client.get("/security/").status_code == 200
    listed = AccountSession.objects.get(ended_at=None)
    assert listed.session_key == client.session.session_key
    assert end_one_session(user_with_totp.account, listed.public_id, clock.now())
    assert client.get("/security/").status_code == 302


def test_a_code_that_was_mailed_before_the_change_is_taken(settings: Settings) -> None:
    new = mailed_codes.make_code(MailedCode.Purpose.REGISTER, address="nora@example.org", at=START)
    change_key(settings)
    proof = mailed_codes.check_code(new.proof.public_id, MailedCode.Purpose.REGISTER, new.code, START)
    assert proof.pk == new.proof.pk


def test_a_link_that_stops_reminders_is_good_while_the_earlier_key_is_named(settings: Settings) -> None:
    signed = signing.Signer(salt="a test").sign("somebody")
    change_key(settings)
    assert signing.Signer(salt="a test").unsign(signed) == "somebody"


def test_page_tokens_of_searches_are_read_under_an_earlier_key_and_made_under_the_new_one() -> None:
    token = PageTokens("old").seal(b"query", Position("n", 5))
    both = PageTokens("new", ["older", "old"])
    assert both.position(b"query", PageAsked(token)) == Position("n", 5)
    made = both.seal(b"query", Position("n", 5))
    assert PageTokens("new").position(b"query", PageAsked(made)) == Position("n", 5)
    with pytest.raises(Malformed):
        PageTokens("new").position(b"query", PageAsked(token))


def test_the_command_rotates_re_encrypts_and_forgets(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ROLEBOOK_SECRET_KEY", raising=False)
    settings.ROLEBOOK = dataclasses.replace(settings.ROLEBOOK, home=tmp_path)
    file = tmp_path / "secret-key"
    file.write_text(settings.SECRET_KEY)
    user_with_totp()
    assert run("rotate").exception is None
    new, old = file.read_text().split()
    assert old == settings.SECRET_KEY
    assert file.stat().st_mode & 0o077 == 0
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = new, [old]
    assert "run 'rolebook secret-key re-encrypt'" in str(run("forget-earlier").exception)
    assert run("status").return_value == 1
    assert json.loads(run("re-encrypt", "--json").output) == {"rewritten": 2, "unreadable": 0}
    told = json.loads(run("status", "--json").output)
    assert (told["present"], told["earlier"], told["source"]) == (2, 0, str(file))
    assert run("forget-earlier").exception is None
    assert file.read_text().split() == [new]


def test_the_command_says_what_to_do_where_a_variable_names_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROLEBOOK_SECRET_KEY", "something")
    for command in ("rotate", "forget-earlier"):
        assert "ROLEBOOK_EARLIER_SECRET_KEYS" in str(run(command).exception)
