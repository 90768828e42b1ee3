"""The decision point's own listener: HTTP/1.1 over asyncio's transports, for `rolebook decide`.

llhttp (by httptools) takes requests apart, uvloop moves the bytes, :mod:`rolebook.authzen.answering` answers. One
evaluation is answered in the very call that brought its last byte, and so are a few hundred plain ones; what may take
milliseconds goes to a thread, while other connections are served. Requests of one connection are answered in their
order (RFC 9112, section 9.3.2).
"""

import asyncio
import logging
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import cast, override

import httptools

from rolebook.authzen.answering import LARGEST_BATCH, Answering, Refusal, Route, is_ours
from rolebook.authzen.arriving import LARGEST_HEAD, Arriving, largest, once, too_large
from rolebook.authzen.evaluations import TakesLong
from rolebook.authzen.metadata import WELL_KNOWN
from rolebook.authzen.repeating import Repeated, learn
from rolebook.authzen.responses import Heads, failed, head, refused, tail

HEALTH = "/healthz"
MOST_WAITING = 64
"""Requests of one connection that may wait for the answer to an earlier one."""
IDLE_SECONDS = 75.0
"""How long a connection may be silent between requests; a proxy in front should give up earlier."""
REQUEST_SECONDS = 15.0
"""How long a request may take to arrive."""
MOST_CONNECTIONS = 8192
MOST_ARRIVING = 2 * LARGEST_BATCH
"""Bytes of a whole request, with what stands around the parts of a body in chunks."""
_AROUND_A_HEADER = 4
_MOST_LESSONS = 16
_SWEEP_SECONDS = 1.0
_LONG_ANSWERS = 2

_log = logging.getLogger(__name__)


class Server:
    """What the connections of one process share.

    Args:
        answering: answers.
    """

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.connections: set[Connection] = set()
        self.pool = ThreadPoolExecutor(_LONG_ANSWERS, thread_name_prefix="rolebook long answers")
        self.routes: dict[bytes, Route] = {}
        self.closing = False
        self.heads = Heads()

    def connection(self) -> "Connection":
        """Return the protocol of a new connection."""
        return Connection(self)

    async def sweep(self) -> None:
        """Close connections that are silent for too long or send too slowly, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = time.monotonic()
            for connection in tuple(self.connections):
                connection.close_if_late(now)

    def close(self) -> None:
        """Let every connection end with the answer that it is at."""
        self.closing = True
        for connection in tuple(self.connections):
            connection.close_when_done()
        self.pool.shutdown(wait=False, cancel_futures=True)


class Connection(asyncio.Protocol):
    """One client's connection; the callbacks ``on_…`` are httptools'."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._answering = server.answering
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._request: Arriving | None = None
        """The request that is arriving; llhttp's callbacks come only while there is one."""
        self._repeated: tuple[Repeated, Arriving, Route] | None = None
        self._lessons = 0
        self._begun = 0
        self._arrived = 0
        self._head_complete = False
        self._complete: Arriving | None = None
        self._waiting: deque[tuple[Arriving, str, bool]] = deque()
        self._at_work = False
        self._unread = False
        self._last_word: bytes | None = None
        self._last = time.monotonic()
        self._ending = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin (asyncio)."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are of classes of their own
        if len(self._server.connections) >= MOST_CONNECTIONS or self._server.closing:
            self._transport.close()
            return
        self._server.connections.add(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """End (asyncio)."""
        self._server.connections.discard(self)
        self._transport = None
        self._waiting.clear()

    @override
    def pause_writing(self) -> None:
        """Read nothing more from who does not read our answers (asyncio)."""
        self._unread = True
        if self._transport is not None:
            self._transport.pause_reading()

    @override
    def resume_writing(self) -> None:
        """Go on (asyncio)."""
        self._unread = False
        self._read_on()

    @override
    def data_received(self, data: bytes) -> None:
        """Take bytes (asyncio)."""
        if self._ending or self._last_word is not None:
            return
        idle = self._request is None and not self._at_work
        if idle:
            if self._repeated is not None and not self._server.closing:
                repeated, request, route = self._repeated
                taken = repeated.take(data)
                if taken is not None:
                    request.body, request.request_id = taken
                    self._last = time.monotonic()
                    self._answer_repeated(request, route)
                    return
            self._last = time.monotonic()
            self._begun, self._complete = 0, None
        self._read(data)
        if idle and self._begun == 1 and self._complete is not None and self._lessons < _MOST_LESSONS:
            self._learn(data, self._complete)

    def _learn(self, data: bytes, request: Arriving) -> None:
        """Remember what a request that came whole has in common with those that will perhaps follow."""
        if request.route is None or self._ending:
            return
        self._lessons += 1
        repeated = learn(data)
        self._repeated = (repeated, request, request.route) if repeated is not None else None

    def _answer_repeated(self, request: Arriving, route: Route) -> None:
        """Answer a request that differs from the one learned in its body and id only."""
        if len(request.body) > route.endpoint.largest_body:
            self._refuse(too_large(request))
        elif route.endpoint.long:
            self._respond(request, "POST", keep=True)
        else:
            self._write(self._answered(request, route, keep=True), keep=True)

    def _read(self, data: bytes) -> None:
        """Let llhttp take bytes apart; it calls back."""
        try:
            before = self._request
            self._parser.feed_data(data)
            if before is not None and self._request is before:
                self._count(len(data))
        except httptools.HttpParserUpgrade:
            pass  # the request was answered, as the last one: there is no other protocol here
        except Refusal as refusal:
            self._refuse(refusal)
        except httptools.HttpParserCallbackError as failure:
            cause = failure.__context__
            if isinstance(cause, Refusal):
                self._refuse(cause)
            else:
                _log.error("a connection failed", exc_info=failure)
                self._refuse(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "the decision point failed"))
        except httptools.HttpParserError as wrong:
            self._refuse(Refusal(HTTPStatus.BAD_REQUEST, f"this is no HTTP/1.1 request: {wrong}"))

    def _count(self, size: int) -> None:
        """Refuse a request that never comes to an end, or to the end of one header: llhttp would keep all of it."""
        self._arrived += size
        if self._arrived > (MOST_ARRIVING if self._head_complete else 2 * LARGEST_HEAD):
            raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the request does not come to an end")

    def on_message_begin(self) -> None:
        """A request begins."""
        self._request = Arriving()
        self._begun += 1
        self._arrived, self._head_complete = 0, False

    def on_url(self, url: bytes) -> None:
        """Its target, or a part of it."""
        request = cast(Arriving, self._request)
        request.target += url
        self._count_head(request, len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        request = cast(Arriving, self._request)
        self._count_head(request, len(name) + len(value) + _AROUND_A_HEADER)
        if self._head_complete:
            return  # a trailer: no proxy has judged it as a header (RFC 9110, section 6.5.1)
        name = name.lower()
        if name == b"authorization":
            request.credentials = once(request.credentials, value)
        elif name == b"content-type":
            request.content_type = once(request.content_type, value)
        elif name == b"x-request-id":
            request.request_id = value
        elif name == b"x-rolebook-at-least":
            request.at_least = once(request.at_least, value)
        elif name == b"content-length":
            request.size = int(value) if value.isdigit() and len(value) < 19 else 2**62
        elif name == b"expect":
            request.expects = value.lower() == b"100-continue"
        elif name == b"transfer-encoding" and self._parser.get_http_version() != "1.1":
            raise Refusal(HTTPStatus.BAD_REQUEST, "expected HTTP/1.1 for a transfer encoding")

    def on_headers_complete(self) -> None:
        """Find where the request leads; refuse a body that is too large before it comes."""
        request = cast(Arriving, self._request)
        self._head_complete = True
        method = self._parser.get_method()
        route = self._server.routes.get(request.target) if method == b"POST" else None
        if route is None:
            path = request.target.partition(b"?")[0].decode("latin-1")
            if is_ours(path) and not path.startswith(WELL_KNOWN):
                try:
                    route = self._answering.route(method.decode("latin-1"), path)
                except Refusal:
                    route = None  # told when the request has arrived, so that the connection stays in step
                known = route is not None and route.program_id in self._answering.state.programs
                if route is not None and known and b"?" not in request.target:
                    self._server.routes[request.target] = route
        request.route = route
        if request.size > largest(request):
            raise too_large(request)
        if request.expects and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        request = cast(Arriving, self._request)
        if not request.take(body):
            raise too_large(request)

    def on_message_complete(self) -> None:
        """Answer, or keep the request until those before it are answered."""
        request, self._request = cast(Arriving, self._request), None
        request.complete()
        self._complete = request
        method = self._parser.get_method().decode("latin-1")
        keep = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        keep = keep and not self._server.closing
        if self._at_work:
            if len(self._waiting) >= MOST_WAITING:
                raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many requests at once on one connection")
            self._waiting.append((request, method, keep))
        else:
            self._respond(request, method, keep=keep)

    @staticmethod
    def _count_head(request: Arriving, size: int) -> None:
        request.head += size
        if request.head > LARGEST_HEAD:
            raise Refusal(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"expected at most {LARGEST_HEAD} bytes of headers",
            )

    def _respond(self, request: Arriving, method: str, *, keep: bool) -> None:
        """Answer at once, or begin to."""
        route = request.route
        if route is None:
            self._write(self._answered_otherwise(request, method, keep=keep), keep=keep)
            return
        try:
            response = self._answered(request, route, keep=keep, at_once=route.endpoint.long)
        except TakesLong:
            self._at_work = True
            if self._transport is not None:
                self._transport.pause_reading()
            loop = asyncio.get_running_loop()
            work = loop.run_in_executor(self._server.pool, lambda: self._answered(request, route, keep=keep))
            work.add_done_callback(lambda done: self._worked(done, keep=keep))
        else:
            self._write(response, keep=keep)

    def _worked(self, done: "asyncio.Future[bytes]", *, keep: bool) -> None:
        """Write an answer that a thread made, then answer what came meanwhile."""
        self._at_work = False
        if done.cancelled():
            if self._transport is not None:
                self._transport.close()
            return
        self._write(done.result(), keep=keep)
        while self._waiting and not self._at_work and not self._ending:
            request, method, keep_on = self._waiting.popleft()
            self._respond(request, method, keep=keep_on)
        if self._last_word is not None and not self._at_work:
            self._write(self._last_word, keep=False)
        self._read_on()

    def _read_on(self) -> None:
        """Read again, unless an answer is being made, none is wanted any more, or those there are remain unread."""
        if self._transport is not None and not (self._at_work or self._unread or self._ending):
            self._transport.resume_reading()

    def _answered(self, request: Arriving, route: Route, *, keep: bool, at_once: bool = False) -> bytes:
        """Return the whole response to a question. Raises TakesLong where ``at_once`` asks too much."""
        try:
            body, revision = self._answering.answer(
                route,
                request.body,
                credentials=request.credentials,
                content_type=request.content_type,
                at_least=request.at_least,
                at_once=at_once,
            )
        except TakesLong:
            raise
        except Refusal as refusal:
            return refused(refusal, request.request_id, keep=keep)
        except Exception:
            return failed(request.request_id, keep=keep)
        return (
            self._server.heads.of_decision(revision, len(body)) + tail(request.request_id, keep=keep) + body
        )

    def _answered_otherwise(self, request: Arriving, method: str, *, keep: bool) -> bytes:
        """Return the whole response to what is no question: metadata, health, addresses that there are not."""
        path = request.target.partition(b"?")[0].decode("latin-1")
        cached = "no-store"
        try:
            if path == HEALTH:
                self._answering.fresh_state()
                body = b'"up to date"'
            elif path.startswith(WELL_KNOWN):
                body = self._answering.describe(method, path)
                cached = "public, max-age=300"
            else:
                self._answering.route(method, path)
                raise Refusal(HTTPStatus.NOT_FOUND, "there is no such endpoint")
        except Refusal as refusal:
            return refused(refusal, request.request_id, keep=keep, bodiless=method == "HEAD")
        except Exception:
            return failed(request.request_id, keep=keep)
        start = head(HTTPStatus.OK, len(body), (("Cache-Control", cached),))
        return start + tail(request.request_id, keep=keep) + (b"" if method == "HEAD" else body)

    def _write(self, response: bytes, *, keep: bool) -> None:
        transport = self._transport
        if transport is None or self._ending:
            return
        transport.write(response)
        if not keep:
            self._ending = True
            transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        """Answer what cannot be read on, and close: nobody knows where the next request would begin.

        Those before it get their answers first: whoever asked takes the first answer for that to the first request.
        """
        request = self._request
        self._request = None
        response = refused(refusal, request.request_id if request else None, keep=False)
        if self._at_work:
            self._last_word = response
        else:
            self._write(response, keep=False)

    def close_if_late(self, now: float) -> None:
        """Close a connection that is silent for too long, or whose request takes too long to arrive."""
        if self._at_work or self._transport is None:
            return
        if self._request is not None and now - self._last > REQUEST_SECONDS:
            self._refuse(Refusal(HTTPStatus.REQUEST_TIMEOUT, "the request took too long to arrive"))
        elif now - self._last > IDLE_SECONDS:
            if self._transport.is_closing():
                self._transport.abort()  # a close waits for the answers to be read, which may be never
            self._transport.close()

    def close_when_done(self) -> None:
        """Close now, or with the answer that is being made."""
        if not self._at_work and self._request is None and self._transport is not None:
            self._ending = True
            self._transport.close()
