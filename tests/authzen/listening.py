"""A listener without a network: bytes in, bytes out, on a made program and a follower that is fresh or not."""

import asyncio
import io
import json
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast

from rolebook.accounts.flows.clients import digest
from rolebook.audit.feed import Revision
from rolebook.audit.following import LogFollower
from rolebook.authzen.answering import Answering
from rolebook.authzen.listener import Connection, Server
from rolebook.authzen.loading import KnownClient
from rolebook.authzen.wsgi import DecisionPoint
from tests.authzen.made import state_of

TOKEN = "rbk_good"
REVISION = Revision(7, bytes(range(32)))


@dataclass
class Fresh:
    """In place of a follower: says what a test wants said."""

    fresh: bool = True
    revision: Revision | None = REVISION

    def is_fresh(self) -> bool:
        """What the test set."""
        return self.fresh

    def wait_until_fresh(self, seconds: float) -> None:
        """Wait for nothing."""


def fill(service: Answering) -> Answering:
    """Give a service a made program and two clients of it."""
    service.state.programs = {"made": state_of(Random(0), plain=True)}
    service.state.clients = {
        digest(TOKEN): KnownClient("made", frozenset({"evaluation", "search"})),
        digest("rbk_narrow"): KnownClient("made", frozenset({"evaluation"})),
        digest("rbk_other"): KnownClient("other", frozenset({"evaluation"})),
    }
    service.follower = cast(LogFollower, Fresh())
    return service


def made_service() -> Answering:
    """A service that answers."""
    return fill(Answering(site_url="https://a.example", lease_seconds=5, secret_key="s" * 40))


def made_point() -> DecisionPoint:
    """The same behind WSGI."""
    import os

    point = DecisionPoint(
        lambda _environ, _start: [], site_url="https://a.example", lease_seconds=5, secret_key="s" * 40
    )
    fill(point)
    point._process_id = os.getpid()
    return point


@dataclass
class Pipe:
    """In place of a transport."""

    written: bytearray = field(default_factory=bytearray)
    closed: bool = False
    reading: bool = True
    aborted: bool = False

    def write(self, data: bytes) -> None:
        """Keep what is written before the end."""
        if not self.closed:
            self.written += data

    def close(self) -> None:
        """End."""
        self.closed = True

    def is_closing(self) -> bool:
        """Whether the end was asked for."""
        return self.closed

    def abort(self) -> None:
        """End at once."""
        self.closed = self.aborted = True

    def pause_reading(self) -> None:
        """Give nothing more."""
        self.reading = False

    def resume_reading(self) -> None:
        """Give again."""
        self.reading = True


@dataclass
class Response:
    """One response, taken apart."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def in_a_loop[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a thread of its own: beside a browser's tests this one has a loop that runs."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, work).result()


def exchange(
    service: Answering, chunks: Sequence[bytes], then: Callable[[Connection], None] | None = None
) -> tuple[list[Response], Pipe]:
    """Send chunks on one connection, each when the connection reads; return the responses, and the pipe."""

    async def run() -> Pipe:
        server = Server(service)
        connection, pipe = server.connection(), Pipe()
        connection.connection_made(cast(asyncio.Transport, pipe))
        for chunk in chunks:
            while not pipe.reading and not pipe.closed:
                await asyncio.sleep(0.001)
            if pipe.closed:
                break
            connection.data_received(chunk)
        while connection._at_work:
            await asyncio.sleep(0.001)
        if then is not None:
            then(connection)
        server.close()
        return pipe

    pipe = in_a_loop(run())
    return responses_in(bytes(pipe.written)), pipe


def responses_in(data: bytes, *, bodiless: bool = False) -> list[Response]:
    """Take a stream of responses apart; every byte belongs to one."""
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {each.split(": ", 1)[0]: each.split(": ", 1)[1] for each in lines}
        size = 0 if bodiless or line.startswith("HTTP/1.1 1") else int(headers["Content-Length"])
        found.append(Response(int(line.split(" ")[1]), headers, data[:size]))
        data = data[size:]
    return found


def question(subject: str = "yes", place: str = "here", action: str = "view", **more: Any) -> dict[str, Any]:
    """The JSON of an evaluation; `yes` may view at `here`."""
    return {
        "subject": {"type": "user", "id": subject},
        "action": {"name": action},
        "resource": {"type": "organization", "id": place},
        **more,
    }


def request(
    body: Any = None,
    *,
    path: str = "/made/access/v1/evaluation",
    method: str = "POST",
    token: str | None = TOKEN,
    content_type: str | None = "application/json",
    request_id: str | None = None,
    more: Sequence[str] = (),
) -> bytes:
    """The bytes of a request."""
    raw = body if isinstance(body, bytes) else json.dumps(question() if body is None else body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: a.example"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"Content-Type: {content_type}"] if content_type else []
    lines += [f"X-Request-ID: {request_id}"] if request_id else []
    lines += [*more, f"Content-Length: {len(raw)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + raw


def by_wsgi(point: DecisionPoint, raw: bytes) -> Response:
    """Ask the same of the WSGI callable."""
    head, _, body = raw.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = line.split(" ")
    headers: dict[str, str] = {}
    for each in lines:
        name, value = each.split(": ", 1)
        headers[name.upper().replace("-", "_")] = value
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "wsgi.input": io.BytesIO(body),
        **{name: headers[name] for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if name in headers},
        **{f"HTTP_{name}": value for name, value in headers.items()},
    }
    told: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
        told.append((status, headers))

    parts = point(environ, start)
    status, given = told[0]
    return Response(int(status[:3]), dict(given), b"".join(parts))
