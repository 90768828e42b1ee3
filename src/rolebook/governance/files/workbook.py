"""Tables as a spreadsheet (XLSX), written row by row: memory does not grow with their length."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from rolebook.governance.files.cells import Cell, Line

_HEAD = PatternFill("solid", fgColor="162E51")
_WHITE = Font(bold=True, color="FFFFFF")
_BOLD = Font(bold=True)
_DAY, _INSTANT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST = 32_767
"""Characters that a cell holds, by the format."""
MOST_LINES = 1_048_575
"""Lines that a sheet holds below its head, by the format."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its title (at most 31 characters), columns with their widths in characters, and its lines."""

    title: str
    columns: Sequence[tuple[str, int]]
    lines: Iterable[Line]


def write_workbook(
    target: IO[bytes], title: str, facts: Sequence[tuple[str, Cell]], sheets: Iterable[Sheet], zone: str
) -> None:
    """Write a workbook: a sheet "About" with ``facts``, then the others.

    Texts are cells of type text whatever they begin with; instants are dates with a time, in the IANA zone ``zone``;
    what is longer than a sheet goes on in another one.
    """
    book = Workbook(write_only=True)
    book.properties.title = title
    about = book.create_sheet("About")
    about.column_dimensions["A"].width = 28
    about.column_dimensions["B"].width = 90
    for name, fact in facts:
        about.append([_cell(about, name, zone, font=_BOLD), _cell(about, fact, zone)])
    for sheet in sheets:
        _write(book, sheet, zone)
    book.save(target)


def _write(book: Workbook, sheet: Sheet, zone: str) -> None:
    lines = iter(sheet.lines)
    number, more = 1, True
    while more:
        title = sheet.title if number == 1 else f"{sheet.title[:27]} {number}"
        page = book.create_sheet(title)
        for index, (_, width) in enumerate(sheet.columns, start=1):
            page.column_dimensions[get_column_letter(index)].width = width
        page.freeze_panes = "A2"
        page.append([_cell(page, name, zone, font=_WHITE, fill=_HEAD) for name, _ in sheet.columns])
        more = False
        for count, line in enumerate(lines, start=1):
            page.append([_cell(page, cell, zone) for cell in line])
            if count == MOST_LINES:
                number, more = number + 1, True
                break


def _cell(page: Any, value: Cell, zone: str, **style: object) -> Any:
    """Return a typed cell; openpyxl would make a formula of a text that begins with "="."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, str):
        text = "".join(letter for letter in value if letter.isprintable() or letter == "\n")[:_LONGEST]
        cell = WriteOnlyCell(page, value=None)
        cell.value = text
        cell.data_type = "s"
        if text.startswith(_FORMULA):
            cell.quotePrefix = True
    elif isinstance(value, datetime):
        # The format has no zones: the local time stands in the cell.
        cell = WriteOnlyCell(page, value=value.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
        cell.number_format = _INSTANT
    elif isinstance(value, date):
        cell = WriteOnlyCell(page, value=None)
        cell.value = value
        cell.number_format = _DAY
    else:
        cell = WriteOnlyCell(page, value=value)
    for name, look in style.items():
        setattr(cell, name, look)
    return cell


def counted(lines: Iterable[Line], tell: Any, every: int = 200) -> Iterator[Line]:
    """Yield lines as they are, and tell how many there were so far after every so many."""
    number = 0
    for number, line in enumerate(lines, start=1):
        if number % every == 0:
            tell(number)
        yield line
    tell(number)
