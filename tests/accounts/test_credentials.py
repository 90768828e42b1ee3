"""Second factors, mailed codes and throttling with time as a parameter."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from rolebook.accounts import mailed_codes, throttling
from rolebook.accounts.encryption import SecretUnreadable
from rolebook.accounts.flows.registration import confirm_email, register_account
from rolebook.accounts.models import Account, MailedCode, Throttle
from rolebook.accounts.passwords import judge_password
from rolebook.accounts.second_factor import (
    EncryptingAdapter,
    code_at,
    matching_step,
    new_secret,
    qr_picture,
    setup_address,
    totp_of,
)
from rolebook.accounts.texts import clean_email, clean_line, email_key, search_key
from tests.support.people import PASSWORD, START, WEB, Mails, Person

pytestmark = pytest.mark.django_db

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    from datetime import UTC, datetime

    assert code_at(RFC_SECRET, datetime.fromtimestamp(seconds, UTC)) == code


def test_a_code_is_good_in_its_step_and_one_before_and_after() -> None:
    code = code_at(RFC_SECRET, START)
    step = int(START.timestamp()) // 30
    for seconds, expected in ((-60, None), (-30, step), (0, step), (30, step), (60, None)):
        assert matching_step(RFC_SECRET, code, START + timedelta(seconds=seconds)) == expected


def test_secrets_are_stored_encrypted_and_unreadable_under_another_key(
    user_with_totp: Person, settings: Settings
) -> None:
    stored = Authenticator.objects.get(user=user_with_totp.account, type="totp").data["secret"]
    assert user_with_totp.secret not in stored
    assert EncryptingAdapter().decrypt(stored) == user_with_totp.secret
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    with pytest.raises(SecretUnreadable, match="ROLEBOOK_SECRET_KEY"):
        EncryptingAdapter().decrypt(stored)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert EncryptingAdapter().decrypt(stored) == user_with_totp.secret


def test_the_setup_address_names_program_and_person(new_user: Person) -> None:
    assert totp_of(new_user.account) is None
    secret = new_secret()
    address = setup_address(new_user.account, secret, "QPP")
    assert address == f"otpauth://totp/QPP%3A{new_user.account.user_id}?secret={secret}&issuer=QPP"
    assert qr_picture(address).startswith("data:image/svg+xml;base64,")


@pytest.mark.invariant("I8")
def test_a_mailed_code_is_bound_to_its_purpose_and_its_time() -> None:
    new = mailed_codes.make_code(MailedCode.Purpose.REGISTER, address="a@example.org", at=START)
    for purpose, late in ((MailedCode.Purpose.SIGN_IN, 0), (MailedCode.Purpose.REGISTER, 15 * 60)):
        with pytest.raises(mailed_codes.CodeRefused):
            mailed_codes.check_code(new.proof.public_id, purpose, new.code, START + timedelta(seconds=late))
    almost = START + timedelta(seconds=15 * 60 - 1)
    assert (
        mailed_codes.check_code(new.proof.public_id, MailedCode.Purpose.REGISTER, new.code, almost)
        == new.proof
    )


@pytest.mark.invariant("I8")
def test_a_mailed_code_is_stored_hashed_and_sent_again_only_some_times() -> None:
    new = mailed_codes.make_code(MailedCode.Purpose.REGISTER, address="a@example.org", at=START)
    assert new.code.replace(" ", "") not in str(MailedCode.objects.values().get())
    for _ in range(mailed_codes.MOST_SENT - 1):
        mailed_codes.make_again(new.proof.public_id, MailedCode.Purpose.REGISTER, START)
    with pytest.raises(mailed_codes.CodeRefused):
        mailed_codes.make_again(new.proof.public_id, MailedCode.Purpose.REGISTER, START)


def test_what_can_no_longer_be_used_is_forgotten(mails: Mails) -> None:
    mailed_codes.make_code(MailedCode.Purpose.REGISTER, address="a@example.org", at=START)
    throttling.take([(throttling.PASSWORD_AGAIN, "x")], START)
    later = START + timedelta(days=3)
    register_account(
        user_id="noel",
        name="Noel",
        email="n@example.org",
        password=PASSWORD,
        at=later,
        origin=WEB,
        send=mails,
    )
    assert [code.address for code in MailedCode.objects.all()] == ["n@example.org"]
    assert not Throttle.objects.filter(window_starts_at=START).exists()


@pytest.mark.fault(38)
def test_a_limit_opens_again_when_its_window_is_over_and_counts_sources_apart() -> None:
    limits = [(throttling.PASSWORD_AGAIN, "one")]
    for _ in range(throttling.PASSWORD_AGAIN.attempts):
        throttling.take(limits, START)
    with pytest.raises(throttling.TooManyAttempts) as refused:
        throttling.take(limits, START)
    throttling.take([(throttling.PASSWORD_AGAIN, "two")], START)
    assert refused.value.again_at == START + timedelta(seconds=throttling.PASSWORD_AGAIN.seconds)
    throttling.take(limits, refused.value.again_at)


def test_the_addresses_of_one_ipv6_subscriber_are_one_source() -> None:
    assert throttling.network_of("2001:db8:1:2:3::4") == throttling.network_of("2001:db8:1:2:ffff::1")
    assert throttling.network_of("2001:db8:1:3::1") != throttling.network_of("2001:db8:1:2::1")
    assert throttling.network_of("192.0.2.1") == "192.0.2.1"
    assert throttling.network_of(None) == "unknown"


@pytest.mark.fault(39)
@given(st.text(max_size=40))
def test_two_accounts_never_share_an_address_by_another_spelling(mailbox: str) -> None:
    try:
        address = clean_email(f"{mailbox}@example.org")
    except ValidationError:
        return
    assert address.isascii()
    assert email_key(address) == address.casefold()


@pytest.mark.fault(32)
@given(st.text(max_size=60))
def test_a_cleaned_line_is_one_line_without_control_characters(text: str) -> None:
    import unicodedata

    try:
        line = clean_line(text, longest=50)
    except ValidationError:
        return
    assert line == " ".join(line.split())
    assert not any(unicodedata.category(c) in {"Cc", "Zl", "Zp", "Cs"} for c in line)
    assert not any("\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069" for c in line)
    assert clean_line(line, longest=50) == line


def test_spellings_composed_and_decomposed_are_one_name() -> None:
    assert clean_line("A\u030angstro\u0308m", longest=50) == "\u00c5ngstr\u00f6m"


def test_a_search_key_finds_numbers_with_and_without_separators() -> None:
    assert search_key("Cedar Valley", "12-3456789") == "cedar valley 12-3456789 123456789"


@pytest.mark.fault(43)
def test_a_password_of_ten_million_characters_is_refused_unhashed() -> None:
    with pytest.raises(ValidationError, match="at most 256"):
        judge_password("x" * 10_000_000, None)


@pytest.mark.parametrize(
    "password", ["correct-horse-battery", "Trumpet sofa 7 glacier", "ügly-duckling-år-2031"]
)
def test_ordinary_long_passwords_are_accepted(password: str) -> None:
    judge_password(password, Account(user_id="noel", name="Noel New", email="noel@example.org"))


def test_a_registration_that_fails_to_mail_leaves_nothing() -> None:
    def broken(mail: object) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        register_account(
            user_id="noel",
            name="Noel",
            email="n@example.org",
            password=PASSWORD,
            at=START,
            origin=WEB,
            send=broken,
        )
    assert not MailedCode.objects.exists()


@pytest.mark.invariant("I11")
def test_an_account_comes_to_be_together_with_its_events_or_not_at_all(
    mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof_id = register_account(
        user_id="noel",
        name="Noel",
        email="n@example.org",
        password=PASSWORD,
        at=START,
        origin=WEB,
        send=mails,
    )

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("rolebook.audit.recording.Event.objects.bulk_create", full)
        with pytest.raises(OSError, match="no space"):
            confirm_email(proof_id=proof_id, code=mails.last.code, at=START, origin=WEB)
    assert not Account.objects.exists()
    assert confirm_email(proof_id=proof_id, code=mails.last.code, at=START, origin=WEB).user_id == "noel"
    assert Account.objects.count() == 1
