"""Whole responses of the listener, as bytes (RFC 9112)."""

import logging
import secrets
import time
from email.utils import formatdate
from http import HTTPStatus

import msgspec

from rolebook.authzen.answering import REVISION, Refusal

_log = logging.getLogger(__name__)


class Heads:
    """What stands at the beginning of decisions; made anew once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._heads: dict[tuple[str, int], bytes] = {}

    def of_decision(self, revision: str, length: int) -> bytes:
        """Return the status line and headers of a decision with a body of ``length`` bytes, without the empty line."""
        second = int(time.time())
        if second != self._second:
            self._second, self._heads = second, {}
        known = self._heads.get((revision, length))
        if known is None:
            lines = (
                "HTTP/1.1 200 OK",
                "Content-Type: application/json",
                "Cache-Control: no-store",
                f"Date: {formatdate(second, usegmt=True)}",
                f"{REVISION}: {revision}",
                f"Content-Length: {length}",
                "",
            )
            known = self._heads[revision, length] = "\r\n".join(lines).encode("latin-1")
        return known


def head(status: HTTPStatus, length: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    """Return the status line and headers of any answer, without those of `tail` and the empty line."""
    named = {"Content-Type": "application/json", "Cache-Control": "no-store", **dict(headers)}
    named |= {"Date": formatdate(usegmt=True), "Content-Length": str(length)}
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        *(f"{name}: {value}" for name, value in named.items()),
    ]
    return ("\r\n".join(lines) + "\r\n").encode("latin-1")


def tail(request_id: bytes | None, *, keep: bool) -> bytes:
    """Return the headers that differ from answer to answer, and the empty line."""
    if request_id is None:
        return b"\r\n" if keep else b"Connection: close\r\n\r\n"
    end = b"\r\n\r\n" if keep else b"\r\nConnection: close\r\n\r\n"
    return b"X-Request-ID: " + request_id + end


def refused(refusal: Refusal, request_id: bytes | None, *, keep: bool, bodiless: bool = False) -> bytes:
    """Return the whole response of a refusal; ``bodiless`` for an answer to HEAD."""
    body = msgspec.json.encode(refusal.message)
    start = head(refusal.status, len(body), refusal.headers)
    return start + tail(request_id, keep=keep) + (b"" if bodiless else body)


def failed(request_id: bytes | None, *, keep: bool) -> bytes:
    """Return the whole response to a question at which we failed, after logging the exception that is handled."""
    reference = secrets.token_hex(4)
    _log.exception("the decision point failed (reference %s)", reference)
    message = f"the decision point failed; its log says more (reference {reference})"
    return refused(Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, message), request_id, keep=keep)
