"""A fourth program is data only: a public role table with qualified cells, read, linted and asked."""

import dataclasses
from pathlib import Path

import pytest

from rolebook.decision.cases import run_cases
from rolebook.policy.cases import read_cases
from rolebook.policy.errors import RolebookErrors
from rolebook.policy.lint import lint, open_findings
from rolebook.policy.reading import read
from rolebook.policy.skeleton import skeleton
from tests.policy.small import SMALL, write

WEBLOG = Path(__file__).parent / "data" / "weblog"


@pytest.mark.parametrize("folder", ["weblog", "skeleton"])
def test_a_fourth_program_s_claims_hold(folder: str, tmp_path: Path) -> None:
    place = WEBLOG if folder == "weblog" else write(tmp_path, dict(skeleton("Fourth program")))
    reading = read(place)
    answered = run_cases(reading.rolebook, read_cases(place, reading.rolebook))
    assert answered
    assert [a for a in answered if not a.holds] == []


def test_the_lint_finds_in_it_only_that_roles_contain_each_other() -> None:
    reading = read(WEBLOG)
    assert {finding.code for finding in open_findings(lint(reading.rolebook, reading))} <= {"contained_role"}


def test_a_claim_that_does_not_hold_is_seen(tmp_path: Path) -> None:
    text = (WEBLOG / "cases" / "posts.yaml").read_text()
    wrong = text.replace('record: e1, answer: "no", reason: own_record_only', 'record: e1, answer: "yes"')
    folder = write(tmp_path, {"cases/posts.yaml": wrong})
    rolebook = read(WEBLOG).rolebook
    answered = run_cases(rolebook, read_cases(folder, rolebook))
    assert [a.case.claim for a in answered if not a.holds] == [
        "an author edits and publishes the own posts, and nobody else's"
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("person: author", "person: autor", "unknown person: found 'autor', expected someone of the world"),
        ("do: Edit posts", "do: Edit post", "unknown privilege: found 'Edit post'"),
        (
            "at: news.example, record: a1",
            "at: news.exampel, record: a1",
            "unknown organization: found 'news.exampel'",
        ),
        ('answer: "yes"', "answer: maybe", "wrong value: found 'maybe', expected one of 'yes', 'no'"),
        ("role: Author", "role: Autor", "unknown role: found 'Autor'"),
        ("do: Edit posts", "does: Edit posts", "unknown key: found 'does'"),
        ("act:decide", "act:decid", "unknown act: found 'act:decid'"),
        (
            "2026-11-21T12:00:00Z",
            "2026-11-21",
            "invalid date: found '2026-11-21', expected an instant like 2026-11-21T09:00:00Z",
        ),
        ("record: a1, answer", "record: a1, ask_for: Author, answer", "wrong keys"),
        (
            "an author looks at drafts and does not keep the library",
            "who publishes does not decide who may",
            "duplicate claim",
        ),
    ],
)
def test_a_case_file_is_read_strictly(old: str, new: str, message: str, tmp_path: Path) -> None:
    text = (WEBLOG / "cases" / "posts.yaml").read_text()
    rolebook = read(WEBLOG).rolebook
    folder = write(tmp_path, {"cases/posts.yaml": text.replace(old, new, 1)})
    with pytest.raises(RolebookErrors) as found:
        read_cases(folder, rolebook)
    assert any(message in str(error) for error in found.value.errors), str(found.value)


def test_a_case_file_that_would_not_be_run_is_an_error(tmp_path: Path) -> None:
    folder = write(
        tmp_path, {"cases/first.yml": "about: x\n", "cases/second.yaml": "", "cases/third.yaml": ""}
    )
    with pytest.raises(RolebookErrors) as found:
        read_cases(folder, read(WEBLOG).rolebook)
    told = [error.message for error in found.value.errors]
    assert told[0] == "wrong name: found 'first.yml', expected 'first.yaml'"
    assert told[1:] == ["empty file: found nothing, expected cases"] * 2


def test_a_rolebook_without_cases_has_none(tmp_path: Path) -> None:
    write(tmp_path, {name: text for name, text in SMALL.items() if not name.startswith("cases")})
    assert read_cases(tmp_path, read(tmp_path).rolebook) == ()


def test_a_privilege_moved_to_another_area_keeps_its_id_and_its_holders() -> None:
    rolebook = read(WEBLOG).rolebook
    table = rolebook.matrix.tables[0]
    moved = tuple(
        dataclasses.replace(row, area="People") if row.privilege_id == "edit_posts" else row
        for row in table.rows
    )
    matrix = dataclasses.replace(rolebook.matrix, tables=(dataclasses.replace(table, rows=moved),))
    again = dataclasses.replace(rolebook, matrix=matrix)
    assert set(again.powers("author")) == set(rolebook.powers("author"))
    assert again.areas_of("edit_posts") == ("People",)
