"""A change of employer and a closing for quiet: what the check found stays found, and is asked (IQCS-03, IQCS-10)."""

from datetime import datetime

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.check_codes import close_access_check
from rolebook.governance.models import Access, AccessCheck
from rolebook.governance.queries.access_checks import codes_to_remove, open_checks
from rolebook.governance.queries.inactivity import closed_person
from rolebook.governance.replaying import compare_with_log
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.governance.test_reactivating import DAY, END, HOUR, LATER, People
from tests.support import iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import LEAD, PROGRAM
from tests.support.people import START, WEB

pytestmark = [pytest.mark.requirement("IQCS-03"), pytest.mark.requirement("IQCS-10")]


@pytest.fixture
def world(db: None) -> People:
    return People()


def lead_of_bureau(at: datetime = START) -> Account:
    return iqcs.holder(LEAD, "BLM", "Lena Lead", at=at)


def comes_back(world: People, asked_by: Account) -> None:
    request = ask_reactivation(
        acting_user=asked_by,
        program_id=PROGRAM,
        beneficiary_id=world.mia.public_id,
        reason="She is back.",
        at=LATER,
        origin=WEB,
    )
    decides(world.sven, open_stage(request), at=LATER + HOUR)


def looks(world: People, lead: Account, unneeded: str) -> None:
    """The lead finds one code to be no longer needed, and the others needed; security has not pressed yet."""
    held = Access.objects.filter(account=world.mia, closed_at=None).select_related("organization")
    close_access_check(
        acting_user=lead,
        program_id=PROGRAM,
        check_id=AccessCheck.objects.get().public_id,
        keeps={str(one.public_id): one.organization.code != unneeded for one in held},
        at=END - 69 * DAY,
        origin=WEB,
    )


def test_a_code_found_unneeded_before_the_closing_does_not_come_back(world: People) -> None:
    iqcs.gives_access(world.mia, "USAF-ACC-1", lower_levels=False)
    lead = lead_of_bureau()
    iqcs.employed(world.mia, "BLM-MT", by=lead, at=END - 70 * DAY)
    looks(world, lead, "USAF-ACC-1")
    world.close()
    told = closed_person(lead, PROGRAM, world.mia.public_id, LATER).comes_back
    assert not any("USAF-ACC-1" in words for words in told)
    assert any("FWS-R6-BNR" in words for words in told)
    comes_back(world, lead)
    assert world.held(LATER + HOUR) == {"account_manager", "FWS-R6-BNR"}
    assert codes_to_remove(world.sven, PROGRAM, LATER + HOUR) == ()


def test_a_code_found_unneeded_is_told_with_why_it_stays_ended_and_may_be_asked_for_anew(
    world: People,
) -> None:
    iqcs.gives_access(world.mia, "USAF-ACC-1", lower_levels=False)
    lead = lead_of_bureau()
    iqcs.employed(world.mia, "BLM-MT", by=lead, at=END - 70 * DAY)
    looks(world, lead, "USAF-ACC-1")
    world.close()
    [refused] = closed_person(lead, PROGRAM, world.mia.public_id, LATER).refused
    assert "USAF-ACC-1" in refused
    assert "no longer needed after a change of employer" in refused
    request = iqcs.asks(lead, iqcs.answers(codes=["USAF-ACC-1"]), beneficiary=world.mia, at=LATER)
    assert set(request.items.values_list("kind", flat=True)) == {"reactivate", "add access"}


def test_codes_that_come_back_after_a_change_of_employer_are_to_be_looked_at(world: People) -> None:
    world.close()
    lead = lead_of_bureau(LATER)
    iqcs.employed(world.mia, "BLM-MT", by=lead, at=LATER)
    assert not AccessCheck.objects.exists()
    comes_back(world, lead)
    [line] = open_checks(lead, PROGRAM, LATER + HOUR)
    assert line.before is not None
    assert (line.before.organization.code, line.employment.organization.code) == ("FWS-R6-BNR", "BLM-MT")
    assert [one.organization.code for one in line.held] == ["FWS-R6-BNR"]
    assert Event.objects.filter(tag="access-check:opened", beneficiary_id=world.mia.public_id).count() == 1
    while derive_notices(now=LATER + 2 * HOUR):
        pass
    mail = Notice.objects.get(kind="check-codes", recipient=lead)
    assert "Benton Lake Refuge (FWS-R6-BNR)" in mail.text
    assert compare_with_log().findings == []


@pytest.mark.parametrize("employers", [[], ["BLM-MT", "FWS-R6-BNR"]], ids=["no other", "and back again"])
def test_who_works_where_they_did_is_given_the_codes_without_a_check(
    world: People, employers: list[str]
) -> None:
    world.close()
    for number, code in enumerate(employers):
        iqcs.employed(world.mia, code, at=LATER - HOUR * (2 - number))
    comes_back(world, world.rosa)
    assert "FWS-R6-BNR" in world.held(LATER + HOUR)
    assert not AccessCheck.objects.exists()


def test_a_check_that_was_open_before_the_closing_is_not_opened_twice(world: People) -> None:
    lead = lead_of_bureau()
    iqcs.employed(world.mia, "BLM-MT", by=lead, at=END - DAY)
    world.close()
    comes_back(world, lead)
    [line] = open_checks(lead, PROGRAM, LATER + HOUR)
    assert [one.organization.code for one in line.held] == ["FWS-R6-BNR"]
