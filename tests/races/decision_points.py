"""Real decision-point processes for races: those of `rolebook decide` and of `rolebook serve`, on a database of the
test's own.
"""

import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import local
from typing import Any

from tests.support.databases import CommittedDatabase

APPLICATION = "rolebook.server.wsgi:application"
GRANIAN = (
    *("--interface", "wsgi", "--workers", "1", "--blocking-threads", "4", "--no-ws"),
    *("--log-level", "warning"),
)
START_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    """Ask Linux to end the server when the tests are killed so hard that they cannot do it themselves."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class DecisionPointProcess:
    """One server in a process group of its own."""

    port: int
    process: subprocess.Popen[bytes]
    token: str
    _of_thread: local = field(default_factory=local)
    _opened: list[http.client.HTTPConnection] = field(default_factory=list)

    def ask(self, body: dict[str, Any]) -> tuple[int, Any]:
        """Send one evaluation; return the status and the decoded body. One connection a thread."""
        connection = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self.connect()
        try:
            return self.read(self.send(connection, body))
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def connect(self) -> http.client.HTTPConnection:
        """Return a new connection, closed with the server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        self._opened.append(connection)
        return connection

    def send(
        self, connection: http.client.HTTPConnection, body: dict[str, Any]
    ) -> http.client.HTTPConnection:
        """Send one evaluation, and return the connection on which its answer will come."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("POST", "/qpp/access/v1/evaluation", json.dumps(body), headers)
        return connection

    @staticmethod
    def read(connection: http.client.HTTPConnection) -> tuple[int, Any]:
        """Read the answer to what was sent."""
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def says(self, body: dict[str, Any]) -> bool:
        """Ask until there is a decision, as an application does that gets 503."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                status, answer = self.ask(body)
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
                continue
            if status == 200:
                return bool(answer["decision"])
            assert status == 503, (status, answer)
            time.sleep(0.02)
        raise TimeoutError(f"no decision from port {self.port}")

    def close(self) -> None:
        """Close every connection."""
        for connection in self._opened:
            connection.close()

    def signal(self, number: int) -> None:
        """Send a signal to all processes of this server."""
        os.killpg(self.process.pid, number)


@contextmanager
def decision_points(
    database: CommittedDatabase,
    *,
    count: int,
    token: str,
    lease_seconds: float,
    application: str = APPLICATION,
) -> Iterator[list[DecisionPointProcess]]:
    """Run servers until the block ends, a `rolebook decide` first and then by turns; none is left running."""
    started: list[DecisionPointProcess] = []
    try:
        for number in range(count):
            port = free_port()
            address = ["--host", "127.0.0.1", "--port", str(port)]
            served = ["granian", *GRANIAN, *address, application]
            listening = ["rolebook.authzen.process", "127.0.0.1", str(port)]
            alone = number % 2 == 0 and application == APPLICATION
            process = subprocess.Popen(
                [sys.executable, "-m", *(listening if alone else served)],
                env={**os.environ, **database.environment, "ROLEBOOK_LEASE_SECONDS": str(lease_seconds)},
                start_new_session=True,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - one thread starts it, and it calls one system call
            )
            started.append(DecisionPointProcess(port, process, token))
        yield started
    finally:
        for point in started:
            with suppress(subprocess.TimeoutExpired, ProcessLookupError):
                point.signal(signal.SIGCONT)
                point.process.terminate()
                point.process.wait(15)
            with suppress(ProcessLookupError):
                point.signal(signal.SIGKILL)
            point.process.wait()
            point.close()
