"""Reports of reviews as spreadsheets and on paper, from the parts in which they are kept."""

import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import IO, TYPE_CHECKING
from zoneinfo import ZoneInfo

from rolebook.governance.files.cells import Cell, csv_pieces
from rolebook.governance.files.report_paper import ACCOUNTS_A_VOLUME, Paper, volumes
from rolebook.governance.files.review_lines import (
    COLUMNS,
    NOTHING_SUBMITTED,
    QUALITY_COLUMNS,
    SILENT_COLUMNS,
    fact_lines,
    lines_of,
    place_words,
    quality_lines,
    silent_lines,
)
from rolebook.governance.files.workbook import Sheet, counted, write_workbook
from rolebook.governance.models import MadeFile, ReviewReport
from rolebook.governance.queries.held_days import last_day
from rolebook.governance.queries.review_quality import quality
from rolebook.governance.queries.review_reports import find_report, records_in
from rolebook.governance.review_report import Record
from rolebook.governance.review_rows import review_of
from rolebook.governance.review_summary import besides_words, number_words

if TYPE_CHECKING:
    from rolebook.governance.making import Progress

KIND = "review report"
XLSX, PDF, ZIP = "xlsx", "pdf", "zip"


def ending_of(report: ReviewReport, wanted: str) -> str:
    """Return the ending of a report's file: a PDF with more accounts than a volume holds is an archive of several."""
    return ZIP if wanted == PDF and report.total > ACCOUNTS_A_VOLUME else wanted


def require_seen(made: MadeFile, at: datetime) -> None:
    """Raise NotFound when who asked may not see the report at ``at``."""
    find_report(made.asked_by, made.program_id, made.asked["report_id"], at)


def write(made: MadeFile, target: IO[bytes], progress: "Progress", at: datetime) -> None:
    """Write the file of a report. Raises NotFound when who asked may not see it any more."""
    report = find_report(made.asked_by, made.program_id, made.asked["report_id"], at)
    write_report(report, made.format, target, progress)


def write_report(report: ReviewReport, ending: str, target: IO[bytes], progress: "Progress") -> None:
    """Write a report that has been made as XLSX, PDF or an archive of PDF volumes."""
    records = _told(records_in(report), progress, report.total)
    if ending == XLSX:
        _workbook(report, records, target)
        return
    paper = paper_of(report)
    if ending == PDF:
        target.write(next(volumes(paper, records)))
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, volume in enumerate(volumes(paper, records), start=1):
            archive.writestr(f"part-{number:02}.pdf", volume)


def _told(records: Iterator[Record], progress: "Progress", total: int) -> Iterator[Record]:
    for number, record in enumerate(records, start=1):
        if number % 200 == 0 or number == total:
            progress(number, total)
        yield record


def _workbook(report: ReviewReport, records: Iterator[Record], target: IO[bytes]) -> None:
    book, _ = review_of(report.campaign)
    sheets = [Sheet("Accounts", COLUMNS, counted(lines_of(records), lambda _: None))]
    if report.organization is None:
        # How people answer is for the program's eyes; the report of the whole is its steward's.
        sheets.append(Sheet("Quality", QUALITY_COLUMNS, quality_lines(quality(report.campaign))))
    silent = report.summary["unanswered_places"]
    lines = (
        [row["organization"] or "The steward", row["code"], row["unanswered"], row.get("accounts")]
        for row in silent
    )
    sheets.append(Sheet("Not answered", SILENT_COLUMNS, lines))
    people = ([row["name"], row["answers"]] for row in report.summary["reviewers"])
    sheets.append(Sheet("Reviewers", (("Reviewer", 28), ("Answers submitted", 14)), people))
    write_workbook(target, title_of(report), facts_of(report), sheets, book.program.zone)


def csv_of(report: ReviewReport) -> Iterator[str]:
    """Yield a report that has been made as CSV: its accounts, then its summary and who did not answer, in one table."""
    book, _ = review_of(report.campaign)
    lines = chain(lines_of(records_in(report)), fact_lines(facts_of(report)), silent_lines(report.summary))
    return csv_pieces([title for title, _ in COLUMNS], lines, book.program.zone)


def title_of(report: ReviewReport) -> str:
    """Return what a report is called; its organization as it was called then, once it has been made."""
    place = report.organization
    known = report.summary.get("organization") if report.summary else None
    whose = "the whole campaign" if place is None else known or place.name
    return f"{report.campaign.title}, User Audit Report: {whose}"


def standing_of(report: ReviewReport) -> str:
    """Return whether a report is final, in words; the instant stands beside it."""
    return "Final" if report.is_final else "Preliminary"


def asked_words(report: ReviewReport) -> str:
    """Return what a report's numbers count, in words."""
    return f"Roles and access asked {'about' if report.organization is None else 'of this organization'}"


def facts_of(report: ReviewReport) -> list[tuple[str, Cell]]:
    """Return what a report says about itself, with typed values."""
    told = report.summary
    besides = besides_words(told, closed=report.is_final)
    book, _ = review_of(report.campaign)
    return [
        ("Report", title_of(report)),
        ("Standing", standing_of(report)),
        ("As of", report.as_of),
        ("Time zone", book.program.zone),
        ("Opened", report.campaign.opened_at),
        ("Due", last_day(book.program.zone, report.campaign.due_at) or report.campaign.due_at),
        ("Closed", report.campaign.closed_at),
        ("Accounts", told["accounts"]),
        (asked_words(report), told["items"]),
        *number_words(told, closed=report.is_final),
        *([("Besides", besides)] if besides else []),
        ("Digest (SHA-256)", report.digest),
    ]


def paper_of(report: ReviewReport) -> Paper:
    """Return what a report says about itself on paper."""
    book, _ = review_of(report.campaign)
    program = book.program

    def shown(value: Cell) -> str:
        if isinstance(value, datetime):
            return f"{value.astimezone(ZoneInfo(program.zone)):%Y-%m-%d %H:%M %Z}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    silent = [place_words(row) for row in report.summary["unanswered_places"]]
    silent += [
        f"{row['name']}: {NOTHING_SUBMITTED}" for row in report.summary["reviewers"] if not row["answers"]
    ]
    as_of = report.as_of or report.asked_at
    return Paper(
        title=title_of(report),
        standing=f"{standing_of(report)}, as of {shown(as_of)}",
        program=program.name,
        language=program.language,
        zone=program.zone,
        made_at=report.made_at or as_of,
        facts=[(name, shown(value)) for name, value in facts_of(report)[2:] if value is not None],
        silent=silent,
    )
