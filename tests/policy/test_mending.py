"""An error of shape hides no other error; and what mending made is never told as an error."""

from pathlib import Path
from unittest import mock

import pytest

from rolebook.policy import reading
from tests.policy.small import MATRIX, ORGANIZATIONS, ROLEBOOK, errors_of, spoiled
from tests.policy.test_error_kinds import KINDS


def test_errors_of_shape_are_told_together_with_all_others(tmp_path: Path) -> None:
    files = spoiled(
        ROLEBOOK,
        ("date: 2026-01-01", "date: 2026-02-30"),
        ("    obtained: request", "    obtaind: request"),
        ("at_least: 2", "at_least: two"),
        ("approver: Official", "approver: Clerk"),
    )
    files[MATRIX] = str(files[MATRIX]).replace("Edit records,no", "Edit record,maybe")
    files[ORGANIZATIONS] = "kind,code,name,parent\nOfice,OFFICE-1,First,\n"
    found = "\n".join(errors_of(tmp_path, files))
    for problem in (
        "invalid date: found '2026-02-30'",
        "unknown key: found 'obtaind'",
        "wrong type: found 'two'",
        "stage whose role may not decide",
        "unknown privilege: found 'Edit record'",
        "bad cell: found 'maybe'",
        "unknown organization kind: found 'Ofice'",
    ):
        assert problem in found


@pytest.mark.parametrize("name", KINDS)
def test_mending_makes_no_errors_of_its_own(name: str, tmp_path: Path) -> None:
    files = spoiled(KINDS[name]["file"], (KINDS[name]["old"], KINDS[name]["new"]))
    (tmp_path / "mended").mkdir()
    (tmp_path / "plain").mkdir()
    found = errors_of(tmp_path / "mended", files)
    with mock.patch.object(reading, "mended", return_value=None):
        plain = errors_of(tmp_path / "plain", files)
    assert found == plain


def test_a_matrix_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    files = spoiled(ROLEBOOK, ("zone: America/New_York", "zone: Mars"))
    files[MATRIX] = str(files[MATRIX]).encode("utf-16")
    told = [error.partition(": ")[2].partition(":")[0] for error in errors_of(tmp_path, files)]
    assert told == ["bad encoding", "unknown zone"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("view_records: View records", 'view_records: ""', "wrong value: found nothing"),
        ("view_records: View records", 'view_records: "View\\nrecords"', "wrong value: found 'View"),
        ("{id: own_decision,", "{id: own_decision, settings: {category: [[]]},", "wrong type: found"),
        ("{id: own_decision,", "{id: own_decision, settings: {str: {}},", "wrong type: found"),
    ],
)
def test_what_has_a_short_form_is_mended_where_it_stands(
    old: str, new: str, problem: str, tmp_path: Path
) -> None:
    files = spoiled(ROLEBOOK, (old, new), ("zone: America/New_York", "zone: Mars"))
    found = errors_of(tmp_path, files)
    assert any(problem in error for error in found)
    assert any("unknown zone" in error for error in found)
