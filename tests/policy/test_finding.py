"""Privileges are found by what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.policy.finding import find_privileges
from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import shipped_folder

IQIES = read_rolebook(shipped_folder("iqies"))
PROGRAMS = [IQIES, *(read_rolebook(shipped_folder(name)) for name in ("qpp", "iqcs"))]


def titles(text: str, book: Rolebook = IQIES) -> list[str]:
    return [privilege.title for privilege in find_privileges(book, text).every_word]


@pytest.mark.requirement("IQIES-03")
@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("delete a patient", "Delete a patient"),
        ("I need to delete patients", "Delete a patient"),
        ("modify assessments", "Edit a patient assessment"),
        ("approve roles", "iQIES role approval"),
        ("377", "Edit CMS-377 form"),
        ("state-prohibited codes", "Manage state-prohibited codes"),
        ("IDR view", "View IDR"),
    ],
)
def test_the_words_of_people_find_the_privilege_that_they_mean(text: str, first: str) -> None:
    assert titles(text)[0] == first


@pytest.mark.parametrize("book", PROGRAMS, ids=lambda book: book.program.id)
def test_every_title_finds_itself_first(book: Rolebook) -> None:
    for privilege in book.privileges:
        assert titles(privilege.title, book)[0] == privilege.title


def test_what_fits_in_part_is_offered_only_when_nothing_fits_whole() -> None:
    found = find_privileges(IQIES, "delete a spaceship")
    assert found.every_word == ()
    assert found.some_words[0].title.startswith("Delete")
    assert find_privileges(IQIES, "delete a patient").some_words == ()


def test_nothing_and_words_without_meaning_find_nothing() -> None:
    for text in ("", "   ", "I need to do the", "!?*", "\0"):
        assert find_privileges(IQIES, text).every_word == ()


@given(st.text(max_size=60))
def test_whatever_is_typed_each_privilege_is_found_once_at_most(text: str) -> None:
    found = find_privileges(IQIES, text)
    listed = [privilege.id for privilege in (*found.every_word, *found.some_words)]
    assert len(listed) == len(set(listed))
