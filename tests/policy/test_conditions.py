"""Conditions as a rolebook writes them: read with their place, bounded, kept, compared; and what they answer."""

from pathlib import Path

import pytest

from rolebook.policy.canonical import from_document, to_document
from rolebook.policy.conditions import MOST_CHARACTERS, ConditionError, NotDecided, compile_condition
from rolebook.policy.diff import diff
from rolebook.policy.lint import lint
from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook
from tests.policy.small import MATRIX, ORGANIZATIONS, ROLEBOOK, SMALL, errors_of, place_of, spoiled, write

MARK = "own_record: true}"
OPEN = 'resource.status == "open"'


def with_mark(condition: str) -> dict[str, str | bytes]:
    return spoiled(ROLEBOOK, (MARK, f"own_record: true, condition: {condition}}}"))


def with_rule(when: str, privileges: str = "[Edit records]") -> dict[str, str | bytes]:
    rule = f"conditions:\n  - {{id: open, meaning: While open., when: {when}, privileges: {privileges}}}\n"
    return spoiled(ROLEBOOK, ("# The tables of matrix.csv", f"{rule}\n# The tables of matrix.csv"))


def read(folder: Path, files: dict[str, str | bytes]) -> Rolebook:
    return read_rolebook(write(folder, files))


@pytest.mark.parametrize("make", [with_mark, with_rule])
@pytest.mark.parametrize(
    ("text", "piece", "said"),
    [
        ("'resource.status == = 1'", "= 1'", "token recognition error"),
        ("resource.status ==", ", privileges", "mismatched input '<EOF>'"),
        (
            "'resorce.status == 1'",
            "resorce",
            "'resorce' is unknown, expected subject, action, resource, context",
        ),
        ("\"subject.name.matches('x')\"", "matches", "'matches' is unknown"),
        ("'[1].all(subject, true)'", "all(", "'all' repeats"),
        ("'resource.x.map (subject, subject)'", "map (", "'map' repeats"),
    ],
)
def test_a_condition_that_does_not_compile_is_told_at_its_place(
    tmp_path: Path, make: object, text: str, piece: str, said: str
) -> None:
    assert callable(make)
    files = make(text)
    [error] = errors_of(tmp_path, files)
    if make is with_rule or piece != ", privileges":
        assert error.startswith(f"{place_of(str(files[ROLEBOOK]), piece, ROLEBOOK)}: bad condition: found"), (
            error
        )
    assert said in error


def test_a_condition_over_several_lines_is_told_where_it_begins(tmp_path: Path) -> None:
    files = spoiled(
        ROLEBOOK,
        (
            "# The tables of matrix.csv",
            "conditions:\n  - id: open\n    meaning: Open.\n    when: |\n      resource.a == 1 &&\n      b == 2\n"
            "    privileges: [Edit records]\n\n# The tables of matrix.csv",
        ),
    )
    [error] = errors_of(tmp_path, files)
    assert error.startswith(f"{place_of(str(files[ROLEBOOK]), '|', ROLEBOOK)}: bad condition")


def test_what_could_cost_much_is_refused() -> None:
    for text in ("true || " * MOST_CHARACTERS + "true", "resource.x // \n .all(subject, true)"):
        with pytest.raises(ConditionError):
            compile_condition(text)


def test_a_mark_that_denies_needs_no_condition(tmp_path: Path) -> None:
    files = spoiled(ROLEBOOK, (MARK, f"allows: false, condition: '{OPEN}'}}"))
    assert "unused condition" in errors_of(tmp_path, files)[0]


def test_a_condition_over_an_unknown_privilege_is_told(tmp_path: Path) -> None:
    [error] = errors_of(tmp_path, with_rule(f"'{OPEN}'", "[Edit recods]"))
    assert "did you mean 'Edit records'?" in error


def test_conditions_survive_storing(tmp_path: Path) -> None:
    for number, files in enumerate((with_mark(f"'{OPEN}'"), with_rule(f"'{OPEN}'"))):
        book = read(tmp_path / str(number), files)
        stored = from_document(to_document(book))
        assert stored == book
        assert OPEN in {*(one.when for one in stored.conditions), *(mark.condition for mark in stored.marks)}


@pytest.mark.parametrize("make", [with_mark, with_rule])
def test_a_condition_that_changes_or_goes_is_told_as_added_power(tmp_path: Path, make: object) -> None:
    assert callable(make)
    old, new = read(tmp_path / "old", make(f"'{OPEN}'")), read(tmp_path / "new", make("'true'"))
    for before, after in ((old, new), (old, read(tmp_path / "none", dict(SMALL)))):
        [found] = [one for one in diff(before, after) if one.about in ("marks", "conditions")]
        assert found.added_power


def test_a_cell_that_loses_its_condition_gives_more(tmp_path: Path) -> None:
    files = spoiled(ROLEBOOK, (MARK, f"condition: '{OPEN}'}}"))
    old = read(tmp_path / "old", files)
    freed = {**files, MATRIX: str(files[MATRIX]).replace("yes,yes,own", "yes,yes,yes")}
    [found] = diff(old, read(tmp_path / "new", freed))
    assert found.added_power


def test_a_condition_on_what_nobody_has_is_noted(tmp_path: Path) -> None:
    files = with_rule(f"'{OPEN}'")
    files[MATRIX] = str(files[MATRIX]).replace("Edit records,no,yes,no", "Edit records,no,no,no")
    assert "idle_condition" in {finding.code for finding in lint(read(tmp_path, files))}


def test_organizations_have_properties_in_the_columns_after_the_parent(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = dict(SMALL)
    files[ORGANIZATIONS] = "kind,code,name,parent,status\nOffice,A-1,Office A,,open\nOffice,A-2,Office B\n"
    if ORGANIZATIONS in SMALL:
        files[ORGANIZATIONS] = str(SMALL[ORGANIZATIONS]).replace("parent\n", "parent,status\n", 1)
    errors = errors_of(tmp_path, files)
    assert [error for error in errors if "bad header" in error or "wrong width" in error] == []
    files[ORGANIZATIONS] = str(files[ORGANIZATIONS]).replace("parent,status", "parent,type", 1)
    assert any("bad header: found 'type'" in error for error in errors_of(tmp_path, files))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("resource.level > 1", "the property 'level' is not given"),
        ("resource.status > 1", "StringType"),
        ("1 / size(context) > 0", "division by zero"),
        ("'yes'", "it says 'yes', expected true or false"),
        ("resource.status.size", ""),
    ],
)
def test_what_cannot_be_told_says_why(text: str, problem: str) -> None:
    with pytest.raises(NotDecided) as why:
        compile_condition(text).holds({"resource": {"status": "open"}})
    if "StringType" not in problem:
        assert problem in str(why.value)


@pytest.mark.parametrize("value", [2**70, None, [1, {"a": [None]}], 1.5, "x" * 10_000])
def test_no_value_of_a_property_raises_anything_else(value: object) -> None:
    for text in ("resource.a == 1", "resource.a > 1", "size(resource.a) > 1", '"x" in resource.a'):
        try:
            compile_condition(text).holds({"resource": {"a": value}})
        except NotDecided:
            continue


def test_a_condition_is_compiled_once() -> None:
    assert compile_condition(OPEN) is compile_condition(OPEN)
