"""Pages of a search: how many results, from where on, and the token that says so (AuthZEN 1.0, section 8.2).

A token holds the size of the pages and the position, the last name that was looked at. It is encrypted and
authenticated together with the query (AES-SIV, RFC 5297), so that it fits no other query, program or kind of search,
and tells its holder nothing. A position is a name and no number: it stays good whatever changes between two pages.
The same position of the same query has the same token.
"""

import base64
import binascii
import contextlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from rolebook.authzen.evaluation import Malformed

DEFAULT_RESULTS: Final = 100
"""Results of a page for whoever names no limit."""
MOST_RESULTS: Final = 1000
"""Results of a page at most; a larger limit means this one (I12)."""


class PageAsked(msgspec.Struct):
    """The ``page`` of a request."""

    token: str = ""
    limit: Annotated[int, msgspec.Meta(ge=0)] | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins: after a name ("" for the first page), and how many results it may have."""

    after: str
    limit: int


class PageTokens:
    """Makes and reads page tokens; every process of an installation has the same secret key.

    Tokens that were made under an earlier key are read while the settings name it.
    """

    def __init__(self, secret_key: str, earlier: Sequence[str] = ()) -> None:
        self._ciphers = tuple(
            AESSIV(hmac.digest(key.encode(), b"page tokens of searches", "sha512"))
            for key in (secret_key, *earlier)
        )

    def seal(self, query: bytes, position: Position) -> str:
        """Return the token of a position in the results of a query."""
        told = msgspec.json.encode([position.limit, position.after])
        return base64.urlsafe_b64encode(self._ciphers[0].encrypt(told, [query])).decode().rstrip("=")

    def position(self, query: bytes, page: PageAsked) -> Position:
        """Return where the page begins that is asked for.

        Raises Malformed for a token that is none of this query, or that comes with another limit than its first page.
        """
        limit = None if page.limit is None else min(page.limit, MOST_RESULTS)
        if not page.token:
            return Position("", DEFAULT_RESULTS if limit is None else limit)
        try:
            sealed = base64.b64decode(page.token + "=" * (-len(page.token) % 4), b"-_", validate=True)
            first_limit, after = msgspec.json.decode(self._open(sealed, query), type=tuple[int, str])
        except (binascii.Error, ValueError, InvalidTag):
            raise Malformed("page.token: expected the next_token of a page of the same query") from None
        if limit is not None and limit != first_limit:
            raise Malformed("page.limit: expected the limit of the first page, or none")
        # A page of no results only tells whether there are any; who goes on without a limit wants to see them.
        return Position(after, DEFAULT_RESULTS if limit is None and first_limit == 0 else first_limit)

    def _open(self, sealed: bytes, query: bytes) -> bytes:
        for cipher in self._ciphers[:-1]:
            with contextlib.suppress(InvalidTag):
                return cipher.decrypt(sealed, [query])
        return self._ciphers[-1].decrypt(sealed, [query])


def fingerprint(*parts: Any) -> bytes:
    """Return a query as bytes: equal for equal queries only, whatever the order of their fields (fault 27)."""
    return msgspec.json.encode(parts, order="deterministic")
