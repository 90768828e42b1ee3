"""The role x privilege matrix as its authors print it: tables, columns, rows in printed order, cells,
marks, footnotes.

A cell is the word `yes`, the word `no`, or the id of a mark that the rolebook defines. A privilege that a
table does not list has no cell there at all: "not listed" is told apart from a printed no.
"""

from collections.abc import Iterator
from dataclasses import dataclass

YES = "yes"
NO = "no"


@dataclass(frozen=True, slots=True)
class Mark:
    """A qualified cell, for example `own` or `view only`.

    `allows` false: like no, with a meaning of its own (for example "n/a"). `own_record` true: only on the
    record of the person who asks. `operations` not empty: of the privilege and those that it includes, only
    the ones with these operations are given. `condition`: only where this is true (see `policy.conditions`).
    """

    id: str
    title: str
    meaning: str
    allows: bool = True
    own_record: bool = False
    operations: tuple[str, ...] = ()
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Footnote:
    """A note printed under a table; `mark` (for example `*`) stands after the titles that it is about."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: the role, and its heading as printed (the role's title or one of its other
    names).
    """

    role_id: str
    heading: str


@dataclass(frozen=True, slots=True)
class Row:
    """One printed row: `cells` stand in the order of the table's columns. `area` is None where the table
    has none.
    """

    area: str | None
    privilege_id: str
    cells: tuple[str, ...]
    footnote_marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MatrixTable:
    """One table: `id` as printed ("Table 1"), its title, columns and rows."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def role_ids(self) -> tuple[str, ...]:
        """The roles of the columns, in printed order."""
        return tuple(column.role_id for column in self.columns)

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas of this table in printed order; empty for a table without areas."""
        return tuple(dict.fromkeys(row.area for row in self.rows if row.area is not None))

    def cell(self, row: Row, role_id: str) -> str | None:
        """The cell of `row` for a role, or None when the role has no column here."""
        for column, cell in zip(self.columns, row.cells, strict=True):
            if column.role_id == role_id:
                return cell
        return None


@dataclass(frozen=True, slots=True)
class Cell:
    """One printed cell with its surroundings; what `Matrix.cells` yields."""

    table: MatrixTable
    row: Row
    column: Column
    value: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """All tables in printed order."""

    tables: tuple[MatrixTable, ...]

    @property
    def areas(self) -> tuple[str, ...]:
        """Every area, in the order of first appearance."""
        return tuple(dict.fromkeys(area for table in self.tables for area in table.areas))

    @property
    def rows(self) -> Iterator[tuple[MatrixTable, Row]]:
        """Every printed row with its table, in printed order."""
        for table in self.tables:
            for row in table.rows:
                yield table, row

    @property
    def cells(self) -> Iterator[Cell]:
        """Every printed cell in printed order: by table, row, column."""
        for table, row in self.rows:
            for column, value in zip(table.columns, row.cells, strict=True):
                yield Cell(table, row, column, value)

    def table_of(self, role_id: str) -> MatrixTable | None:
        """The table in which a role has its column, or None (CMS Admin has none)."""
        return next((table for table in self.tables if role_id in table.role_ids), None)

    def rows_for(self, privilege_id: str, role_id: str) -> tuple[tuple[MatrixTable, Row, str], ...]:
        """The printed rows about a privilege that have a cell for a role, with that cell; empty: not
        listed.
        """
        return tuple(
            (table, row, cell)
            for table, row in self.rows
            if row.privilege_id == privilege_id and (cell := table.cell(row, role_id)) is not None
        )


def where_printed(table: MatrixTable, row: Row, privilege_title: str) -> str:
    """How a printed row is cited everywhere: `Table 1 / Other / iQIES role approval`, without areas `Table
    3 / …`.
    """
    parts = (table.id, row.area, privilege_title) if row.area else (table.id, privilege_title)
    return " / ".join(parts)
