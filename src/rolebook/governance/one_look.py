"""What is found, or built, once within one look: a page that only shows asks for the same several times."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_found: ContextVar[dict[Hashable, Any] | None] = ContextVar("found", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Let `once` remember inside, and forget afterwards. Never around a flow: those read for themselves."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def once[Found](key: Hashable, find: Callable[[], Found]) -> Found:
    """Return what ``find`` finds, found once within one look; outside of one, each time."""
    known = _found.get()
    if known is None:
        return find()
    if key not in known:
        known[key] = find()
    found: Found = known[key]
    return found
