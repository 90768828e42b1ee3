"""The OpenID Foundation's certification scenario: its world, and how one of its cases is sent and judged.

The fixture is a rolebook (data/certification): records are its kind of organization, so that a resource of the type
``record`` is one of them. Public ids are UUIDs: the driver puts them in place of alice, bob, record-1 and record-2 in
what is sent, and compares with them in what comes back. Nothing else of a case is changed. Rules on properties are
conditions of marks; the stored status of a record stands in organizations.csv, the stored role of bob is one he holds.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rolebook.accounts.flows.clients import OPERATIONS
from rolebook.accounts.flows.rolebooks import activate_rolebook
from rolebook.accounts.models import Organization
from tests.authzen.asking import Answer, token_for
from tests.support import people
from tests.support.grants import placed
from tests.support.people import COMMAND, START

DATA = Path(__file__).parent / "data"
CASES: list[dict[str, Any]] = json.loads((DATA / "certification-cases.json").read_text(encoding="utf-8"))
PROGRAM = "certification"
DEFECT = "authzen-pdp-evaluations-batch-with-default-value-merging"
"""Wants the fields of a default merged with those of an item, against the specification (openid/authzen#640)."""

type Send = Callable[[str, str, bytes, Mapping[str, str]], Answer]
"""Sends method, path, body and headers to a decision point."""


@dataclass(frozen=True)
class Scenario:
    """The scenario's people and records, and the way to the decision point that knows them."""

    send: Send
    token: str
    ids: dict[str, str]

    def translated(self, value: Any) -> Any:
        """The value with public ids in place of the scenario's."""
        if isinstance(value, dict):
            return {name: self.translated(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.translated(inner) for inner in value]
        return self.ids.get(value, value) if isinstance(value, str) else value

    def ask(self, case: dict[str, Any], body: Any) -> Answer:
        """Send a case as it says."""
        headers = {"Content-Type": case.get("content_type", "application/json")}
        if not case.get("skip_auth"):
            headers["Authorization"] = f"Bearer {'invalid' if case.get('corrupt_auth') else self.token}"
        if case.get("send_x_request_id"):
            headers["X-Request-ID"] = "request-1"
        raw = case["raw_body"] if "raw_body" in case else json.dumps(body)
        return self.send(case["method"], f"/{PROGRAM}{case['path']}", raw.encode(), headers)

    def play(self, case: dict[str, Any]) -> None:
        """Send a case, as often as it says, and compare with what it expects."""
        body = self.translated(case.get("body"))
        answers = [self.ask(case, body) for _ in range(case.get("repeat", 1))]
        answer = answers[0]
        assert answer.status in case["status"], answer
        assert {other.body for other in answers} == {answer.body}
        if case.get("send_x_request_id"):
            assert header(answer, "X-Request-ID") == "request-1"
        if answer.status == 401:
            assert header(answer, "WWW-Authenticate")
        if answer.status != 200:
            assert isinstance(answer.json, str)
            return
        assert header(answer, "Content-Type") == "application/json"
        self._compare(case, body, answer)

    def _compare(self, case: dict[str, Any], body: Any, answer: Answer) -> None:
        expected = self.translated(case["expect"])
        if "results" in expected:
            found = self._results(case, body, answer.json)
            # The core level's answers are exact; with properties the scenario asks for inclusion only.
            complete = case["level"] == "core" and "resource-search" not in case["id"]
            wrong = [one for one in expected["results"] if one not in found]
            assert not wrong, found
            assert not complete or len(found) == len(expected["results"]), found
        elif "evaluations" in expected:
            decisions = [one["decision"] for one in answer.json["evaluations"]]
            assert decisions == [one["decision"] for one in expected["evaluations"]]
            assert "decision" not in answer.json
        else:
            # A request without evaluations expects some decision, and no more than that.
            assert answer.json["decision"] is expected.get("decision", True)

    def _results(self, case: dict[str, Any], body: Any, first: Any) -> list[Any]:
        """The results of all pages, from the first answer on."""
        found = list(first["results"])
        page = first.get("page") or {}
        while page.get("next_token"):
            more = self.ask(case, body | {"page": body.get("page", {}) | {"token": page["next_token"]}})
            assert more.status == 200, more
            found += more.json["results"]
            page = more.json["page"]
        return found


def header(answer: Answer, name: str) -> str | None:
    """Return a header of an answer, whichever way its server spells the name."""
    return {known.lower(): value for known, value in answer.headers.items()}.get(name.lower())


def set_up() -> tuple[str, dict[str, str]]:
    """Put the scenario into the database; return a token of its program, and the public ids of its names."""
    activate_rolebook(acting_user=None, folder=DATA / PROGRAM, activated_by="tests", at=START, origin=COMMAND)
    records = {one.code: one for one in Organization.objects.filter(program_id=PROGRAM)}
    alice, bob = people.new_user("Alice").account, people.new_user("Bob").account
    placed(alice, "writer", records["record-1"], program_id=PROGRAM)
    placed(alice, "writer", records["record-2"], program_id=PROGRAM)
    placed(bob, "reader", records["record-1"], program_id=PROGRAM)
    placed(bob, "reader", records["record-2"], program_id=PROGRAM)
    placed(bob, "admin", None, program_id=PROGRAM)
    ids = {code: str(record.public_id) for code, record in records.items()}
    ids |= {"alice": str(alice.public_id), "bob": str(bob.public_id)}
    return token_for(PROGRAM, operations=OPERATIONS), ids
