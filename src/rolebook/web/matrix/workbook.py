"""The role matrix as a spreadsheet (XLSX): a sheet about it, then a sheet a table, laid out as printed."""

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from rolebook.policy.model import NO, YES, MatrixTable, Rolebook
from rolebook.policy.printed import CSV_COLUMNS, records

_ABOUT = "About"
_CELLS = "All cells"
_HEAD = PatternFill("solid", fgColor="162E51")
_AREA = PatternFill("solid", fgColor="DCE6F5")
_GOOD = PatternFill("solid", fgColor="E6F4EC")
_LINE = Border(bottom=Side("thin", color="D5DCE5"))
_CENTER = Alignment(horizontal="center", vertical="center", wrap_text=True)
_LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)
_ILLEGAL_IN_TITLE = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
_LONGEST_TITLE = 31
_EPOCH = (1980, 1, 1, 0, 0, 0)


def matrix_workbook(book: Rolebook) -> bytes:
    """Return the matrix as an XLSX file; the same rolebook gives the same bytes.

    Sheets: "About", one a table (as printed: areas, rows, footnotes), and "All cells" with the columns of the CSV.
    Every cell is a text (type "s"): whatever a rolebook says, nothing is a formula.
    """
    workbook = Workbook()
    about = workbook.active
    if not isinstance(about, Worksheet):
        raise TypeError("a new workbook begins with a sheet")
    about.title = _ABOUT
    _fill_about(about, book)
    for table in book.matrix.tables:
        sheet = workbook.create_sheet(_sheet_title(table.id, workbook.sheetnames))
        _fill_table(sheet, book, table)
    _fill_cells(workbook.create_sheet(_sheet_title(_CELLS, workbook.sheetnames)), book)
    made = datetime(book.program.date.year, book.program.date.month, book.program.date.day)  # noqa: DTZ001 - the format has no zone
    properties = workbook.properties
    properties.title = f"{book.program.short_name} role matrix, version {book.program.version}"
    properties.creator = book.program.name
    properties.language = book.program.language
    properties.created = made
    written = io.BytesIO()
    workbook.save(written)
    return _without_clock(written.getvalue(), made)


def _sheet_title(title: str, taken: Iterable[str]) -> str:
    """Return a title that a sheet may have, and that no other has."""
    plain = title.translate(_ILLEGAL_IN_TITLE).strip()[:_LONGEST_TITLE] or "Table"
    number, found = 1, plain
    while found.casefold() in {other.casefold() for other in taken}:
        number += 1
        found = f"{plain[: _LONGEST_TITLE - 5]} ({number})"
    return found


def _write(sheet: Worksheet, row: int, column: int, text: str) -> None:
    """Write a text as a text: openpyxl would make a formula of one that begins with "="."""
    cell = sheet.cell(row=row, column=column)
    cell.value = "".join(letter for letter in text if letter.isprintable() or letter == "\n")
    cell.data_type = "s"
    cell.quotePrefix = True
    cell.alignment = _LEFT


def _fill_about(sheet: Worksheet, book: Rolebook) -> None:
    program = book.program
    facts = [
        ("Program", program.name),
        ("Version", program.version),
        ("Date", program.date.isoformat()),
        ("Source", program.source),
        *((f"See also: {link.title}", link.url) for link in program.links),
        *((f"{mark.title} means", mark.meaning) for mark in book.marks),
    ]
    for number, (name, text) in enumerate(facts, start=1):
        _write(sheet, number, 1, name)
        _write(sheet, number, 2, text)
        sheet.cell(number, 1).font = Font(bold=True)
    sheet.column_dimensions["A"].width = 32
    sheet.column_dimensions["B"].width = 100


def _fill_table(sheet: Worksheet, book: Rolebook, table: MatrixTable) -> None:
    width = len(table.columns) + 1
    _write(sheet, 1, 1, f"{table.id}: {table.title}")
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
    sheet.cell(1, 1).font = Font(bold=True, size=13)
    _write_head(sheet, 2, ["Privilege", *(column.heading for column in table.columns)])
    at, area = 3, None
    for row in table.rows:
        if row.area != area and row.area is not None:
            _write(sheet, at, 1, row.area)
            for column in range(1, width + 1):
                sheet.cell(at, column).fill = _AREA
            sheet.cell(at, 1).font = Font(bold=True)
            at += 1
        area = row.area
        privilege = book.privilege(row.privilege_id)
        title = row.privilege_id if privilege is None else privilege.title
        _write(sheet, at, 1, title + "".join(row.footnote_marks))
        for column, value in enumerate(row.cells, start=2):
            mark = book.mark(value)
            _write(sheet, at, column, value if mark is None else mark.title)
            sheet.cell(at, column).alignment = _CENTER
            if value != NO:
                sheet.cell(at, column).font = Font(bold=value == YES)
                sheet.cell(at, column).fill = _GOOD
        for column in range(1, width + 1):
            sheet.cell(at, column).border = _LINE
        at += 1
    for footnote in book.footnotes:
        if any(footnote.mark in row.footnote_marks for row in table.rows):
            _write(sheet, at, 1, f"{footnote.mark} {footnote.text}")
            sheet.merge_cells(start_row=at, end_row=at, start_column=1, end_column=width)
            sheet.row_dimensions[at].height = 32
            at += 1
    _lay_out(sheet, width)


def _lay_out(sheet: Worksheet, width: int) -> None:
    sheet.freeze_panes = "B3"
    sheet.column_dimensions["A"].width = 46
    for column in range(2, width + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 17
    sheet.row_dimensions[2].height = 48
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation = "portrait" if width <= 6 else "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _fill_cells(sheet: Worksheet, book: Rolebook) -> None:
    _write_head(sheet, 1, CSV_COLUMNS)
    for at, record in enumerate(records(book), start=2):
        texts = (record.table, record.area, record.privilege, record.role, record.allowed)
        for column, text in enumerate(texts, start=1):
            _write(sheet, at, column, text)
    for letter, width in zip("ABCDE", (12, 28, 46, 38, 12), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:E{max(sheet.max_row, 2)}"


def _write_head(sheet: Worksheet, at: int, titles: Iterable[str]) -> None:
    for column, title in enumerate(titles, start=1):
        _write(sheet, at, column, title)
        cell = sheet.cell(at, column)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = _LEFT if column == 1 else _CENTER


def _without_clock(data: bytes, made: datetime) -> bytes:
    """Return the file with the rolebook's date where the library wrote the present instant."""
    stamp = made.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename == "docProps/core.xml":
                head, opening, rest = content.partition(b'<dcterms:modified xsi:type="dcterms:W3CDTF">')
                content = head + opening + stamp + rest[rest.index(b"<") :] if opening else content
            new.writestr(zipfile.ZipInfo(entry.filename, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()
