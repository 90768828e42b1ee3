"""The catalogue of events: complete, and safe against names that would forge entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.audit.tags import TAGS
from rolebook.governance.queries import audit_words as words


def test_every_tag_has_its_words_and_no_words_are_left_over() -> None:
    assert set(words.SENTENCES) == set(TAGS)


def test_every_kind_of_event_can_be_chosen_and_finds_something() -> None:
    assert {told.kind for told in words.SENTENCES.values()} == set(words.KINDS)
    assert sum(len(words.tags_of(kind)) for kind in words.KINDS) == len(TAGS)
    assert words.tags_of("nothing of that kind") == ()


def test_every_detail_is_told_or_said_to_be_left_out() -> None:
    details = {detail for tag in TAGS.values() for detail in tag.details}
    assert set(words.LABELS) | words.UNTOLD == details
    assert not set(words.LABELS) & words.UNTOLD


def test_every_field_of_personal_data_is_told() -> None:
    fields = {name for tag in TAGS.values() for name in tag.personal} | {"origin_address"}
    assert set(words.PERSONAL) == fields


def test_refused_attempts_are_a_kind_of_their_own() -> None:
    refused = {tag for tag in TAGS if tag.startswith(words.REFUSED)}
    assert refused == set(words.tags_of("refused"))


@pytest.mark.fault(32)
@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_every_character_of_what_people_write_shows_and_stays_on_its_line(text: str) -> None:
    shown = words.visible(text)
    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert words.visible(shown) == shown


@pytest.mark.fault(32)
def test_a_name_that_turns_the_writing_round_shows_how_it_does_it() -> None:
    assert words.visible("Ma\u202eria\n\x1b[2J") == "Ma[U+202E]ria⏎[U+001B][2J"
    assert words.visible("José אבי 李") == "José אבי 李"
