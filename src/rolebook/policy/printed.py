"""The matrix as it is read: what a role's cells say about a privilege, two roles side by side, and one line a cell.

Nothing is decided here. A cell says what its authors printed; what follows from it is `rolebook.decision`.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rolebook.policy.model import YES, Cell, Role, Rolebook

CSV_COLUMNS = ("table", "area", "privilege", "role", "allowed")
"""Columns of the matrix as CSV, and of each `Record`."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")


@dataclass(frozen=True, slots=True)
class Said:
    """What the rolebook says about one privilege for one role.

    Attributes:
        cells: the printed cells ("yes", "no" or a mark's id), each value once, in printed order; empty: not listed.
        note: the text that gives the privilege apart from the tables, or "".
    """

    cells: tuple[str, ...]
    note: str = ""

    @property
    def listed(self) -> bool:
        """Whether anything is said; "not listed" is told apart from a printed no."""
        return bool(self.cells) or bool(self.note)


@dataclass(frozen=True, slots=True)
class Difference:
    """A privilege about which two roles' cells differ; `area` None where no table places it in one."""

    area: str | None
    privilege_id: str
    first: Said
    second: Said


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two roles side by side, in the rolebook's order of areas and privileges.

    Attributes:
        differences: privileges that the two do not have alike.
        listed_once: privileges that neither has: a printed no for one, not listed for the other.
        alike: how many privileges are listed for both and say the same.
    """

    differences: tuple[Difference, ...]
    listed_once: tuple[Difference, ...]
    alike: int


@dataclass(frozen=True, slots=True)
class Record:
    """One printed cell in words; `area` is "" for a table without areas."""

    table: str
    area: str
    privilege: str
    role: str
    allowed: str


def said(book: Rolebook, privilege_id: str, role_id: str) -> Said:
    """Return what the rolebook says about a privilege for a role; nothing for an unknown one."""
    role = book.role(role_id)
    notes = () if role is None else role.by_note
    cells = dict.fromkeys(cell for _, _, cell in book.matrix.rows_for(privilege_id, role_id))
    return Said(tuple(cells), next((note.basis for note in notes if note.privilege_id == privilege_id), ""))


def compare_roles(book: Rolebook, first_id: str, second_id: str) -> Comparison:
    """Compare the cells of two roles, each privilege once."""
    found, alike = [], 0
    for privilege in book.privileges:
        first, second = said(book, privilege.id, first_id), said(book, privilege.id, second_id)
        if first != second:
            area = next(iter(book.areas_of(privilege.id)), None)
            found.append(Difference(area, privilege.id, first, second))
        elif first.listed:
            alike += 1
    order = {area: number for number, area in enumerate(book.matrix.areas)}
    found.sort(key=lambda one: order.get(one.area or "", len(order)))
    given = [_gives(book, one.first) or _gives(book, one.second) for one in found]
    return Comparison(
        tuple(one for one, gives in zip(found, given, strict=True) if gives),
        tuple(one for one, gives in zip(found, given, strict=True) if not gives),
        alike,
    )


def roles_without_column(book: Rolebook) -> tuple[Role, ...]:
    """Return the roles that no table has a column for, in the rolebook's order (the steward is none of them)."""
    return tuple(role for role in book.roles if book.matrix.table_of(role.id) is None)


def records(book: Rolebook, cells: Iterable[Cell] | None = None) -> Iterator[Record]:
    """Yield printed cells in words: those given, or all of them in printed order (by table, row, column)."""
    for cell in book.matrix.cells if cells is None else cells:
        privilege, role = book.privilege(cell.row.privilege_id), book.role(cell.column.role_id)
        yield Record(
            cell.table.id,
            cell.row.area or "",
            cell.row.privilege_id if privilege is None else privilege.title,
            cell.column.heading if role is None else role.title,
            cell.value,
        )


def matrix_csv(lines: Iterable[Record], line_end: str = "\r\n") -> str:
    """Return printed cells as CSV (RFC 4180, whose lines end in CR LF): `CSV_COLUMNS`, then a line a cell."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator=line_end)
    writer.writerow(CSV_COLUMNS)
    for line in lines:
        texts = (line.table, line.area, line.privilege, line.role, line.allowed)
        writer.writerow(spreadsheet_text(text) for text in texts)
    return written.getvalue()


def spreadsheet_text(text: str) -> str:
    """Return a text so that no spreadsheet takes it for a formula: with an apostrophe before one that looks so."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _gives(book: Rolebook, what: Said) -> bool:
    """Return whether something is given: by a note, by a "yes", or by a mark that allows."""
    marks = (book.mark(cell) for cell in what.cells)
    return bool(what.note) or YES in what.cells or any(mark is not None and mark.allows for mark in marks)
