"""On that day, somebody decided for somebody who was away: both are told, and both could, each by their own office."""

from datetime import timedelta

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.governance.flows.end_designation import end_designation
from rolebook.governance.models import Grant
from rolebook.governance.past.behind import Decided
from rolebook.governance.queries.then_files import decision_words
from rolebook.governance.queries.then_lists import users_then
from rolebook.governance.queries.then_rows import PersonThen, book_then
from rolebook.governance.queries.then_who_could import who_could
from tests.governance.test_absences import AFTER, LATER, goes
from tests.support import grants
from tests.support.grants import OFFICIAL, asks, decides, open_stage
from tests.support.people import COMMAND, START

pytestmark = [
    pytest.mark.usefixtures("qpp"),
    pytest.mark.requirement("IQCS-04"),
    pytest.mark.invariant("I10"),
]
NOW = START + timedelta(days=60)
THEN = START + timedelta(days=1)
APPROVE = "approve_role_requests"


@pytest.fixture
def away(practice: Organization) -> Account:
    """An official who is away for three days from the first one on."""
    return grants.official(practice, "Olga Official")


@pytest.fixture
def delegate(practice: Organization, away: Account) -> Account:
    """Another official there, who decides meanwhile."""
    found = grants.official(practice, "Cora Colleague")
    goes(away, found)
    return found


def users(viewer: Account, practice: Organization) -> dict[str, PersonThen]:
    """Who was connected to the practice on the second day, as is seen much later."""
    found = users_then(viewer, practice.public_id, "qpp", THEN, NOW)
    return {one.name: one for one in found.people.rows}


def test_what_a_delegate_decided_is_told_with_whom_they_decided_for(
    practice: Organization, away: Account, delegate: Account
) -> None:
    someone = grants.user()
    decides(delegate, open_stage(asks(someone, practice)), at=LATER)
    [held] = users(away, practice)[someone.name].held
    [stage] = held.behind.decided
    assert stage.by == "Cora Colleague (for Olga Official)"
    _, book, _ = book_then("qpp", THEN)
    assert "approved by Cora Colleague (for Olga Official) on 2026-03-02" in decision_words(stage, book)


@pytest.mark.parametrize(
    ("state", "words"),
    [("waiting", "waiting for an earlier stage"), ("open", "open"), ("void", "will not be decided")],
)
def test_a_stage_that_nobody_decided_is_told_in_words(state: str, words: str) -> None:
    stage = Decided("official", 0, OFFICIAL, "Elm Practice", state, None, "", None)
    _, book, _ = book_then("qpp", THEN)
    assert decision_words(stage, book) == f"Security Official at Elm Practice: {words}"


def test_who_could_decide_on_that_day_are_the_absent_person_and_the_delegate_each_by_their_own_office(
    practice: Organization, away: Account, delegate: Account
) -> None:
    steward = grants.steward()
    could = who_could(steward, "qpp", APPROVE, practice.public_id, THEN, NOW)
    given = {one.name: [held.role_id for held in one.held] for one in could.people.rows}
    assert given == {away.name: [OFFICIAL], delegate.name: [OFFICIAL]}
    # Delegating gave nothing: it is the same on a day on which nobody was away.
    later = who_could(steward, "qpp", APPROVE, practice.public_id, AFTER, NOW)
    assert {one.name for one in later.people.rows} == set(given)


def test_a_delegate_who_lost_the_office_could_decide_nothing_from_then_on_however_long_the_absence_lasts(
    practice: Organization, away: Account, delegate: Account
) -> None:
    end_designation(
        acting_user=None,
        program_id="qpp",
        grant_id=Grant.objects.get(account=delegate, role_id=OFFICIAL).public_id,
        at=LATER,
        origin=COMMAND,
    )
    assert set(users(away, practice)) == {away.name}
    could = who_could(grants.steward(), "qpp", APPROVE, practice.public_id, THEN, NOW)
    assert [one.name for one in could.people.rows] == [away.name]
