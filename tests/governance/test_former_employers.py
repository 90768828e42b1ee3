"""Once another organization employs a person, the former one neither denies their request nor vouches for them."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.deciding import ReturnedForChange
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.models import Outcome, Request
from rolebook.governance.refusals import NotFound
from tests.governance.test_reactivating import LATER, People
from tests.support import iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import PROGRAM, REPRESENTATIVE, TRAINING, place
from tests.support.people import START, WEB

HOUR = timedelta(hours=1)


def asks_and_moves(person: Account, *codes: str) -> Request:
    """Ask at the Fish and Wildlife Service for a role and codes, and work for the Bureau of Land Management since."""
    iqcs.holder(REPRESENTATIVE, "BLM", "Bob Bureau")
    request = iqcs.asks(person, iqcs.answers({TRAINING: "add"}, codes))
    iqcs.employed(person, "FWS-R6-BNR")
    iqcs.employed(person, "BLM-MT", at=START + HOUR)
    return request


@pytest.mark.requirement("IQCS-03", "IQCS-04")
def test_a_former_employers_denial_ends_nothing_and_sends_the_request_back(
    iqcs_world: None, person: Account, representative: Account, security: Account
) -> None:
    moved = asks_and_moves(person)
    stage = open_stage(moved)
    assert isinstance(decides(representative, stage, "denied", at=START + 2 * HOUR), ReturnedForChange)
    assert iqcs.state_of(moved) == "returned"
    assert not Outcome.objects.exists()


@pytest.mark.requirement("IQCS-04")
def test_another_agencys_denial_of_its_part_stands_whoever_employs_the_person_now(
    iqcs_world: None,
    person: Account,
    representative: Account,
    security: Account,
    air_force: dict[str, Account],
) -> None:
    moved = asks_and_moves(person, "USAF-ACC-1")
    stage = open_stage(moved, place("USAF-ACC-1"))
    assert isinstance(decides(air_force["manager"], stage, "denied", at=START + 2 * HOUR), Outcome)
    states = moved.items.order_by("position").values_list("kind", "state")
    assert dict(states) == {"add role": "pending", "add access": "denied"}


@pytest.mark.requirement("IQCS-03")
def test_the_present_employers_denial_still_ends_the_whole_request(
    iqcs_world: None, person: Account, representative: Account, security: Account
) -> None:
    request = iqcs.asks(person, iqcs.answers({TRAINING: "add"}))
    iqcs.employed(person, "FWS-R6-BNR")
    decides(representative, open_stage(request), "denied", at=START + HOUR)
    assert iqcs.state_of(request) == "denied"


@pytest.mark.requirement("IQCS-10", "IQCS-03")
@pytest.mark.parametrize("later", [timedelta(), HOUR], ids=["at that instant", "an hour later"])
def test_a_representatives_word_is_enough_no_longer_once_another_agency_employs_the_person(
    db: None, later: timedelta
) -> None:
    world = People()
    bob = iqcs.holder(REPRESENTATIVE, "BLM", "Bob Bureau")
    world.close()
    request = world.asks()
    iqcs.employed(world.mia, "BLM-MT", at=LATER + later)
    decided = decides(world.sven, open_stage(request), at=LATER + 2 * HOUR)
    assert isinstance(decided, ReturnedForChange)
    assert world.held(LATER + 2 * HOUR) == set()
    with pytest.raises(NotFound):
        _asks(world, world.rosa)
    decides(world.sven, open_stage(_asks(world, bob)), at=LATER + 4 * HOUR)
    assert world.part.status == "active"


@pytest.mark.requirement("IQCS-10")
def test_a_word_stays_enough_where_who_gave_it_represents_the_person_at_the_new_employer_too(
    db: None,
) -> None:
    world = People()
    world.close()
    request = world.asks()
    iqcs.employed(world.mia, "FWS-R6", at=LATER + HOUR)
    assert isinstance(decides(world.sven, open_stage(request), at=LATER + 2 * HOUR), Outcome)
    assert world.part.status == "active"


def _asks(world: People, who: Account) -> Request:
    return ask_reactivation(
        acting_user=who,
        program_id=PROGRAM,
        beneficiary_id=world.mia.public_id,
        reason="She works for us now.",
        at=LATER + 3 * HOUR,
        origin=WEB,
    )
