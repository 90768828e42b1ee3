"""What somebody sends to the listener who wants to hold others up, fill its memory, or get two answers for one."""

import time
from typing import Any, cast

import pytest

from rolebook.authzen.answering import LARGEST_BATCH
from rolebook.authzen.arriving import Arriving
from rolebook.authzen.listener import IDLE_SECONDS, MOST_WAITING
from tests.authzen.listening import TOKEN, exchange, made_service, question, request

SEARCH = request(question(), path="/made/access/v1/search/action")
MANY = "/made/access/v1/evaluations"


def in_chunks(head: bytes, body: bytes, size: int) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n"


def chunked_head(raw: bytes) -> bytes:
    return raw.partition(b"Content-Length")[0] + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.fault(55)
def test_addresses_with_ever_new_queries_are_not_remembered() -> None:
    known: list[int] = []
    stream = b"".join(request(path=f"/made/access/v1/evaluation?{n}") for n in range(50))
    heard, _ = exchange(
        made_service(), [stream], lambda each: known.append(len(cast(Any, each)._server.routes))
    )
    assert [response.status for response in heard] == [200] * 50
    assert known == [0]


@pytest.mark.fault(55)
def test_a_body_in_the_smallest_parts_is_not_copied_with_every_one() -> None:
    arriving = Arriving(route=made_service().route("POST", MANY))
    began = time.process_time()
    assert all(arriving.take(b" ") for _ in range(LARGEST_BATCH))
    assert not arriving.take(b" ")
    arriving.complete()
    assert time.process_time() - began < 3  # copies take more than twice that
    assert arriving.body == b" " * LARGEST_BATCH


@pytest.mark.fault(43)
def test_a_trailer_says_nothing_that_belongs_into_the_head() -> None:
    raw = chunked_head(request(token=None))
    body = request().partition(b"\r\n\r\n")[2]
    trailer = f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
    heard, _ = exchange(made_service(), [in_chunks(raw, body, 64) + trailer])
    assert [response.status for response in heard] == [401]


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "raw",
    [
        request(more=["Connection: Upgrade", "Upgrade: h2c"]),
        request(
            question(), path="/made/access/v1/search/action", more=["Connection: Upgrade", "Upgrade: h2c"]
        ),
        request(b"", method="GET", path="/healthz", more=["Connection: Upgrade", "Upgrade: websocket"]),
        b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n",
    ],
)
def test_who_asks_for_another_protocol_gets_one_answer_and_the_end(raw: bytes) -> None:
    heard, pipe = exchange(made_service(), [raw + request()])
    assert len(heard) == 1
    assert heard[0].headers["Connection"] == "close"
    assert pipe.closed


@pytest.mark.fault(43)
def test_nothing_is_answered_after_the_answer_that_ends_a_connection() -> None:
    heard, pipe = exchange(made_service(), [request(more=["Connection: close"]) + b"nonsense\r\n\r\n"])
    assert [response.status for response in heard] == [200]
    assert pipe.closed


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    ("behind", "status"), [(b"nonsense\r\n\r\n", 400), (request() * (MOST_WAITING + 1), 429)]
)
def test_a_refusal_never_comes_before_the_answers_to_earlier_requests(behind: bytes, status: int) -> None:
    heard, pipe = exchange(made_service(), [SEARCH + request(request_id="second") + behind])
    assert heard[0].status == 200
    assert "results" in heard[0].json
    assert heard[1].headers["X-Request-ID"] == "second"
    assert heard[-1].status == status
    assert pipe.closed


@pytest.mark.fault(55)
def test_nothing_more_is_read_from_who_does_not_read_long_answers() -> None:
    seen: list[bool] = []

    def unread(each: Any) -> None:
        each.pause_writing()
        each._at_work = True
        done: Any = type("Done", (), {"cancelled": lambda _: False, "result": lambda _: b""})()
        each._worked(done, keep=True)
        seen.append(each._transport.reading)
        each.resume_writing()
        seen.append(each._transport.reading)

    exchange(made_service(), [request()], unread)
    assert seen == [False, True]


@pytest.mark.fault(55)
def test_a_connection_whose_answers_nobody_reads_is_cut_off() -> None:
    now = time.monotonic()
    seen: list[bool] = []

    def late(each: Any) -> None:
        each.close_if_late(now + IDLE_SECONDS + 2)
        each.close_if_late(now + IDLE_SECONDS + 3)
        seen.append(each._transport.aborted)

    exchange(made_service(), [request()], late)
    assert seen == [True]


@pytest.mark.parametrize("character", [b"\x00", b"\x01", b"\r", b"\n", b"\r\n ", b"\x7f"])
@pytest.mark.fault(44)
def test_a_control_character_in_the_id_of_a_request_is_never_echoed(character: bytes) -> None:
    raw = request(request_id="one@two").replace(b"@", character)
    heard, pipe = exchange(made_service(), [request(request_id="before"), raw])
    assert heard[1].status == 400
    assert character.strip(b" ") not in heard[1].headers.get("X-Request-ID", "").encode("latin-1")
    assert pipe.closed


@pytest.mark.fault(43)
@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: +5",
        b"Content-Length: 5, 5",
        b"Content-Length : 5",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding:\x0bchunked",
        b"X: y\r\n Transfer-Encoding: chunked",
    ],
)
def test_a_body_whose_end_two_readers_may_see_elsewhere_ends_the_connection(head: bytes) -> None:
    start = request(b"").partition(b"Content-Length")[0]
    heard, pipe = exchange(
        made_service(), [start + head + b"\r\n\r\n0\r\n\r\n" + request(request_id="smuggled")]
    )
    assert [response.status for response in heard] == [400]
    assert pipe.closed


@pytest.mark.fault(43)
def test_chunks_under_http_1_0_end_the_connection() -> None:
    raw = chunked_head(request(more=["Connection: keep-alive"])).replace(b"HTTP/1.1", b"HTTP/1.0")
    heard, pipe = exchange(made_service(), [raw + b"0\r\n\r\n" + request(request_id="smuggled")])
    assert len(heard) == 1
    assert heard[0].headers["Connection"] == "close"
    assert pipe.closed
