"""The iQIES matrix as printed: every cell against a second transcription, made by hand from the document."""

from collections import Counter
from pathlib import Path

import pytest

from rolebook.policy.model import Rolebook
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import shipped_folder

TRANSCRIPTION = Path(__file__).parent / "data" / "iqies_transcription.txt"
WORDS = {"y": "yes", "n": "no"}

type PrintedRow = tuple[str, str | None, str, tuple[str, ...]]


def transcribed() -> tuple[dict[str, list[str]], list[PrintedRow]]:
    """The headings of each table, and every row: table, area, title with its footnote mark, cells."""
    headings: dict[str, list[str]] = {}
    rows: list[PrintedRow] = []
    table, area = "", None
    for line in TRANSCRIPTION.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("= "):
            table, _, columns = line[2:].partition(": ")
            headings[table], area = columns.split(" | "), None
        elif line.startswith("- "):
            area = line[2:]
        else:
            cells, _, title = line.partition(" ")
            rows.append((table, area, title, tuple(WORDS[letter] for letter in cells)))
    return headings, rows


@pytest.fixture(scope="module")
def iqies() -> Rolebook:
    return read_rolebook(shipped_folder("iqies"))


@pytest.mark.requirement("IQIES-09")
def test_every_row_and_cell_stands_as_printed_and_in_printed_order(iqies: Rolebook) -> None:
    _, expected = transcribed()
    found: list[PrintedRow] = []
    for table, row in iqies.matrix.rows:
        privilege = iqies.privilege(row.privilege_id)
        assert privilege is not None
        found.append((table.id, row.area, privilege.title + "".join(row.footnote_marks), row.cells))
    assert found == expected


@pytest.mark.requirement("IQIES-09")
def test_six_tables_have_16_roles_185_rows_and_533_cells_326_of_them_no(iqies: Rolebook) -> None:
    cells = Counter(cell.value for cell in iqies.matrix.cells)
    assert len(iqies.matrix.tables) == 6
    assert sum(len(table.columns) for table in iqies.matrix.tables) == 16
    assert sum(len(table.rows) for table in iqies.matrix.tables) == 185
    assert cells == {"no": 326, "yes": 207}


@pytest.mark.requirement("IQIES-09")
def test_columns_stand_under_their_printed_headings(iqies: Rolebook) -> None:
    headings, _ = transcribed()
    found = {table.id: [column.heading for column in table.columns] for table in iqies.matrix.tables}
    assert found == headings


@pytest.mark.requirement("IQIES-09")
@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("Assessment Viewer", "Provider Assessment Viewer"),
        ("Assessment Coordinator", "Provider Assessment Coordinator"),
        ("OFM User Role", "Office of Financial Management User"),
        ("provider  assessment coordinator", "Provider Assessment Coordinator"),
    ],
)
def test_a_column_heading_is_another_name_of_its_role(iqies: Rolebook, heading: str, title: str) -> None:
    role = iqies.role_by_name(heading)
    assert role is not None
    assert role.title == title


@pytest.mark.requirement("IQIES-09")
def test_table_3_has_no_areas_and_all_others_have(iqies: Rolebook) -> None:
    without = [table.id for table in iqies.matrix.tables if not table.areas]
    assert without == ["Table 3"]
    assert all(row.area for table, row in iqies.matrix.rows if table.id != "Table 3")


@pytest.mark.requirement("IQIES-09")
def test_edit_a_user_profile_stands_twice_in_table_5(iqies: Rolebook) -> None:
    table = next(table for table in iqies.matrix.tables if table.id == "Table 5")
    rows = [row for row in table.rows if row.privilege_id == "edit_a_user_profile"]
    assert [row.area for row in rows] == ["Users", "Other"]
    assert rows[0].cells == rows[1].cells == ("yes", "yes", "no")


@pytest.mark.requirement("IQIES-09")
def test_not_listed_is_told_apart_from_a_printed_no(iqies: Rolebook) -> None:
    assert iqies.matrix.rows_for("view_cms_377_form", "state_general_user") == ()
    (printed,) = iqies.matrix.rows_for("view_idr", "state_general_user")
    assert printed[2] == "no"


@pytest.mark.requirement("IQIES-10")
def test_the_footnote_stands_at_every_delete_a_survey_row(iqies: Rolebook) -> None:
    rows = [
        (table.id, row.footnote_marks)
        for table, row in iqies.matrix.rows
        if row.privilege_id == "delete_a_survey"
    ]
    assert rows == [("Table 1", ("*",)), ("Table 2", ("*",)), ("Table 5", ("*",))]
    assert [note.mark for note in iqies.footnotes] == ["*"]
    assert iqies.footnotes[0].text.startswith("Only the CMS Admin role can delete surveys")


@pytest.mark.requirement("IQIES-10")
def test_no_printed_role_deletes_a_survey_and_cms_admin_does_nothing_else(iqies: Rolebook) -> None:
    holders = [role.id for role in iqies.roles if "delete_a_survey" in iqies.powers(role.id)]
    assert holders == ["cms_admin"]
    assert list(iqies.powers("cms_admin")) == ["delete_a_survey"]
    admin = iqies.role("cms_admin")
    assert admin is not None
    assert admin.obtained == "designation"
    assert iqies.matrix.table_of("cms_admin") is None
    assert len(iqies.roles) == 17
