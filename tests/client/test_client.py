"""The client says yes only when a decision point said yes."""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.client import (
    AsyncClient,
    Client,
    ClientError,
    Patience,
    Question,
    Rejected,
    Resource,
    Unavailable,
)
from rolebook.client.exchange import Failure, Pause, converse
from rolebook.client.wire import Call, Reply, portions
from tests.authzen.listening import in_a_loop
from tests.client.conftest import Scripted, Served, reply

QUICK = Patience(seconds=5, attempts=3, pause=0.001)
NO_DECISIONS = [
    "",
    "{}",
    "[]",
    "null",
    '"yes"',
    '{"decision":1}',
    '{"decision":"true"}',
    '{"decision":null}',
    '{"decision":tru',
    '{"evaluations":[{"decision":true}]}',
]


def by_threads(url: str, ask: Callable[[Client], Any], **more: Any) -> Any:
    with Client(url, "made", "rbk_good", **{"patience": QUICK, **more}) as client:
        return ask(client)


def by_loop(url: str, ask: Callable[[AsyncClient], Any], **more: Any) -> Any:
    async def run() -> Any:
        async with AsyncClient(url, "made", "rbk_good", **{"patience": QUICK, **more}) as client:
            return await ask(client)

    return in_a_loop(run())


BOTH = pytest.mark.parametrize("asked", [by_threads, by_loop])


@BOTH
def test_the_decision_is_the_decision_points(served: Served, asked: Any) -> None:
    assert asked(served.url, lambda client: client.allows("yes", "view", "here")) is True
    assert asked(served.url, lambda client: client.allows("no", "view", "here")) is False
    decision = asked(
        served.url, lambda client: client.decide("yes", "view", Resource.at("here"), reasons=True)
    )
    assert decision
    assert decision.context
    assert decision.revision


@BOTH
def test_many_questions_get_their_answers_in_their_order(served: Served, asked: Any) -> None:
    questions = [Question("yes" if number % 3 else "no", "view", "here") for number in range(1500)]
    decisions = asked(served.url, lambda client: client.decide_many(questions))
    assert [bool(decision) for decision in decisions] == [bool(number % 3) for number in range(1500)]


def test_what_tasks_ask_in_one_turn_goes_as_one_call(scripted: Scripted) -> None:
    scripted.script = [reply(json.dumps({"evaluations": [{"decision": True}, {"decision": False}]}))]

    async def both(client: AsyncClient) -> list[bool]:
        return list(await asyncio.gather(client.allows("a", "view", "x"), client.allows("b", "view", "y")))

    assert by_loop(scripted.url, both, gather=True) == [True, False]
    assert len(scripted.asked) == 1


def test_nobody_is_left_waiting_when_the_gathered_call_fails(scripted: Scripted) -> None:
    scripted.script = [b""]

    async def both(client: AsyncClient) -> list[bool]:
        return list(await asyncio.gather(client.allows("a", "view", "x"), client.allows("b", "view", "y")))

    assert by_loop(scripted.url, both, gather=True) == [False, False]


def test_searches_follow_the_pages_to_their_end(scripted: Scripted) -> None:
    scripted.script = [
        reply('{"page":{"next_token":"t"},"results":[{"type":"user","id":"a"}]}'),
        reply('{"page":{"next_token":""},"results":[{"type":"user","id":"b"}]}'),
    ]
    assert by_threads(scripted.url, lambda client: list(client.users_who_may("view", "here"))) == ["a", "b"]
    assert json.loads(scripted.asked[1].partition(b"\r\n\r\n")[2])["page"] == {"token": "t"}


def test_searches_agree_with_the_decision_point(served: Served) -> None:
    def ask(client: Client) -> tuple[list[str], list[str], list[str]]:
        return (
            list(client.users_who_may("view", "here")),
            list(client.organizations_where("yes", "view")),
            list(client.privileges_of("yes", "here")),
        )

    users, places, privileges = by_threads(served.url, ask)
    assert "yes" in users
    assert "here" in places
    assert "view" in privileges

    async def listed(client: AsyncClient) -> list[str]:
        return [each async for each in client.users_who_may("view", "here")]

    assert by_loop(served.url, listed) == users


@BOTH
@pytest.mark.parametrize("body", NO_DECISIONS)
def test_what_is_no_decision_is_no_yes(scripted: Scripted, asked: Any, body: str) -> None:
    scripted.script = [reply(body)]
    assert asked(scripted.url, lambda client: client.allows("yes", "view", "here")) is False
    with pytest.raises(Unavailable):
        asked(scripted.url, lambda client: client.decide("yes", "view", "here"))


@BOTH
@pytest.mark.parametrize("number", [0, 1, 3])
def test_another_number_of_answers_is_none(scripted: Scripted, asked: Any, number: int) -> None:
    scripted.script = [reply(json.dumps({"evaluations": [{"decision": True}] * number}))]
    with pytest.raises(Unavailable, match="expected 2"):
        asked(scripted.url, lambda client: client.decide_many([Question("a", "view", "x")] * 2))


@BOTH
def test_a_cut_connection_and_a_later_are_asked_again(scripted: Scripted, asked: Any) -> None:
    scripted.script = [b"", reply('"later"', "503 Service Unavailable"), reply('{"decision":true}')]
    assert asked(scripted.url, lambda client: client.allows("yes", "view", "here")) is True
    assert len(scripted.asked) == 3


@BOTH
@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found"])
def test_a_refused_question_is_not_asked_again_and_is_no_quiet_no(
    scripted: Scripted, asked: Any, status: str
) -> None:
    scripted.script = [reply('"because"', status)]
    with pytest.raises(Rejected, match="because"):
        asked(scripted.url, lambda client: client.allows("yes", "view", "here"))
    assert len(scripted.asked) == 1


@BOTH
def test_a_redirect_does_not_carry_the_token_elsewhere(scripted: Scripted, asked: Any) -> None:
    scripted.script = [reply("", "307 Temporary Redirect", f"Location: {scripted.url}/elsewhere")]
    with pytest.raises(Unavailable):
        asked(scripted.url, lambda client: client.decide("yes", "view", "here"))
    assert len(scripted.asked) == 1


@BOTH
def test_a_decision_point_that_is_behind_is_a_no(served: Served, asked: Any) -> None:
    served.fresh.fresh = False
    once = Patience(seconds=1, attempts=1)
    assert asked(served.url, lambda client: client.allows("yes", "view", "here"), patience=once) is False


@BOTH
def test_nobody_there_is_a_no(asked: Any) -> None:
    assert asked("http://127.0.0.1:1", lambda client: client.allows("yes", "view", "here")) is False


def test_the_demanded_revision_is_sent(scripted: Scripted) -> None:
    by_threads(scripted.url, lambda client: client.decide("yes", "view", "here", at_least=f"7:{'0' * 64}"))
    assert f"X-Rolebook-At-Least: 7:{'0' * 64}".encode() in scripted.asked[0]


def test_a_child_process_speaks_on_connections_of_its_own(served: Served) -> None:
    with Client(served.url, "made", served.token, patience=QUICK) as client:
        assert client.allows("yes", "view", "here")
        before = client._connected()
        client._process_id = os.getpid() + 1
        assert client.allows("yes", "view", "here")
        assert client._connected() is not before
        before.close()


@pytest.mark.parametrize(
    "url", ["http://access.example.org", "ftp://a.example", "access.example.org", "https://a.example?x=1", ""]
)
def test_an_address_that_would_give_the_token_away_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"found the address|in the clear"):
        Client(url, "made", "rbk_good")


def test_plain_http_to_another_machine_is_allowed_when_said() -> None:
    Client("http://access.example.org", "made", "rbk_good", plain_http=True).close()


@pytest.mark.parametrize("token", ["", "two words", "rbk_\n", "rbk_é"])
def test_a_token_that_cannot_be_one_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Client("https://a.example", "made", token)


def test_the_token_is_in_no_text_about_the_client() -> None:
    client = Client("https://a.example", "made", "rbk_secret")
    assert "rbk_secret" not in f"{client!r} {client._address!r}"


@given(
    statuses=st.lists(st.sampled_from([None, 200, 401, 429, 500, 502, 503, 504]), min_size=12, max_size=12),
    attempts=st.integers(1, 6),
    seconds=st.floats(0.01, 10),
    takes=st.floats(0, 3),
    retry_after=st.sampled_from(["", "0", "1", "3600", "soon", "٣", "-1", "1" * 400]),
)
def test_asking_ends_in_time_and_only_repeats_what_may_come_right(
    statuses: list[int | None], attempts: int, seconds: float, takes: float, retry_after: str
) -> None:
    passed, sent = 0.0, 0
    conversation = converse(
        Call("u", b"", {}), Patience(seconds, attempts, 0.05), now=lambda: passed, jitter=lambda: 1.0
    )
    step = next(conversation)
    try:
        while True:
            if isinstance(step, Pause):
                passed += step.seconds
                step = conversation.send(None)
                continue
            assert step.seconds <= seconds
            status = statuses[sent]
            sent += 1
            passed += min(takes, step.seconds)
            headers = {"retry-after": retry_after} if retry_after else {}
            step = conversation.send(Failure("cut") if status is None else Reply(status, headers, b""))
    except (StopIteration, ClientError):
        pass
    later = {None, 429, 502, 503, 504}
    assert 1 <= sent <= attempts
    assert all(status in later for status in statuses[: sent - 1])
    assert passed <= seconds + 0.002 * sent


@given(sizes=st.lists(st.integers(0, 200_000), max_size=30))
def test_portions_hold_every_question_once_and_fit_a_call(sizes: list[int]) -> None:
    questions = [
        Question(str(n), "view", Resource("a", "b", properties={"x": "y" * s})) for n, s in enumerate(sizes)
    ]
    found = list(portions(questions))
    assert [item for _, body in found for item in body["evaluations"]] == [
        each.as_json() for each in questions
    ]
    assert all(number == len(body["evaluations"]) <= 1000 for number, body in found)
    assert all(number == 1 or len(json.dumps(body)) < 512 * 1024 for number, body in found)
