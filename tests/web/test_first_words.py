"""The first word of an address is a program's id, or nothing that a program can be called."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from rolebook.policy.terms import TAKEN_BY_ADDRESSES

_AN_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")


def _whole(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _whole(pattern.url_patterns, here)
        else:
            yield here


def test_no_program_can_have_an_id_with_which_another_address_begins() -> None:
    first = {address.lstrip("^").split("/")[0] for address in _whole(get_resolver().url_patterns)}
    possible = {word for word in first if _AN_ID.fullmatch(word)}
    assert {"api", "metrics"} <= possible
    assert possible <= TAKEN_BY_ADDRESSES
