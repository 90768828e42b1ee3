"""Decision points on loopback: a real listener over a made program, and one that says what a test scripts."""

import asyncio
import socketserver
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from rolebook.authzen.listener import Server
from tests.authzen.listening import TOKEN, Fresh, made_service


@dataclass
class Served:
    """Where it listens, and what a test may change."""

    url: str
    token: str
    fresh: Fresh


@pytest.fixture
def served() -> Iterator[Served]:
    """A decision point that answers for the program `made`: `yes` may `view` at `here`."""
    service = made_service()
    loop = asyncio.new_event_loop()
    server = Server(service)
    # In a thread of its own: beside a browser's tests this one has a loop that runs already.
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    starting = loop.create_server(server.connection, "127.0.0.1", 0)
    listening = asyncio.run_coroutine_threadsafe(starting, loop).result()
    port = listening.sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}", TOKEN, cast(Fresh, service.follower))

    async def end() -> None:
        server.close()
        listening.close()
        await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(end(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def reply(body: str, status: str = "200 OK", *headers: str) -> bytes:
    """The bytes of a response."""
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body.encode())}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body.encode()


@dataclass
class Scripted:
    """Says one thing after the other, the last one for ever; b"" cuts the connection without an answer."""

    script: Sequence[bytes] = (reply('{"decision":true}'),)
    asked: list[bytes] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    """A server that is told what to say."""
    scripted = Scripted()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = self.rfile.readline()
                if not line:
                    return
                head += line
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            scripted.asked.append(head + self.rfile.read(length))
            turn = min(len(scripted.asked), len(scripted.script)) - 1
            self.wfile.write(scripted.script[turn])

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        scripted.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield scripted
        server.shutdown()
        thread.join()
