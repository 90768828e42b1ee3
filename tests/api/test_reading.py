"""What the API tells is what the pages tell: the same queries, and nothing more of anybody."""

import uuid

import pytest
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.queries import pending_requests
from tests.api.calling import IN_QPP, calling, problem
from tests.support.people import Person
from tests.web.worlds import QPP, World, answer, ask, signed_in, user

pytestmark = pytest.mark.django_db


def test_my_access_tells_what_one_holds_and_why(world: World) -> None:
    held = calling(world.stella).get(f"{IN_QPP}/my-access").json()
    [one] = held["roles"]
    assert (one["role"]["role_id"], one["organization_id"]) == ("staff_user", str(world.cedar.public_id))
    assert one["why"]["how"] == "request"
    assert held["access"] == []


def test_my_requests_and_one_of_them_with_its_course(world: World) -> None:
    nora = calling(world.nora)
    [line] = nora.get(f"{IN_QPP}/requests").json()["items"]
    assert (line["request_id"], line["state"]) == (str(world.waiting.public_id), "pending")
    assert line["reason"] == "I prepare the quality measures."
    one = nora.get(f"{IN_QPP}/requests/{world.waiting.public_id}").json()
    [course] = one["course"]
    assert [step["state"] for step in course["steps"]] == ["open"]
    assert one["to_decide"] == []


@pytest.mark.requirement("QPP-05")
def test_what_waits_names_what_a_decision_has_to_name(world: World) -> None:
    [row] = calling(world.maria).get(f"{IN_QPP}/to-decide").json()["items"]
    assert row["stage_id"] == str(world.stage.public_id)
    assert (row["version"], row["items_hash"]) == (world.stage.request_version, world.stage.items_hash)
    assert calling(world.henry).get(f"{IN_QPP}/to-decide").json()["items"] == []


@pytest.mark.requirement("QPP-06")
def test_organizations_and_their_users_are_those_of_the_pages(world: World) -> None:
    maria = calling(world.maria)
    [place] = maria.get(f"{IN_QPP}/organizations").json()["items"]
    assert place["organization"]["organization_id"] == str(world.cedar.public_id)
    assert place["number_pending"] == 1
    users = maria.get(f"{IN_QPP}/organizations/{world.cedar.public_id}/users").json()["items"]
    assert [one["name"] for one in users] == ["Maria Alvarez", "Owen Brandt", "Stella Stone"]
    assert [one["may_remove"] for one in users] == [False, True, True]


@pytest.mark.invariant("I3")
def test_a_requester_is_told_the_office_that_denied_and_no_person(world: World) -> None:
    """As the request's page, which says so of decision 33."""
    answer(world.maria, world.waiting, "denied", clock.now(), "Not here")
    told = calling(world.nora).get(f"{IN_QPP}/requests/{world.waiting.public_id}")
    assert world.maria.account.name not in told.content.decode()
    assert told.json()["course"][0]["steps"][0]["verdict"] == "denied"
    colleague = calling(world.owen).get(f"{IN_QPP}/requests/{world.waiting.public_id}").json()
    assert colleague["course"][0]["steps"][0]["decided_by"] == world.maria.account.name


def test_lists_are_read_page_by_page_and_every_row_is_read_once(world: World) -> None:
    for number in range(5):
        ask(user(f"Person {number}", f"person{number}", world.start), world.cedar, clock.now())
    maria, seen, after = calling(world.maria), [], ""
    while True:
        page = maria.get(f"{IN_QPP}/to-decide?limit=2&after={after}").json()
        seen += [row["stage_id"] for row in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    whole = pending_requests(world.maria.account, QPP, clock.now(), show="to decide", limit=200)
    assert seen == [str(row.stage_id) for row in whole.rows]
    assert len(seen) == 6


@pytest.mark.invariant("I12")
@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "after=!", "after=abc", "search=%00"])
def test_a_page_that_cannot_be_is_refused_by_the_name_of_its_parameter(world: World, query: str) -> None:
    document = problem(calling(world.maria).get(f"{IN_QPP}/to-decide?{query}"), 422)
    assert [one["parameter"] for one in document["errors"]] == [query.partition("=")[0]]


STEWARDS = {
    "people": "steward-people",
    "designations": "designate",
    "clients": "applications",
}
"""Lists for stewards, and the pages that show the same."""


@pytest.mark.invariant("I3")
@pytest.mark.parametrize("what", STEWARDS)
def test_stewards_lists_are_for_whom_their_pages_are(world: World, steward: Person, what: str) -> None:
    told = calling(steward).get(f"{IN_QPP}/{what}")
    assert told.status_code == 200
    assert "items" in told.json()
    assert signed_in(world.maria).get(reverse(STEWARDS[what], args=[QPP])).status_code == 404
    problem(calling(world.maria).get(f"{IN_QPP}/{what}"), 404)


WALKED = (
    ("my-access", "my-access", ""),
    ("requests", "my-requests", ""),
    ("to-decide", "manage-access", ""),
    ("organizations", "manage-access", ""),
    ("requests/{request_id}", "request", "request_id"),
    ("organizations/{organization_id}/users", "organization-users", "organization_id"),
    ("people", "steward-people", ""),
    ("designations", "designate", ""),
    ("clients", "applications", ""),
    ("effects/{sequence}", "effect", "sequence"),
)
"""Addresses, the pages that show the same, and the id that they name."""


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1)
@pytest.mark.parametrize("who", ["maria", "owen", "henry", "stella", "nora", "uma", "steward"])
@pytest.mark.parametrize("known", [True, False], ids=["real ids", "made-up ids"])
def test_each_address_answers_whom_its_page_answers(
    world: World, steward: Person, who: str, known: bool
) -> None:
    person = steward if who == "steward" else getattr(world, who)
    ids: dict[str, object] = {
        "request_id": world.waiting.public_id if known else uuid.UUID(int=7),
        "organization_id": world.cedar.public_id if known else uuid.UUID(int=7),
        "sequence": 3 if known else 10**15,
    }
    caller, browser = calling(person), signed_in(person)
    for address, page, part in WALKED:
        named = {part: ids[part]} if part else {}
        of_page = browser.get(reverse(page, kwargs={"program_id": QPP, **named})).status_code
        called = caller.get(f"{IN_QPP}/{address.format(**ids)}")
        assert called.status_code == of_page, (address, called.content)
        if of_page != 200:
            problem(called, of_page)
