"""Many evaluations in one call: what AuthZEN says about them, and that they are what single ones are (I10)."""

import json
from random import Random
from typing import Any

import pytest

from rolebook.authzen.answering import LARGEST_BATCH
from rolebook.authzen.evaluation import Malformed, evaluate
from rolebook.authzen.evaluations import MOST_EVALUATIONS, STOP_AFTER, evaluate_many
from rolebook.authzen.state import ProgramState
from rolebook.decision.evaluation import Holding
from rolebook.decision.instants import micros
from tests.agreement.worlds import START
from tests.authzen.made import questions, state_of
from tests.support.changing import changed

NOW = micros(START) + 1
YES = {"decision": True}
NO = {"decision": False}


def asked(program: ProgramState, body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return json.loads(evaluate_many(program, raw, NOW))


@pytest.fixture
def program() -> ProgramState:
    """A program in which `yes` may do one thing at `here`, and `no` may not."""
    return state_of(Random(0), plain=True)


def item(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": subject},
        "action": {"name": "view"},
        "resource": {"type": "organization", "id": "here"},
        **more,
    }


def test_without_items_it_is_a_single_evaluation(program: ProgramState) -> None:
    ways: list[dict[str, Any]] = [
        {},
        {"evaluations": []},
        {"evaluations": [], "options": 3},
        {"options": None},
    ]
    for more in ways:
        assert asked(program, item("yes") | more) == YES
    with pytest.raises(Malformed, match="resource"):
        asked(program, {"subject": {"type": "user", "id": "yes"}, "action": {"name": "view"}})


def test_items_take_what_they_lack_whole_from_the_request(program: ProgramState) -> None:
    body = {"evaluations": [{}, {"subject": {"type": "user", "id": "no"}}, {"action": {"name": "edit"}}]}
    assert asked(program, item("yes") | body) == {"evaluations": [YES, NO, NO]}


def test_an_object_of_an_item_replaces_the_default_and_is_not_merged_with_it(program: ProgramState) -> None:
    default = {"type": "survey", "id": "s", "properties": {"organization": "here"}}
    bare = {"type": "survey", "id": "s"}
    body = item("yes", resource=default, evaluations=[{}, {"resource": bare}])
    assert asked(program, body) == {"evaluations": [YES, NO]}


@pytest.mark.parametrize(
    ("semantic", "people", "decisions"),
    [
        ("execute_all", "yes no yes no", [True, False, True, False]),
        ("deny_on_first_deny", "yes yes no yes", [True, True, False]),
        ("deny_on_first_deny", "yes yes", [True, True]),
        ("permit_on_first_permit", "no no yes no", [False, False, True]),
        ("permit_on_first_permit", "no no", [False, False]),
    ],
)
def test_the_answers_end_where_the_semantic_says(
    program: ProgramState, semantic: str, people: str, decisions: list[bool]
) -> None:
    body = {
        "evaluations": [item(person) for person in people.split()],
        "options": {"evaluations_semantic": semantic, "unknown": 1},
    }
    assert asked(program, body) == {"evaluations": [{"decision": one} for one in decisions]}


@pytest.mark.parametrize("semantic", ["bogus", "", None, 1, ["execute_all"], {}])
def test_an_unknown_semantic_is_a_fault_of_the_request(program: ProgramState, semantic: Any) -> None:
    body = {"evaluations": [item("yes")], "options": {"evaluations_semantic": semantic}}
    with pytest.raises(Malformed, match="semantic"):
        asked(program, body)


@pytest.mark.parametrize(
    "broken",
    [
        {"subject": "yes"},
        {"action": {"name": 3}},
        {"resource": None},
        {"context": []},
        "text",
        None,
        7,
        [],
        {"subject": {"type": "user"}},
    ],
)
def test_a_broken_item_gets_no_with_its_error_and_the_others_their_answers(
    program: ProgramState, broken: Any
) -> None:
    answers = asked(program, item("yes", evaluations=[{}, broken, {}]))["evaluations"]
    assert [answers[0], answers[2]] == [YES, YES]
    assert answers[1]["decision"] is False
    assert answers[1]["context"]["error"]["status"] == 400
    assert answers[1]["context"]["error"]["message"]
    ended = item("yes", evaluations=[{}, broken, {}], options={"evaluations_semantic": "deny_on_first_deny"})
    assert asked(program, ended)["evaluations"] == answers[:2]


def test_what_neither_the_item_nor_the_request_says_is_named(program: ProgramState) -> None:
    body = {"action": {"name": "view"}, "evaluations": [{}]}
    (answer,) = asked(program, body)["evaluations"]
    assert answer["context"]["error"]["message"] == "neither the item nor the request says: subject, resource"


@pytest.mark.parametrize(
    "fault",
    [
        {"subject": "alice"},
        {"action": None},
        {"context": 1},
        {"evaluations": {}},
        {"evaluations": None},
        {"options": []},
    ],
)
def test_a_fault_of_the_request_as_a_whole_is_refused(program: ProgramState, fault: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        asked(program, item("yes", evaluations=[item("yes")]) | fault)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"evaluations":' + b"[" * 100_000])
def test_what_is_no_json_object_is_refused(program: ProgramState, body: bytes) -> None:
    with pytest.raises(Malformed):
        asked(program, body)


def test_reasons_are_given_item_by_item_to_those_that_ask(program: ProgramState) -> None:
    body = item("yes", evaluations=[{}, {"context": {}}], context={"reasons": True})
    first, second = asked(program, body)["evaluations"]
    assert first["decision"] is True
    assert first["context"]["reason"]["code"] == "granted"
    assert second == YES


@pytest.mark.invariant("I10")
@pytest.mark.parametrize("seed", range(12))
def test_every_item_is_answered_as_a_single_evaluation(seed: int) -> None:
    random = Random(seed)
    program = state_of(random)
    items = questions(random, program, 200)
    single = [json.loads(evaluate(program, json.dumps(one).encode(), NOW)) for one in items]
    assert asked(program, {"evaluations": items})["evaluations"] == single
    for semantic, stop_after in STOP_AFTER.items():
        decisions = [one["decision"] for one in single]
        end = decisions.index(stop_after) + 1 if stop_after in decisions else len(single)
        body = {"evaluations": items, "options": {"evaluations_semantic": semantic}}
        assert asked(program, body)["evaluations"] == single[:end]


@pytest.mark.invariant("I10")
@pytest.mark.fault(27)
@pytest.mark.parametrize("said", [{}, {"context": {"amount": 3}}])
def test_all_items_are_judged_at_one_revision_whatever_happens_meanwhile(
    program: ProgramState, said: dict[str, Any]
) -> None:
    check, calls = program.snapshot.check, []

    def check_while_things_change(*question: Any) -> bool:
        calls.append(question)
        if len(calls) == 2:
            known, opened = program.snapshot, [Holding("g", "official", "here", START)]
            changes = [changed(known, "yes", active=False), changed(known, "no", active=True, opened=opened)]
            program.change(accounts=changes)
        return check(*question)

    program.snapshot.check = check_while_things_change
    body = {"evaluations": [item(person, **said) for person in ("yes", "yes", "no", "no")]}
    assert asked(program, body) == {"evaluations": [NO, NO, YES, YES]}
    assert len(calls) == 8


@pytest.mark.django_db
@pytest.mark.invariant("I12")
@pytest.mark.fault(55)
def test_more_items_or_bytes_than_declared_are_refused_with_a_sentence(qpp: str) -> None:
    from tests.authzen.asking import ask, decision_point, token_for

    token, path = token_for(), "/qpp/access/v1/evaluations"
    point = decision_point()
    answer = ask(point, item("a", evaluations=[{}] * MOST_EVALUATIONS), token, path=path)
    assert answer.json == {"evaluations": [NO] * MOST_EVALUATIONS}
    answer = ask(point, item("a", evaluations=[{}] * (MOST_EVALUATIONS + 1)), token, path=path)
    assert (answer.status, answer.json) == (413, "expected at most 1000 evaluations, found 1001")
    assert ask(point, b" " * (LARGEST_BATCH + 1), token, path=path).status == 413
