"""Whom nobody represents the steward finds and asks for: no employer is on record, or nobody is in office there."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import change_participation_status
from rolebook.governance.flows.ask_reactivation import ask_reactivation, may_ask_to_reactivate
from rolebook.governance.models import Participation
from rolebook.governance.queries.inactivity import closed_people
from tests.support import grants, iqcs
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import COMMAND, START, WEB

pytestmark = [pytest.mark.usefixtures("iqcs_world"), pytest.mark.requirement("IQCS-10")]
LATER = START + timedelta(hours=1)


@pytest.fixture
def steward(iqcs_world: None) -> Account:
    return grants.steward(program_id=PROGRAM)


def deactivated(person: Account) -> Account:
    change_participation_status(
        acting_user=None,
        program_id=PROGRAM,
        beneficiary_id=person.public_id,
        status="deactivated",
        reason="A mail was rejected.",
        at=LATER,
        origin=COMMAND,
        cause=Participation.Cause.BOUNCE,
    )
    return person


def closed(person: Account) -> Account:
    Participation.objects.filter(account=person).update(status="closed", status_at=LATER)
    return person


def listed(viewer: Account) -> set[str]:
    """The names in somebody's list, each of which they may indeed ask for."""
    rows = closed_people(viewer, PROGRAM, LATER).rows
    standing = standing_of(viewer, PROGRAM, LATER)
    for row in rows:
        assert may_ask_to_reactivate(standing, Account.objects.get(public_id=row.account_id))
    return {row.name for row in rows}


def test_who_has_no_employer_on_record_and_nobody_over_their_codes_is_the_stewards(steward: Account) -> None:
    mia = deactivated(iqcs.holder(MANAGER, "FWS-R6-BNR", "Mia Unemployed"))
    [row] = closed_people(steward, PROGRAM, LATER).rows
    assert (row.name, row.employer, row.status) == ("Mia Unemployed", "", "deactivated")
    request = ask_reactivation(
        acting_user=steward,
        program_id=PROGRAM,
        beneficiary_id=mia.public_id,
        reason="The address is right again.",
        at=LATER,
        origin=WEB,
    )
    assert request.requester == steward


def test_whose_employers_office_is_empty_is_the_stewards_until_somebody_is_in_it(steward: Account) -> None:
    deactivated(iqcs.manager("FWS-R6-BNR", "Mia Manager"))
    assert listed(steward) == {"Mia Manager"}
    rosa = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Rosa Representative")
    assert listed(steward) == set()
    assert listed(rosa) == {"Mia Manager"}


def test_an_office_at_the_employer_alone_reaches_no_other_place(steward: Account) -> None:
    deactivated(iqcs.manager("FWS-R6", "Mia Manager"))
    below = grants.user("Rudi Refuge", PROGRAM)
    grants.designated(below, REPRESENTATIVE, program_id=PROGRAM)
    iqcs.gives_access(below, "FWS-R6-BNR", lower_levels=False)
    iqcs.holder(REPRESENTATIVE, "BLM", "Bob Bureau")
    assert listed(steward) == {"Mia Manager"}


def test_who_holds_a_code_below_somebodys_office_is_represented_there_without_an_employer(
    steward: Account,
) -> None:
    deactivated(iqcs.holder(MANAGER, "FWS-R6-BNR", "Mia Unemployed"))
    iqcs.holder(LEAD, "USAF", "Leo Lead")
    assert listed(steward) == {"Mia Unemployed"}
    iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    assert listed(steward) == set()


def test_who_holds_nothing_any_more_and_has_no_employer_is_the_stewards(steward: Account) -> None:
    person = grants.user("Nora Nothing", PROGRAM)
    iqcs.gives_access(person, "FWS-R6-BNR")
    iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")
    closed(person)
    assert listed(steward) == set()
    person.accesses.update(closed_at=LATER)
    assert listed(steward) == {"Nora Nothing"}
