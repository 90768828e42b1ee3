"""People raced: two vouchers, one link used many times, two stewards against each other, a merge against a decision.

Each flow is held for a moment between what it reads and what it writes, so that without its locks the others come in
between: with `locks.lock_rows` made to do nothing, every one of these tests fails on PostgreSQL.
"""

from datetime import timedelta
from functools import partial
from threading import Event as Signal
from typing import Any

import pytest

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import Recovery
from rolebook.audit.models import Event
from rolebook.governance.authority import in_force
from rolebook.governance.flows import (
    change_participation_status,
    change_status,
    decide_stage,
    recover_second_factor,
)
from rolebook.governance.flows import merge_accounts as merging_flow
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.flows.recover_second_factor import (
    RecoveryOver,
    ask_for_recovery,
    finish_recovery,
    mail_recovery_code,
    vouch_for_recovery,
)
from rolebook.governance.merging import plan_merge
from rolebook.governance.models import Grant, Participation
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.governance.voucher_proof import Vouch
from rolebook.governance.vouching import may_vouch
from tests.support import grants, people
from tests.support.databases import CommittedDatabase
from tests.support.people import PASSWORD, START, WEB, Mails, Person
from tests.support.racing import counted, slowly

LATER = START + timedelta(hours=1)
WAIT = timedelta(hours=24)
REFUSED = (Refused, NotFound, NotAllowed, RecoveryOver)


def in_office(name: str, role_id: str, organization: object = None) -> Person:
    person = people.user_with_totp(name)
    grants.agree(person.account)
    grants.designated(person.account, role_id, organization)  # type: ignore[arg-type]
    return person


@pytest.mark.fault(16)
@pytest.mark.invariant("I13")
def test_of_many_vouchers_one_vouches_and_the_link_works_once(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.activate("qpp")
    monkeypatch.setattr(recover_second_factor, "may_vouch", slowly(may_vouch))
    cedar, mails = people.practice(), Mails()
    vouchers = [in_office(f"Olga {number}", grants.OFFICIAL, cedar) for number in range(4)]
    ana = people.user_with_totp("Ana Lopez")
    grants.agree(ana.account)
    grants.placed(ana.account, grants.STAFF, cedar)
    proof = mail_recovery_code(account=ana.account, at=LATER, origin=WEB, send=mails)
    recovery = ask_for_recovery(
        account_id=ana.account.pk, proof_id=proof, code=mails.last.code, at=LATER, origin=WEB, send=mails
    )

    def vouch(voucher: Person) -> object:
        return vouch_for_recovery(
            acting_user=voucher.account,
            program_id="qpp",
            recovery_id=recovery.public_id,
            vouch=Vouch("called", "called her on the practice's number", True, voucher.code(LATER)),
            wait=WAIT,
            at=LATER,
            origin=WEB,
            send=mails,
        )

    ends = committed_db.in_threads([counted(partial(vouch, one), *REFUSED) for one in vouchers])
    assert sorted(ends) == ["Refused", "Refused", "Refused", "done"]
    assert Event.objects.filter(tag="recovery:vouched").count() == 1
    [letter] = [mail for mail in mails.sent if mail.kind == "recovery-vouched"]
    token = letter.path.rstrip("/").rpartition("/")[2]

    def finish() -> object:
        return finish_recovery(token=token, password=PASSWORD, at=LATER + WAIT, origin=WEB, send=mails)

    ends = committed_db.in_threads([counted(finish, *REFUSED)] * 4)
    assert ends.count("done") == 1
    assert Event.objects.filter(tag="recovery:finished").count() == 1
    assert Recovery.objects.get().state == "done"


@pytest.mark.fault(15)
@pytest.mark.invariant("I13")
def test_two_stewards_who_close_each_other_leave_one(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.activate("qpp")
    monkeypatch.setattr(change_status, "_protect", slowly(change_status._protect))
    one, other = grants.steward("Stella"), grants.steward("Sten")

    def close(by: Account, whom: Account) -> object:
        return change_participation_status(
            acting_user=by,
            program_id="qpp",
            beneficiary_id=whom.public_id,
            status="closed",
            reason="left",
            at=LATER,
            origin=WEB,
        )

    ends = committed_db.in_threads(
        [
            counted(lambda: close(one, other), *REFUSED),
            counted(lambda: close(other, one), *REFUSED),
        ]
    )
    assert ends.count("done") == 1
    assert Participation.objects.filter(status="active").count() == 1


@pytest.mark.requirement("IQIES-04")
@pytest.mark.invariant("I6")
@pytest.mark.invariant("I13")
def test_a_merge_and_the_other_accounts_decision_never_leave_a_role_that_one_gave_oneself(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.activate("qpp")
    planned = Signal()
    plans = iter([plan_merge, slowly(plan_merge, planned)])  # before the locks, and under them

    def plan(*people_and_instant: Any) -> Any:
        return next(plans)(*people_and_instant)

    monkeypatch.setattr(merging_flow, "plan_merge", plan)
    cedar = people.practice()
    steward, olga = grants.steward(), grants.official(cedar)
    nora = grants.user("Nora New")
    stage = grants.open_stage(grants.asks(nora, cedar))

    def decide() -> object:
        assert planned.wait(30)
        return decide_stage(
            acting_user=olga,
            program_id="qpp",
            stage_id=stage.public_id,
            verdict="approved",
            reason="",
            shown_version=stage.request_version,
            shown_hash=stage.items_hash,
            at=LATER,
            origin=WEB,
        )

    def merge() -> object:
        return merge_accounts(
            acting_user=steward,
            program_id="qpp",
            kept_id=nora.public_id,
            closed_id=olga.public_id,
            shown=None,
            reason="both are hers",
            at=LATER + timedelta(seconds=1),
            origin=WEB,
        )

    committed_db.in_threads([counted(decide, *REFUSED), counted(merge, *REFUSED)])
    merged = Account.objects.get(pk=olga.pk).merged_into_id == nora.pk
    held = Grant.objects.filter(in_force(LATER + timedelta(hours=1)), account=nora, role_id=grants.STAFF)
    assert not (merged and held.exists())
