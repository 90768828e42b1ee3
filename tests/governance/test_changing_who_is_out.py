"""An account request for a person whose part is out: what is asked is asked of what comes back (IQCS-02, IQCS-10)."""

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.account_answers import AccountAnswers, CodeAnswer, check_answers
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import change_participation_status
from rolebook.governance.models import Participation, Request
from rolebook.governance.queries.account_preview import Preview, preview_of
from rolebook.governance.queries.account_requests import form_to_fill
from rolebook.governance.queries.held_days import days_at
from rolebook.governance.queries.inactivity import closed_person
from rolebook.governance.queries.reactivations import ReactivationTold, reactivation_told
from tests.governance.test_reactivating import DAY, END, HOUR, LATER, People
from tests.support import iqcs, rolebooks
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, TRAINING
from tests.support.people import COMMAND

BENTON = "Benton Lake Refuge (FWS-R6-BNR) with lower levels"
REGION = "FWS Mountain-Prairie Region (FWS-R6) with lower levels"
BUREAU = "BLM Montana State Office (BLM-MT) with lower levels"
CHANGES = iqcs.answers(roles={TRAINING: "add", MANAGER: "remove"}, codes=[CodeAnswer("FWS-R6", "remove")])
PROVISIONED = LATER + HOUR


def closed() -> People:
    """Mia, closed by quiet: a role, two codes, one of a place that closed since, and one that ended since."""
    world = People()
    iqcs.gives_access(world.mia, "FWS-R6")
    iqcs.gives_access(world.mia, "BLM-MT")
    iqcs.holds_for(world.mia, "USAF-ACC", END + 2 * DAY)
    world.close()
    place = iqcs.place("BLM-MT")
    place.closed_at = END + DAY
    place.save(update_fields=["closed_at"])
    return world


def past_quiet() -> People:
    """Mia, past her quiet, whom no job has closed yet."""
    world = People()
    iqcs.gives_access(world.mia, "FWS-R6")
    world.stay(END - DAY)
    return world


def stopped(status: str, cause: Participation.Cause) -> People:
    world = past_quiet()
    change_participation_status(
        acting_user=None,
        program_id=PROGRAM,
        beneficiary_id=world.mia.public_id,
        status=status,
        reason="So it was.",
        at=END - DAY,
        origin=COMMAND,
        cause=cause,
    )
    return world


def deactivated() -> People:
    return stopped("deactivated", Participation.Cause.BOUNCE)


def closed_by_decision() -> People:
    return stopped("closed", Participation.Cause.DECIDED)


OUT = {
    closed: "The account is closed: nobody signed in to it for 12 months.",
    past_quiet: "The account is closed: nobody signed in to it for 12 months.",
    deactivated: "The account is deactivated: mail to its address was rejected.",
    closed_by_decision: "The account is closed.",
}
everybody_out = pytest.mark.parametrize("made", OUT, ids=lambda made: made.__name__)


def preview(by: Account, person: Account, form: AccountAnswers) -> Preview:
    standing = standing_of(by, PROGRAM, LATER)
    checked = check_answers(standing, person, form)
    assert checked.problems == ()
    return preview_of(standing, person, checked.wishes)


def told(request: Request) -> ReactivationTold:
    book = rolebooks.in_force(PROGRAM, PROVISIONED)
    found = reactivation_told(book, request.public_id, PROVISIONED, tell_reason=False)
    assert found is not None
    return found


@pytest.mark.requirement("IQCS-05", "IQCS-10")
@everybody_out
def test_today_who_is_out_can_do_nothing_and_afterwards_what_comes_back_counts(
    db: None, made: object
) -> None:
    assert callable(made)
    world = made()
    shown = preview(world.rosa, world.mia, iqcs.answers(roles={TRAINING: "add"}))
    assert shown.changes[0] == "Open the account again"
    assert shown.today == (OUT[made], "This person can do nothing now.")
    assert not shown.could_before
    holds, can = shown.afterwards
    assert holds == "This person then holds the roles Account Manager and Training Officer."
    assert can.startswith("This person can then ")
    assert can.endswith(f", in {BENTON} and {REGION}.")


@pytest.mark.requirement("IQCS-02", "IQCS-10")
@everybody_out
def test_the_form_offers_to_remove_what_comes_back_and_not_to_add_it(db: None, made: object) -> None:
    assert callable(made)
    world = made()
    form = form_to_fill(world.rosa, PROGRAM, LATER, world.mia.public_id)
    assert form.why_out == OUT[made]
    assert {one.role.id for one in form.roles if one.held} == {MANAGER}
    assert [one.access.organization.code for one in form.held] == ["FWS-R6", "FWS-R6-BNR"]
    own = form_to_fill(world.rosa, PROGRAM, LATER)
    assert own.why_out == ""


@pytest.mark.requirement("IQCS-05", "IQCS-10")
@everybody_out
@pytest.mark.parametrize("form", [CHANGES, iqcs.answers(roles={TRAINING: "add"})], ids=["both", "added"])
def test_what_the_preview_says_of_afterwards_is_what_provision_gives(
    db: None, made: object, form: AccountAnswers
) -> None:
    assert callable(made)
    world = made()
    shown = preview(world.rosa, world.mia, form)
    request = iqcs.asks(world.rosa, form, beneficiary=world.mia, at=LATER)
    second = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Rudi Regional", at=LATER)
    decides(second, open_stage(request), at=LATER)
    before = told(request)
    decides(world.sven, open_stage(request), at=PROVISIONED)
    assert iqcs.state_of(request) == "approved"
    now = preview_of(standing_of(world.mia, PROGRAM, PROVISIONED), world.mia, ())
    assert [
        words.replace("now holds", "then holds").replace("can now", "can then") for words in now.today
    ] == [*shown.afterwards]
    assert told(request).came_back == before.comes_back


@pytest.mark.requirement("IQCS-10")
@everybody_out
def test_what_the_same_request_removes_is_not_said_to_come_back(db: None, made: object) -> None:
    assert callable(made)
    world = made()
    request = iqcs.asks(world.rosa, CHANGES, beneficiary=world.mia, at=LATER)
    assert told(request).comes_back == (f"Access to {BENTON}",)


@pytest.mark.requirement("IQCS-10", "IQCS-11")
def test_a_detail_that_comes_back_is_shown_with_its_last_day_and_is_extended(db: None) -> None:
    world = People()
    iqcs.holds_for(world.mia, "USAF-ACC", LATER + 30 * DAY)
    world.close()
    form = iqcs.answers(codes=["USAF-ACC"])
    shown = preview(world.rosa, world.mia, form)
    [dated] = shown.dated
    assert dated.startswith("Access to Air Combat Command (USAF-ACC), until ")
    assert shown.changes[1:] == ("Extend access to Air Combat Command (USAF-ACC)",)
    _, detail = form_to_fill(world.rosa, PROGRAM, LATER, world.mia.public_id).held
    assert (detail.access.organization.code, detail.days) == ("USAF-ACC", dated.split("), ")[1])


@pytest.mark.requirement("IQCS-10", "IQCS-11")
def test_what_was_kept_for_days_to_come_is_told_with_them_before_a_reactivation_and_after(db: None) -> None:
    world = deactivated()
    code = iqcs.holds_for(world.mia, "USAF-ACC", LATER + 60 * DAY, starts_at=LATER + 30 * DAY)
    first, last = (str((LATER + days * DAY).date()) for days in (10, 20))
    form = iqcs.answers({TRAINING: "add"}, starts_on=first, ends_on=last)
    second = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Rudi Regional", at=LATER)
    request = iqcs.asks(world.rosa, form, beneficiary=world.mia, at=LATER)
    days = days_at(rolebooks.in_force(PROGRAM, LATER), code, LATER)
    assert days.endswith("; not yet in force")
    before = told(request).comes_back
    assert before == closed_person(world.rosa, PROGRAM, world.mia.public_id, PROVISIONED).comes_back
    assert before[-1] == f"Access to Air Combat Command (USAF-ACC), {days}"
    decides(second, open_stage(request), at=LATER)
    decides(world.sven, open_stage(request), at=PROVISIONED)
    assert iqcs.state_of(request) == "approved"
    # Not the role that the same request gave for later days.
    assert sorted(told(request).came_back) == sorted(before)
    assert not any("Training Officer" in words for words in before)
