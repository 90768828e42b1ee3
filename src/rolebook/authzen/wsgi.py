"""The decision point as a WSGI callable: AuthZEN over HTTP, without Django on the path of a request.

It stands in front of another application and takes its own addresses only. Each process has its own
follower thread, started by the first request; until it has loaded, and whenever its lease has run out,
the answer is 503 and never a stale yes.
"""

import logging
import os
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any

import msgspec

from rolebook.accounts.flows.clients import digest
from rolebook.audit import clock
from rolebook.audit.following import LogFollower
from rolebook.authzen.evaluation import Malformed, evaluate
from rolebook.authzen.evaluations import TooManyEvaluations, evaluate_many
from rolebook.authzen.metadata import ENDPOINTS, WELL_KNOWN, metadata
from rolebook.authzen.paging import PageTokens
from rolebook.authzen.searching import search_actions, search_resources, search_subjects
from rolebook.authzen.state import ProgramState, State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_BODY = 64 * 1024
"""Bytes of a request body; an evaluation is a few hundred (I12)."""
LARGEST_BATCH = 512 * 1024
"""Bytes of a request body with many evaluations."""
FIRST_LOAD_SECONDS = 5.0
"""How long the first requests of a process wait for its first load."""
KIND = "decision point"

_ENDPOINT = re.compile(rf"/([a-z][a-z0-9_]{{0,63}})/access/v1/({'|'.join(ENDPOINTS.values())})")
_ADDRESSES = re.compile(r"/[^/]+/access/v1/|" + re.escape(WELL_KNOWN))
_JSON = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?', re.IGNORECASE)
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)
_log = logging.getLogger(__name__)


class _Refusal(Exception):
    """An answer that is no decision: its status line, a message for people, and further headers."""

    def __init__(self, status: str, message: str, *headers: tuple[str, str]) -> None:
        self.status, self.message, self.headers = status, message, headers
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """What a token must be allowed, how large a body may be, and what answers it at a microsecond."""

    operation: str
    largest_body: int
    answer: Callable[[ProgramState, bytes, int], bytes]


def _endpoints(tokens: PageTokens) -> dict[str, _Endpoint]:
    def search(answer: Callable[[ProgramState, bytes, int, PageTokens], bytes]) -> _Endpoint:
        return _Endpoint(
            "search", LARGEST_BODY, lambda program, body, at_micros: answer(program, body, at_micros, tokens)
        )

    return {
        "evaluation": _Endpoint("evaluation", LARGEST_BODY, evaluate),
        "evaluations": _Endpoint("evaluation", LARGEST_BATCH, evaluate_many),
        "search/subject": search(search_subjects),
        "search/resource": search(search_resources),
        "search/action": search(search_actions),
    }


class DecisionPoint:
    """Answers the AuthZEN addresses of every program, and hands all others on.

    Args:
        behind: the application that gets every other request.
        site_url: where the server is reached from outside, for the metadata.
        lease_seconds: how long an answer may rest on one reading of the log.
        secret_key: the installation's secret, from which the key of page tokens is made.
    """

    def __init__(
        self, behind: "WSGIApplication", *, site_url: str, lease_seconds: float, secret_key: str
    ) -> None:
        self._behind = behind
        self._site_url = site_url
        self._lease_seconds = lease_seconds
        self._endpoints = _endpoints(PageTokens(secret_key))
        self._process_id = 0
        self._starting = threading.Lock()
        self.state = State()
        self.follower: LogFollower | None = None

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if self._process_id != os.getpid():
            self._start()
        if not _ADDRESSES.match(path):
            return self._behind(environ, start_response)
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        request_id = environ.get("HTTP_X_REQUEST_ID")
        if request_id:
            headers.append(("X-Request-ID", request_id))
        try:
            status, body, more = self._answer(path, environ)
        except _Refusal as refusal:
            status, body, more = refusal.status, msgspec.json.encode(refusal.message), list(refusal.headers)
        except Exception:
            reference = secrets.token_hex(4)
            _log.exception("the decision point failed (reference %s)", reference)
            message = f"the decision point failed; its log says more (reference {reference})"
            status, body, more = "500 Internal Server Error", msgspec.json.encode(message), []
        replaced = {name for name, _ in more}
        headers = [header for header in headers if header[0] not in replaced] + more
        headers.append(("Content-Length", str(len(body))))
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer(self, path: str, environ: "WSGIEnvironment") -> tuple[str, bytes, list[tuple[str, str]]]:
        method = environ["REQUEST_METHOD"]
        if path.startswith(WELL_KNOWN):
            if method not in ("GET", "HEAD"):
                raise _Refusal("405 Method Not Allowed", "expected GET", ("Allow", "GET"))
            body = metadata(self._fresh_state().programs, path, self._site_url)
            if body is None:
                raise _Refusal("404 Not Found", "there is no such program")
            return "200 OK", body, [("Cache-Control", "public, max-age=300")]
        found = _ENDPOINT.fullmatch(path)
        if found is None:
            raise _Refusal("404 Not Found", "there is no such endpoint")
        if method != "POST":
            raise _Refusal("405 Method Not Allowed", "expected POST", ("Allow", "POST"))
        endpoint = self._endpoints[found.group(2)]
        # The body is read first: everything is then judged at one moment, after the whole question has arrived.
        body = _read_body(environ, endpoint.largest_body)
        state = self._fresh_state()
        program = _authorized(state, environ, found.group(1), endpoint.operation)
        if not _JSON.fullmatch(environ.get("CONTENT_TYPE") or ""):
            raise _Refusal("415 Unsupported Media Type", "expected the content type application/json")
        revision = self.follower.revision if self.follower else None
        try:
            answer = endpoint.answer(program, body, clock.now_micros())
        except Malformed as wrong:
            raise _Refusal("400 Bad Request", str(wrong)) from None
        except TooManyEvaluations as wrong:
            raise _Refusal("413 Content Too Large", str(wrong)) from None
        return "200 OK", answer, [("X-Rolebook-Revision", str(revision))]

    def _fresh_state(self) -> State:
        """Return the state, if it may be used at this moment; the first requests wait a little for it."""
        follower = self.follower
        if follower is not None:
            follower.wait_until_fresh(FIRST_LOAD_SECONDS)
        if follower is None or not follower.is_fresh():
            raise _Refusal(
                "503 Service Unavailable",
                "the decision point is not up to date; ask again",
                ("Retry-After", "1"),
            )
        return self.state

    def _start(self) -> None:
        """Start following in this process."""
        with self._starting:
            if self._process_id != os.getpid():
                self.state = State()
                self.follower = LogFollower(
                    self.state,
                    kind=KIND,
                    name=f"{socket.gethostname()} process {os.getpid()}",
                    lease_seconds=self._lease_seconds,
                )
                self.follower.start()
                self._process_id = os.getpid()
                # Runs at an orderly end also in a worker that was forked, which atexit does not.
                Finalize(None, self.stop, exitpriority=0)

    def stop(self) -> None:
        """Stop answering and following; for an orderly end of the process."""
        if self.follower is not None and self._process_id == os.getpid():
            self.follower.stop()


def _read_body(environ: "WSGIEnvironment", largest: int) -> bytes:
    too_large = _Refusal("413 Content Too Large", f"expected at most {largest} bytes")
    length = environ.get("CONTENT_LENGTH") or ""
    if length and not length.isdecimal():
        raise _Refusal("400 Bad Request", "the content length is not a number")
    if length and int(length) > largest:
        raise too_large
    stream: Any = environ["wsgi.input"]
    wanted = int(length) if length else largest + 1
    body = b""
    while len(body) < wanted and (part := stream.read(wanted - len(body))):
        body += part
    if len(body) > largest:
        raise too_large
    return body


def _authorized(state: State, environ: "WSGIEnvironment", program_id: str, operation: str) -> ProgramState:
    """Return the program's state for a client that may ask it. A program of others is as one that does
    not exist.
    """
    challenge = 'Bearer realm="rolebook"'
    credentials = environ.get("HTTP_AUTHORIZATION")
    if not credentials:
        raise _Refusal("401 Unauthorized", "expected a bearer token", ("WWW-Authenticate", challenge))
    token = _BEARER.fullmatch(credentials)
    client = state.clients.get(digest(token.group(1))) if token else None
    if client is None:
        raise _Refusal(
            "401 Unauthorized",
            "the bearer token is not valid",
            ("WWW-Authenticate", challenge + ', error="invalid_token"'),
        )
    program = state.programs.get(program_id)
    if program is None or client.program_id != program_id:
        raise _Refusal("404 Not Found", "there is no such program")
    if operation not in client.operations:
        raise _Refusal(
            "403 Forbidden",
            f"this token may not ask for {operation}",
            ("WWW-Authenticate", challenge + ', error="insufficient_scope"'),
        )
    return program
