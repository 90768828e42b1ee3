"""What of a request for several organizations an official sees, stage by stage and item by item (decision 33)."""

import pytest

from rolebook.accounts.models import Account, Organization
from rolebook.governance.flows import remove_access
from rolebook.governance.models import Request
from rolebook.governance.queries import request_detail
from rolebook.governance.queries.requests import RequestDetail
from rolebook.governance.refusals import NotFound
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, asks, decides, open_stage
from tests.support.people import WEB

REASON = "We do our billing ourselves"


def seen(viewer: Account, request: Request) -> RequestDetail:
    return request_detail(viewer, request.public_id, "qpp", LATER)


def removed(official: Account, practice: Organization, by: Account) -> None:
    remove_access(
        acting_user=by,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=official.public_id,
        at=LATER,
        origin=WEB,
    )


@pytest.fixture
def birch(qpp: str) -> Organization:
    return people.practice("Birch Clinic")


@pytest.fixture
def official(practice: Organization) -> Account:
    return grants.official(practice)


@pytest.fixture
def tom(birch: Organization) -> Account:
    return grants.official(birch, "Tom Becker")


@pytest.mark.invariant("I1")
@pytest.mark.fault(1)
def test_who_denied_a_request_and_lost_the_office_since_sees_it_no_longer(
    practice: Organization, official: Account
) -> None:
    second = grants.official(practice, "Second")
    request = asks(grants.user(), practice)
    decides(official, open_stage(request), "denied", reason="not with us")
    assert seen(official, request).may_ask_again
    removed(official, practice, second)
    with pytest.raises(NotFound):
        seen(official, request)
    assert seen(second, request).present.steps[0].decided_by == official.name


@pytest.mark.invariant("I1")
@pytest.mark.fault(1)
def test_a_denier_who_is_official_at_another_of_its_places_sees_that_place_alone(
    practice: Organization, birch: Organization, official: Account
) -> None:
    second = grants.official(practice, "Second")
    grants.designated(official, OFFICIAL, birch)
    request = asks(grants.user(), practice, birch)
    decides(official, open_stage(request, practice), "denied", reason="not with us")
    removed(official, practice, second)
    found = seen(official, request)
    assert [item.organization_name for item in found.line.items] == ["Birch Clinic"]
    assert [step.organization_name for step in found.present.steps] == ["Birch Clinic"]
    assert not found.may_ask_again


@pytest.mark.invariant("I1")
@pytest.mark.fault(9)
def test_an_official_of_one_of_many_places_sees_nothing_of_the_others(
    practice: Organization, birch: Organization, official: Account, tom: Account
) -> None:
    others = [people.practice(f"Prairie {n}") for n in range(3)]
    request = asks(grants.user(), birch, practice, *others)
    decides(tom, open_stage(request, birch), "denied", reason=REASON)
    found = seen(official, request)
    assert [(item.organization_name, item.state) for item in found.line.items] == [(practice.name, "pending")]
    assert [step.organization_name for step in found.present.steps] == [practice.name]
    assert [row.organization_name for row in found.to_decide] == [practice.name]
    told = repr(found)
    assert all(word not in told for word in ("Tom Becker", REASON, "Birch", "Prairie"))
    decides(official, open_stage(request, practice))
    # The rest still waits elsewhere: nothing of that either.
    assert (seen(official, request).line.state, seen(official, request).line.came_to) == ("approved", ())
    steward = seen(grants.steward(), request)
    assert (len(steward.line.items), steward.line.state) == (5, "pending")
    assert "Tom Becker" in repr(steward)


@pytest.mark.fault(9)
def test_an_official_who_asks_at_their_own_and_at_a_foreign_place_is_told_persons_at_their_own_alone(
    practice: Organization, birch: Organization, official: Account, tom: Account
) -> None:
    member = grants.user("Mona Member")
    request = asks(member, practice, birch)
    decides(official, open_stage(request, practice))
    decides(tom, open_stage(request, birch), "denied", reason=REASON)
    grants.designated(member, OFFICIAL, practice, at=LATER)
    found = seen(member, request)
    assert {step.organization_name: step.decided_by for step in found.present.steps} == {
        practice.name: official.name,
        "Birch Clinic": None,
    }
    assert not found.tells_names
    assert "Tom Becker" not in repr(found)
    assert REASON in repr(found)


@pytest.mark.requirement("QPP-05")
@pytest.mark.invariant("I1")
@pytest.mark.fault(1)
def test_what_a_role_gives_is_told_for_the_place_where_one_decides(
    practice: Organization, birch: Organization, official: Account, tom: Account
) -> None:
    person = grants.staff(birch, tom)
    request = asks(person, birch, practice, role_id=OFFICIAL)
    [told] = seen(official, request).gives
    assert (told.held_titles, told.already) == ((), ())
    [theirs] = seen(tom, request).gives
    assert theirs.held_titles == ("Staff User",)
    # Who decides at both is told for each.
    grants.designated(official, OFFICIAL, birch, at=LATER)
    both = seen(official, request)
    assert both.gives == ()
    assert {row.organization_name: row.gives[0].held_titles for row in both.to_decide} == {
        practice.name: (),
        "Birch Clinic": ("Staff User",),
    }
