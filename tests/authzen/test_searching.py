"""The three searches: exact, in order, in pages whose tokens fit one query, and never more work than declared."""

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.authzen import searching
from rolebook.authzen.evaluation import Malformed, evaluate
from rolebook.authzen.paging import DEFAULT_RESULTS, MOST_RESULTS, PageTokens
from rolebook.authzen.searching import search_actions, search_resources, search_subjects
from rolebook.authzen.state import ProgramState
from rolebook.decision.changes import TreeSwapped
from rolebook.decision.evaluation import Holding
from rolebook.decision.instants import micros
from rolebook.decision.tree import OrganizationTree
from tests.agreement.worlds import START
from tests.authzen.made import plain_state, resources_of, state_of, subjects_of
from tests.support.changing import changed

NOW = micros(START) + 1
TOKENS = PageTokens("a secret key")
SEARCHES = {"subject": search_subjects, "resource": search_resources, "action": search_actions}
type Sent = dict[str, Any]


def search(program: ProgramState, what: str, body: Sent | bytes, tokens: PageTokens = TOKENS) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return json.loads(SEARCHES[what](program, raw, NOW, tokens))


def all_pages(program: ProgramState, what: str, body: Sent, limit: int | None = None) -> list[Any]:
    """The results of all pages; each has no more than the limit, and names itself first."""
    results: list[Any] = []
    page: dict[str, Any] = {} if limit is None else {"limit": limit}
    while True:
        answer = search(program, what, body | {"page": page})
        assert list(answer) == ["page", "results"]
        assert limit is None or len(answer["results"]) <= limit
        results += answer["results"]
        if not answer["page"]["next_token"]:
            return results
        page = {"token": answer["page"]["next_token"]}


def allowed(program: ProgramState, subject: Any, action: str, resource: Any) -> bool:
    body = {"subject": subject, "action": {"name": action}, "resource": resource}
    return json.loads(evaluate(program, json.dumps(body).encode(), NOW))["decision"] is True


def user(subject_id: str) -> Sent:
    return {"type": "user", "id": subject_id}


def compare_with_single_checks(random: Random, program: ProgramState) -> None:
    """Search for everything in every way, in pages of some size, and ask the same one by one."""
    tables = program.snapshot.tables
    actions = [*tables.program.actions, "unknown"]
    resources = resources_of(program, random)
    limit = random.choice((1, 2, 3, None))
    for action in random.sample(actions, min(4, len(actions))):
        for resource in random.sample(resources, 4):
            wanted = [
                user(one) for one in program.subject_ids if allowed(program, user(one), action, resource)
            ]
            body = {"subject": {"type": "user"}, "action": {"name": action}, "resource": resource}
            assert all_pages(program, "subject", body, limit) == wanted
        for subject_id in random.sample(subjects_of(program), 2):
            for kind in ("organization", *tables.program.kinds, "thing"):
                candidates = [{"type": kind, "id": name} for name in sorted(tables.tree)]
                found = [] if kind == "thing" else candidates
                wanted = [one for one in found if allowed(program, user(subject_id), action, one)]
                body = {
                    "subject": user(subject_id),
                    "action": {"name": action},
                    "resource": {"type": kind, "id": "x"},
                }
                assert all_pages(program, "resource", body, limit) == wanted
    for resource in random.sample(resources, 3):
        subject = user(random.choice(subjects_of(program)))
        wanted = [{"name": one} for one in sorted(actions) if allowed(program, subject, one, resource)]
        assert all_pages(program, "action", {"subject": subject, "resource": resource}, limit) == wanted


@pytest.mark.invariant("I10", "I1")
@given(st.randoms(use_true_random=False))
def test_results_are_what_single_evaluations_say_yes_to_on_worlds_that_shrink(random: Random) -> None:
    compare_with_single_checks(random, state_of(random, people=3))


@pytest.mark.invariant("I10", "I1")
@pytest.mark.parametrize("seed", range(30))
def test_results_are_what_single_evaluations_say_yes_to_when_work_is_cut_short(seed: int) -> None:
    random = Random(seed)
    with patch.object(searching, "MOST_ASKED", random.choice((1, 2, 5))):
        compare_with_single_checks(random, state_of(random))


@pytest.fixture
def program() -> ProgramState:
    """`yes` views at `here`; 250 more people do the same."""
    state = plain_state(Random(0))
    for number in range(250):
        name = f"person-{number:03}"
        opened = [Holding(f"g-{number}", "official", "here", START)]
        state.change(accounts=[changed(state.snapshot, name, active=True, opened=opened)])
    return state


WHO: Sent = {
    "subject": {"type": "user"},
    "action": {"name": "view"},
    "resource": {"type": "organization", "id": "here"},
}


def test_without_a_page_a_part_says_so_and_all_does_not(program: ProgramState) -> None:
    answer = search(program, "subject", WHO)
    assert len(answer["results"]) == DEFAULT_RESULTS
    assert answer["page"]["next_token"]
    what = {"subject": user("yes"), "resource": {"type": "organization", "id": "here"}}
    assert search(program, "action", what) == {"results": [{"name": "view"}]}
    assert search(program, "action", what | {"page": {}}) == {
        "page": {"next_token": ""},
        "results": [{"name": "view"}],
    }


def test_a_page_that_ends_with_the_last_result_is_the_last(program: ProgramState) -> None:
    answer = search(program, "subject", WHO | {"page": {"limit": 251}})
    assert (len(answer["results"]), answer["page"]) == (251, {"next_token": ""})
    assert all_pages(program, "subject", WHO, 50) == answer["results"]


def test_a_limit_of_none_tells_whether_there_are_any_and_leads_to_the_first(program: ProgramState) -> None:
    answer = search(program, "subject", WHO | {"page": {"limit": 0}})
    assert answer["results"] == []
    token = answer["page"]["next_token"]
    assert search(program, "subject", WHO | {"page": {"token": token, "limit": 0}}) == answer
    more = search(program, "subject", WHO | {"page": {"token": token}})
    assert more["results"][0] == user("person-000")
    nobody = WHO | {"action": {"name": "edit"}, "page": {"limit": 0}}
    assert search(program, "subject", nobody) == {"page": {"next_token": ""}, "results": []}


@pytest.mark.invariant("I12")
@pytest.mark.fault(55)
def test_a_limit_above_the_largest_means_the_largest(program: ProgramState) -> None:
    for number in range(MOST_RESULTS):
        name = f"q-{number:05}"
        opened = [Holding(name, "official", "here", START)]
        program.change(accounts=[changed(program.snapshot, name, active=True, opened=opened)])
    page = {"limit": 10**30}
    answer = search(program, "subject", WHO | {"page": page})
    assert len(answer["results"]) == MOST_RESULTS
    page["token"] = answer["page"]["next_token"]
    assert len(search(program, "subject", WHO | {"page": page})["results"]) == 251


@pytest.mark.invariant("I12")
def test_nobody_is_looked_at_for_a_privilege_or_a_place_that_is_unknown(program: ProgramState) -> None:
    with patch.object(ProgramState, "check", side_effect=AssertionError):
        for unknown in (
            {"action": {"name": "unknown"}},
            {"action": {"name": "act:decide"}},
            {"resource": {"type": "organization", "id": "unknown"}},
            {"resource": {"type": "agency", "id": "there"}},
            {"subject": {"type": "spaceship"}},
        ):
            assert search(program, "subject", WHO | unknown) == {"results": []}
    for unknown in ({"subject": user("nobody")}, {"subject": {"type": "robot", "id": "yes"}}):
        where = {"subject": user("yes"), "action": {"name": "view"}, "resource": {"type": "organization"}}
        assert search(program, "resource", where | unknown) == {"results": []}
        what = {"subject": user("yes"), "resource": {"type": "organization", "id": "here"}}
        assert search(program, "action", what | unknown) == {"results": []}


@pytest.mark.fault(27)
@pytest.mark.parametrize(
    "changed",
    [
        {"action": {"name": "edit"}},
        {"action": {"name": "view", "properties": {"a": 1}}},
        {"resource": {"type": "organization", "id": "there"}},
        {"resource": {"type": "agency", "id": "here"}},
        {"resource": {"type": "organization", "id": "here", "properties": {"owner": "x"}}},
        {"context": {"a": 1}},
        {"context": {"a": "1"}},
        {"context": {"a": [1]}},
    ],
)
def test_a_token_is_of_one_query(program: ProgramState, changed: Sent) -> None:
    asked = WHO | {"context": {"a": True}} if "context" in changed else WHO
    token = search(program, "subject", asked | {"page": {"limit": 2}})["page"]["next_token"]
    with pytest.raises(Malformed, match=r"page\.token"):
        search(program, "subject", asked | changed | {"page": {"token": token}})


def test_a_token_is_of_one_program_one_kind_of_search_and_one_secret(program: ProgramState) -> None:
    body = {"subject": user("yes"), "action": {"name": "view"}, "resource": WHO["resource"]}
    token = search(program, "subject", body | {"page": {"limit": 2}})["page"]["next_token"]
    paged = body | {"page": {"token": token}}
    assert search(program, "subject", paged)["results"]
    for what in ("resource", "action"):
        with pytest.raises(Malformed, match=r"page\.token"):
            search(program, what, paged)
    with pytest.raises(Malformed, match=r"page\.token"):
        search(program, "subject", paged, PageTokens("another key"))
    other = plain_state(Random(0))
    other.program_id = "other"
    with pytest.raises(Malformed, match=r"page\.token"):
        search(other, "subject", paged)


def test_the_order_of_fields_unknown_fields_and_the_ignored_id_make_no_other_query(
    program: ProgramState,
) -> None:
    token = search(program, "subject", WHO | {"page": {"limit": 2}})["page"]["next_token"]
    turned = dict(reversed((WHO | {"subject": {"id": "x", "more": 1, "type": "user"}, "extra": []}).items()))
    assert search(program, "subject", turned | {"page": {"token": token, "more": 1}})["results"]


@pytest.mark.parametrize("limit", [-1, "2", 1.5, True, [], 10])
def test_a_limit_that_is_none_or_another_than_before_is_refused(program: ProgramState, limit: Any) -> None:
    token = search(program, "subject", WHO | {"page": {"limit": 2}})["page"]["next_token"]
    with pytest.raises(Malformed, match=r"limit|page"):
        search(program, "subject", WHO | {"page": {"token": token, "limit": limit}})
    same = search(program, "subject", WHO | {"page": {"token": token, "limit": 2}})
    assert same == search(program, "subject", WHO | {"page": {"token": token}})


@given(st.one_of(st.text(), st.binary().map(lambda raw: raw.hex()), st.from_regex(r"[A-Za-z0-9_-]{1,90}")))
def test_a_made_up_token_is_refused(token: str) -> None:
    if token:
        with pytest.raises(Malformed):
            search(plain_state(Random(0)), "subject", WHO | {"page": {"token": token}})


@pytest.mark.invariant("I14")
def test_a_token_tells_nothing_and_is_the_same_for_the_same_page(program: ProgramState) -> None:
    tokens = {
        search(program, "subject", WHO | {"page": {"limit": 2}})["page"]["next_token"] for _ in range(3)
    }
    (token,) = tokens
    assert b"person" not in base64.urlsafe_b64decode(token + "==")


def test_a_position_stays_good_when_people_come_and_go_between_pages(program: ProgramState) -> None:
    first = search(program, "subject", WHO | {"page": {"limit": 3}})
    known, held = program.snapshot, Holding("n-1", "official", "here", START)
    came = [changed(known, name, active=True, opened=[held]) for name in ("person-000a", "person-002a")]
    went = [changed(known, name, active=False) for name in ("person-002", "person-003")]
    program.change(accounts=[*came, *went])
    page = {"token": first["page"]["next_token"]}
    second = search(program, "subject", WHO | {"page": page})
    assert second["results"] == [user("person-002a"), user("person-004"), user("person-005")]
    assert program.subject_ids == sorted(program.snapshot.store.accounts)


@pytest.mark.invariant("I10")
def test_a_page_is_found_at_one_revision(program: ProgramState, monkeypatch: pytest.MonkeyPatch) -> None:
    check, calls = ProgramState.check, []

    def check_while_the_tree_changes(self: ProgramState, *question: Any) -> bool:
        calls.append(question)
        if len(calls) == 5:
            self.change(tree=OrganizationTree([("there", None, "agency")]))
        return check(self, *question)

    monkeypatch.setattr(ProgramState, "check", check_while_the_tree_changes)
    assert search(program, "subject", WHO) == {"results": []}


@pytest.mark.invariant("I12")
def test_everybodys_reach_over_many_organizations_is_walked_in_bounded_steps() -> None:
    program = plain_state(Random(0))
    names = [f"o-{number:05}" for number in range(300)]
    program.snapshot.apply(TreeSwapped(OrganizationTree([(name, None, "agency") for name in names])))
    opened = [Holding(name, "official", name, START) for name in names[::10]]
    program.change(accounts=[changed(program.snapshot, "yes", opened=opened)])
    body = {"subject": user("yes"), "action": {"name": "view"}, "resource": {"type": "agency"}}
    wanted = [{"type": "agency", "id": name} for name in names[::10]]
    assert all_pages(program, "resource", body) == wanted
    looked: list[int] = []
    check = ProgramState.check
    with patch.object(searching, "MOST_ASKED", 7):
        for _ in range(2):
            with patch.object(ProgramState, "check", autospec=True, side_effect=counting(check, looked)):
                search(program, "resource", body)
        assert len(looked) == 14
        assert all_pages(program, "resource", body) == wanted


def counting(check: Callable[..., bool], looked: list[int]) -> Callable[..., bool]:
    def counted(*question: Any) -> bool:
        looked.append(1)
        return check(*question)

    return counted


@pytest.mark.parametrize("what", SEARCHES)
@pytest.mark.parametrize(
    "fault",
    [
        *({part: None} for part in ("subject", "resource")),
        {"subject": "alice"},
        {"subject": {"id": "a"}},
        {"resource": {"id": "a"}},
        {"resource": {"type": 3, "id": "a"}},
        {"context": []},
        {"page": []},
        {"page": {"token": 3}},
    ],
)
def test_a_body_that_is_no_search_is_refused(program: ProgramState, what: str, fault: Sent) -> None:
    body = {"subject": user("yes"), "action": {"name": "view"}, "resource": WHO["resource"]}
    with pytest.raises(Malformed):
        search(program, what, body | fault)
    for raw in (b"", b"[]", b"{", b"\xff", b"[" * 60_000):
        with pytest.raises(Malformed):
            search(program, what, raw)
