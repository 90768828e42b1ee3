"""Two roles side by side, and one line a cell."""

from itertools import combinations

import pytest

from rolebook.policy.printed import compare_roles, records, roles_without_column, said, spreadsheet_text
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import shipped_folder

IQIES = read_rolebook(shipped_folder("iqies"))
PAIRS = list(combinations([role.id for role in IQIES.roles], 2))


@pytest.mark.requirement("IQIES-18")
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_what_differs_is_what_one_role_gives_and_the_other_does_not(first: str, second: str) -> None:
    found = compare_roles(IQIES, first, second)
    assert {one.privilege_id for one in found.differences} == set(IQIES.powers(first)) ^ set(
        IQIES.powers(second)
    )


@pytest.mark.requirement("IQIES-09")
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_every_privilege_is_different_alike_listed_once_or_not_listed_at_all(first: str, second: str) -> None:
    found = compare_roles(IQIES, first, second)
    unlisted = sum(
        not said(IQIES, one.id, first).listed and not said(IQIES, one.id, second).listed
        for one in IQIES.privileges
    )
    counted = len(found.differences) + len(found.listed_once) + found.alike + unlisted
    assert counted == len(IQIES.privileges)
    for one in found.listed_once:
        assert {one.first.cells, one.second.cells} == {("no",), ()}


def test_a_comparison_reads_the_same_from_the_other_side() -> None:
    for first, second in PAIRS:
        there, back = compare_roles(IQIES, first, second), compare_roles(IQIES, second, first)
        assert [(one.privilege_id, one.first, one.second) for one in there.differences] == [
            (one.privilege_id, one.second, one.first) for one in back.differences
        ]
        assert there.alike == back.alike


@pytest.mark.requirement("IQIES-10")
def test_cms_admin_is_the_one_role_without_a_column_and_has_its_privilege_by_the_footnote() -> None:
    (admin,) = roles_without_column(IQIES)
    assert admin.title == "CMS Admin"
    what = said(IQIES, "delete_a_survey", admin.id)
    assert what.cells == ()
    assert what.listed
    assert "Only the CMS Admin role can delete surveys" in what.note


@pytest.mark.requirement("IQIES-09")
def test_there_is_a_record_for_every_printed_cell() -> None:
    found = list(records(IQIES))
    assert len(found) == 533
    assert [one.allowed for one in found].count("no") == 326


@pytest.mark.fault(49)
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\0"])
def test_a_text_that_begins_like_a_formula_is_quoted(start: str) -> None:
    assert spreadsheet_text(f"{start}1+1") == f"'{start}1+1"
    assert spreadsheet_text(f"a{start}") == f"a{start}"
