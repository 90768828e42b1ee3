"""The file that grants are imported from: CSV to rows, with every error at its line and column."""

from dataclasses import dataclass
from datetime import date

from rolebook.accounts.table_file import MOST_ERRORS, TableRow, read_table
from rolebook.accounts.texts import fold_user_id
from rolebook.policy.errors import Place, Report, one_of, say
from rolebook.policy.model import STEWARD_ID, Role, Rolebook

MOST_ROWS = 5_000
"""Rows of one file: each is judged for itself, under the locks of all of them."""
LONGEST = {"approved_by": 150, "source": 200}
_NEEDED = ("user_id", "role", "approved_on", "approved_by", "source")
_OPTIONAL = ("organization", "starts_on", "ends_on")


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant as the file has it. Days are in the program's time zone; ``ends_on`` is the last one it is held."""

    user_id: str
    role: Role
    organization: str
    """A code or an identifier; "" for a role held at no organization."""
    approved_on: date
    approved_by: str
    starts_on: date
    ends_on: date | None
    source: str
    place: Place
    user_place: Place
    organization_place: Place


def read_grants(data: bytes, file: str, book: Rolebook, today: date) -> tuple[GrantRow, ...]:
    """Return the grants of a CSV file, checked against the program's roles and the calendar.

    Columns: user_id, role (title or id), organization (code or identifier; none for a role that is held at none),
    approved_on, approved_by, source, and optionally starts_on (that day itself where empty: approved_on) and ends_on.
    Raises RolebookErrors with every error at once (up to 200).
    """
    report = Report()
    lines = read_table(data, file, needed=_NEEDED, optional=_OPTIONAL, most_rows=MOST_ROWS, report=report)
    rows = []
    for line in lines:
        row = _read(line, book, today, report)
        if row is not None:
            rows.append(row)
        if len(report.errors) >= MOST_ERRORS:
            break
    report.check()
    return tuple(rows)


def _read(line: TableRow, book: Rolebook, today: date, report: Report) -> GrantRow | None:
    before = len(report.errors)
    user = line.cells["user_id"]
    if not user.text:
        report.add(user.place, say("missing user_id", found=None, expected="the user ID of an account"))
    role = _role(line, book, report)
    approved_on = line.day("approved_on", report)
    if approved_on is not None and approved_on > today:
        cell = line.cells["approved_on"]
        report.add(cell.place, say("bad approved_on", found=cell.text, expected=f"{today} or earlier"))
    approved_by = line.text("approved_by", LONGEST["approved_by"], report)
    source = line.text("source", LONGEST["source"], report)
    starts_on = line.day("starts_on", report, needed=False) or approved_on
    ends_on = line.day("ends_on", report, needed=False)
    if ends_on is not None and ends_on < today:
        cell = line.cells["ends_on"]
        expected = f"{today} or later, or no end: what has ended is no grant any more"
        report.add(cell.place, say("bad ends_on", found=cell.text, expected=expected))
    if len(report.errors) > before or role is None or approved_on is None or starts_on is None:
        return None
    organization = line.cells["organization"]
    return GrantRow(
        fold_user_id(user.text),
        role,
        organization.text,
        approved_on,
        approved_by,
        starts_on,
        ends_on,
        source,
        line.place,
        user.place,
        organization.place,
    )


def _role(line: TableRow, book: Rolebook, report: Report) -> Role | None:
    """Return the row's role. The steward's office is ours: no earlier system has it to hand over."""
    cell = line.cells["role"]
    role = book.role_by_name(cell.text) or book.role(cell.text.replace("-", "_"))
    if role is not None and role.id != STEWARD_ID:
        return role
    names = [one.title for one in book.roles]
    problem = "missing role" if not cell.text else "unknown role" if role is None else "role not imported"
    expected = one_of(names) if role is None else "a role of the matrix; a steward is designated"
    report.add(cell.place, say(problem, found=cell.text or None, expected=expected, names=names))
    return None
