"""Imports that meet something else at the same moment: a designation, the same import, a registration."""

from importlib import import_module

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.audit.models import Event
from rolebook.governance.flows import import_accounts
from rolebook.governance.models import Grant, Import
from rolebook.governance.refusals import Refused
from rolebook.policy.errors import RolebookErrors
from tests.governance.importing import accounts_from, grants_from
from tests.support import grants, people
from tests.support.databases import CommittedDatabase


@pytest.mark.requirement("IQIES-04")
@pytest.mark.invariant("I2", "I13")
def test_an_import_and_a_designation_at_once_never_give_two_user_categories(
    committed_db: CommittedDatabase,
) -> None:
    people.activate("iqies")
    state = Organization.objects.filter(program_id="iqies", kind_id="state").order_by("pk").first()
    assert state is not None
    for number in range(6):
        person = grants.user(f"Pat {number}", program_id="iqies")

        def imported(person: Account = person) -> str:
            try:
                row = f"{person.user_id},State Agency General User,{state.code},2021-05-04,Rita,S"
                grants_from(row, program_id="iqies")
            except RolebookErrors:
                return "refused"
            return "done"

        def designated(person: Account = person) -> str:
            try:
                grants.designated(person, "cms_security_official", program_id="iqies")
            except Refused:
                return "refused"
            return "done"

        assert sorted(committed_db.in_threads([imported, designated])) == ["done", "refused"]
        assert Grant.objects.filter(account=person).count() == 1


@pytest.mark.fault(50)
def test_the_same_people_imported_at_once_are_imported_once(committed_db: CommittedDatabase) -> None:
    people.activate("qpp")

    def run() -> str:
        try:
            accounts_from("user_id,name,email\nnora.new,Nora New,nora@example.org\n")
        except RolebookErrors as refusal:
            return "overtaken" if "expected to be run again" in str(refusal) else str(refusal)
        return "done"

    assert set(committed_db.in_threads([run] * 4)) <= {"done", "overtaken"}
    assert Account.objects.count() == 1
    assert Import.objects.count() == Event.objects.filter(tag="accounts:imported").count() == 1


@pytest.mark.fault(50)
def test_who_registers_while_a_file_is_read_is_not_taken_over(
    qpp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = people.new_user("Tara There").account
    # The account is made between the look and the write.
    monkeypatch.setattr(import_module(import_accounts.__module__), "known_accounts", lambda *_: {})
    with pytest.raises(RolebookErrors, match="overtaken"):
        accounts_from(f"user_id,name,email\nnora.new,N,n@example.org\nother.id,Tara,{there.email}\n")
    assert list(Account.objects.all()) == [there]
    assert not Import.objects.exists()
