"""matrix.csv to the `Matrix`: header lines, rows, cells, with every error at its line and column.

The file is laid out as the tables are printed. Each table begins with a header line of its own,
`table,area,privilege,<one heading a role>`, and its rows follow; blank lines between tables are welcome.
"""

from dataclasses import dataclass, field

from rolebook.policy.errors import Place, Report, one_of, say
from rolebook.policy.form import RolebookForm
from rolebook.policy.matrix import NO, YES, Column, Matrix, MatrixTable, Row
from rolebook.policy.names import AllNames, Names
from rolebook.policy.terms import fold
from rolebook.policy.text_files import CsvCell, CsvLine, begins_with

LEADING = ("table", "area", "privilege")


@dataclass(slots=True)
class MatrixNames:
    """What cells of the file may name."""

    all: AllNames
    marks: tuple[str, ...]
    footnote_marks: str


@dataclass(slots=True)
class _Table:
    """A table while it is read."""

    header: CsvLine
    columns: list[Column | None]
    readable: bool = True
    id: str | None = None
    rows: list[Row] = field(default_factory=list)
    has_areas: bool | None = None


@dataclass(slots=True)
class MatrixReading:
    """The matrix, and where its rows and columns stand: by (table id, row number from 0), and by role id."""

    matrix: Matrix
    rows: dict[tuple[str, int], Place] = field(default_factory=dict)
    columns: dict[str, Place] = field(default_factory=dict)


def build_matrix(
    lines: list[CsvLine], form: RolebookForm, names: MatrixNames, report: Report
) -> MatrixReading:
    """Read the lines of matrix.csv; errors go to the report."""
    return _MatrixReader(form, names, report).read(lines)


def judge_shape(lines: list[CsvLine], report: Report) -> None:
    """Find what is wrong in matrix.csv whatever rolebook.yaml says: headers and widths."""
    header: CsvLine | None = None
    for line in lines:
        if fold(line[0].text) == LEADING[0]:
            header = line if begins_with(line, LEADING, report) else None
        elif header is not None:
            _right_width(line, header, report)


def _right_width(line: CsvLine, header: CsvLine, report: Report) -> bool:
    """Whether a row has as many cells as the header above it."""
    if len(line) == len(header):
        return True
    expected = f"{len(header)} cells, as the header at line {header[0].place.line}"
    report.add(line[0].place, say("wrong width", found=f"{len(line)} cells", expected=expected))
    return False


class _MatrixReader:
    def __init__(self, form: RolebookForm, names: MatrixNames, report: Report) -> None:
        self.titles = {table.id: table.title for table in form.tables}
        self.names = names
        self.report = report
        self.tables: list[_Table] = []
        self.reading = MatrixReading(Matrix(()))
        self.yes: dict[tuple[str, str], tuple[str, Place]] = {}

    def read(self, lines: list[CsvLine]) -> MatrixReading:
        """Every line in turn, then what only the whole shows."""
        for line in lines:
            if fold(line[0].text) == LEADING[0]:
                self._header(line)
            elif self.tables:
                if self.tables[-1].readable:
                    self._row(line, self.tables[-1])
            else:
                self._error(line[0], "missing header", line[0].text, "'table,area,privilege' and the roles")
        found = [table for table in self.tables if table.id is not None]
        self.reading.matrix = Matrix(
            tuple(
                MatrixTable(
                    table.id or "",
                    self.titles.get(table.id or "", ""),
                    tuple(column for column in table.columns if column is not None),
                    tuple(table.rows),
                )
                for table in found
            )
        )
        return self.reading

    def _error(
        self, cell: CsvCell, problem: str, found: str | None, expected: str, names: Names | None = None
    ) -> None:
        near = names.written if names else ()
        self.report.add(cell.place, say(problem, found=found or None, expected=expected, names=near))

    def _header(self, line: CsvLine) -> None:
        """Begin a table. Under a header that is not one, rows are not judged: they could only mislead."""
        readable = begins_with(line, LEADING, self.report) and len(line) > len(LEADING)
        columns: list[Column | None] = []
        seen: dict[str, CsvCell] = {}
        for cell in line[len(LEADING) :]:
            role_id = self.names.all.roles.get(cell.text, cell.place, self.report) if cell.text else None
            if not cell.text:
                self._error(cell, "bad header", None, "the name of a role")
            if role_id is not None and role_id in seen:
                self._error(cell, "duplicate column", cell.text, "each role once in a table")
                role_id = None
            if role_id is not None:
                seen[role_id] = cell
                self._column_once(role_id, cell)
            columns.append(Column(role_id, cell.text) if role_id is not None else None)
        if len(line) == len(LEADING):
            self._error(line[-1], "bad header", None, "at least one role after 'privilege'")
        self.tables.append(_Table(line, columns, readable))

    def _column_once(self, role_id: str, cell: CsvCell) -> None:
        """A role is printed in one table; a second column would leave open which of the two counts."""
        if role_id in self.reading.columns:
            first = self.reading.columns[role_id]
            self._error(
                cell, "duplicate column", cell.text, f"a role in one table only (first at line {first.line})"
            )
        else:
            self.reading.columns[role_id] = cell.place

    def _row(self, line: CsvLine, table: _Table) -> None:
        if not _right_width(line, table.header, self.report):
            return
        self._table_id(line[0], table)
        area = self._area(line[1], table)
        privilege_id, marks = self._privilege(line[2])
        cells: list[str] = []
        for column, cell in zip(table.columns, line[len(LEADING) :], strict=True):
            value = self._cell(cell)
            if column is not None:
                cells.append(value)
                if privilege_id is not None:
                    self._agrees(column.role_id, privilege_id, value, cell)
        if privilege_id is None:
            return
        if table.id is not None:
            self.reading.rows[table.id, len(table.rows)] = line[0].place
        if any(row.area == area and row.privilege_id == privilege_id for row in table.rows):
            self._error(line[2], "duplicate row", line[2].text, "a privilege once under an area")
        table.rows.append(Row(area, privilege_id, tuple(cells), marks))

    def _table_id(self, cell: CsvCell, table: _Table) -> None:
        table_id = self.names.all.tables.get(cell.text, cell.place, self.report) if cell.text else None
        if not cell.text:
            self._error(cell, "missing table", None, one_of(self.names.all.tables.titles))
        if table_id is None:
            return
        if table.id is None:
            if any(other.id == table_id for other in self.tables):
                self._error(cell, "duplicate table", cell.text, "a table under one header line")
                return
            table.id = table_id
        elif table.id != table_id:
            self._error(cell, "wrong table", cell.text, f"'{table.id}', or a header line before a new table")

    def _area(self, cell: CsvCell, table: _Table) -> str | None:
        """The area of a row. A table has areas or it has none: a gap would leave open where a row belongs."""
        if table.has_areas is None:
            table.has_areas = bool(cell.text)
        elif table.has_areas and not cell.text:
            self._error(cell, "missing area", None, "the area of this row, as the rows above have one")
        elif cell.text and not table.has_areas:
            self._error(cell, "unused area", cell.text, "none, as in the rows above")
        if not cell.text:
            return None
        return self.names.all.areas.get(cell.text, cell.place, self.report)

    def _privilege(self, cell: CsvCell) -> tuple[str | None, tuple[str, ...]]:
        title = cell.text.rstrip(self.names.footnote_marks + " ") if self.names.footnote_marks else cell.text
        marks = cell.text[len(title) :].split()
        if not title:
            self._error(cell, "missing privilege", None, "the title of a privilege")
            return None, ()
        at = CsvCell(title, cell.place)
        return self.names.all.privileges.get(at.text, at.place, self.report), tuple(marks)

    def _cell(self, cell: CsvCell) -> str:
        value = cell.text.casefold()
        if value in (YES, NO):
            return value
        if cell.text in self.names.marks:
            return cell.text
        allowed = [YES, NO, *self.names.marks]
        near = say("bad cell", found=cell.text or None, expected=one_of(allowed), names=allowed)
        self.report.add(cell.place, near)
        return NO

    def _agrees(self, role_id: str, privilege_id: str, value: str, cell: CsvCell) -> None:
        """A row that stands twice must say the same; otherwise nobody could tell what holds."""
        before = self.yes.setdefault((role_id, privilege_id), (value, cell.place))
        if before[0] != value:
            expected = f"'{before[0]}', as at line {before[1].line}"
            self._error(cell, "contradicting cell", cell.text, expected)
