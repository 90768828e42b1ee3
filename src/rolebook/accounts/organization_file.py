"""The file that organizations are imported from: CSV to rows, with every error at its line and column."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError

from rolebook.accounts.contacts import Contact, clean_contact
from rolebook.accounts.identifiers import Scheme, needs_own, schemes_of
from rolebook.accounts.texts import clean_line
from rolebook.policy.errors import Place, Report, one_of, say
from rolebook.policy.model import OrganizationKind, Rolebook
from rolebook.policy.text_files import DELIMITERS, CsvCell, CsvLine, decode, parse_csv

LARGEST_BYTES = 32 * 1024 * 1024
MOST_ROWS = 200_000
MOST_CELLS = 4_000_000
"""Cells are counted before they are made: each takes a hundred times the byte that stands for an empty one."""
MOST_ERRORS = 200
"""Reading stops after so many errors: the file is of another kind than thought."""
LONGEST = {"code": 60, "name": 200, "kind": 60, "parent": 60}
_NEEDED = ("code", "name", "kind")
_CONTACT = {
    "contact_for": "purpose",
    "contact_name": "name",
    "contact_email": "email",
    "contact_phone": "phone",
}
"""Columns of the contact, and the fields that they are."""
_PLAIN = ("code", "name", "kind", "parent", *_CONTACT)


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """One organization as the file has it; ``place`` is where its row begins, ``parent_place`` its parent's cell."""

    code: str
    name: str
    kind_id: str
    parent_code: str | None
    identifiers: tuple[tuple[str, str], ...]
    """(scheme, value) pairs."""
    place: Place
    parent_place: Place
    contact: Contact | None = None
    """The contact to have for its purpose; None: contacts stay as they are."""


def read_organizations(
    data: bytes, file: str, book: Rolebook, *, progress: Callable[[int, int], None] | None = None
) -> tuple[OrganizationRow, ...]:
    """Return the organizations of a CSV file, checked against the program's kinds and against each other.

    Columns: code, name, kind (id or title), parent (a code), one for each identifier scheme of the program, and
    contact_for, contact_name, contact_email, contact_phone. UTF-8 with or without byte order mark, any line ends, line
    breaks inside quotes, comma, semicolon or tab. ``progress`` is told (rows read, rows in all). Whether a parent
    outside of the file exists is for the flow to say.
    Raises RolebookErrors with every error at once (up to 200).
    """
    report = Report()
    start = Place(file, 1, 1)
    if len(data) > LARGEST_BYTES:
        report.add(
            start, say("file too large", found=f"{len(data)} bytes", expected=f"at most {LARGEST_BYTES}")
        )
        report.check()
    text = decode(data, file, report)
    report.check()
    cells = max((text or "").count(delimiter) for delimiter in DELIMITERS)
    if cells > MOST_CELLS:
        report.add(start, say("file too large", found=f"{cells} cells", expected=f"at most {MOST_CELLS}"))
    report.check()
    lines = parse_csv(text or "", file, report)
    report.check()
    if not lines:
        report.add(start, say("empty file", found=None, expected="a line of column names"))
    elif len(lines) - 1 > MOST_ROWS:
        report.add(start, say("too many rows", found=f"{len(lines) - 1}", expected=f"at most {MOST_ROWS}"))
    report.check()
    columns = _columns(lines[0], book, report)
    report.check()
    reader = _RowReader(columns, book, report)
    rows = []
    for number, line in enumerate(lines[1:], start=1):
        row = reader.read(line)
        if row is not None:
            rows.append(row)
        if len(report.errors) >= MOST_ERRORS:
            break
        if progress is not None and number % 1000 == 0:
            progress(number, len(lines) - 1)
    _check_parents(rows, book, report)
    report.check()
    return tuple(rows)


def _columns(header: CsvLine, book: Rolebook, report: Report) -> dict[str, int]:
    """Return where each column stands, by name."""
    known = list(dict.fromkeys([*_PLAIN, *schemes_of(book)]))
    columns: dict[str, int] = {}
    for index, cell in enumerate(header):
        name = cell.text.casefold()
        if name not in known:
            report.add(
                cell.place, say("unknown column", found=cell.text, expected=one_of(known), names=known)
            )
        elif name in columns:
            report.add(cell.place, say("column given twice", found=cell.text, expected="it once"))
        else:
            columns[name] = index
    for name in _NEEDED:
        if name not in columns and not report.errors:
            report.add(header[0].place, say("missing column", found=None, expected=f"a column '{name}'"))
    return columns


class _RowReader:
    """Reads one row after the other, and remembers codes and identifiers, which must not repeat."""

    def __init__(self, columns: dict[str, int], book: Rolebook, report: Report) -> None:
        self.columns = columns
        self.report = report
        self.kinds = {
            name.casefold(): kind for kind in book.organization_kinds for name in (kind.id, kind.title)
        }
        self.kind_names = [kind.id for kind in book.organization_kinds]
        self.schemes = schemes_of(book)
        self.codes: dict[str, Place] = {}
        self.identifiers: dict[tuple[str, str], Place] = {}

    def read(self, line: CsvLine) -> OrganizationRow | None:
        """Return the row, or None with its errors in the report."""
        before = len(self.report.errors)
        if len(line) > len(self.columns):
            extra = line[len(self.columns)]
            self.report.add(
                extra.place,
                say("too many cells", found=extra.text, expected=f"{len(self.columns)} cells in a row"),
            )
        cells = {name: self._cell(line, index) for name, index in self.columns.items()}
        code = self._text(cells["code"], "code")
        name = self._text(cells["name"], "name")
        kind = self._kind(cells["kind"])
        parent = cells.get("parent", CsvCell("", cells["code"].place))
        parent_code = self._text(parent, "parent") if parent.text else None
        if code:
            self._once(self.codes, code.casefold(), cells["code"], "code")
        identifiers = self._identifiers(cells, kind, code) if kind is not None else ()
        contact = self._contact(cells)
        if len(self.report.errors) > before or kind is None:
            return None
        return OrganizationRow(
            code, name, kind.id, parent_code, identifiers, cells["code"].place, parent.place, contact
        )

    def _cell(self, line: CsvLine, index: int) -> CsvCell:
        return line[index] if index < len(line) else CsvCell("", line[-1].place)

    def _text(self, cell: CsvCell, column: str) -> str:
        try:
            return clean_line(cell.text, longest=LONGEST[column])
        except ValidationError as wrong:
            expected = f"text of at most {LONGEST[column]} characters"
            if wrong.code == "empty":
                self.report.add(cell.place, say(f"missing {column}", found=None, expected=expected))
            else:
                self.report.add(cell.place, say(f"bad {column}", found=cell.text, expected=expected))
            return ""

    def _kind(self, cell: CsvCell) -> OrganizationKind | None:
        kind = self.kinds.get(cell.text.casefold())
        if kind is None:
            found = cell.text or None
            self.report.add(
                cell.place,
                say("unknown kind", found=found, expected=one_of(self.kind_names), names=self.kind_names),
            )
        return kind

    def _identifiers(
        self, cells: dict[str, CsvCell], kind: OrganizationKind, code: str
    ) -> tuple[tuple[str, str], ...]:
        """Return the row's identifiers; a code that is one of its kind's own scheme stands for an empty cell."""
        found: list[tuple[str, str]] = []
        for scheme in self.schemes.values():
            own = scheme.id == kind.identifier_scheme
            cell = cells.get(scheme.id, CsvCell("", cells["code"].place))
            value = self._identifier(scheme, cell, kind if own else None, code)
            if value is not None:
                self._once(self.identifiers, (scheme.id, value), CsvCell(value, cell.place), scheme.id)
                found.append((scheme.id, value))
        return tuple(found)

    def _identifier(
        self, scheme: Scheme, cell: CsvCell, kind: OrganizationKind | None, code: str
    ) -> str | None:
        """Return one identifier; ``kind`` is the row's where the scheme is its own."""
        if kind is not None:
            scheme = Scheme(scheme.id, kind.identifier_title, (kind,))
        if cell.text:
            value = scheme.clean(cell.text)
            if value is None:
                self.report.add(
                    cell.place, say(f"bad {scheme.id}", found=cell.text, expected=scheme.such_as())
                )
            return value
        if kind is None or not needs_own(kind):
            return None
        value = scheme.clean(code)
        if value is None:
            self.report.add(cell.place, say(f"missing {scheme.id}", found=None, expected=scheme.such_as()))
        return value

    def _contact(self, cells: dict[str, CsvCell]) -> Contact | None:
        given = {field: cells[name] for name, field in _CONTACT.items() if name in cells}
        try:
            return clean_contact(
                **{name: given[name].text if name in given else "" for name in _CONTACT.values()}
            )
        except ValidationError as wrong:
            for field, messages in wrong.message_dict.items():
                cell = given.get(field, next(iter(given.values())))
                expected = " ".join(messages).rstrip(".")
                expected = expected[:1].lower() + expected[1:]
                column = next(name for name, told in _CONTACT.items() if told == field)
                self.report.add(cell.place, say(f"bad {column}", found=cell.text or None, expected=expected))
            return None

    def _once[K](self, seen: dict[K, Place], key: K, cell: CsvCell, what: str) -> None:
        if key in seen:
            first = seen[key]
            expected = f"it once; it stands at {first.line}:{first.column} already"
            self.report.add(cell.place, say(f"{what} given twice", found=cell.text, expected=expected))
        else:
            seen[key] = cell.place


def _check_parents(rows: Sequence[OrganizationRow], book: Rolebook, report: Report) -> None:
    """Report parents that are not of a kind that may be one, as far as the file itself tells, and circles."""
    by_code = {row.code: row for row in rows}
    for row in rows:
        kind = book.kind(row.kind_id)
        if row.parent_code is None and kind is not None and kind.parent_kinds:
            expected = "the code of " + one_of(kind.parent_kinds)
            report.add(row.parent_place, say("missing parent", found=None, expected=expected))
        parent = by_code.get(row.parent_code or "")
        if parent is not None:
            check_parent_kind(row, parent.kind_id, book, report)
    for row in _in_circles(by_code.values(), by_code):
        report.add(
            row.parent_place, say("circle of parents", found=row.parent_code, expected="a parent further up")
        )


def check_parent_kind(row: OrganizationRow, parent_kind_id: str, book: Rolebook, report: Report) -> None:
    """Report a parent of a kind under which the row's kind does not stand."""
    kind = book.kind(row.kind_id)
    if kind is not None and parent_kind_id not in kind.parent_kinds:
        expected = one_of(kind.parent_kinds) if kind.parent_kinds else "no parent"
        report.add(
            row.parent_place,
            say("wrong kind of parent", found=f"{row.parent_code} ({parent_kind_id})", expected=expected),
        )


def _in_circles(
    rows: Iterable[OrganizationRow], by_code: dict[str, OrganizationRow]
) -> list[OrganizationRow]:
    """Return the rows whose parents lead back to themselves; each row is looked at once (no recursion, fault 55)."""
    found: list[OrganizationRow] = []
    settled: set[str] = set()
    for row in rows:
        path: dict[str, OrganizationRow] = {}
        here: OrganizationRow | None = row
        while here is not None and here.code not in settled and here.code not in path:
            path[here.code] = here
            here = by_code.get(here.parent_code or "")
        if here is not None and here.code in path:
            codes = list(path)
            found += [path[code] for code in codes[codes.index(here.code) :]]
        settled.update(path)
    return found
