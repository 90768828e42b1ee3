"""The OpenID Foundation's certification scenario for AuthZEN Authorization API 1.0, replayed case by case.

Each case on its own without a network, and all of them over HTTP against running servers: the listener of `rolebook
decide`, and the server with pages behind the decision point.
"""

import http.client
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from tests.authzen.asking import Answer, ask, decision_point
from tests.authzen.certifying import CASES, DEFECT, Scenario, Send, set_up
from tests.races.decision_points import START_SECONDS, DecisionPointProcess, decision_points
from tests.support.databases import CommittedDatabase


@pytest.fixture
def scenario(db: None) -> Scenario:
    token, ids = set_up()
    point = decision_point()

    def send(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        content_type, authorization = headers["Content-Type"], headers.get("Authorization", "")
        return ask(
            point,
            body,
            authorization.removeprefix("Bearer "),
            path=path,
            method=method,
            content_type=content_type,
            **({"HTTP_X_REQUEST_ID": headers["X-Request-ID"]} if "X-Request-ID" in headers else {}),
        )

    return Scenario(send, token, ids)


def test_there_are_127_cases_and_the_known_defect_is_among_them() -> None:
    assert len(CASES) == 127
    assert DEFECT in {case["id"] for case in CASES if case["level"] == "properties"}


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_case_is_answered_as_the_scenario_says(scenario: Scenario, case: dict[str, Any]) -> None:
    if case["id"] == DEFECT:
        with pytest.raises(AssertionError):
            scenario.play(case)
    else:
        scenario.play(case)


def sender(point: DecisionPointProcess) -> Send:
    """Return what sends over HTTP, each request on a connection of its own."""

    def send(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", point.port, timeout=20)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    return send


def failures(scenario: Scenario) -> set[str]:
    """The cases that are not answered as the scenario says."""
    failed = set()
    for case in CASES:
        try:
            scenario.play(case)
        except AssertionError:
            failed.add(case["id"])
    return failed


def wait_for_an_answer(scenario: Scenario) -> None:
    """Ask until the server has loaded."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        with suppress(OSError):
            if scenario.ask(CASES[0], scenario.translated(CASES[0]["body"])).status != 503:
                return
        time.sleep(0.05)
    raise TimeoutError("the server does not answer")


def test_running_servers_answer_every_case_over_http_but_the_one_that_is_a_known_defect(
    committed_db: CommittedDatabase,
) -> None:
    token, ids = set_up()
    with decision_points(committed_db, count=2, token=token, lease_seconds=5.0) as points:
        served = [Scenario(sender(point), token, ids) for point in points]
        for scenario in served:
            wait_for_an_answer(scenario)
        found = [failures(scenario) for scenario in served]
    assert found == [{DEFECT}, {DEFECT}]


@pytest.mark.invariant("I1")
def test_a_resource_is_of_its_type_or_is_nothing(scenario: Scenario) -> None:
    asked = {"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"}}
    for kind, number, decision in [
        ("record", "record-1", True),
        ("organization", "record-1", True),
        ("record", "alice", False),
        ("spaceship", "record-1", False),
    ]:
        case = {"path": "/access/v1/evaluation", "method": "POST"}
        body = scenario.translated(asked | {"resource": {"type": kind, "id": number}})
        assert scenario.ask(case, body).json == {"decision": decision}
