"""Requests that wait for their requester's word do not stay when the requester has left (IQCS-04, IQCS-10)."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.recording import Origin
from rolebook.governance.flows import change_participation_status, withdraw_request
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.leaving import people_with_something_left, settle_what_is_left
from rolebook.governance.models import Request, SupervisorWord
from rolebook.governance.queries.inactivity import closed_person
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.supervisor_links import LIFETIME
from tests.governance.test_reactivating import HOUR, LATER, People
from tests.support import iqcs
from tests.support.grants import codes, decides, open_stage
from tests.support.iqcs import PROGRAM, REPRESENTATIVE, TRAINING
from tests.support.people import COMMAND, START, WEB

LEFT = START + HOUR
in_iqcs = pytest.mark.usefixtures("iqcs_world", "representative", "security")


def leaves(who: Account, at: datetime = LEFT, status: str = "deactivated") -> None:
    change_participation_status(
        acting_user=None,
        program_id=PROGRAM,
        beneficiary_id=who.public_id,
        status=status,
        reason="Left the agency.",
        at=at,
        origin=COMMAND,
    )


def job_runs(at: datetime) -> None:
    for pk, program_id in people_with_something_left(at, 100):
        settle_what_is_left(
            Account.objects.get(pk=pk), program_id, acting_user=None, at=at, origin=Origin("job")
        )


@pytest.fixture
def manager(person: Account) -> Account:
    """An account manager, who asks for somebody of the same agency."""
    iqcs.employed(person, "FWS-R6-BNR")
    return iqcs.manager("FWS-R6")


@in_iqcs
@pytest.mark.requirement("IQCS-04")
@pytest.mark.parametrize("first", ["the requester leaves", "the part is denied"])
def test_a_request_held_for_who_has_left_is_withdrawn_and_can_be_asked_for_anew(
    person: Account, manager: Account, air_force: dict[str, Account], first: str
) -> None:
    form = iqcs.answers({TRAINING: "add"}, ["FWS-R6-BNR", "USAF-ACC-1"])
    request = iqcs.asks(manager, form, beneficiary=person)
    if first == "the requester leaves":
        leaves(manager)
        assert iqcs.state_of(request) == "pending"
    decides(air_force["manager"], open_stage(request), "denied", at=LEFT)
    if first == "the part is denied":
        assert iqcs.state_of(request) == "pending"
        leaves(manager)
    else:
        job_runs(LEFT + HOUR)
    assert iqcs.state_of(request) == "withdrawn"
    again = iqcs.asks(person, iqcs.answers({TRAINING: "add"}), at=LEFT + 2 * HOUR)
    assert iqcs.opened(again) == [(REPRESENTATIVE, "FWS-R6")]


@in_iqcs
@pytest.mark.requirement("IQCS-02")
def test_a_request_whose_supervisor_nobody_can_ask_again_ends_with_the_link(
    person: Account, manager: Account
) -> None:
    request = iqcs.asks(manager, iqcs.answers({TRAINING: "add"}), beneficiary=person, authorized=False)
    leaves(manager)
    job_runs(START + LIFETIME - timedelta(seconds=1))
    assert iqcs.state_of(request) == "pending"
    job_runs(START + LIFETIME)
    assert iqcs.state_of(request) == "withdrawn"
    assert SupervisorWord.objects.get().state == "void"
    iqcs.asks(person, iqcs.answers({TRAINING: "add"}), at=START + LIFETIME + HOUR)


@in_iqcs
@pytest.mark.requirement("IQCS-06")
def test_what_comes_back_to_who_has_left_is_withdrawn_by_the_job(
    person: Account, manager: Account, representative: Account
) -> None:
    request = iqcs.asks(manager, iqcs.answers({TRAINING: "add"}), beneficiary=person)
    leaves(manager)
    decides(representative, open_stage(request), "returned", reason="The phone is missing.", at=LEFT)
    job_runs(LEFT + HOUR)
    assert iqcs.state_of(request) == "withdrawn"


@in_iqcs
@pytest.mark.requirement("IQCS-04")
def test_what_others_can_still_take_further_goes_on_without_its_requester(
    person: Account, manager: Account, representative: Account, security: Account
) -> None:
    request = iqcs.asks(manager, iqcs.answers({TRAINING: "add"}), beneficiary=person)
    leaves(manager)
    job_runs(START + LIFETIME + HOUR)
    assert iqcs.state_of(request) == "pending"
    decides(representative, open_stage(request), at=LEFT + HOUR)
    decides(security, open_stage(request), at=LEFT + HOUR)
    assert iqcs.state_of(request) == "approved"


def reactivation_that_came_back(world: People) -> tuple[Request, Account]:
    """A reactivation with changes that the other representative returned, and that representative."""
    world.close()
    form = iqcs.answers(roles={TRAINING: "add"})
    request = iqcs.asks(world.rosa, form, beneficiary=world.mia, at=LATER)
    other = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Rudi Regional", at=LATER)
    decides(other, open_stage(request), "returned", reason="The phone is missing.", at=LATER)
    return request, other


def asks_for_mia(world: People, who: Account) -> Request:
    return ask_reactivation(
        acting_user=who,
        program_id=PROGRAM,
        beneficiary_id=world.mia.public_id,
        reason="She is back.",
        at=LATER + 3 * HOUR,
        origin=WEB,
    )


@pytest.mark.requirement("IQCS-10")
def test_a_reactivation_that_came_back_keeps_no_other_representative_waiting(db: None) -> None:
    world = People()
    request, other = reactivation_that_came_back(world)
    person = world.mia.public_id
    assert closed_person(other, PROGRAM, person, LATER).row.request_id is None
    assert closed_person(world.rosa, PROGRAM, person, LATER).row.request_id == request.public_id
    with pytest.raises(Refused) as refusal:
        asks_for_mia(world, world.rosa)
    assert codes(refusal) == ["reactivation_waits"]
    decides(world.sven, open_stage(asks_for_mia(world, other)), at=LATER + 4 * HOUR)
    assert world.part.status == "active"
    withdraw_request(
        acting_user=world.rosa,
        program_id=PROGRAM,
        request_id=request.public_id,
        at=LATER + 5 * HOUR,
        origin=WEB,
    )


@pytest.mark.requirement("IQCS-10")
def test_a_reactivation_that_came_back_ends_when_who_asked_for_it_leaves(db: None) -> None:
    world = People()
    request, _ = reactivation_that_came_back(world)
    leaves(world.rosa, LATER + HOUR, "closed")
    assert iqcs.state_of(request) == "withdrawn"
    assert world.part.status == "closed"


@pytest.mark.requirement("IQCS-10")
def test_a_reactivation_that_waits_for_security_outlives_who_asked_for_it(db: None) -> None:
    world = People()
    world.close()
    request = world.asks()
    leaves(world.rosa, LATER + HOUR)
    job_runs(LATER + HOUR)
    assert iqcs.state_of(request) == "pending"
    with pytest.raises(NotFound):
        withdraw_request(
            acting_user=world.sven,
            program_id=PROGRAM,
            request_id=request.public_id,
            at=LATER + HOUR,
            origin=WEB,
        )
    decides(world.sven, open_stage(request), at=LATER + 2 * HOUR)
    assert world.part.status == "active"
