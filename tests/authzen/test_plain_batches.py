"""Calls with plain questions: read as one of four shapes, answered as any other, without a thread when small."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from rolebook.authzen import listener
from rolebook.authzen.evaluation import Malformed, evaluate
from rolebook.authzen.evaluations import MOST_AT_ONCE, STOP_AFTER, TakesLong, evaluate_many, evaluate_some
from rolebook.authzen.plain_batches import Plain, read_plain
from rolebook.authzen.state import ProgramState
from rolebook.decision.compiled import ACT_PREFIX
from tests.authzen.listening import exchange, made_service, question, request
from tests.authzen.made import state_of, subjects_of
from tests.authzen.test_evaluations import NOW, item

SHAPES = {
    "of a user": (1, 50, 50),
    "of one place": (1, 50, 1),
    "of each place": (1, 1, 50),
    "of anything": (50, 50, 50),
}
"""How many users, actions and places are read of a call with fifty items."""
USER, VIEW, HERE = (
    b'"subject":{"type":"user","id":"yes"}',
    b'"action":{"name":"view"}',
    b'"resource":{"type":"organization","id":"here"}',
)
PLAIN = {
    "of a user": b'{%s,"evaluations":[{%s,%s}]}' % (USER, VIEW, HERE),
    "of one place": b'{%s,%s,"evaluations":[{%s}]}' % (USER, HERE, VIEW),
    "of each place": b'{%s,%s,"evaluations":[{%s}]}' % (USER, VIEW, HERE),
    "of anything": b'{"evaluations":[{%s,%s,%s}]}' % (USER, VIEW, HERE),
}
MANY = "/made/access/v1/evaluations"


@pytest.fixture
def program() -> ProgramState:
    """A program in which `yes` may do one thing at `here`, and `no` may not."""
    return state_of(Random(0), plain=True)


def calls(random: Random, program: ProgramState) -> dict[str, tuple[dict[str, Any], list[dict[str, Any]]]]:
    """A call of each shape with fifty questions about whatever there is, and the same questions singly."""
    tables, of_kinds = program.snapshot.tables, random.random() < 0.5
    known = tables.program.actions
    actions = [*(name for name in known if not name.startswith(ACT_PREFIX)), "unknown"]
    places = [*tables.tree, "unknown"]

    def user() -> dict[str, Any]:
        return {"subject": {"type": "user", "id": random.choice(subjects_of(program))}}

    def action() -> dict[str, Any]:
        return {"action": {"name": random.choice(actions)}}

    def place() -> dict[str, Any]:
        kinds = [
            "organization",
            *(sorted(tables.program.kinds - {tables.program.record_type}) if of_kinds else ()),
        ]
        return {"resource": {"type": random.choice(kinds), "id": random.choice(places)}}

    shapes: dict[str, tuple[dict[str, Any], Callable[[], dict[str, Any]]]] = {
        "of a user": (user(), lambda: action() | place()),
        "of one place": (user() | place(), action),
        "of each place": (user() | action(), place),
        "of anything": ({}, lambda: user() | action() | place()),
    }
    found = {}
    for name, (common, own) in shapes.items():
        items = [own() for _ in range(50)]
        found[name] = common | {"evaluations": items}, [common | one for one in items]
    return found


def written(call: dict[str, Any], random: Random) -> bytes:
    """The JSON of a call, as short as it can be or with spaces, as JavaScript and Python write it."""
    return json.dumps(call, separators=random.choice([(",", ":"), (", ", ": ")])).encode()


def lengths(plain: Plain | None) -> tuple[int, int, int] | None:
    return plain and (len(plain.users), len(plain.actions), len(plain.places))


@pytest.mark.invariant("I10")
@pytest.mark.parametrize("seed", range(25))
def test_plain_questions_of_each_shape_are_answered_as_single_ones(seed: int) -> None:
    random = Random(seed)
    program = state_of(random, people=3)
    for shape, (call, singly) in calls(random, program).items():
        single = [json.loads(evaluate(program, json.dumps(one).encode(), NOW)) for one in singly]
        body = written(call, random)
        assert lengths(read_plain(body)) == SHAPES[shape]
        assert json.loads(evaluate_many(program, body, NOW)) == {"evaluations": single}
        decisions = [one["decision"] for one in single]
        for semantic, stop_after in STOP_AFTER.items():
            end = decisions.index(stop_after) + 1 if stop_after in decisions else len(single)
            body = written(call | {"options": {"evaluations_semantic": semantic}}, random)
            assert lengths(read_plain(body)) == SHAPES[shape]
            assert json.loads(evaluate_many(program, body, NOW)) == {"evaluations": single[:end]}


def test_acts_of_governing_are_no_plain_questions_and_get_no() -> None:
    worlds = (state_of(Random(seed), people=6) for seed in range(40))
    held = [
        (program, user, act, place)
        for program in worlds
        for act in program.snapshot.tables.program.actions
        if act.startswith(ACT_PREFIX)
        for user in program.subject_ids
        for place in program.snapshot.tables.tree
        if program.check(user, act, place, NOW, None)
    ]
    assert held
    for program, user, act, place in held[:100]:
        one = item(user, action={"name": act}, resource={"type": "organization", "id": place})
        common = {name: one.pop(name) for name in ("subject", "action")}
        for call in (
            {"evaluations": [common | one]},
            {"subject": common["subject"], "evaluations": [{"action": common["action"]} | one]},
            common | {"evaluations": [one]},
            {"subject": common["subject"]} | one | {"evaluations": [{"action": common["action"]}]},
        ):
            for separators in ((",", ":"), (", ", ": ")):
                body = json.dumps(call, separators=separators).encode()
                assert read_plain(body) is None
                assert json.loads(evaluate_many(program, body, NOW)) == {"evaluations": [{"decision": False}]}


@pytest.mark.fault(43)
@pytest.mark.parametrize("shape", PLAIN)
@pytest.mark.parametrize(
    ("name", "twice"),
    [
        (b'"id":"yes"', b'"id":"no","id":"yes"'),
        (b'"type":"user"', b'"type":"user","typ\\u0065":"user"'),
        (b'"name":"view"', b'"name" : "edit", "name":"view"'),
        (b'"id":"here"', b'"id":"there","id":"here"'),
        (b'"type":"organization"', b'"type":"organization","type":"organization"'),
        (b'"evaluations"', b'"evaluations":[],"evaluations"'),
    ],
)
def test_a_name_that_stands_twice_is_refused_in_each_shape(
    program: ProgramState, shape: str, name: bytes, twice: bytes
) -> None:
    assert json.loads(evaluate_many(program, PLAIN[shape], NOW)) == {"evaluations": [{"decision": True}]}
    body = PLAIN[shape].replace(name, twice)
    assert body != PLAIN[shape]
    with pytest.raises(Malformed, match="twice in one object"):
        evaluate_many(program, body, NOW)


@pytest.mark.parametrize("shape", PLAIN)
@pytest.mark.parametrize(
    ("name", "more"),
    [
        (b'"type":"user"', b'"type":"robot"'),
        (b'"id":"here"', b'"id":"here","properties":{"owner":"yes"}'),
        (b'"name":"view"', b'"name":"a:b"'),
        (b'"name":"view"', b'"name": "a:b"'),
        (b'"id":"here"', b'"id": "a:b"'),
        (b'"evaluations"', b'"context":{"reasons":true},"evaluations"'),
        (b'"evaluations"', b'"options":{},"evaluations"'),
    ],
)
def test_what_says_more_is_not_read_as_plain(shape: str, name: bytes, more: bytes) -> None:
    assert read_plain(PLAIN[shape]) is not None
    body = PLAIN[shape].replace(name, more)
    assert body != PLAIN[shape]
    assert read_plain(body) is None


def test_a_resource_that_is_no_organization_and_a_record_of_somebody_are_not_plain(
    program: ProgramState,
) -> None:
    for kind in ("thing", program.snapshot.tables.program.record_type or "record"):
        body = PLAIN["of a user"].replace(b"organization", kind.encode())
        assert read_plain(body) is not None
        with pytest.raises(TakesLong):
            evaluate_some(program, body, NOW)


def test_what_is_plain_and_small_is_answered_at_once_and_nothing_else_is(program: ProgramState) -> None:
    for body in PLAIN.values():
        assert evaluate_some(program, body, NOW) == evaluate_many(program, body, NOW)
    odd = PLAIN["of a user"].replace(b'"id":"here"', b'"id":"here","properties":{}')
    large = PLAIN["of a user"] + b" " * (MOST_AT_ONCE + 1 - len(PLAIN["of a user"]))
    for body in (odd, large, b"{", b'{"evaluations":[]}'):
        with pytest.raises(TakesLong):
            evaluate_some(program, body, NOW)


def test_the_listener_makes_a_thread_work_for_long_answers_only(monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[str] = []

    class Counted(ThreadPoolExecutor):
        def submit(self, *arguments: Any, **named: Any) -> Any:
            submitted.append("an answer")
            return super().submit(*arguments, **named)

    monkeypatch.setattr(listener, "ThreadPoolExecutor", Counted)
    small = [request(body, path=MANY, request_id=f"r-{n}") for n, body in enumerate(PLAIN.values())]
    heard, _ = exchange(
        made_service(), [*small, *small]
    )  # each one alone, so that the second is a repetition
    assert [response.status for response in heard] == [200] * 8
    assert [json.loads(response.body) for response in heard] == [{"evaluations": [{"decision": True}]}] * 8
    assert submitted == []
    general = request(question(evaluations=[{}, {"action": {"name": "edit"}}]), path=MANY)
    heard, _ = exchange(made_service(), [small[0], general, small[1]])
    assert [response.status for response in heard] == [200] * 3
    assert submitted == ["an answer"]


def test_a_call_that_is_repeated_is_answered_by_its_own_body_at_once_or_by_a_thread() -> None:
    yes = request(PLAIN["of a user"], path=MANY, request_id="r-1")
    no = request(PLAIN["of a user"].replace(b'"view"', b'"edit"'), path=MANY, request_id="r-2")
    general = request(question("no", evaluations=[{}, {}]), path=MANY, request_id="r-3")
    heard, _ = exchange(made_service(), [yes, no, general, yes, general, no])
    decisions = [[one["decision"] for one in json.loads(response.body)["evaluations"]] for response in heard]
    assert decisions == [[True], [False], [False, False], [True], [False, False], [False]]
    assert [response.headers["X-Request-ID"] for response in heard] == [
        "r-1",
        "r-2",
        "r-3",
        "r-1",
        "r-3",
        "r-2",
    ]
