"""The file that accounts are imported from: CSV to rows, with every error at its line and column."""

from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError

from rolebook.accounts.table_file import MOST_ERRORS, TableRow, read_table
from rolebook.accounts.texts import clean_email, clean_fsid, clean_user_id, email_key
from rolebook.policy.errors import Place, Report, say

MOST_ROWS = 20_000
LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One person as the file has them; ``last_signed_in_on`` is a day in the program's time zone."""

    user_id: str
    name: str
    email: str
    last_signed_in_on: date | None
    place: Place
    email_place: Place
    fsid: str = ""
    """A federal surveyor's number; empty for none."""
    fsid_place: Place | None = None


def read_accounts(data: bytes, file: str, today: date) -> tuple[AccountRow, ...]:
    """Return the accounts of a CSV file, checked against each other.

    Columns: user_id, name, email, and optionally fsid and last_signed_in_on (a day, ``today`` at the latest).
    User IDs and addresses are held to what registration asks of them. Raises RolebookErrors with every error at once
    (up to 200).
    """
    report = Report()
    needed = ("user_id", "name", "email")
    lines = read_table(
        data, file, needed=needed, optional=("last_signed_in_on", "fsid"), most_rows=MOST_ROWS, report=report
    )
    seen: dict[tuple[str, str], Place] = {}
    rows = []
    for line in lines:
        row = _read(line, today, seen, report)
        if row is not None:
            rows.append(row)
        if len(report.errors) >= MOST_ERRORS:
            break
    report.check()
    return tuple(rows)


def _read(
    line: TableRow, today: date, seen: dict[tuple[str, str], Place], report: Report
) -> AccountRow | None:
    before = len(report.errors)
    user_cell, email_cell = line.cells["user_id"], line.cells["email"]
    user_id = email = ""
    try:
        user_id = clean_user_id(user_cell.text)
    except ValidationError:
        expected = "4 to 60 letters, digits, periods, hyphens and underscores"
        report.add(user_cell.place, say("bad user_id", found=user_cell.text or None, expected=expected))
    name = line.text("name", LONGEST_NAME, report)
    try:
        email = clean_email(email_cell.text)
    except ValidationError:
        expected = "an e-mail address such as name@example.org"
        report.add(email_cell.place, say("bad email", found=email_cell.text or None, expected=expected))
    day = line.day("last_signed_in_on", report, needed=False)
    if day is not None and day > today:
        cell = line.cells["last_signed_in_on"]
        report.add(cell.place, say("bad last_signed_in_on", found=cell.text, expected=f"{today} or earlier"))
    fsid, fsid_place = _read_fsid(line, report)
    for column, key, place in (
        ("user_id", user_id, user_cell.place),
        ("email", email_key(email), email_cell.place),
        *([("fsid", fsid, fsid_place)] if fsid and fsid_place is not None else []),
    ):
        first = seen.setdefault((column, key), place)
        if key and first != place:
            expected = f"it once; line {first.line} has it, too: change or remove one of them"
            found = line.cells[column].text
            report.add(place, say(f"{column} given twice", found=found, expected=expected))
    if len(report.errors) > before:
        return None
    return AccountRow(user_id, name, email, day, user_cell.place, email_cell.place, fsid, fsid_place)


def _read_fsid(line: TableRow, report: Report) -> tuple[str, Place | None]:
    cell = line.cells.get("fsid")
    if cell is None or not cell.text.strip():
        return "", None
    fsid = clean_fsid(cell.text)
    if fsid is None:
        report.add(cell.place, say("bad fsid", found=cell.text, expected="4 to 12 letters and digits"))
    return fsid or "", cell.place
