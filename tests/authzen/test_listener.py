"""The listener of `rolebook decide`: the same answers as over WSGI, in whatever way the bytes come."""

import json
import time
from dataclasses import replace
from random import Random
from typing import Any, cast

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.authzen import listener
from rolebook.authzen.answering import AT_LEAST, LARGEST_BATCH, LARGEST_BODY
from rolebook.authzen.arriving import LARGEST_HEAD
from rolebook.authzen.evaluations import MOST_EVALUATIONS
from rolebook.authzen.listener import IDLE_SECONDS, MOST_WAITING, REQUEST_SECONDS
from rolebook.authzen.repeating import learn
from tests.authzen.listening import (
    REVISION,
    Fresh,
    by_wsgi,
    exchange,
    made_point,
    made_service,
    question,
    request,
)
from tests.support.changing import changed

SEARCH = "/made/access/v1/search/action"
MANY = "/made/access/v1/evaluations"
REQUESTS: dict[str, bytes] = {
    "yes": request(request_id="r-1"),
    "no": request(question("no")),
    "reasons": request(question(context={"reasons": True})),
    "many": request(question(evaluations=[{}, {"action": {"name": "edit"}}]), path=MANY),
    "many, plain": request({"evaluations": [question(), question("no")]}, path=MANY),
    "many, of no such semantic": request(
        {"evaluations": [question()], "options": {"evaluations_semantic": "none"}}, path=MANY
    ),
    "too many": request({"evaluations": [{}] * (MOST_EVALUATIONS + 1)}, path=MANY),
    "search": request(question(), path=SEARCH),
    "no token": request(token=None),
    "bad token": request(token="rbk_bad"),
    "token of another program": request(token="rbk_other"),
    "token that may not search": request({}, path=SEARCH, token="rbk_narrow"),
    "no such program": request(path="/none/access/v1/evaluation"),
    "no such endpoint": request(path="/made/access/v1/nothing"),
    "wrong method": request(method="PUT"),
    "wrong type": request(content_type="text/plain"),
    "no type": request(content_type=None),
    "charset": request(content_type="application/json; charset=UTF-8"),
    "not JSON": request(b"{"),
    "empty": request(b""),
    "nested": request(b"[" * 5000),
    "lacks": request({"subject": {"type": "user", "id": "yes"}}),
    "too large": request(b" " * (LARGEST_BODY + 1)),
    "at least": request(more=[f"{AT_LEAST}: {REVISION}"]),
    "at least later": request(more=[f"{AT_LEAST}: 8:{'0' * 64}"]),
    "at least another past": request(more=[f"{AT_LEAST}: 7:{'0' * 64}"]),
    "at least nonsense": request(more=[f"{AT_LEAST}: soon"]),
    "metadata": request(b"", method="GET", path="/.well-known/authzen-configuration/made"),
    "metadata of none": request(b"", method="GET", path="/.well-known/authzen-configuration/none"),
}  # fmt: skip
WANTED = {
    "yes": 200, "no": 200, "reasons": 200, "many": 200, "many, plain": 200,
    "many, of no such semantic": 400, "too many": 413, "search": 200, "no token": 401, "bad token": 401,
    "token of another program": 404, "token that may not search": 403, "no such program": 404,
    "no such endpoint": 404, "wrong method": 405, "wrong type": 415, "no type": 415, "charset": 200, "not JSON": 400,
    "empty": 400, "nested": 400, "lacks": 400, "too large": 413, "at least": 200, "at least later": 503,
    "at least another past": 503, "at least nonsense": 400, "metadata": 200, "metadata of none": 404,
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_the_listener_answers_as_wsgi_does(name: str) -> None:
    (heard,), _ = exchange(made_service(), [REQUESTS[name]])
    told = by_wsgi(made_point(), REQUESTS[name])
    assert (heard.status, heard.body) == (told.status, told.body)
    assert heard.status == WANTED[name]
    heard.headers.pop("Date")
    heard.headers.pop("Connection", None)
    assert heard.headers == told.headers


@pytest.mark.invariant("I10")
@given(st.lists(st.sampled_from(sorted(set(REQUESTS) - {"too large"})), min_size=1, max_size=8), st.randoms())
def test_how_the_bytes_of_requests_are_cut_changes_no_answer(names: list[str], random: Random) -> None:
    stream = b"".join(REQUESTS[name] for name in names)
    cuts = sorted(random.sample(range(len(stream)), min(len(stream), random.randrange(6))))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    service = made_service()
    heard, _ = exchange(service, chunks)
    assert [response.status for response in heard] == [WANTED[name] for name in names]
    singly = [exchange(service, [REQUESTS[name]])[0][0] for name in names]
    assert [response.body for response in heard] == [response.body for response in singly]


@pytest.mark.fault(23)
@given(
    st.lists(
        st.binary(max_size=200)
        | st.sampled_from([b"POST ", b"\r\n", b"\r\n\r\n", b"Content-Length: ", request()]),
        max_size=6,
    )
)
def test_whatever_bytes_come_there_are_whole_responses_and_no_failure(chunks: list[bytes]) -> None:
    heard, _ = exchange(made_service(), [chunk for chunk in chunks if chunk])
    assert {response.status for response in heard} <= {100, 200, 400, 401, 404, 405, 408, 413, 415, 431}


class Reading:
    """What llhttp says of one request."""

    def __init__(self, data: bytes) -> None:
        self.said: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.complete = 0
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.said.append((b"target", url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self.said.append((name.lower(), value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete += 1


def spoiled(data: bytes, random: Random) -> bytes:
    """Change some bytes of a request."""
    for _ in range(random.randrange(3)):
        at = random.randrange(len(data))
        new = random.choice(
            [b"", b"\r", b"\n", b"\r\n", b" ", b"0", b"9", b":", b"X", b"\x00", b"\xff", b"+"]
        )
        data = data[:at] + new + data[at + random.randrange(2) :]
    return data


@pytest.mark.fault(23)
@given(st.randoms(), st.booleans(), st.booleans())
def test_what_is_taken_for_a_repetition_is_read_the_same_by_llhttp(
    random: Random, with_id: bool, id_last: bool
) -> None:
    def made(identity: str) -> bytes:
        raw = request(question(random.choice(["yes", "nobody"])), request_id=identity if with_id else None)
        if not id_last:
            return raw
        head, _, body = raw.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        return b"\r\n".join([line, *reversed(lines)]) + b"\r\n\r\n" + body

    first = made("a-1")
    repeated = learn(first)
    assert repeated is not None
    second = spoiled(made(f"b-{random.randrange(10**6)}"), random)
    taken = repeated.take(second)
    if taken is None:
        return
    reading = Reading(second)
    headers = dict(reading.said)
    assert reading.complete == 1
    assert (reading.body, headers.get(b"x-request-id")) == taken
    varying = {b"content-length", b"x-request-id"}
    assert [each for each in reading.said if each[0] not in varying] == [
        each for each in Reading(first).said if each[0] not in varying
    ]


def test_a_plain_repetition_is_taken() -> None:
    repeated = learn(request(request_id="a"))
    assert repeated is not None
    body = json.dumps(question("no")).encode()
    assert repeated.take(request(body, request_id="some-other")) == (body, b"some-other")
    assert learn(request(more=["Connection: close"])) is None
    assert learn(request(more=["Transfer-Encoding: chunked"])) is None


@pytest.mark.invariant("I7")
@pytest.mark.fault(24)
def test_no_token_is_good_after_its_revocation_on_a_connection_that_used_it() -> None:
    service = made_service()
    spoken: list[int] = []
    for clients in (service.state.clients, {}):
        service.state.clients = clients
        heard, _ = exchange(service, [request(request_id="1"), request(request_id="2")])
        spoken += [response.status for response in heard]
    assert spoken == [200, 200, 401, 401]


@pytest.mark.invariant("I7")
def test_a_repeated_question_hears_of_a_change_between() -> None:
    service = made_service()
    program = service.state.programs["made"]
    answers: list[int] = []

    class Changing(Fresh):
        def is_fresh(self) -> bool:
            if len(answers) == 1:
                program.change(accounts=[changed(program.snapshot, "yes", active=False)])
            answers.append(1)
            return True

    service.follower = cast(Any, Changing())
    heard, _ = exchange(service, [request(), request(), request()])
    assert [response.json["decision"] for response in heard] == [True, False, False]


@pytest.mark.invariant("I7")
def test_without_a_lease_the_answer_is_503_also_to_a_repeated_question() -> None:
    service = made_service()
    turns = iter([True, True, False])
    service.follower = cast(Any, type("Turns", (Fresh,), {"is_fresh": lambda _: next(turns)})())
    heard, _ = exchange(service, [request(), request(), request()])
    assert [response.status for response in heard] == [200, 200, 503]
    assert heard[2].headers["Retry-After"] == "1"


def test_requests_behind_a_long_one_are_answered_in_their_order() -> None:
    stream = (
        REQUESTS["search"]
        + request(request_id="a")
        + REQUESTS["many"]
        + request(question("no"), request_id="b")
    )
    heard, _ = exchange(made_service(), [stream])
    assert [response.headers.get("X-Request-ID") for response in heard] == [None, "a", None, "b"]
    assert [response.status for response in heard] == [200] * 4


def test_too_many_requests_at_once_end_the_connection() -> None:
    heard, pipe = exchange(made_service(), [REQUESTS["search"] + request() * (MOST_WAITING + 1)])
    assert pipe.closed
    assert heard[-1].status == 429


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (LARGEST_HEAD // 4), 431),
        (b"POST /" + b"x" * (LARGEST_HEAD + 1), 431),
        (request(more=["Content-Type: text/plain"]), 400),
        (request(more=["Authorization: Bearer other"]), 400),
        (b"nonsense\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n", 413),
        (request(path="/made/access/v1/evaluations", more=["Transfer-Encoding: chunked"]), 400),
    ],
)
def test_what_cannot_be_read_on_gets_its_reason_and_the_end(raw: bytes, status: int) -> None:
    heard, pipe = exchange(made_service(), [raw])
    assert heard[-1].status == status
    assert heard[-1].headers["Connection"] == "close"
    assert pipe.closed


@pytest.mark.fault(23)
def test_a_header_and_a_trailer_without_an_end_are_refused() -> None:
    endless = [b"x" * 4096] * 4096
    heard, pipe = exchange(made_service(), [b"GET / HTTP/1.1\r\nX-", *endless])
    assert (heard[-1].status, pipe.closed) == (431, True)
    chunked = request(path=MANY).partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
    heard, pipe = exchange(made_service(), [chunked, b"0\r\nX-", *endless])
    assert (heard[-1].status, pipe.closed) == (431, True)


@pytest.mark.fault(23)
def test_a_body_in_chunks_is_read_and_bounded() -> None:
    body = json.dumps(question()).encode()
    head = request().partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"
    whole = head + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    (heard,), _ = exchange(made_service(), [whole])
    assert heard.json == {"decision": True}
    large = head + b"".join(b"10000\r\n" + b" " * 0x10000 + b"\r\n" for _ in range(2))
    assert LARGEST_BODY < 2 * 0x10000 < LARGEST_BATCH
    heard_large, pipe = exchange(made_service(), [large])
    assert heard_large[-1].status == 413
    assert pipe.closed


def test_who_expects_100_continue_is_told_to_go_on() -> None:
    raw = request(more=["Expect: 100-continue"])
    head, _, body = raw.partition(b"\r\n\r\n")
    heard, _ = exchange(made_service(), [head + b"\r\n\r\n", body])
    assert [response.status for response in heard] == [100, 200]


def test_who_asks_to_close_is_answered_and_closed() -> None:
    heard, pipe = exchange(made_service(), [request(more=["Connection: close"]), request()])
    assert [response.status for response in heard] == [200]
    assert pipe.closed


def test_silent_and_slow_connections_are_closed_and_busy_ones_are_not() -> None:
    now = time.monotonic()
    heard, pipe = exchange(
        made_service(), [request()[:40]], lambda each: each.close_if_late(now + REQUEST_SECONDS + 1)
    )
    assert heard[0].status == 408
    assert pipe.closed
    heard, pipe = exchange(
        made_service(), [request()], lambda each: each.close_if_late(now + REQUEST_SECONDS + 1)
    )
    assert len(heard) == 1


def test_a_silent_connection_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    seen: list[bool] = []

    def late(connection: listener.Connection) -> None:
        connection.close_if_late(now + IDLE_SECONDS + 1)
        seen.append(cast(Any, connection)._transport.closed)

    exchange(made_service(), [request()], late)
    assert seen == [True]


def test_health_says_whether_the_state_may_be_used() -> None:
    service = made_service()
    raw = request(b"", method="GET", path="/healthz", token=None)
    assert exchange(service, [raw])[0][0].status == 200
    service.follower = cast(Any, replace(cast(Fresh, service.follower), fresh=False))
    assert exchange(service, [raw])[0][0].status == 503


def test_a_failure_is_500_with_a_reference_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = made_service()
    monkeypatch.setattr(service.state.programs["made"], "check", None)
    heard, _ = exchange(service, [request(), REQUESTS["metadata"]])
    assert [response.status for response in heard] == [500, 200]
    assert "reference" in heard[0].json
    assert heard[0].json.split("reference ")[1].rstrip(")") in caplog.text
