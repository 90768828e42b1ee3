"""Who is told of a request that went back, or was withdrawn, by nobody's decision (IQCS-03, IQCS-08, IQCS-09)."""

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.flows import change_participation_status, withdraw_request
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.models import Participation
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice, PostponedEvent
from tests.support import grants, iqcs
from tests.support.grants import LATER, decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, TRAINING
from tests.support.people import COMMAND, WEB


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    iqcs.begin()


@pytest.fixture
def rita() -> Account:
    return grants.user("Rita Requester", PROGRAM)


@pytest.fixture
def rosa() -> Account:
    return iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative")


def told(kind: str) -> dict[str, str]:
    """The mails of a kind, by whom they are to, each on one line."""
    while derive_notices(now=LATER):
        pass
    assert not PostponedEvent.objects.exists()
    mails = Notice.objects.filter(kind=kind)
    return {str(mail.recipient): " ".join(mail.text.split()) for mail in mails}


def ends(who: Account, cause: Participation.Cause = Participation.Cause.DECIDED) -> None:
    change_participation_status(
        acting_user=None,
        program_id=PROGRAM,
        beneficiary_id=who.public_id,
        status="deactivated",
        reason="So it was.",
        at=LATER,
        origin=COMMAND,
        cause=cause,
    )


@pytest.mark.requirement("IQCS-03")
def test_the_requester_is_told_when_another_employer_sends_the_request_back(
    rita: Account, rosa: Account
) -> None:
    iqcs.holder(REPRESENTATIVE, "BLM", "Berta Bureau")
    request = iqcs.asks(rita, iqcs.answers({TRAINING: "add"}))
    iqcs.employed(rita, "BLM-MT", at=LATER)
    decides(rosa, open_stage(request), at=LATER)
    assert iqcs.state_of(request) == "returned"
    mails = told("returned")
    assert set(mails) == {"Rita Requester"}
    assert "came back to you. Nobody decided so." in mails["Rita Requester"]
    assert "Because: Who decides it has changed since it was sent." in mails["Rita Requester"]
    assert f"/iqcs/requests/{request.public_id}/" in mails["Rita Requester"]


@pytest.mark.requirement("IQCS-09")
@pytest.mark.parametrize("cause", [Participation.Cause.BOUNCE, Participation.Cause.DECIDED])
def test_who_asked_is_told_that_the_request_ended_with_the_person_and_the_person_by_one_mail(
    rita: Account, cause: Participation.Cause
) -> None:
    iqcs.employed(rita, "FWS-R6-BNR")
    manager = iqcs.manager("FWS-R6")
    request = iqcs.asks(manager, iqcs.answers({TRAINING: "add"}), beneficiary=rita)
    ends(rita, cause)
    assert iqcs.state_of(request) == "withdrawn"
    mails = told("request-withdrawn")
    assert set(mails) == {"Manuel Manager"}
    assert "was withdrawn, because an account is no longer active." in mails["Manuel Manager"]
    own = told("participation-changed")["Rita Requester"]
    assert (
        "What was asked for you, or waited for your own word, and was not decided yet, is withdrawn." in own
    )


@pytest.mark.requirement("IQCS-04")
def test_the_person_is_told_that_a_request_for_them_ended_with_who_asked(
    rita: Account, rosa: Account
) -> None:
    iqcs.employed(rita, "FWS-R6-BNR")
    manager = iqcs.manager("FWS-R6")
    request = iqcs.asks(manager, iqcs.answers({TRAINING: "add"}), beneficiary=rita)
    decides(rosa, open_stage(request), "returned", reason="The phone is missing.", at=LATER)
    ends(manager)
    mails = told("request-withdrawn")
    assert set(mails) == {"Rita Requester"}
    assert "It waited for who had asked, whose account is no longer active" in mails["Rita Requester"]


def test_of_a_merged_account_who_remains_is_told_that_its_request_was_withdrawn(rita: Account) -> None:
    second = grants.user("Rita Remaining", PROGRAM)
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]))
    merge_accounts(
        acting_user=None,
        program_id=PROGRAM,
        kept_id=second.public_id,
        closed_id=rita.public_id,
        shown=None,
        reason="One person.",
        at=LATER,
        origin=COMMAND,
    )
    assert iqcs.state_of(request) == "withdrawn"
    assert set(told("request-withdrawn")) == {"Rita Remaining"}


def test_who_withdraws_a_request_is_not_mailed_that_it_was_withdrawn(rita: Account) -> None:
    request = iqcs.asks(rita, iqcs.answers({TRAINING: "add"}))
    withdraw_request(acting_user=rita, program_id=PROGRAM, request_id=request.public_id, at=LATER, origin=WEB)
    assert told("request-withdrawn") == {}
