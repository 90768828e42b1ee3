"""The file that responder records are imported from: CSV to rows, with every error at its line and column."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError

from rolebook.accounts.table_file import MOST_ERRORS, TableRow, read_table
from rolebook.accounts.texts import clean_email
from rolebook.governance.own_records import clean_identifier
from rolebook.policy.errors import Place, Report, say
from rolebook.policy.model import Records

MOST_ROWS = 100_000
LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class ResponderRow:
    """One record as the file has it; ``email`` is empty where it has none, ``organization`` is a code as typed."""

    identifier: str
    name: str
    email: str
    organization: str
    place: Place
    organization_place: Place


def read_responders(data: bytes, file: str, records: Records) -> tuple[ResponderRow, ...]:
    """Return the records of a CSV file, checked against each other.

    Columns: identifier, name, organization (a code), and optionally email. Raises RolebookErrors with every error at
    once (up to 200).
    """
    report = Report()
    lines = read_table(
        data,
        file,
        needed=("identifier", "name", "organization"),
        optional=("email",),
        most_rows=MOST_ROWS,
        report=report,
    )
    seen: dict[str, Place] = {}
    rows = []
    for line in lines:
        row = _read(line, records, seen, report)
        if row is not None:
            rows.append(row)
        if len(report.errors) >= MOST_ERRORS:
            break
    report.check()
    return tuple(rows)


def _read(line: TableRow, records: Records, seen: dict[str, Place], report: Report) -> ResponderRow | None:
    before = len(report.errors)
    cell = line.cells["identifier"]
    identifier = clean_identifier(records, cell.text)
    if identifier is None:
        example = f" such as {records.identifier_example}" if records.identifier_example else ""
        expected = f"a {records.identifier_title}{example}"
        report.add(cell.place, say("bad identifier", found=cell.text or None, expected=expected))
    else:
        first = seen.setdefault(identifier, cell.place)
        if first != cell.place:
            expected = f"it once; line {first.line} has it, too: change or remove one of them"
            report.add(cell.place, say("identifier given twice", found=cell.text, expected=expected))
    name = line.text("name", LONGEST_NAME, report)
    organization = line.text("organization", 60, report)
    email_cell = line.cells["email"]
    email = ""
    try:
        email = clean_email(email_cell.text) if email_cell.text.strip() else ""
    except ValidationError:
        expected = "an e-mail address such as name@example.org, or nothing"
        report.add(email_cell.place, say("bad email", found=email_cell.text, expected=expected))
    if len(report.errors) > before or identifier is None:
        return None
    return ResponderRow(identifier, name, email, organization, cell.place, line.cells["organization"].place)
