"""Cells of a table: texts, numbers, days, instants, yes or no; and lines of CSV made of them."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rolebook.policy.printed import spreadsheet_text

type Cell = str | int | bool | date | datetime | None
type Line = Sequence[Cell]

BYTE_ORDER_MARK = "\ufeff"
"""Tells spreadsheets that a CSV file is UTF-8; readers of CSV skip it ("utf-8-sig")."""


def text_of(cell: Cell, zone: str) -> str:
    """Return a cell as text: instants in the IANA time zone ``zone``, "yes" and "no", nothing for None."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def csv_pieces(columns: Sequence[str], lines: Iterable[Line], zone: str) -> Iterator[str]:
    """Yield a table as CSV, the columns first; nothing is kept in memory."""
    yield BYTE_ORDER_MARK + csv_line(columns, zone)
    for line in lines:
        yield csv_line(line, zone)


def csv_line(cells: Line, zone: str) -> str:
    """Return one line of CSV (RFC 4180)."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow(
        spreadsheet_text(cell) if isinstance(cell, str) else text_of(cell, zone) for cell in cells
    )
    return written.getvalue()
