"""What may be seen: lists by viewer, paged by key, in a bounded number of statements."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rolebook.accounts.models import Account, Organization
from rolebook.governance.flows import remove_access
from rolebook.governance.models import Participation
from rolebook.governance.queries import (
    connected_organizations,
    home,
    my_access,
    my_requests,
    pending_requests,
    removal_preview,
    request_detail,
    users_of_organization,
    who_to_contact,
)
from rolebook.governance.refusals import NotAllowed, NotFound
from tests.support import grants, people
from tests.support.grants import LATER, OFFICIAL, STAFF, asks, decides, open_stage
from tests.support.people import WEB

pytestmark = pytest.mark.usefixtures("qpp")


@pytest.fixture
def official(practice: Organization) -> Account:
    return grants.official(practice)


@pytest.mark.requirement("QPP-04", "QPP-05")
def test_pending_requests_are_ones_own_and_those_to_decide_over_all_organizations(
    practice: Organization, official: Account
) -> None:
    second, foreign = people.practice("Birch Clinic"), people.practice("Foreign Clinic")
    grants.designated(official, OFFICIAL, second)
    grants.official(foreign, "Foreign Official")
    here = asks(grants.user("Ann Asker"), practice)
    there = asks(grants.user("Ben Asker"), second)
    asks(grants.user("Cy Asker"), foreign)
    own = asks(official, foreign)
    rows = pending_requests(official, "qpp", LATER).rows
    assert [row.request_id for row in rows] == [here.public_id, there.public_id, own.public_id]
    assert [(row.mine, row.may_decide) for row in rows] == [(False, True), (False, True), (True, False)]
    named = rows[0]
    assert (named.requester_name, named.role_titles, named.organization_name) == (
        "Ann Asker",
        ("Staff User",),
        practice.name,
    )
    to_decide = pending_requests(official, "qpp", LATER, show="to decide").rows
    assert [row.request_id for row in to_decide] == [here.public_id, there.public_id]


@pytest.mark.requirement("QPP-15")
def test_pending_requests_are_paged_without_gap_or_repetition(
    practice: Organization, official: Account
) -> None:
    asked = [asks(grants.user(f"Person {n}"), practice).public_id for n in range(7)]
    seen, after = [], None
    while True:
        page = pending_requests(official, "qpp", LATER, after=after, limit=3)
        seen += [row.request_id for row in page.rows]
        after = page.next_after
        if after is None:
            break
    assert seen == asked


@pytest.mark.requirement("QPP-15")
@pytest.mark.invariant("I1")
@pytest.mark.fault(6)
def test_search_and_filters_narrow_and_never_reach_what_is_foreign(
    practice: Organization, official: Account
) -> None:
    foreign = people.practice("Foreign Clinic")
    wanted = asks(grants.user("Zelda Zed"), practice)
    asks(grants.user("Ann Asker"), practice, role_id=OFFICIAL)
    asks(grants.user("Zelda Foreign"), foreign)

    def look(**chosen: Any) -> list[uuid.UUID]:
        return [row.request_id for row in pending_requests(official, "qpp", LATER, **chosen).rows]

    assert look(search="zelda") == [wanted.public_id]
    assert look(role_id=STAFF) == [wanted.public_id]
    assert len(look(organization_id=practice.public_id)) == 2
    assert look(organization_id=foreign.public_id) == []
    assert look(search="%") == look(search="_") == []


@pytest.mark.parametrize(
    "after", ["", "x", "!!!", "W10", "WyJhIiwiYiJd", "WyJub3QgYSBkYXRlIiwxXQ", "a" * 5_000]
)
@pytest.mark.fault(43)
def test_a_page_key_that_cannot_be_read_begins_at_the_first_page(
    practice: Organization, official: Account, after: str
) -> None:
    asks(grants.user(), practice)
    assert len(pending_requests(official, "qpp", LATER, after=after).rows) == 1
    assert my_requests(official, "qpp", LATER, after=after).rows == ()


@pytest.mark.requirement("QPP-06", "QPP-12")
def test_view_users_shows_connected_and_pending_to_officials_only(
    practice: Organization, official: Account
) -> None:
    member = grants.staff(practice, official, "Mona Member")
    asks(grants.user("Pia Pending"), practice)
    users = users_of_organization(official, practice.public_id, "qpp", LATER)
    assert [row.name for row in users.connected.rows] == ["Mona Member", "Olga Official"]
    assert [row.may_remove for row in users.connected.rows] == [True, False]
    assert [row.beneficiary_name for row in users.pending.rows] == ["Pia Pending"]
    assert (users.number_connected, users.number_pending, users.number_of_officials) == (2, 1, 1)
    assert users.hint is not None
    with pytest.raises(NotAllowed):
        users_of_organization(member, practice.public_id, "qpp", LATER)


@pytest.mark.requirement("QPP-06")
@pytest.mark.invariant("I1")
@pytest.mark.fault(1, 6)
def test_a_foreign_organization_is_not_found_by_any_query(practice: Organization, official: Account) -> None:
    stranger = grants.official(people.practice("Birch Clinic"), "Stranger")
    request = asks(grants.user(), practice)
    looks: list[Callable[[], object]] = [
        lambda: users_of_organization(stranger, practice.public_id, "qpp", LATER),
        lambda: removal_preview(stranger, practice.public_id, official.public_id, "qpp", LATER),
        lambda: who_to_contact(stranger, practice.public_id, "qpp", LATER),
        lambda: request_detail(stranger, request.public_id, "qpp", LATER),
        lambda: users_of_organization(stranger, "no id at all", "qpp", LATER),
    ]
    for look in looks:
        with pytest.raises(NotFound):
            look()


@pytest.mark.requirement("QPP-12")
def test_connected_organizations_say_what_may_be_done_and_advise_a_second_official(
    practice: Organization, official: Account
) -> None:
    member = grants.staff(practice, official)
    [mine] = connected_organizations(official, "qpp", LATER).rows
    assert (mine.may_view_users, mine.number_of_officials, mine.only_official) == (True, 1, True)
    assert mine.hint is not None
    assert mine.hint.at_least == 2
    [theirs] = connected_organizations(member, "qpp", LATER).rows
    assert (theirs.may_view_users, theirs.number_of_officials, theirs.hint) == (False, None, None)
    grants.official(practice, "Second")
    [better] = connected_organizations(official, "qpp", LATER).rows
    assert (better.hint, better.only_official) == (None, False)


@pytest.mark.requirement("IQIES-01")
def test_somebody_without_a_role_sees_only_what_is_theirs(practice: Organization, official: Account) -> None:
    person = grants.user()
    request = asks(person, practice)
    assert connected_organizations(person, "qpp", LATER).rows == ()
    assert [row.request_id for row in pending_requests(person, "qpp", LATER).rows] == [request.public_id]
    seen = home(person, "qpp", LATER)
    assert (seen.has_role, seen.decides, seen.to_decide) == (False, False, 0)
    with pytest.raises(NotFound):
        users_of_organization(person, practice.public_id, "qpp", LATER)


@pytest.mark.invariant("I7")
def test_a_closed_participation_sees_nothing(practice: Organization, official: Account) -> None:
    Participation.objects.filter(account=official).update(status="closed")
    with pytest.raises(NotAllowed):
        pending_requests(official, "qpp", LATER)


@pytest.mark.requirement("QPP-13", "QPP-05")
def test_a_requests_course_tells_who_decided_what_to_officials_and_the_office_to_the_requester(
    practice: Organization, official: Account
) -> None:
    person = grants.user()
    request = asks(person, practice)
    decides(official, open_stage(request), "denied", reason="not with us")
    seen = request_detail(official, request.public_id, "qpp", LATER)
    [step] = seen.present.steps
    assert (step.decided_by, step.verdict, step.reason, step.decided_at) == (
        official.name,
        "denied",
        "not with us",
        LATER,
    )
    assert (seen.may_ask_again, seen.beneficiary_email) == (True, person.email)
    theirs = request_detail(person, request.public_id, "qpp", LATER)
    [told] = theirs.present.steps
    assert (told.decided_by, told.office, told.reason) == (None, "Security Official", "not with us")
    assert (theirs.line.may_submit_again, theirs.beneficiary_email) == (True, None)


@pytest.mark.requirement("IQIES-02")
def test_my_access_says_why_each_role_is_held(practice: Organization, official: Account) -> None:
    member = grants.staff(practice, official)
    [held] = my_access(member, "qpp", LATER)
    assert held.why is not None
    office = f"a Security Official of {practice.name}"
    assert (held.role.role_title, held.why.how, held.why.by) == ("Staff User", "request", office)
    [own] = my_access(official, "qpp", LATER)
    assert own.why is not None
    assert (own.why.how, own.why.by) == ("designation", None)


def test_after_a_removal_nothing_of_the_organization_is_seen(
    practice: Organization, official: Account
) -> None:
    member = grants.staff(practice, official)
    remove_access(
        acting_user=official,
        program_id="qpp",
        organization_id=practice.public_id,
        beneficiary_id=member.public_id,
        at=LATER,
        origin=WEB,
    )
    assert connected_organizations(member, "qpp", LATER).rows == ()
    assert my_access(member, "qpp", LATER) == ()


@pytest.mark.requirement("IQIES-05")
def test_an_office_held_at_no_organization_shows_no_organization() -> None:
    people.activate("iqies")
    official = grants.user(program_id="iqies")
    grants.designated(official, "cms_security_official", program_id="iqies")
    assert connected_organizations(official, "iqies", LATER).rows == ()
    state = Organization.objects.filter(program_id="iqies", kind_id="state").first()
    assert state is not None
    asks(grants.user("State", program_id="iqies"), state, role_id="state_general_user", program_id="iqies")
    wanted = asks(grants.user("Cms", program_id="iqies"), role_id="cms_general_user", program_id="iqies")
    rows = pending_requests(official, "iqies", LATER).rows
    assert [row.request_id for row in rows] == [wanted.public_id]


@pytest.mark.requirement("QPP-15")
@pytest.mark.invariant("I12")
def test_every_query_makes_at_most_a_dozen_statements_however_long_the_list(
    practice: Organization, official: Account
) -> None:
    steward = grants.steward()
    for n in range(12):
        grants.placed(grants.user(f"Member {n}"), STAFF, practice)
        asks(grants.user(f"Asker {n}"), practice)
    request = asks(grants.user("Last Asker"), practice)
    for n in range(5):
        place = people.practice(f"Practice {n}")
        grants.designated(official, OFFICIAL, place)
        asks(grants.user(f"Other {n}"), place)
        asks(official, place)
    looks: dict[str, Callable[[Account], object]] = {
        "pending": lambda viewer: pending_requests(viewer, "qpp", LATER, limit=100),
        "connected": lambda viewer: connected_organizations(viewer, "qpp", LATER),
        "users": lambda viewer: users_of_organization(viewer, practice.public_id, "qpp", LATER),
        "detail": lambda viewer: request_detail(viewer, request.public_id, "qpp", LATER),
        "mine": lambda viewer: my_requests(viewer, "qpp", LATER),
        "access": lambda viewer: my_access(viewer, "qpp", LATER),
        "home": lambda viewer: home(viewer, "qpp", LATER),
    }
    counts = {}
    for viewer in (official, steward):
        for name, look in looks.items():
            with CaptureQueriesContext(connection) as captured:
                look(viewer)
            counts[name, viewer.name] = len(captured)
    assert {name: number for name, number in counts.items() if number > 12} == {}
