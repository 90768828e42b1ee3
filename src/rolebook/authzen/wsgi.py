"""The decision point as a WSGI callable: AuthZEN over HTTP, without Django on the path of a request.

It stands in front of another application and takes its own addresses only. Each process has its own
follower thread, started by the first request; until it has loaded, and whenever its lease has run out,
the answer is 503 and never a stale yes.
"""

import logging
import os
import secrets
import threading
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, override

import msgspec

from rolebook.authzen.answering import REVISION, Answering, Refusal, is_ours
from rolebook.authzen.metadata import WELL_KNOWN
from rolebook.authzen.state import State
from rolebook.governance.queries.asking import EVALUATION

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FIRST_LOAD_SECONDS = 5.0
"""How long the first requests of a process wait for its first load."""

_log = logging.getLogger(__name__)


class DecisionPoint(Answering):
    """Answers the AuthZEN addresses of every program, and hands all others on.

    Args:
        behind: the application that gets every other request.
        site_url: where the server is reached from outside, for the metadata.
        lease_seconds: how long an answer may rest on one reading of the log.
        secret_key: the installation's secret, from which the key of page tokens is made.
        earlier_secret_keys: secrets before it, under which tokens are still read.
        usage_seconds: how often uses of privileges are written; 0 to keep none.
        decision_log: see `Answering`.
    """

    def __init__(
        self,
        behind: "WSGIApplication",
        *,
        site_url: str,
        lease_seconds: float,
        secret_key: str,
        earlier_secret_keys: Sequence[str] = (),
        usage_seconds: float = 0.0,
        decision_log: tuple[str, float] | None = None,
    ) -> None:
        super().__init__(
            site_url=site_url,
            lease_seconds=lease_seconds,
            secret_key=secret_key,
            earlier_secret_keys=earlier_secret_keys,
            usage_seconds=usage_seconds,
            decision_log=decision_log,
        )
        self._behind = behind
        self._process_id = 0
        self._starting = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        path = environ.get("PATH_INFO", "")
        if self._process_id != os.getpid():
            self._start()
        if not is_ours(path):
            environ[EVALUATION] = self.evaluate
            return self._behind(environ, start_response)
        headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
        request_id = environ.get("HTTP_X_REQUEST_ID")
        if request_id:
            headers.append(("X-Request-ID", request_id))
        status = HTTPStatus.OK
        try:
            body, more = self._respond(path, environ)
        except Refusal as refusal:
            status, body, more = refusal.status, msgspec.json.encode(refusal.message), list(refusal.headers)
        except Exception:
            reference = secrets.token_hex(4)
            _log.exception("the decision point failed (reference %s)", reference)
            message = f"the decision point failed; its log says more (reference {reference})"
            status, body, more = HTTPStatus.INTERNAL_SERVER_ERROR, msgspec.json.encode(message), []
        replaced = {name for name, _ in more}
        headers = [header for header in headers if header[0] not in replaced] + more
        headers.append(("Content-Length", str(len(body))))
        start_response(f"{status.value} {status.phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _respond(self, path: str, environ: "WSGIEnvironment") -> tuple[bytes, list[tuple[str, str]]]:
        method = environ["REQUEST_METHOD"]
        if path.startswith(WELL_KNOWN):
            return self.describe(method, path), [("Cache-Control", "public, max-age=300")]
        route = self.route(method, path)
        # The body is read first: everything is then judged at one moment, after the whole question has arrived.
        body = _read_body(environ, route.endpoint.largest_body)
        answer, revision = self.answer(
            route,
            body,
            credentials=environ.get("HTTP_AUTHORIZATION"),
            content_type=environ.get("CONTENT_TYPE"),
            at_least=environ.get("HTTP_X_ROLEBOOK_AT_LEAST"),
        )
        return answer, [(REVISION, revision)]

    @override
    def fresh_state(self) -> State:
        """Return the state, if it may be used; the first requests wait a little for it. Raises Refusal."""
        if self.follower is not None:
            self.follower.wait_until_fresh(FIRST_LOAD_SECONDS)
        return super().fresh_state()

    def _start(self) -> None:
        """Start following in this process."""
        with self._starting:
            if self._process_id != os.getpid():
                self.follow()
                self._process_id = os.getpid()
                # Runs at an orderly end also in a worker that was forked, which atexit does not.
                Finalize(None, self.stop, exitpriority=0)

    @override
    def stop(self) -> None:
        """Stop answering and following; for an orderly end of the process."""
        if self._process_id == os.getpid():
            super().stop()


def _read_body(environ: "WSGIEnvironment", largest: int) -> bytes:
    too_large = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {largest} bytes")
    length = environ.get("CONTENT_LENGTH") or ""
    if length and not length.isdecimal():
        raise Refusal(HTTPStatus.BAD_REQUEST, "the content length is not a number")
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
