"""The decision point over HTTP, as AuthZEN Authorization API 1.0 says, errors included."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rolebook.accounts.flows.clients import revoke_client
from rolebook.accounts.flows.rolebooks import activate_rolebook
from rolebook.accounts.models import Client
from rolebook.audit import clock
from rolebook.audit.feed import tip_revision
from rolebook.authzen.answering import LARGEST_BODY
from rolebook.governance.queries.asking import EVALUATION
from tests.authzen.asking import (
    OPERATOR,
    VIEW,
    Answer,
    ask,
    catch_up,
    decision_point,
    evaluation,
    pages,
    token_for,
)
from tests.policy.small import SMALL, write
from tests.support import grants, people
from tests.support.people import START

pytestmark = pytest.mark.django_db


class World:
    """A practice with an official, an application that may ask, and a decision point at the tip."""

    def __init__(self) -> None:
        self.practice = people.practice()
        self.elsewhere = people.practice("Elsewhere Clinic")
        self.official = grants.official(self.practice)
        self.token = token_for()
        self.point = decision_point()

    def ask(self, body: Any, token: str | None = "", **more: Any) -> Answer:
        return ask(self.point, body, self.token if token == "" else token, **more)

    def decides(self, *question: Any, **more: Any) -> bool:
        answer = self.ask(evaluation(*question, **more))
        assert answer.status == 200, answer
        return answer.json["decision"] is True


@pytest.fixture
def world(qpp: str) -> World:
    return World()


def test_a_held_role_gets_yes_where_it_is_held_and_no_elsewhere(world: World) -> None:
    assert world.decides(world.official, VIEW, world.practice) is True
    assert world.decides(world.official, VIEW, world.elsewhere) is False


def test_the_answer_is_json_with_the_decision_alone_and_says_from_which_revision(world: World) -> None:
    answer = world.ask(evaluation(world.official, VIEW, world.practice))
    assert answer.body == b'{"decision":true}'
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Rolebook-Revision"] == str(tip_revision())
    assert answer.headers["Content-Length"] == "17"


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("subject", {"type": "user", "id": "nobody"}),
        ("subject", {"type": "user", "id": "01a20078-8dc9-7682-9a7b-000000000001"}),
        ("subject", {"type": "machine", "id": "SELF"}),
        ("subject", {"type": "user", "id": "UPPER"}),
        ("action", {"name": "no_such_privilege"}),
        ("action", {"name": ""}),
        ("action", {"name": "act:decide"}),
        ("resource", {"type": "organization", "id": "nowhere"}),
        ("resource", {"type": "record", "id": "r"}),
        ("resource", {"type": "record", "id": "r", "properties": {"organization": 7}}),
        ("resource", {"type": "organization", "id": "nowhere", "properties": {"organization": "HERE"}}),
    ],
)
def test_whatever_is_unknown_gets_no_with_200(world: World, part: str, value: Any) -> None:
    said = json.dumps(value)
    for name, stands_for in {
        "SELF": str(world.official.public_id),
        "UPPER": str(world.official.public_id).upper(),
        "HERE": str(world.practice.public_id),
    }.items():
        said = said.replace(name, stands_for)
    body = evaluation(world.official, VIEW, world.practice) | {part: json.loads(said)}
    answer = world.ask(body)
    assert (answer.status, answer.body) == (200, b'{"decision":false}')


def test_a_resource_of_any_type_may_name_its_organization_as_a_property(world: World) -> None:
    place = {"organization": str(world.practice.public_id)}
    body = evaluation(world.official, VIEW, None) | {
        "resource": {"type": "survey", "id": "s-1", "properties": place}
    }
    assert world.ask(body).json == {"decision": True}


def test_unknown_fields_are_ignored_everywhere(world: World) -> None:
    body = evaluation(world.official, VIEW, world.practice, context={"ip": "192.0.2.1"}, more={"a": [1]})
    body["subject"] |= {"properties": {"role": "admin"}, "extra": 1}
    body["action"]["extra"] = None
    assert world.ask(body).json == {"decision": True}


def test_reasons_are_given_to_those_who_ask_for_them(world: World) -> None:
    asked = evaluation(world.official, VIEW, world.practice, context={"reasons": True})
    reason = world.ask(asked).json["context"]["reason"]
    assert reason["code"] == "granted"
    assert reason["params"]["role_id"] == "security_official"
    asked = evaluation(world.official, VIEW, world.elsewhere, context={"reasons": True})
    assert world.ask(asked).json["context"]["reason"]["code"] == "outside_reach"
    asked = evaluation(world.official, VIEW, world.elsewhere, context={"reasons": "yes"})
    assert world.ask(asked).body == b'{"decision":false}'


def without(body: dict[str, Any], *path: str) -> dict[str, Any]:
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return body


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "body",
    [
        *(without(evaluation("a", "b", "c"), *path) for path in [
            ("subject",), ("action",), ("resource",), ("subject", "type"), ("subject", "id"), ("action", "name"),
            ("resource", "type"), ("resource", "id"),
        ]),
        evaluation("a", "b", "c") | {"subject": "alice"},
        evaluation("a", "b", "c") | {"action": {"name": 123}},
        evaluation("a", "b", "c") | {"context": [1]},
        evaluation("a", "b", "c") | {"subject": {"type": "user", "id": "a", "properties": 3}},
        [evaluation("a", "b", "c")],
        "text",
        None,
        b"",
        b'{ "subject": {} , broken',
        b"\xff\xfe",
        b"[" * 60_000,
    ],
)  # fmt: skip
def test_a_body_that_is_no_evaluation_gets_400_and_a_message(world: World, body: Any) -> None:
    answer = world.ask(body, HTTP_X_REQUEST_ID="r-1")
    assert answer.status == 400
    assert isinstance(answer.json, str)
    assert answer.json
    assert answer.headers["X-Request-ID"] == "r-1"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'],
)
def test_json_with_or_without_its_charset_is_understood(world: World, content_type: str) -> None:
    body = evaluation(world.official, VIEW, world.practice)
    assert world.ask(body, content_type=content_type).json == {"decision": True}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "", "application/json; charset=latin-1", "application/jsonp"]
)
def test_another_content_type_gets_415(world: World, content_type: str) -> None:
    assert world.ask(evaluation("a", "b", "c"), content_type=content_type).status == 415


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_another_method_gets_405(world: World, method: str) -> None:
    answer = world.ask(evaluation(world.official, VIEW, world.practice), method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.fault(53)
@pytest.mark.parametrize("header", [None, "Basic YTpi", "Bearer", "Bearer wrong", "Bearer a b", "rbk_x"])
def test_without_a_valid_token_there_is_401_and_a_challenge(world: World, header: str | None) -> None:
    more = {"HTTP_AUTHORIZATION": header} if header else {}
    answer = world.ask(
        evaluation(world.official, VIEW, world.practice), token=None, HTTP_X_REQUEST_ID="r-2", **more
    )
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="rolebook"')
    assert answer.headers["X-Request-ID"] == "r-2"


@pytest.mark.invariant("I1")
def test_a_program_of_others_looks_like_one_that_does_not_exist(world: World) -> None:
    people.activate("iqies")
    people.activate("iqcs")
    catch_up(world.point)
    body = evaluation(world.official, VIEW, world.practice)
    theirs = world.ask(body, path="/iqies/access/v1/evaluation")
    none = world.ask(body, path="/nothing/access/v1/evaluation")
    assert (theirs.status, theirs.body) == (none.status, none.body) == (404, none.body)


def test_an_endpoint_that_does_not_exist_gets_404(world: World) -> None:
    assert world.ask({}, path="/qpp/access/v1/everything").status == 404
    assert world.ask({}, path="/QPP/access/v1/evaluation").status == 404


def test_every_id_that_a_program_can_have_is_an_address(world: World, tmp_path: Path) -> None:
    folder = write(tmp_path, SMALL)
    activate_rolebook(acting_user=None, folder=folder, activated_by="tests", at=START, origin=OPERATOR)
    token = token_for("small_program")
    catch_up(world.point)
    answer = world.ask(evaluation("a", "b", "c"), token, path="/small_program/access/v1/evaluation")
    assert (answer.status, answer.json) == (200, {"decision": False})


def test_a_token_that_may_not_ask_gets_403(world: World) -> None:
    Client.objects.update(operations=[])
    world.point = decision_point()
    assert world.ask(evaluation(world.official, VIEW, world.practice)).status == 403


@pytest.mark.invariant("I12")
@pytest.mark.fault(43)
def test_a_body_that_is_too_large_gets_413(world: World) -> None:
    body = b" " * (LARGEST_BODY + 1)
    assert world.ask(body).status == 413
    assert world.ask(body, CONTENT_LENGTH="").status == 413
    assert world.ask(b"{}", CONTENT_LENGTH="many").status == 400


def test_a_body_without_a_stated_length_is_read_to_its_end(world: World) -> None:
    raw = json.dumps(evaluation(world.official, VIEW, world.practice)).encode()

    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 7, 7))

    dripping: dict[str, Any] = {"CONTENT_LENGTH": "", "wsgi.input": Dripping(raw)}
    answer = world.ask(raw, **dripping)
    assert answer.json == {"decision": True}


@pytest.mark.invariant("I7")
def test_a_revoked_token_is_refused_once_the_log_says_so(world: World) -> None:
    client = Client.objects.get()
    revoke_client(acting_user=None, client_id=client.public_id, at=clock.now(), origin=OPERATOR)
    catch_up(world.point)
    assert world.ask(evaluation(world.official, VIEW, world.practice)).status == 401


@pytest.mark.invariant("I7")
def test_before_the_first_load_and_after_the_lease_there_is_503_and_no_decision(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.point = decision_point(step=False)
    answer = world.ask(evaluation(world.official, VIEW, world.practice))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    catch_up(world.point)
    assert world.decides(world.official, VIEW, world.practice) is True
    late = clock.boottime() + 31
    monkeypatch.setattr(clock, "boottime", lambda: late)
    answer = world.ask(evaluation(world.official, VIEW, world.practice))
    assert answer.status == 503
    assert b"true" not in answer.body


def test_a_failure_of_ours_is_500_with_a_reference_and_without_its_details(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("the detail")

    monkeypatch.setattr("rolebook.authzen.state.ProgramState.check", fail)
    answer = world.ask(evaluation(world.official, VIEW, world.practice))
    assert answer.status == 500
    assert b"the detail" not in answer.body
    assert "the decision point failed" in caplog.text


def test_dates_need_no_event(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now_micros()
    ended = people.new_user("Ed Ended").account
    grant = grants.designated(ended, grants.OFFICIAL, world.practice)
    ends_at = clock.now() + timedelta(hours=1)
    # Grants keep their promised dates, so this one is written with its end from the start.
    from rolebook.audit import triggers

    triggers.drop_all()
    type(grant).objects.filter(pk=grant.pk).update(ends_at=ends_at)
    world.point = decision_point()
    assert world.decides(ended, VIEW, world.practice) is True
    monkeypatch.setattr(clock, "now_micros", lambda: start + 3_700_000_000)
    assert world.decides(ended, VIEW, world.practice) is False


def test_metadata_names_what_works(world: World) -> None:
    answer = world.ask({}, path="/.well-known/authzen-configuration/qpp", method="GET", token=None)
    assert answer.status == 200
    assert answer.json == {
        "policy_decision_point": "https://access.example.org/qpp",
        "access_evaluation_endpoint": "https://access.example.org/qpp/access/v1/evaluation",
        "access_evaluations_endpoint": "https://access.example.org/qpp/access/v1/evaluations",
        "search_subject_endpoint": "https://access.example.org/qpp/access/v1/search/subject",
        "search_resource_endpoint": "https://access.example.org/qpp/access/v1/search/resource",
        "search_action_endpoint": "https://access.example.org/qpp/access/v1/search/action",
    }
    assert "max-age" in answer.headers["Cache-Control"]
    for path, method, status in [("/none", "GET", 404), ("", "GET", 404), ("/qpp", "POST", 405)]:
        asked = world.ask({}, path=f"/.well-known/authzen-configuration{path}", method=method, token=None)
        assert asked.status == status


def test_every_other_address_goes_to_the_pages(world: World) -> None:
    for path in ("/", "/qpp/", "/qpp/access/", "/access/v1/evaluation", "/.well-known/change-password"):
        assert world.ask({}, path=path, method="GET", token=None).body == b"pages"


def test_pages_get_the_endpoint_that_applications_ask(world: World) -> None:
    given: list[Any] = []

    def behind(environ: Any, start_response: Any) -> list[bytes]:
        given.append(environ[EVALUATION])
        return pages(environ, start_response)

    world.point._behind = behind
    world.ask({}, path="/qpp/", method="GET", token=None)
    body = json.dumps(evaluation("nobody", VIEW, world.practice)).encode()
    assert given[0]("qpp", body) == b'{"decision":false}'
    assert given[0]("none", body) is None
