"""Every endpoint keeps the same rules about freshness, tokens and bodies; searches need a token for them."""

from typing import Any

import pytest

from rolebook.accounts.flows.clients import OPERATIONS
from rolebook.accounts.models import Client
from rolebook.audit import clock
from rolebook.authzen.metadata import ENDPOINTS
from tests.authzen.asking import VIEW, ask, catch_up, decision_point, evaluation, token_for
from tests.support import grants, people


@pytest.mark.django_db
@pytest.mark.invariant("I7")
@pytest.mark.parametrize("end", ENDPOINTS.values())
def test_every_endpoint_keeps_the_same_rules(qpp: str, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    practice = people.practice()
    body = evaluation(grants.official(practice), VIEW, practice)
    token, path = token_for(operations=OPERATIONS), f"/qpp/access/v1/{end}"
    point = decision_point(step=False)
    headers = {"HTTP_X_REQUEST_ID": "r-1"}
    answer = ask(point, body, token, path=path, **headers)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    catch_up(point)
    assert point.follower is not None
    answer = ask(point, body, token, path=path, **headers)
    assert answer.status == 200, answer
    assert answer.headers["X-Rolebook-Revision"] == str(point.follower.revision)
    assert answer.headers["X-Request-ID"] == "r-1"
    assert answer.headers["Cache-Control"] == "no-store"
    refusals: list[tuple[int, dict[str, Any]]] = [
        (401, {"token": "wrong"}),
        (404, {"path": f"/iqies/access/v1/{end}"}),
        (405, {"method": "GET"}),
        (415, {"content_type": "text/plain"}),
        (400, {"body": b"{"}),
        (413, {"body": b" " * 600_000}),
    ]
    for status, changed in refusals:
        sent: dict[str, Any] = {"body": body, "token": token, "path": path, **headers, **changed}
        refused = ask(point, **sent)
        assert refused.status == status
        assert isinstance(refused.json, str)
        assert refused.headers["X-Request-ID"] == "r-1"
    late = clock.boottime() + 31
    monkeypatch.setattr(clock, "boottime", lambda: late)
    assert ask(point, body, token, path=path).status == 503


@pytest.mark.django_db
@pytest.mark.fault(6, 53)
def test_a_token_searches_only_when_it_was_given_that(qpp: str) -> None:
    practice = people.practice()
    body = evaluation(grants.official(practice), VIEW, practice)
    token = token_for()
    point = decision_point()
    for end, status in [
        ("evaluation", 200),
        ("evaluations", 200),
        ("search/action", 403),
        ("search/subject", 403),
    ]:
        assert ask(point, body, token, path=f"/qpp/access/v1/{end}").status == status
    Client.objects.update(operations=["search"])
    point = decision_point()
    for end, status in [("evaluation", 403), ("evaluations", 403), ("search/action", 200)]:
        assert ask(point, body, token, path=f"/qpp/access/v1/{end}").status == status


@pytest.mark.django_db
def test_the_searches_find_what_the_program_knows(qpp: str) -> None:
    practice, other = people.practice(), people.practice("Elsewhere Clinic")
    official = grants.official(practice)
    grants.official(other, "Otto Official")
    body = evaluation(official, VIEW, practice)
    token = token_for(operations=OPERATIONS)
    point = decision_point()
    found = ask(point, body, token, path="/qpp/access/v1/search/subject").json
    assert found == {"results": [{"type": "user", "id": str(official.public_id)}]}
    for kind in ("organization", "practice"):
        asked = body | {"resource": {"type": kind}}
        found = ask(point, asked, token, path="/qpp/access/v1/search/resource").json
        assert found == {"results": [{"type": kind, "id": str(practice.public_id)}]}
    found = ask(point, body, token, path="/qpp/access/v1/search/action").json["results"]
    assert {"name": VIEW} in found
    assert not any(one["name"].startswith("act:") for one in found)
