"""The stored document of a rolebook: exact both ways, and one hash for one content."""

import dataclasses
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.policy.canonical import DocumentError, canonical_json, content_hash, from_document, to_document
from rolebook.policy.model import (
    Act,
    ByNote,
    Column,
    Mark,
    Matrix,
    MatrixTable,
    Privilege,
    Reach,
    Role,
    Rolebook,
    Row,
    RuleInForce,
    RuleOverride,
)
from tests.policy.shipped_books import NAMES, book

WORDS = st.text(max_size=4)
WORD_LISTS = st.lists(WORDS, max_size=2).map(tuple)
DAYS = st.none() | st.dates()
SETTINGS = st.dictionaries(WORDS, WORDS | st.integers() | st.booleans() | WORD_LISTS, max_size=2)
REACHES = st.builds(
    Reach,
    scope=st.sampled_from(["everywhere", "organization", "own record"]),
    kinds=WORD_LISTS,
    many=st.booleans(),
    lower_levels=st.booleans(),
    elsewhere=WORD_LISTS,
)
ROLES = st.builds(
    Role,
    id=WORDS,
    title=WORDS,
    category_id=WORDS,
    obtained=st.sampled_from(["request", "designation", "registration"]),
    reach=REACHES,
    other_names=WORD_LISTS,
    printed=st.booleans(),
    by_note=st.lists(st.builds(ByNote, WORDS, WORDS), max_size=1).map(tuple),
)
RULES = st.builds(
    RuleInForce,
    id=WORDS,
    settings=SETTINGS,
    effective_from=DAYS,
    effective_until=DAYS,
    overrides=st.lists(st.builds(RuleOverride, WORD_LISTS, SETTINGS, DAYS, DAYS), max_size=1).map(tuple),
)
MARKS = st.builds(Mark, WORDS, WORDS, WORDS, st.booleans(), st.booleans(), WORD_LISTS)
PRIVILEGES = st.builds(Privilege, WORDS, WORDS, WORDS, st.none() | WORDS, WORD_LISTS, WORD_LISTS)
TABLES = st.builds(
    lambda table_id, cell, area: MatrixTable(
        table_id, "", (Column("r", "R"),), (Row(area, "p", (cell,), ("*",)),)
    ),
    WORDS,
    WORDS,
    st.none() | WORDS,
)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_rolebook_comes_back_from_its_document_as_it_was(name: str) -> None:
    document = to_document(book(name))
    stored = json.loads(canonical_json(document))
    assert from_document(stored) == book(name)
    assert content_hash(from_document(stored)) == content_hash(book(name))


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_back_answers_as_what_was_read(name: str) -> None:
    again = from_document(to_document(book(name)))
    for role in (*book(name).roles, book(name).steward):
        assert again.powers(role.id) == book(name).powers(role.id)


@given(
    roles=st.lists(ROLES, max_size=2),
    rules=st.lists(RULES, max_size=2),
    marks=st.lists(MARKS, max_size=2),
    privileges=st.lists(PRIVILEGES, max_size=2),
    tables=st.lists(TABLES, max_size=2),
    words=st.dictionaries(WORDS, st.dictionaries(WORDS, WORDS, max_size=2), max_size=2),
)
def test_any_rolebook_comes_back_from_its_document_as_it_was(
    roles: list[Role],
    rules: list[RuleInForce],
    marks: list[Mark],
    privileges: list[Privilege],
    tables: list[MatrixTable],
    words: dict[str, dict[str, str]],
) -> None:
    made = dataclasses.replace(
        book("qpp"),
        roles=tuple(roles),
        rules=tuple(rules),
        marks=tuple(marks),
        privileges=tuple(privileges),
        matrix=Matrix(tuple(tables)),
        words=words,
    )
    stored = json.loads(canonical_json(to_document(made)))
    assert from_document(stored) == made
    assert content_hash(from_document(stored)) == content_hash(made)


def test_another_cell_is_another_hash() -> None:
    iqies = book("iqies")
    document = to_document(iqies)
    document["matrix"]["tables"][0]["rows"][0]["cells"][0] = "no"
    assert content_hash(from_document(document)) != content_hash(iqies)


def test_the_hash_does_not_depend_on_the_process() -> None:
    code = (
        "from rolebook.policy.reading import read_rolebook; from rolebook.policy.shipped import shipped_folder; "
        "from rolebook.policy.canonical import content_hash; print(content_hash(read_rolebook(shipped_folder('iqcs'))))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == content_hash(book("iqcs"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("program"),
        lambda d: d.update(unknown=1),
        lambda d: d.update(format="1"),
        lambda d: d.update(access="freely"),
        lambda d: d["program"].update(date="2026-02-30"),
        lambda d: d["program"].update(statement=7),
        lambda d: d["roles"].append("role"),
        lambda d: d["authority"]["acts"].update(fly=[]),
        lambda d: d["roles"][0]["reach"].update(scope=True),
        lambda d: d.update(roles={}),
        lambda d: d["matrix"]["tables"][0]["rows"][0].update(cells=[1]),
    ],
)
def test_a_document_that_is_no_rolebook_is_refused(spoil: Any) -> None:
    document = json.loads(canonical_json(to_document(book("iqcs"))))
    spoil(document)
    with pytest.raises(DocumentError):
        from_document(document)


def test_fields_with_their_default_value_are_left_out_so_that_new_ones_change_no_hash() -> None:
    document = to_document(book("qpp"))
    assert "marks" not in document
    defaults = {
        f.name for f in dataclasses.fields(Rolebook) if f.init and f.default is not dataclasses.MISSING
    }
    assert not {name for name in defaults if name in document and document[name] in ([], {}, None)}


def test_a_rolebook_cannot_be_changed() -> None:
    qpp = book("qpp")
    with pytest.raises(dataclasses.FrozenInstanceError):
        qpp.format = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        qpp.authority.acts[Act.DECIDE] = ()  # type: ignore[index]
