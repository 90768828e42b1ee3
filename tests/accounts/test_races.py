"""Two of the same at the same moment: one security code, one mailed code, one user ID, one address."""

import uuid
from collections.abc import Callable

import pytest
from django.db import connection

from rolebook.accounts.flows import registration, signing_in
from rolebook.accounts.flows.credentials import set_up_totp
from rolebook.accounts.mailed_codes import CodeRefused
from rolebook.accounts.models import Account
from rolebook.accounts.second_factor import code_at, new_secret
from rolebook.accounts.throttling import PASSWORD_AGAIN, TooManyAttempts, take
from rolebook.audit.models import Event
from tests.support import people
from tests.support.databases import CommittedDatabase
from tests.support.people import PASSWORD, START, WEB, Mails
from tests.support.racing import counted

AT_ONCE = 8


@pytest.mark.fault(37)
def test_one_security_code_signs_in_one_of_many_who_send_it_at_once(committed_db: CommittedDatabase) -> None:
    people.activate("qpp")
    person = people.user_with_totp()
    agreement = signing_in.Agreement("qpp", _wording_hash())

    def sign_in() -> object:
        return signing_in.sign_in(
            account_id=person.account.pk,
            code=person.code(START),
            proof_id=None,
            agreement=agreement,
            known_browser=True,
            at=START,
            origin=WEB,
        )

    ends = committed_db.in_threads([counted(sign_in, signing_in.SignInRefused, TooManyAttempts)] * AT_ONCE)
    assert ends.count("done") == 1
    assert Event.objects.filter(tag="account:signed-in").count() == 1


@pytest.mark.fault(37)
def test_one_recovery_code_signs_in_one_of_many_who_send_it_at_once(committed_db: CommittedDatabase) -> None:
    people.activate("qpp")
    person = people.user_with_totp()
    agreement = signing_in.Agreement("qpp", _wording_hash())

    def sign_in() -> object:
        return signing_in.sign_in(
            account_id=person.account.pk,
            code=person.recovery_codes[0],
            proof_id=None,
            agreement=agreement,
            known_browser=True,
            at=START,
            origin=WEB,
        )

    ends = committed_db.in_threads([counted(sign_in, signing_in.SignInRefused, TooManyAttempts)] * AT_ONCE)
    assert ends.count("done") == 1


@pytest.mark.invariant("I8")
@pytest.mark.fault(19)
def test_one_mailed_code_makes_one_account_of_many_who_send_it_at_once(
    committed_db: CommittedDatabase,
) -> None:
    mails = Mails()
    proof_id = _register(mails, "noel", "noel@example.org")

    def confirm() -> object:
        return registration.confirm_email(proof_id=proof_id, code=mails.last.code, at=START, origin=WEB)

    ends = committed_db.in_threads([counted(confirm, CodeRefused)] * 4)
    assert ends.count("done") == 1
    assert Account.objects.count() == 1


def test_one_user_id_goes_to_one_of_many_who_choose_it_at_once(committed_db: CommittedDatabase) -> None:
    proofs = []
    for number in range(4):
        mails = Mails()
        proofs.append((_register(mails, "noel", f"noel{number}@example.org"), mails.last.code))

    def confirm(proof_id: uuid.UUID, code: str) -> Callable[[], object]:
        return lambda: registration.confirm_email(proof_id=proof_id, code=code, at=START, origin=WEB)

    calls = [counted(confirm(*proof), registration.UserIdTaken) for proof in proofs]
    ends = committed_db.in_threads(calls)
    assert sorted(ends) == ["UserIdTaken"] * 3 + ["done"]
    assert Account.objects.filter(user_id="noel").count() == 1


@pytest.mark.invariant("I9")
def test_one_address_belongs_to_one_of_many_who_confirm_it_at_once(committed_db: CommittedDatabase) -> None:
    proofs = []
    for number in range(4):
        mails = Mails()
        proofs.append((_register(mails, f"noel{number}", "noel@example.org"), mails.last.code))

    def confirm(proof_id: uuid.UUID, code: str) -> Callable[[], object]:
        return lambda: registration.confirm_email(proof_id=proof_id, code=code, at=START, origin=WEB)

    calls = [counted(confirm(*proof), CodeRefused) for proof in proofs]
    assert sorted(committed_db.in_threads(calls)) == ["CodeRefused"] * 3 + ["done"]


def test_an_app_is_set_up_once_of_many_times_at_once(committed_db: CommittedDatabase) -> None:
    person = people.new_user()

    def set_up() -> object:
        secret = new_secret()
        return set_up_totp(
            acting_user=person.account,
            secret=secret,
            code=code_at(secret, START),
            at=START,
            origin=WEB,
            send=Mails(),
        )

    from rolebook.accounts.flows.credentials import WrongPassword, WrongPresentCode

    ends = committed_db.in_threads([counted(set_up, WrongPresentCode, WrongPassword)] * 4)
    assert ends.count("done") == 1


@pytest.mark.fault(38)
def test_attempts_at_once_do_not_get_past_a_limit(committed_db: CommittedDatabase) -> None:
    calls = [counted(lambda: take([(PASSWORD_AGAIN, "somebody")], START), TooManyAttempts)] * 16
    assert committed_db.in_threads(calls).count("done") <= PASSWORD_AGAIN.attempts
    assert connection.vendor in {"sqlite", "postgresql"}


def _register(mails: Mails, user_id: str, email: str) -> uuid.UUID:
    return registration.register_account(
        user_id=user_id, name="Noel New", email=email, password=PASSWORD, at=START, origin=WEB, send=mails
    )


def _wording_hash() -> str:
    from rolebook.accounts.queries import rolebook_in_force, statement_hash

    wording = rolebook_in_force("qpp", START)[1].program.statement
    assert wording is not None
    return statement_hash(wording)
