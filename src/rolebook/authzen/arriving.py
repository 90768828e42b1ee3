"""One request of the listener while it arrives: what is kept of it, and how much of it may come."""

from dataclasses import dataclass
from http import HTTPStatus

from rolebook.authzen.answering import Refusal, Route

LARGEST_HEAD = 16 * 1024
"""Bytes of a request's line and headers."""


@dataclass(slots=True)
class Arriving:
    """One request while it arrives; ``route`` leads nowhere while there is none."""

    target: bytes = b""
    route: Route | None = None
    credentials: str | None = None
    content_type: str | None = None
    at_least: str | None = None
    request_id: bytes | None = None
    expects: bool = False
    body: bytes = b""
    head: int = 0
    size: int = 0
    parts: bytearray | None = None

    def take(self, part: bytes) -> bool:
        """Keep a part of the body; False, and nothing kept, when it would be too large.

        One part is kept as it came. More are gathered: to copy what there is with every part would let tiny ones keep
        everybody waiting.
        """
        come = len(self.body) if self.parts is None else len(self.parts)
        if come + len(part) > largest(self):
            return False
        if self.parts is not None:
            self.parts += part
        elif self.body:
            self.parts = bytearray(self.body)
            self.parts += part
        else:
            self.body = part
        return True

    def complete(self) -> None:
        """Make one body of the parts."""
        if self.parts is not None:
            self.body, self.parts = bytes(self.parts), None


def largest(request: Arriving) -> int:
    """Return how many bytes the body may have; without a route, nobody needs any."""
    return request.route.endpoint.largest_body if request.route is not None else LARGEST_HEAD


def too_large(request: Arriving) -> Refusal:
    """Return the refusal of a body that is larger."""
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected at most {largest(request)} bytes")


def once(known: str | None, value: bytes) -> str:
    """Return a header's value; two of a kind say two things, of which none is heard (RFC 9110, section 5.3)."""
    if known is not None:
        raise Refusal(HTTPStatus.BAD_REQUEST, "a header that may stand once was sent twice")
    return value.decode("latin-1")
