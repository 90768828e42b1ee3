"""CSV, XLSX and PDF of the matrix: each agrees with the rolebook cell by cell, and is the same whenever it is made."""

import csv
import io
import re
from collections import Counter
from dataclasses import replace

import openpyxl
import pytest
from django.test import Client
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from rolebook.policy.model import Rolebook
from rolebook.policy.printed import CSV_COLUMNS, matrix_csv, records
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import shipped_folder
from rolebook.web.matrix.paper import matrix_pdf
from rolebook.web.matrix.workbook import matrix_workbook
from tests.policy.test_printed_cells import transcribed
from tests.support import people
from tests.web.worlds import World, signed_in

PROGRAMS = ("iqies", "qpp", "iqcs")
BAD = '=HYPERLINK("http://example.org","Edit details")'


@pytest.fixture(params=PROGRAMS)
def book(request: pytest.FixtureRequest) -> Rolebook:
    return read_rolebook(shipped_folder(request.param))


@pytest.fixture
def hostile() -> Rolebook:
    """iQIES with a privilege whose title is a formula, markup, and too long for a line."""
    book = read_rolebook(shipped_folder("iqies"))
    first, *others = book.privileges
    return replace(book, privileges=(replace(first, title=BAD + " #strong[x] $x$ <b>"), *others))


def cells(book: Rolebook) -> list[tuple[str, ...]]:
    return [(one.table, one.area, one.privilege, one.role, one.allowed) for one in records(book)]


@pytest.mark.requirement("IQIES-18")
def test_the_csv_has_a_line_for_every_printed_cell(book: Rolebook) -> None:
    head, *lines = csv.reader(io.StringIO(matrix_csv(records(book))))
    assert tuple(head) == CSV_COLUMNS
    assert [tuple(line) for line in lines] == cells(book)
    assert len(lines) == sum(1 for _ in book.matrix.cells)


@pytest.mark.requirement("IQIES-18")
@pytest.mark.requirement("IQIES-09")
def test_the_spreadsheet_has_a_sheet_a_table_that_says_what_is_printed(book: Rolebook) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(matrix_workbook(book)))
    for table in book.matrix.tables:
        sheet = workbook[table.id]
        title, head, *body = [list(row) for row in sheet.iter_rows(values_only=True)]
        assert title[0] == f"{table.id}: {table.title}"
        assert head == ["Privilege", *(column.heading for column in table.columns)]
        found, area = [], None
        for first, *values in body:
            if values[0] is None:
                area = first
                continue
            found.append((area, first, tuple(values)))
        expected = [
            (
                row.area,
                privilege.title + "".join(row.footnote_marks),
                tuple(mark.title if (mark := book.mark(cell)) else cell for cell in row.cells),
            )
            for row in table.rows
            if (privilege := book.privilege(row.privilege_id)) is not None
        ]
        assert found == expected
    listed = [
        tuple(value or "" for value in row) for row in workbook["All cells"].iter_rows(values_only=True)
    ]
    assert listed == [CSV_COLUMNS, *cells(book)]


@pytest.mark.fault(49)
def test_no_cell_of_the_spreadsheet_is_a_formula_whatever_a_rolebook_says(hostile: Rolebook) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(matrix_workbook(hostile)))
    types = Counter(
        cell.data_type for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value
    )
    assert set(types) == {"s"}
    assert workbook["Table 1"]["A4"].value == BAD + " #strong[x] $x$ <b>"


@pytest.mark.fault(49)
def test_a_csv_cell_that_looks_like_a_formula_is_quoted(hostile: Rolebook) -> None:
    lines = list(csv.DictReader(io.StringIO(matrix_csv(records(hostile)))))
    assert lines[0]["privilege"].startswith("'=HYPERLINK(")


def words_of(pdf: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.replace("ﬁ", "fi").replace("ﬂ", "fl").split())


@pytest.mark.requirement("IQIES-18")
def test_the_pdf_prints_every_row_with_its_cells_in_order() -> None:
    book = read_rolebook(shipped_folder("iqies"))
    text = words_of(matrix_pdf(book))
    at = 0
    for _, _, title, printed in transcribed()[1]:
        line = " ".join([title, *printed])
        found = text.find(line, at)
        assert found >= 0, line
        at = found + len(line)
    for table in book.matrix.tables:
        assert f"{table.id}: {table.title}" in text
    note = "*Only the CMS Admin role can delete surveys, and only certain staff in the CMS locations have this role."
    assert text.count(note) == 3
    assert "Version 3.0" in text
    assert "October 25, 2022" in text


def test_the_pdf_is_tagged_and_has_a_title_and_a_language(book: Rolebook) -> None:
    made = matrix_pdf(book)
    pdf = PdfReader(io.BytesIO(made))
    root = pdf.root_object
    marked = root["/MarkInfo"].get_object()
    assert isinstance(marked, DictionaryObject)
    assert str(marked["/Marked"]) == "True"
    assert str(root["/Lang"]) == book.program.language
    assert "/StructTreeRoot" in root
    assert pdf.metadata is not None
    assert pdf.metadata.title == f"{book.program.short_name} role matrix, version {book.program.version}"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made


def test_what_a_rolebook_says_is_no_markup_for_the_pdf(hostile: Rolebook) -> None:
    assert "#strong[x] $x$ <b>" in words_of(matrix_pdf(hostile))


def test_the_files_are_the_same_whenever_they_are_made(book: Rolebook) -> None:
    assert matrix_workbook(book) == matrix_workbook(book)
    assert matrix_pdf(book) == matrix_pdf(book)


@pytest.mark.requirement("IQIES-18", "IQIES-01")
@pytest.mark.parametrize(
    ("ending", "kind", "begins"),
    [
        ("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbftable,area,privilege,role,allowed\r\n"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04"),
        ("pdf", "application/pdf", b"%PDF-"),
    ],
)
def test_everybody_signed_in_downloads_the_files(world: World, ending: str, kind: str, begins: bytes) -> None:
    people.activate("iqies", world.start)
    client: Client = signed_in(world.uma)
    answer = client.get(f"/iqies/role-matrix/matrix.{ending}")
    assert answer.status_code == 200
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"] == f'attachment; filename="iqies-role-matrix-3.0.{ending}"'
    assert answer.content.startswith(begins)
    assert client.post(f"/iqies/role-matrix/matrix.{ending}").status_code == 405
    name = client.get(f"/qpp/role-matrix/matrix.{ending}")["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="qpp-role-matrix-[\w.-]+"', name)
