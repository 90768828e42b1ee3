"""A check of codes outlives a merge: what was to be looked at, or to be removed, is so of the one account left."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.governance.flows.check_codes import carry_out_check, close_access_check
from rolebook.governance.models import Access, AccessCheck
from rolebook.governance.queries.access_checks import codes_to_remove, open_checks
from rolebook.governance.queries.waiting_besides import waiting_for
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.governance.replaying import compare_with_log
from tests.governance.test_merging_quiet import merge
from tests.support import grants, iqcs
from tests.support.iqcs import LEAD, PROGRAM, SECURITY
from tests.support.people import START, WEB

pytestmark = [pytest.mark.requirement("IQCS-03"), pytest.mark.requirement("IQIES-04")]
DAY = timedelta(days=1)
MERGED, LATER = START + 3 * DAY, START + 4 * DAY


@dataclass
class World:
    """Two accounts of Ana: of the one with a code the employer changed; who looks at codes there, and removes them."""

    kept: Account
    other: Account
    lead: Account
    security: Account

    def looks(self, keep: bool, who: Account | None = None) -> None:
        """Answer for the code at the first installation in the oldest open check."""
        [access] = Access.objects.filter(organization__code="USAF-ACC-1", closed_at=None)
        close_access_check(
            acting_user=who or self.lead,
            program_id=PROGRAM,
            check_id=AccessCheck.objects.get(closed_at=None).public_id,
            keeps={str(access.public_id): keep},
            at=LATER,
            origin=WEB,
        )

    def removes(self, who: Account) -> list[str]:
        """Remove what the one check found to be no longer needed."""
        done = carry_out_check(
            acting_user=who,
            program_id=PROGRAM,
            check_id=AccessCheck.objects.get().public_id,
            at=LATER,
            origin=WEB,
        )
        return [one.organization.code for one in done]


@pytest.fixture
def world(db: None) -> World:
    iqcs.begin()
    kept, other = grants.user("Ana Kept", PROGRAM), grants.user("Ana Other", PROGRAM)
    lead = iqcs.holder(LEAD, "BLM", "Lena Lead")
    security = grants.user("Sven Security", PROGRAM)
    grants.designated(security, SECURITY, program_id=PROGRAM)
    iqcs.gives_access(other, "USAF-ACC-1", lower_levels=False)
    iqcs.employed(other, "FWS-R6")
    iqcs.employed(other, "BLM-MT", by=lead, at=START + DAY)
    return World(kept, other, lead, security)


def test_a_code_found_unneeded_before_a_merge_is_removed_after_it(world: World) -> None:
    world.looks(keep=False)
    merge(world.kept, world.other, LATER)
    [waiting] = codes_to_remove(world.security, PROGRAM, LATER)
    assert waiting.account == world.kept
    assert waiting_for(world.security, PROGRAM, LATER).removals == 1
    assert world.removes(world.security) == ["USAF-ACC-1"]
    assert world.removes(world.security) == []
    assert not Access.objects.filter(account=world.kept, closed_at=None).exists()
    told = Event.objects.filter(tag="access-check:carried-out").get()
    assert told.beneficiary_id == world.kept.public_id
    assert compare_with_log().findings == []


def test_a_code_that_both_held_is_looked_at_anew_where_the_employer_goes_over(world: World) -> None:
    world.looks(keep=False)
    iqcs.gives_access(world.kept, "USAF-ACC-1", at=LATER)
    merge(world.kept, world.other, LATER)
    assert codes_to_remove(world.security, PROGRAM, LATER) == ()
    [line] = open_checks(world.lead, PROGRAM, LATER)
    assert (line.account, [one.organization.code for one in line.held]) == (world.kept, ["USAF-ACC-1"])
    world.looks(keep=False)
    [waiting] = codes_to_remove(world.security, PROGRAM, LATER)
    assert [one.account for one in waiting.accesses] == [world.kept]
    assert compare_with_log().findings == []


def test_a_code_that_both_held_stays_where_the_remaining_account_has_an_employer_of_its_own(
    world: World,
) -> None:
    world.looks(keep=False)
    iqcs.gives_access(world.kept, "USAF-ACC-1", at=LATER)
    iqcs.employed(world.kept, "USAF-ACC-1", at=LATER)
    merge(world.kept, world.other, LATER)
    assert codes_to_remove(world.security, PROGRAM, LATER) == ()
    assert open_checks(world.lead, PROGRAM, LATER) == ()
    assert Access.objects.filter(account=world.kept, closed_at=None).exists()


def test_the_first_employer_on_record_that_goes_over_opens_no_check(world: World) -> None:
    third = grants.user("Ana Third", PROGRAM)
    iqcs.employed(third, "BLM-MT")
    iqcs.gives_access(world.kept, "USAF-ACC")
    merge(world.kept, third, LATER)
    assert [line.account for line in open_checks(world.lead, PROGRAM, LATER)] == [world.other]


def test_a_code_that_is_kept_stays_kept_through_a_merge(world: World) -> None:
    world.looks(keep=True)
    merge(world.kept, world.other, LATER)
    assert codes_to_remove(world.security, PROGRAM, LATER) == ()
    assert not Event.objects.filter(tag="access-check:carried-over").exists()


def test_a_check_that_is_open_goes_on_for_the_account_that_remains(world: World) -> None:
    merge(world.kept, world.other, MERGED)
    [line] = open_checks(world.lead, PROGRAM, LATER)
    assert line.account == world.kept
    assert [one.organization.code for one in line.held] == ["USAF-ACC-1"]
    told = Event.objects.get(tag="access-check:carried-over")
    assert told.beneficiary_id == world.kept.public_id
    world.looks(keep=False)
    assert Event.objects.get(tag="access-check:closed").beneficiary_id == world.kept.public_id
    assert world.removes(world.security) == ["USAF-ACC-1"]
    assert compare_with_log().findings == []


def test_two_open_checks_of_one_person_become_the_one_of_the_account_that_remains(world: World) -> None:
    iqcs.gives_access(world.kept, "USAF-ACC", lower_levels=False)
    iqcs.employed(world.kept, "FWS-R6")
    iqcs.employed(world.kept, "BLM-MT", by=world.lead, at=START + 2 * DAY)
    merge(world.kept, world.other, MERGED)
    [line] = open_checks(world.lead, PROGRAM, LATER)
    assert line.account == world.kept
    assert [one.organization.code for one in line.held] == ["USAF-ACC", "USAF-ACC-1"]
    assert waiting_for(world.lead, PROGRAM, LATER).checks == 1
    assert "folded_into" in Event.objects.get(tag="access-check:carried-over").content


@pytest.mark.invariant("I6")
def test_who_turns_out_to_be_the_person_neither_answers_nor_removes(world: World) -> None:
    grants.designated(world.kept, SECURITY, program_id=PROGRAM)
    merge(world.kept, world.other, MERGED)
    assert open_checks(world.kept, PROGRAM, LATER) == ()
    assert waiting_for(world.kept, PROGRAM, LATER).checks == 0
    with pytest.raises(NotAllowed):
        world.looks(keep=True, who=world.kept)
    world.looks(keep=False)
    with pytest.raises(NotFound):
        world.removes(world.kept)
