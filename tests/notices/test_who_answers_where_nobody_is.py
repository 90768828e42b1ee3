"""Codes to look at and registrations to confirm are told to who may answer, and to stewards where nobody may."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.record_employment import answers_for
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import grants, iqcs, responders
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, place
from tests.support.people import START

LATER = START + timedelta(hours=1)


@pytest.fixture(autouse=True)
def iqcs_in_force(db: None) -> None:
    iqcs.begin()


def told(kind: str) -> set[Account | None]:
    while derive_notices(now=LATER):
        pass
    return {notice.recipient for notice in Notice.objects.filter(kind=kind)}


def changes_employer() -> Account:
    person = iqcs.manager("FWS-R6", "Mia Manager")
    iqcs.employed(person, "BLM-MT", at=START + timedelta(minutes=1))
    return person


@pytest.mark.requirement("IQCS-03")
def test_codes_to_look_at_are_told_to_who_may_answer_for_them_and_not_to_account_managers() -> None:
    lead = iqcs.holder(LEAD, "BLM", "Lena Lead")
    representative = iqcs.holder(REPRESENTATIVE, "BLM-MT", "Rolf Representative")
    iqcs.holder(MANAGER, "BLM-MT", "Mona Manager")
    grants.steward(program_id=PROGRAM)
    changes_employer()
    asked = told("check-codes")
    assert asked == {lead, representative}
    assert all(one and answers_for(standing_of(one, PROGRAM, LATER), place("BLM-MT")) for one in asked)


@pytest.mark.requirement("IQCS-03")
def test_codes_to_look_at_where_nobody_is_in_office_are_told_to_the_steward() -> None:
    steward = grants.steward(program_id=PROGRAM)
    iqcs.holder(MANAGER, "BLM-MT", "Mona Manager")
    changes_employer()
    assert told("check-codes") == {steward}
    assert answers_for(standing_of(steward, PROGRAM, LATER), place("BLM-MT"))


@pytest.mark.requirement("IQCS-03")
def test_who_is_alone_in_office_does_not_look_at_their_own_codes() -> None:
    steward = grants.steward(program_id=PROGRAM)
    alone = iqcs.holder(REPRESENTATIVE, "BLM", "Bob Bureau")
    iqcs.employed(alone, "FWS-R6")
    iqcs.employed(alone, "BLM", at=START + timedelta(minutes=1))
    assert told("check-codes") == {steward}


@pytest.mark.requirement("IQCS-01")
def test_a_registration_where_no_manager_is_comes_to_the_steward_who_may_confirm_it() -> None:
    responders.imports()
    steward = grants.steward(program_id=PROGRAM)
    iqcs.holder(MANAGER, "USAF", "Ursula Elsewhere")
    made = responders.asks(grants.user("Rosa Ranger", PROGRAM), way="confirmation")
    assert told("registration-waiting") == {steward}
    assert (
        "because nobody decides where the record is kept"
        in Notice.objects.get(kind="registration-waiting").text
    )
    assert responders.answers(steward, made).state == "confirmed"


@pytest.mark.requirement("IQCS-01")
def test_a_registration_where_a_manager_is_comes_to_no_steward() -> None:
    responders.imports()
    grants.steward(program_id=PROGRAM)
    manager = iqcs.holder(MANAGER, "FWS-R6", "Manuel Manager")
    responders.asks(grants.user("Rosa Ranger", PROGRAM), way="confirmation")
    assert told("registration-waiting") == {manager}


@pytest.mark.requirement("IQCS-01")
def test_a_steward_is_not_asked_whether_a_record_is_their_own() -> None:
    responders.imports()
    responders.asks(grants.steward(program_id=PROGRAM), way="confirmation")
    assert told("registration-waiting") == set()
