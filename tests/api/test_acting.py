"""Each act calls the flow of its page: the same law, the same refusals, the same events, told as made by the API."""

import json
import uuid

import pytest

from rolebook.accounts.kept_answers import BROKEN_OFF
from rolebook.accounts.token_models import KeptAnswer
from rolebook.audit.models import Event
from rolebook.governance.models import Grant, Outcome, Request
from tests.api.calling import IN_QPP, Caller, calling, problem
from tests.support.people import Person
from tests.web.worlds import World

pytestmark = pytest.mark.django_db
ASK = f"{IN_QPP}/requests"


def decision(world: World, verdict: str = "approved", **other: object) -> dict[str, object]:
    stage = world.stage
    return {"verdict": verdict, "version": stage.request_version, "items_hash": stage.items_hash, **other}


def at_stage(world: World) -> str:
    return f"{IN_QPP}/stages/{world.stage.public_id}/decision"


@pytest.mark.requirement("QPP-02")
def test_a_role_is_asked_for_and_taken_back(world: World) -> None:
    uma = calling(world.uma)
    wanted = {
        "role_id": "staff_user",
        "organization_ids": [str(world.cedar.public_id)],
        "reason": "I code the charts.",
    }
    answer = uma.post(ASK, wanted)
    assert (answer.status_code, answer.json()["state"]) == (201, "pending")
    assert uma.get(answer["Location"]).json()["request"]["reason"] == "I code the charts."
    event = Event.objects.get(tag="request:submitted", actor_id=world.uma.account.public_id)
    assert json.loads(event.content)["origin"]["via"] == "api"
    taken = uma.post(f"{answer['Location']}/withdraw", {})
    assert (taken.status_code, taken.json()["state"]) == (200, "withdrawn")


@pytest.mark.requirement("QPP-05", "QPP-07")
@pytest.mark.parametrize("verdict", ["approved", "denied"])
def test_who_decides_at_the_page_decides_here(world: World, verdict: str) -> None:
    body = decision(world, verdict, reason="As agreed")
    answer = calling(world.maria).post(at_stage(world), body)
    assert (answer.status_code, answer.json()["result"]) == (200, "decided")
    outcome = Outcome.objects.get(stage__request=world.waiting)
    assert (outcome.approver_id, outcome.verdict) == (world.maria.account.pk, verdict)
    again = calling(world.maria).post(at_stage(world), body)
    assert (again.status_code, again.json()["result"]) == (200, "already decided")
    late = problem(calling(world.owen).post(at_stage(world), body), 409)
    assert late["type"] == "urn:rolebook:problem:already-decided"
    assert "Maria" not in late["detail"]


@pytest.mark.invariant("I5")
def test_a_decision_about_something_else_than_was_seen_is_refused(world: World) -> None:
    answer = calling(world.maria).post(at_stage(world), decision(world, items_hash="0" * 64))
    [against] = problem(answer, 409)["violations"]
    assert against["detail"]
    assert not Outcome.objects.filter(stage__request=world.waiting).exists()


@pytest.mark.invariant("I1", "I6")
@pytest.mark.fault(1, 7)
def test_nobody_decides_who_could_not_at_the_page(world: World) -> None:
    problem(calling(world.henry).post(at_stage(world), decision(world)), 404)
    problem(calling(world.uma).post(at_stage(world), decision(world)), 404)
    problem(calling(world.stella).post(at_stage(world), decision(world)), 403)
    answer = calling(world.nora).post(at_stage(world), decision(world))
    assert answer.status_code in (403, 404, 409)
    assert not Outcome.objects.filter(stage__request=world.waiting).exists()


@pytest.mark.requirement("QPP-11")
def test_nobody_removes_themselves(world: World) -> None:
    me = world.maria.account.public_id
    address = f"{IN_QPP}/organizations/{world.cedar.public_id}/users/{me}/remove-access"
    [against] = problem(calling(world.maria).post(address, {}), 409)["violations"]
    assert against["code"] == "own_access"


@pytest.mark.invariant("I1", "I2", "I3")
@pytest.mark.fault(1, 54)
@pytest.mark.parametrize("who", ["henry", "uma", "nora", "maria"])
def test_a_stranger_takes_nothing_away_at_any_address(world: World, steward: Person, who: str) -> None:
    grant = Grant.objects.get(account=steward.account)
    stella = world.stella.account.public_id
    caller = calling(getattr(world, who))
    attacks: list[tuple[str, object]] = [
        (f"designations/{grant.public_id}/end", {}),
        (f"people/{stella}/status", {"status": "closed", "reason": "r"}),
        (f"clients/{uuid.UUID(int=7)}/revoke", None),
        (f"requests/{Request.objects.exclude(requester=world.nora.account).get().public_id}/withdraw", {}),
    ]
    if who != "maria":
        attacks.append((f"organizations/{world.cedar.public_id}/users/{stella}/remove-access", {}))
    before = list(Grant.objects.order_by("pk").values_list("pk", "closed_at"))
    for address, body in attacks:
        problem(caller.post(f"{IN_QPP}/{address}", body), 404)
    assert list(Grant.objects.order_by("pk").values_list("pk", "closed_at")) == before


def wanted(world: World) -> dict[str, object]:
    return {"role_id": "staff_user", "organization_ids": [str(world.cedar.public_id)]}


def made_by(world: World) -> int:
    return Request.objects.filter(requester=world.uma.account).count()


def test_a_call_that_is_repeated_with_its_key_is_answered_again_and_does_nothing(world: World) -> None:
    uma = calling(world.uma)
    first = uma.post(ASK, wanted(world), Idempotency_Key="ask-once-1")
    again = uma.post(ASK, wanted(world), Idempotency_Key="ask-once-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.content, first["Location"]) == (again.content, again["Location"])
    assert made_by(world) == 1
    # Without its key it is another call, which the rules refuse.
    problem(uma.post(ASK, wanted(world)), 409)


def test_a_key_is_of_its_person_and_of_one_call(world: World) -> None:
    uma, owen = calling(world.uma), calling(world.owen)
    uma.post(ASK, wanted(world), Idempotency_Key="ask-once-1")
    answer = uma.post(ASK, {**wanted(world), "reason": "other"}, Idempotency_Key="ask-once-1")
    [error] = problem(answer, 422)["errors"]
    assert error["parameter"] == "Idempotency-Key"
    address = f"{IN_QPP}/requests/{world.waiting.public_id}/withdraw"
    problem(owen.post(address, {}, Idempotency_Key="ask-once-1"), 404)


def test_a_refusal_is_not_kept(world: World) -> None:
    caller, address = calling(world.maria), at_stage(world)
    problem(caller.post(address, decision(world, items_hash="0" * 64), Idempotency_Key="decide-1"), 409)
    assert caller.post(address, decision(world), Idempotency_Key="decide-1").status_code == 200


def test_a_call_that_is_being_carried_out_is_not_carried_out_beside_it(world: World) -> None:
    uma = calling(world.uma)
    uma.post(ASK, wanted(world), Idempotency_Key="ask-once-1")
    Request.objects.filter(requester=world.uma.account).update(state="withdrawn")
    row = KeptAnswer.objects.get()
    KeptAnswer.objects.update(status=None)
    answer = uma.post(ASK, wanted(world), Idempotency_Key="ask-once-1")
    assert problem(answer, 409)["type"] == "urn:rolebook:problem:still-running"
    assert answer["Retry-After"] == "1"
    # One that broke off is carried out again.
    KeptAnswer.objects.update(began_at=row.began_at - BROKEN_OFF)
    taken_over = uma.post(ASK, wanted(world), Idempotency_Key="ask-once-1")
    assert taken_over.status_code in (201, 409)
    assert "still-running" not in taken_over.content.decode()


@pytest.mark.parametrize("key", ["short", "x" * 256, "sp ace key", "schlüssel-1"])
def test_a_key_that_is_none_is_refused(world: World, key: str) -> None:
    answer = calling(world.uma).post(ASK, wanted(world), Idempotency_Key=key)
    [error] = problem(answer, 422)["errors"]
    assert error["parameter"] == "Idempotency-Key"
    assert not made_by(world)


def test_without_a_token_no_address_acts(world: World) -> None:
    problem(Caller().post(at_stage(world), decision(world)), 401)
    assert not Outcome.objects.filter(stage__request=world.waiting).exists()
