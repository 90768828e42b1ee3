"""What takes power away is answered 202, and read as confirmed once no decision point answers from before it."""

import json
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from rolebook.accounts.flows.clients import add_client
from rolebook.audit import clock, followers
from rolebook.governance.models import Grant
from tests.api.calling import IN_QPP, Caller, calling, problem
from tests.support.people import COMMAND, Person
from tests.support.serving import served
from tests.web.worlds import QPP, World, designate, make_world, user

pytestmark = [pytest.mark.requirement("QPP-10"), pytest.mark.invariant("I10")]
type Took = tuple[Caller, str, object]


def _removed(world: World, steward: Person) -> Took:
    address = (
        f"{IN_QPP}/organizations/{world.cedar.public_id}/users/{world.stella.account.public_id}/remove-access"
    )
    return calling(world.maria), address, {"reason": "left"}


def _closed(world: World, steward: Person) -> Took:
    body = {"status": "closed", "reason": "Left the practice"}
    return calling(steward), f"{IN_QPP}/people/{world.nora.account.public_id}/status", body


def _deactivated(world: World, steward: Person) -> Took:
    body = {"status": "deactivated", "reason": "On leave"}
    return calling(steward), f"{IN_QPP}/people/{world.nora.account.public_id}/status", body


def _ended(world: World, steward: Person) -> Took:
    designate(world.uma, "steward", None, world.start)
    grant = Grant.objects.get(account=world.uma.account)
    return calling(steward), f"{IN_QPP}/designations/{grant.public_id}/end", {}


def _revoked(world: World, steward: Person) -> Took:
    added = add_client(acting_user=None, program_id=QPP, name="Portal", at=clock.now(), origin=COMMAND)
    return calling(steward), f"{IN_QPP}/clients/{added.client.public_id}/revoke", None


@pytest.mark.django_db
@pytest.mark.parametrize("take", [_removed, _closed, _deactivated, _ended, _revoked])
def test_it_is_taking_effect_until_no_decision_point_answers_from_before(
    world: World, steward: Person, take: Callable[[World, Person], Took]
) -> None:
    behind = followers.register(kind="decision point", name="behind", lease_seconds=600, at=clock.now())
    caller, address, body = take(world, steward)
    answer = caller.post(address, body)
    assert answer.status_code == 202, answer.content
    told = answer.json()
    assert (told["status"], told["awaited"]) == ("taking effect", 1)
    assert answer["Location"] == f"{IN_QPP}/effects/{told['sequence']}"
    waiting = caller.get(answer["Location"]).json()
    assert (waiting["status"], waiting["confirmed_after_seconds"]) == ("taking effect", None)
    followers.deregister(behind)
    confirmed = caller.get(answer["Location"]).json()
    assert (confirmed["status"], confirmed["awaited"]) == ("confirmed", 0)
    assert 0 <= confirmed["confirmed_after_seconds"] < 60
    # How long it took does not grow with the time at which it is asked.
    assert caller.get(answer["Location"]).json() == confirmed
    problem(calling(world.owen).get(answer["Location"]), 404)


@pytest.mark.django_db
def test_a_removal_that_was_done_by_somebody_else_has_nothing_to_follow(
    world: World, steward: Person
) -> None:
    caller, address, body = _removed(world, steward)
    first = caller.post(address, body)
    again = caller.post(address, body)
    assert (again.status_code, again["Location"]) == (202, first["Location"])
    colleague = calling(world.owen).post(address, body)
    assert (colleague.status_code, colleague.json()["status"]) == (200, "done already")
    assert "Location" not in colleague


def _asked(url: str, secret: str, body: object = None) -> tuple[int, dict[str, str], Any]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.status, dict(answer.headers), json.load(answer)


@pytest.mark.usefixtures("committed_db")
def test_after_a_removal_is_confirmed_a_real_decision_point_says_no() -> None:
    world = make_world()
    portal = add_client(acting_user=None, program_id=QPP, name="Portal", at=clock.now(), origin=COMMAND)
    caller, address, body = _removed(world, user("Sten Steward", "sten", world.start))
    question = {
        "subject": {"type": "user", "id": str(world.stella.account.public_id)},
        "action": {"name": "view_performance_data"},
        "resource": {"type": "organization", "id": str(world.cedar.public_id)},
    }
    with served() as url:
        evaluation = f"{url}/{QPP}/access/v1/evaluation"
        assert _asked(evaluation, portal.token, question)[2]["decision"] is True
        status, headers, _ = _asked(url + address, caller.secret, body)
        assert status == 202
        until = clock.boottime() + 60
        while _asked(url + headers["Location"], caller.secret)[2]["status"] != "confirmed":
            assert clock.boottime() < until
        assert _asked(evaluation, portal.token, question)[2]["decision"] is False
        told = _asked(url + headers["Location"], caller.secret)[2]
        assert told["confirmed_after_seconds"] is not None
