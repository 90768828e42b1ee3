"""The file that organizations are imported from: CSV to rows, with every error at its line and column."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError

from rolebook.accounts.contacts import Contact, clean_contact
from rolebook.accounts.identifiers import Scheme, needs_own, schemes_of
from rolebook.accounts.texts import clean_line
from rolebook.policy.errors import MOST_TOLD, Place, Report, one_of, say
from rolebook.policy.model import OrganizationKind, Rolebook
from rolebook.policy.text_files import DELIMITERS, CsvCell, CsvLine, decode, parse_csv

LARGEST_BYTES = 32 * 1024 * 1024
MOST_ROWS = 200_000
MOST_CELLS = 4_000_000
"""Cells are counted before they are made: each takes a hundred times the byte that stands for an empty one."""
LONGEST = {"code": 60, "name": 200, "kind": 60, "parent": 60}
_NEEDED = ("code", "name", "kind")
_CONTACT = {
    "contact_for": "purpose",
    "contact_name": "name",
    "contact_email": "email",
    "contact_phone": "phone",
}
"""Columns of the contact, and the fields that they are."""
_CONTACT_EXPECTED = {
    "purpose": "what they are the contact for",
    "name": "the contact's name, or the name of their office",
    "email": "an e-mail address, or a telephone number beside it",
    "phone": "a telephone number such as 410-555-0100",
}
_NO_COLUMN = "take the column out, or give it one of these names"
_WRITE_IT = "write it into this cell"
_PLAIN = ("code", "name", "kind", "parent", *_CONTACT)


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """One organization as the file has it; what could not be read is empty, and in the report of the file."""

    code: str
    name: str
    kind_id: str
    parent_code: str | None
    identifiers: tuple[tuple[str, str], ...]
    """(scheme, value) pairs."""
    place: Place
    """The cell of its code."""
    kind_place: Place
    parent_place: Place
    identifier_places: tuple[Place, ...]
    contact: Contact | None = None
    """The contact to have for its purpose; None: contacts stay as they are."""


def read_organizations(
    data: bytes,
    file: str,
    book: Rolebook,
    report: Report,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[OrganizationRow, ...]:
    """Return the organizations of a CSV file, checked against the program's kinds and against each other.

    What is wrong with rows goes into the report, for the plan to go on with: so all errors of a row are told at once.

    Columns: code, name, kind (id or title), parent (a code), one for each identifier scheme of the program, and
    contact_for, contact_name, contact_email, contact_phone. UTF-8 with or without byte order mark, any line ends, line
    breaks inside quotes, comma, semicolon or tab. ``progress`` is told (rows read, rows in all). Whether a parent
    outside of the file exists is for the flow to say.
    Raises RolebookErrors for what is no such table.
    """
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
        rows.append(reader.read(line))
        if progress is not None and number % 1000 == 0:
            progress(number, len(lines) - 1)
    _check_parents(rows, book, report)
    return tuple(rows)


def _columns(header: CsvLine, book: Rolebook, report: Report) -> dict[str, int]:
    """Return where each column stands, by name."""
    known = list(dict.fromkeys([*_PLAIN, *schemes_of(book)]))
    columns: dict[str, int] = {}
    report.headings = tuple(cell.text for cell in header)
    expected = "one of " + ", ".join(known)
    for index, cell in enumerate(header):
        name = cell.text.casefold()
        if name not in known:
            message = say(
                "unknown column", found=cell.text or None, expected=expected, names=known, advice=_NO_COLUMN
            )
            report.add(cell.place, message)
        elif name in columns:
            advice = "take one of the two out"
            report.add(
                cell.place, say("column given twice", found=cell.text, expected="it once", advice=advice)
            )
        else:
            columns[name] = index
    start = replace(header[0].place, column=1, cell=0)
    for name in _NEEDED:
        if name not in columns:
            message = say(
                "missing column",
                found=", ".join(report.headings) or None,
                expected=f"a column '{name}' besides",
                advice="name the columns in the first line of the file",
            )
            report.add(start, message)
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

    def read(self, line: CsvLine) -> OrganizationRow:
        """Return the row; its errors are in the report, and what is wrong of it is empty."""
        if len(line) > len(self.columns):
            extra = line[len(self.columns)]
            expected = f"{len(self.columns)} cells in a row"
            advice = "put double quotes around text that has a comma in it"
            self.report.add(
                extra.place, say("too many cells", found=extra.text, expected=expected, advice=advice)
            )
        names = (*_PLAIN, *self.schemes)
        cells = {name: self._cell(line, self.columns.get(name)) for name in names}
        code = self._text(cells["code"], "code")
        name = self._text(cells["name"], "name")
        kind = self._kind(cells["kind"])
        parent = cells["parent"]
        parent_code = self._text(parent, "parent") if parent.text else None
        if code:
            self._once(self.codes, code.casefold(), cells["code"], "code")
        identifiers = self._identifiers(cells, kind, code)
        return OrganizationRow(
            code=code,
            name=name,
            kind_id="" if kind is None else kind.id,
            parent_code=parent_code or None,
            identifiers=tuple((scheme, value) for scheme, value, _ in identifiers),
            place=cells["code"].place,
            kind_place=cells["kind"].place,
            parent_place=parent.place,
            identifier_places=tuple(place for _, _, place in identifiers),
            contact=self._contact(cells),
        )

    def _cell(self, line: CsvLine, index: int | None) -> CsvCell:
        """Return a cell of a line; one that is not there is empty, and stands where its line ends."""
        if index is not None and index < len(line):
            return line[index]
        place = replace(line[0].place, cell=0) if index is None else replace(line[-1].place, cell=index + 1)
        return CsvCell("", place)

    def _missing(self, cell: CsvCell, column: str, expected: str, advice: str = _WRITE_IT) -> None:
        if not cell.place.cell:
            advice = f"add a column '{column}' and write it there"
        self.report.add(cell.place, say(f"missing {column}", found=None, expected=expected, advice=advice))

    def _text(self, cell: CsvCell, column: str) -> str:
        try:
            return clean_line(cell.text, longest=LONGEST[column])
        except ValidationError as wrong:
            expected = f"text of at most {LONGEST[column]} characters"
            if wrong.code == "empty":
                self._missing(cell, column, expected)
            else:
                advice = "shorten it" if len(cell.text) > LONGEST[column] else "write it anew"
                message = say(f"bad {column}", found=cell.text, expected=expected, advice=advice)
                self.report.add(cell.place, message)
            return ""

    def _kind(self, cell: CsvCell) -> OrganizationKind | None:
        kind = self.kinds.get(cell.text.casefold())
        expected = one_of(self.kind_names)
        if kind is None and not cell.text:
            self._missing(cell, "kind", expected)
        elif kind is None:
            # Looking for what was meant takes time: enough for what is told.
            names = self.kind_names if len(self.report.errors) < MOST_TOLD else ()
            advice = "write one of these"
            message = say("unknown kind", found=cell.text, expected=expected, names=names, advice=advice)
            self.report.add(cell.place, message)
        return kind

    def _identifiers(
        self, cells: dict[str, CsvCell], kind: OrganizationKind | None, code: str
    ) -> list[tuple[str, str, Place]]:
        """Return the row's identifiers; a code that is one of its kind's own scheme stands for an empty cell."""
        found: list[tuple[str, str, Place]] = []
        for scheme in self.schemes.values():
            own = kind is not None and scheme.id == kind.identifier_scheme
            cell = cells[scheme.id]
            value = self._identifier(scheme, cell, kind if own else None, code)
            if value is not None:
                self._once(self.identifiers, (scheme.id, value), CsvCell(value, cell.place), scheme.id)
                found.append((scheme.id, value, cell.place if cell.text else cells["code"].place))
        return found

    def _identifier(
        self, scheme: Scheme, cell: CsvCell, kind: OrganizationKind | None, code: str
    ) -> str | None:
        """Return one identifier; ``kind`` is the row's where the scheme is its own."""
        if kind is not None:
            scheme = Scheme(scheme.id, kind.identifier_title, (kind,))
        if cell.text:
            value = scheme.clean(cell.text)
            if value is None:
                advice = "correct the number"
                message = say(f"bad {scheme.id}", found=cell.text, expected=scheme.such_as(), advice=advice)
                self.report.add(cell.place, message)
            return value
        if kind is None or not needs_own(kind):
            return None
        value = scheme.clean(code)
        if value is None:
            self._missing(cell, scheme.id, scheme.such_as())
        return value

    def _contact(self, cells: dict[str, CsvCell]) -> Contact | None:
        try:
            return clean_contact(**{field: cells[name].text for name, field in _CONTACT.items()})
        except ValidationError as wrong:
            columns = {field: name for name, field in _CONTACT.items()}
            for field, messages in wrong.message_dict.items():
                column, expected = columns[field], _CONTACT_EXPECTED[field]
                advice = " ".join(messages).rstrip(".")
                advice = advice[:1].lower() + advice[1:]
                cell = cells[column]
                if cell.text:
                    message = say(f"bad {column}", found=cell.text, expected=expected, advice=advice)
                    self.report.add(cell.place, message)
                else:
                    self._missing(cell, column, expected, advice)
            return None

    def _once[K](self, seen: dict[K, Place], key: K, cell: CsvCell, what: str) -> None:
        if key in seen:
            first = seen[key]
            expected = f"a {what} that no other line has; line {first.line} has it, too: change or remove one of them"
            self.report.add(cell.place, say(f"{what} given twice", found=cell.text, expected=expected))
        else:
            seen[key] = cell.place


def _check_parents(rows: Sequence[OrganizationRow], book: Rolebook, report: Report) -> None:
    """Report parents that are not of a kind that may be one, as far as the file itself tells, and circles."""
    by_code = {row.code: row for row in rows if row.code}
    for row in rows:
        kind = book.kind(row.kind_id)
        if row.parent_code is None and kind is not None and kind.parent_kinds:
            expected = "the code of " + one_of(kind.parent_kinds)
            advice = _WRITE_IT if row.parent_place.cell else "add a column 'parent' and write it there"
            report.add(row.parent_place, say("missing parent", found=None, expected=expected, advice=advice))
        parent = by_code.get(row.parent_code or "")
        if parent is not None:
            check_parent_kind(row, parent.kind_id, book, report)
    for row in _in_circles(by_code.values(), by_code):
        advice = "break the circle: an organization cannot stand below itself"
        expected = "a parent further up"
        report.add(
            row.parent_place,
            say("circle of parents", found=row.parent_code, expected=expected, advice=advice),
        )


def check_parent_kind(row: OrganizationRow, parent_kind_id: str, book: Rolebook, report: Report) -> None:
    """Report a parent of a kind under which the row's kind does not stand."""
    kind = book.kind(row.kind_id)
    if kind is None or not parent_kind_id or parent_kind_id in kind.parent_kinds:
        return
    expected = one_of(kind.parent_kinds) if kind.parent_kinds else "no parent"
    advice = "write the code of such a one" if kind.parent_kinds else "leave this cell empty"
    found = f"{row.parent_code} ({parent_kind_id})"
    report.add(row.parent_place, say("wrong kind of parent", found=found, expected=expected, advice=advice))


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
