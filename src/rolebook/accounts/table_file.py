"""A small CSV table with named columns, as imports of accounts and grants read it: rows of cells with their places."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.core.exceptions import ValidationError

from rolebook.accounts.texts import clean_line
from rolebook.policy.errors import Place, Report, say
from rolebook.policy.text_files import CsvCell, CsvLine, decode, parse_csv

LARGEST_BYTES = 8 * 1024 * 1024
MOST_ERRORS = 200
"""Reading stops after so many errors: the file is of another kind than thought."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST_DAY, _LAST_DAY = date(1965, 1, 1), date(2199, 12, 31)
"""Days outside are slips of the pen: no program is older than Medicare."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its cells by column (those that are not there are empty), and where it begins."""

    cells: dict[str, CsvCell]
    place: Place

    def text(self, column: str, longest: int, report: Report) -> str:
        """Return a cell's one line of text, or "" with the error in the report."""
        cell = self.cells[column]
        try:
            return clean_line(cell.text, longest=longest)
        except ValidationError as wrong:
            expected = f"text of at most {longest} characters"
            missing = wrong.code == "empty"
            problem = f"missing {column}" if missing else f"bad {column}"
            report.add(cell.place, say(problem, found=None if missing else cell.text, expected=expected))
            return ""

    def day(self, column: str, report: Report, *, needed: bool = True) -> date | None:
        """Return a cell's day, or None: where it may be empty and is, or with the error in the report."""
        cell = self.cells[column]
        if not cell.text and not needed:
            return None
        try:
            day = date.fromisoformat(cell.text) if _DAY.fullmatch(cell.text) else None
        except ValueError:
            day = None
        if day is None or not _FIRST_DAY <= day <= _LAST_DAY:
            problem = f"bad {column}" if cell.text else f"missing {column}"
            expected = f"a day such as 2026-03-31, from {_FIRST_DAY} to {_LAST_DAY}"
            report.add(cell.place, say(problem, found=cell.text or None, expected=expected))
            return None
        return day


def read_table(
    data: bytes, file: str, *, needed: Sequence[str], optional: Sequence[str], most_rows: int, report: Report
) -> tuple[TableRow, ...]:
    """Return the rows of a CSV file whose first line names its columns, in any order and letter case.

    UTF-8 with or without byte order mark, any line ends, comma, semicolon or tab. Raises RolebookErrors when it is no
    such table, is larger than LARGEST_BYTES or ``most_rows`` (fault 51), or has no rows.
    """
    start = Place(file, 1, 1)
    if len(data) > LARGEST_BYTES:
        expected = f"at most {LARGEST_BYTES}"
        report.add(start, say("file too large", found=f"{len(data)} bytes", expected=expected))
        report.check()
    text = decode(data, file, report)
    report.check()
    lines = parse_csv(text or "", file, report)
    report.check()
    if len(lines) < 2:
        expected = "a line of column names, and rows below it"
        report.add(start, say("empty file", found=f"{len(lines)} lines", expected=expected))
    elif len(lines) - 1 > most_rows:
        expected = f"at most {most_rows}; split the file"
        report.add(start, say("too many rows", found=str(len(lines) - 1), expected=expected))
    report.check()
    columns = _columns(lines[0], needed, optional, report)
    report.check()
    return tuple(_row(line, columns, [*needed, *optional], report) for line in lines[1:])


def _columns(
    header: CsvLine, needed: Sequence[str], optional: Sequence[str], report: Report
) -> dict[str, int]:
    known = [*needed, *optional]
    columns: dict[str, int] = {}
    report.headings = tuple(cell.text for cell in header)
    for index, cell in enumerate(header):
        name = cell.text.casefold()
        if name not in known:
            expected = "one of " + ", ".join(known)
            report.add(cell.place, say("unknown column", found=cell.text, expected=expected, names=known))
        elif name in columns:
            report.add(cell.place, say("column given twice", found=cell.text, expected="it once"))
        else:
            columns[name] = index
    for name in needed:
        if name not in columns:
            start = replace(header[0].place, column=1, cell=0)
            report.add(start, say("missing column", found=None, expected=f"a column '{name}'"))
    return columns


def _row(line: CsvLine, columns: dict[str, int], known: Sequence[str], report: Report) -> TableRow:
    if len(line) > len(columns):
        extra = line[len(columns)]
        expected = f"{len(columns)} cells in a row"
        report.add(extra.place, say("too many cells", found=extra.text, expected=expected))
    cells: dict[str, CsvCell] = {}
    for name in known:
        index = columns.get(name)
        if index is not None and index < len(line):
            cells[name] = line[index]
        elif index is None:
            cells[name] = CsvCell("", replace(line[0].place, cell=0))
        else:
            cells[name] = CsvCell("", replace(line[-1].place, cell=index + 1))
    return TableRow(cells, line[0].place)
