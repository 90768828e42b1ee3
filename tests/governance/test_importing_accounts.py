"""Import of accounts at migration: people without credentials; all of a file or nothing."""

import json
from datetime import UTC, datetime

import pytest

from rolebook.accounts.flows.credentials import ask_for_password_reset, reset_password, set_up_totp
from rolebook.accounts.flows.signing_in import (
    Agreement,
    SignInRefused,
    check_password,
    mail_sign_in_code,
    sign_in,
)
from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force, statement_hash
from rolebook.accounts.second_factor import code_at, new_secret
from rolebook.audit.models import Event
from rolebook.governance.models import Import, Participation
from rolebook.policy.errors import RolebookErrors
from tests.governance.importing import accounts_from, places
from tests.support import people
from tests.support.people import START, WEB, Mails

pytestmark = pytest.mark.django_db


def test_imported_people_take_part_with_their_original_last_sign_in(qpp: str) -> None:
    there = people.new_user("Tara There").account
    report = accounts_from(
        "user_id,name,email,last_signed_in_on\n"
        "Nora.New,Nora New,nora@example.org,2025-11-30\n"
        f"{there.user_id},Other Name,{there.email.upper()},\n"
    )
    assert [row.user_id for row in report.created] == ["nora.new"]
    assert [row.user_id for row in report.joined] == [there.user_id]
    nora = Account.objects.get(user_id="nora.new")
    part = Participation.objects.get(account=nora, program_id="qpp")
    # Midnight in New York, QPP's time zone.
    assert part.last_signed_in_at == datetime(2025, 11, 30, 5, 0, tzinfo=UTC)
    assert part.imported is not None
    assert part.imported.public_id == report.import_id
    there.refresh_from_db()
    assert (there.name, there.has_usable_password()) == ("Tara There", True)
    event = Event.objects.get(tag="accounts:imported")
    assert (event.sequence, event.actor_id) == (report.sequence, None)
    told = json.loads(event.content)["new"]
    assert (told["accounts_created"], told["accounts_joined"]) == (1, 1)
    assert "nora" not in event.content.lower()
    again = accounts_from(
        f"user_id,name,email\nnora.new,Nora,nora@example.org\n{there.user_id},T,{there.email}\n"
    )
    assert (again.unchanged, again.sequence, Import.objects.count()) == (2, None, 1)


@pytest.mark.requirement("QPP-01")
@pytest.mark.invariant("I7")
@pytest.mark.fault(40)
def test_imported_people_get_in_by_the_mailed_code_and_never_past_the_second_factor(
    qpp: str, mails: Mails
) -> None:
    accounts_from("user_id,name,email\nnora.new,Nora New,nora@example.org\n")
    account = Account.objects.get(user_id="nora.new")
    assert not account.has_usable_password()
    for tried in ("", "!", account.password):
        with pytest.raises(SignInRefused):
            check_password(user_id="nora.new", password=tried, known_browser=False, at=START, origin=WEB)
    proof = ask_for_password_reset(named="nora.new", at=START, origin=WEB, send=mails)
    assert (mails.last.kind, mails.last.account) == ("reset-password", account)
    reset_password(
        proof_id=proof, code=mails.last.code, new=people.PASSWORD, at=START, origin=WEB, send=mails
    )
    account = check_password(
        user_id="nora.new", password=people.PASSWORD, known_browser=False, at=START, origin=WEB
    )
    mailed = mail_sign_in_code(account=account, at=START, send=mails)
    _, book = rolebook_in_force("qpp", START)
    assert book.program.statement is not None
    signed_in = sign_in(
        account_id=account.pk,
        code=mails.last.code,
        proof_id=mailed,
        agreement=Agreement("qpp", statement_hash(book.program.statement)),
        known_browser=False,
        at=START,
        origin=WEB,
    )
    assert not signed_in.two_factors
    secret = new_secret()
    set_up_totp(
        acting_user=account, secret=secret, code=code_at(secret, START), at=START, origin=WEB, send=mails
    )
    assert mail_sign_in_code(account=account, at=START, send=mails) is None


@pytest.mark.requirement("IQIES-04")
@pytest.mark.fault(50)
def test_an_import_takes_over_nobodys_account_and_says_all_that_is_wrong_at_once(qpp: str) -> None:
    tara = people.new_user("Tara There").account
    gone = people.new_user("Gus Gone").account
    Account.objects.filter(pk=gone.pk).update(status="deactivated")
    with pytest.raises(RolebookErrors) as errors:
        accounts_from(
            "user_id,name,email\n"
            f"{tara.user_id},Tara,thief@example.org\n"
            f"second,Tara,{tara.email}\n"
            f"{gone.user_id},Gus,{gone.email}\n"
            "fine,Fine,fine@example.org\n"
        )
    name = len(tara.user_id)
    assert places(errors) == [f"2:{name + 7} taken user_id", "3:13 taken email", "4:1 bad user_id"]
    tara.refresh_from_db()
    assert tara.email != "thief@example.org"
    assert not Account.objects.filter(user_id="fine").exists()
    assert not Import.objects.exists()
    with pytest.raises(RolebookErrors) as errors:
        accounts_from(
            "user_id,name,email,last_signed_in_on\n"
            "x,Ann,no address,2026-02-30\n"
            "good,,good@example.org,2031-01-01\n"
            "twin.one,Twin,Twin@example.org\n"
            "twin.one,Twin,twin@EXAMPLE.org,2026-01-01,more\n"
        )
    assert places(errors) == [
        "2:1 bad user_id",
        "2:7 bad email",
        "2:18 bad last_signed_in_on",
        "3:6 missing name",
        "3:24 bad last_signed_in_on",
        "5:1 user_id given twice",
        "5:15 email given twice",
        "5:43 too many cells",
    ]


@pytest.mark.fault(50)
def test_a_dry_run_of_accounts_says_what_the_run_then_does_and_writes_nothing(qpp: str) -> None:
    text = "user_id,name,email\nnora.new,Nora New,nora@example.org\n"
    before = Event.objects.count()
    dry = accounts_from(text, dry_run=True)
    assert not Account.objects.exists()
    assert Event.objects.count() == before
    wet = accounts_from(text)
    assert (dry.created, dry.joined, dry.unchanged) == (wet.created, wet.joined, wet.unchanged)
    assert (dry.dry_run, dry.import_id, dry.sequence) == (True, None, None)
