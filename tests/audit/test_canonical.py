"""The canonical form of an event: one text for one event, and nothing in it that could pass for another."""

import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.audit import canonical
from rolebook.audit.canonical import Unrecordable

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
keys = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
details = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(keys, details, max_size=5)


def too_deep(value: Any, depth: int = 0) -> bool:
    if isinstance(value, dict):
        return any(too_deep(v, depth + 1) for v in value.values())
    if isinstance(value, list):
        return any(too_deep(v, depth + 1) for v in value)
    return depth > 8


def serialized(event: dict[str, Any]) -> str:
    members = canonical.to_json(event)
    assert isinstance(members, dict)
    return canonical.serialize(members)


@pytest.mark.invariant("I11")
@pytest.mark.fault(32)
@given(objects)
def test_the_canonical_text_is_one_line_of_printable_ascii_and_reads_back_exactly(
    event: dict[str, Any],
) -> None:
    if too_deep(event):
        return
    text = serialized(event)
    assert re.fullmatch(r"[ -~]*", text)
    assert json.loads(text) == event
    assert canonical.serialize(json.loads(text)) == text


@given(objects)
def test_the_order_of_keys_does_not_change_the_text(event: dict[str, Any]) -> None:
    if too_deep(event):
        return
    turned = dict(reversed(event.items()))
    assert serialized(event) == serialized(turned)


@given(objects, objects)
def test_two_different_events_have_different_texts_and_hashes(one: dict[str, Any], other: Any) -> None:
    if too_deep(one) or too_deep(other):
        return
    texts_of = [serialized(event) for event in (one, other)]
    same = texts_of[0] == texts_of[1]
    assert (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)) == same
    assert (canonical.content_hash(texts_of[0]) == canonical.content_hash(texts_of[1])) == same


@pytest.mark.fault(32)
@pytest.mark.parametrize(
    "forgery",
    ['x"\n{"sequence":9}', "a\u202eb", "a\u2028b", "\x1b[2J", "\x7f", "\u0000b"[1:] + "\r\n", "NFC e\u0301"],
)
def test_a_name_cannot_break_out_of_its_line(forgery: str) -> None:
    text = canonical.serialize({"name": forgery})
    assert re.fullmatch(r"[ -~]*", text)
    assert json.loads(text) == {"name": forgery}


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-14 * 60, 14 * 60))
def test_an_instant_has_one_text_whatever_zone_it_is_given_in(at: datetime, minutes: int) -> None:
    try:
        elsewhere = at.astimezone(timezone(timedelta(minutes=minutes)))
    except OverflowError:
        return
    assert canonical.instant(elsewhere) == canonical.instant(at)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", canonical.instant(at))


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        2**53,
        -(2**53),
        "a\0b",
        "\ud800",
        b"bytes",
        {"": 1},
        {"line\nbreak": 1},
        {"é": 1},
        {"x" * 81: 1},
        datetime(2026, 3, 1),  # noqa: DTZ001 - naive on purpose
        {1, 2},
        [[[[[[[[[[1]]]]]]]]]],
    ],
)
def test_what_cannot_be_held_exactly_is_refused(value: Any) -> None:
    with pytest.raises(Unrecordable):
        canonical.to_json({"detail": value})


def test_days_ids_and_tuples_become_plain_json() -> None:
    assert canonical.to_json({"on": date(2026, 3, 1), "ids": (1, None)}) == {
        "on": "2026-03-01",
        "ids": [1, None],
    }


@given(st.binary(min_size=16, max_size=16), texts, texts)
def test_a_commitment_is_bound_to_field_and_value(salt: bytes, value: Any, other: Any) -> None:
    assert (canonical.commitment(salt, "name", value) == canonical.commitment(salt, "name", other)) == (
        value == other
    )
    assert canonical.commitment(salt, "name", value) != canonical.commitment(salt, "email", value)
    assert canonical.commitment(salt, "name", value) != canonical.commitment(bytes(16) + b"x", "name", value)
