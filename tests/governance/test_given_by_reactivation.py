"""What came back by a reactivation was given by it: to who reads why it is held, and to the rules of merging (I6)."""

from datetime import date

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.merging import plan_merge
from rolebook.governance.models import Access, Grant, Request
from rolebook.governance.origins import given_by
from rolebook.governance.past.behind import behind
from rolebook.governance.past.holdings import people_at
from rolebook.governance.queries.access import my_access
from rolebook.governance.queries.then_asked import Question
from rolebook.governance.queries.then_files import COLUMNS, lines_of
from tests.governance.test_reactivating import HOUR, LATER, People
from tests.support import grants, rolebooks
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM

NOW = LATER + 2 * HOUR


@pytest.fixture
def reactivated(db: None) -> tuple[People, Request]:
    """Mia, closed for want of a sign-in, came back: Rosa asked for her, Sven approved."""
    world = People()
    world.close()
    request = world.asks()
    decides(world.sven, open_stage(request), at=LATER + HOUR)
    return world, request


def again(account: Account) -> Grant:
    return Grant.objects.get(account=account, role_id=MANAGER, closed_at=None)


@pytest.mark.requirement("IQCS-10")
def test_why_it_is_held_is_the_reactivation_and_before_it_what_gave_it_first(
    reactivated: tuple[People, Request],
) -> None:
    world, request = reactivated
    [held] = my_access(world.mia, PROGRAM, NOW)
    why = held.why
    assert why is not None
    assert (why.how, why.request_id, why.asked_by) == ("reactivation", request.public_id, world.rosa.name)
    assert (why.by, why.at) == ("IQCS Security", LATER + HOUR)
    grant = again(world.mia)
    told = behind([grant], NOW)[grant.public_id]
    assert (told.how, told.request_id, told.requester) == (
        "reactivation",
        request.public_id,
        "Rosa Representative",
    )
    assert [(one.verdict, one.by) for one in told.decided] == [("approved", "Sven Security")]
    assert told.before is not None
    assert (told.before.how, told.before.by_operator) == ("designation", True)
    first = grant.moved_from
    assert first is not None
    assert behind([first], NOW)[first.public_id].how == "designation"


@pytest.mark.requirement("IQCS-10")
def test_a_file_about_the_day_says_so_too(reactivated: tuple[People, Request]) -> None:
    world, request = reactivated
    question = Question("person", date(2026, 1, 1), account_id=world.mia.public_id)
    rows = question.rows(world.mia, PROGRAM, NOW, lambda: NOW)
    titles = [title for title, _ in COLUMNS]
    for line in lines_of(rows, rolebooks.in_force(PROGRAM, NOW)):
        told = dict(zip(titles, line, strict=True))
        assert told["Given by"] == "A reactivation; before it: designation"
        assert told["Asked by"] == "Rosa Representative"
        assert told["Decided, designated or approved by"] == "IQCS Security"
        assert told["Request"] == str(request.public_id)
    assert len(people_at(PROGRAM, [world.mia], NOW, apart=True)[0].held) == 2


@pytest.mark.invariant("I6")
@pytest.mark.fault(11)
def test_who_approved_a_reactivation_gave_what_came_back_and_keeps_none_of_it_when_merged(
    reactivated: tuple[People, Request],
) -> None:
    """Otherwise one's other account, out for a year, is let in again by one's own word, and its power merged."""
    world, _ = reactivated
    grant = again(world.mia)
    access = Access.objects.get(account=world.mia, closed_at=None)
    assert grant.moved_from is not None
    assert given_by(grant, {world.sven.pk})
    assert given_by(access, {world.sven.pk})
    assert not given_by(grant.moved_from, {world.sven.pk})
    assert not given_by(grant, {world.rosa.pk})
    plan = plan_merge(world.sven, world.mia, NOW)
    assert {ending.why for ending in plan.ends} == {"own decision"}
    assert plan.moves == ()
    stranger = grants.user("Stan Stranger", PROGRAM)
    assert not given_by(grant, {stranger.pk})
