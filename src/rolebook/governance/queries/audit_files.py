"""The audit log as files: CSV for spreadsheets, JSON lines for programs. Written in pieces, however long (fault 49)."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rolebook.accounts.models import Account
from rolebook.governance.queries import paging
from rolebook.governance.queries.audit_lines import Change, EventLine
from rolebook.governance.queries.audit_trail import Wanted, audit_trail
from rolebook.governance.queries.audit_words import KINDS
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.policy.printed import spreadsheet_text

MOST_EVENTS = 10_000
"""Events in one file that is asked for over the web; the operator's command has no such bound."""
MOST_PAGES = 500
"""Stretches of the log that one such file walks over."""
CSV_COLUMNS = (
    "sequence",
    "when",
    "what happened",
    "kind",
    "refused",
    "who",
    "whom",
    "organization",
    "why",
    "changes",
    "personal data",
    "tag",
    "request",
    "hash",
)


@dataclass(frozen=True, slots=True)
class Cut:
    """Says that a file does not hold everything: it ends where a bound was reached."""

    sentence: str


def exported(
    viewer: Account, program_id: str, now: Callable[[], datetime], wanted: Wanted
) -> Iterator[EventLine | Cut]:
    """Yield what `audit_trail` shows, newest first, up to the bounds of a file; then a Cut where there is more.

    Raises as `audit_trail` does, with the first line. Who asks is looked at again for
    every page, at the instant that ``now`` then gives (I7).
    """
    after: str | None = None
    written = 0
    for _ in range(MOST_PAGES):
        try:
            trail = audit_trail(
                viewer, program_id, now(), wanted=wanted, after=after, limit=paging.MOST_ROWS
            ).trail
        except (NotFound, NotAllowed):
            if after is None:
                raise
            yield Cut("Cut here: you may not see the audit log any more.")
            return
        if trail.too_many:
            yield Cut(f"The search matches too many {trail.too_many}: narrow it, and export again.")
            return
        for line in trail.lines:
            if written == MOST_EVENTS:
                yield _cut(written)
                return
            yield line
            written += 1
        after = trail.next_after
        if after is None:
            return
    yield _cut(written)


def _cut(written: int) -> Cut:
    return Cut(f"Cut here after {written:,} events: there are older ones. Choose earlier dates for the rest.")


def csv_pieces(lines: Iterable[EventLine | Cut], zone: str) -> Iterator[str]:
    """Yield the file as CSV (RFC 4180), a piece an event; instants with their offset in the IANA time zone ``zone``."""
    yield _row(CSV_COLUMNS)
    for line in lines:
        if isinstance(line, Cut):
            yield _row(["", "", line.sentence, *[""] * (len(CSV_COLUMNS) - 3)])
            continue
        yield _row(
            [
                str(line.sequence),
                _local(line.at, zone),
                line.text,
                KINDS.get(line.kind, line.kind),
                "refused" if line.is_refused else "",
                line.actor,
                line.beneficiary,
                line.organization,
                " ".join(line.why),
                "; ".join(_change(change, zone) for change in line.changes),
                "; ".join(f"{told.label}: {told.text}" for told in line.personal),
                line.tag,
                "" if line.request_id is None else str(line.request_id),
                line.hash,
            ]
        )


def _row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow(spreadsheet_text(cell) for cell in cells)
    return written.getvalue()


def _local(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def _change(change: Change, zone: str) -> str:
    old, new = (
        _local(value, zone) if isinstance(value, datetime) else value for value in (change.old, change.new)
    )
    return f"{change.label}: {old} → {new or 'nothing'}" if old is not None else f"{change.label}: {new}"


def json_pieces(lines: Iterable[EventLine | Cut]) -> Iterator[str]:
    """Yield one JSON object a line, in printable ASCII; instants are UTC, ids public ids, unknown values null."""
    for line in lines:
        told = {"cut": line.sentence} if isinstance(line, Cut) else _object(line)
        yield json.dumps(told, default=str) + "\n"


def _object(line: EventLine) -> Mapping[str, object]:
    return {
        "sequence": line.sequence,
        "hash": line.hash,
        "at": _utc(line.at),
        "tag": line.tag,
        "kind": line.kind,
        "sentence": line.text,
        "refused": line.is_refused,
        "why": line.why,
        "actor": {"id": line.actor_id, "name": line.actor or None},
        "beneficiary": {"id": line.beneficiary_id, "name": line.beneficiary or None},
        "organization": {"id": line.organization_id, "name": line.organization or None},
        "request_id": line.request_id,
        "changes": [
            {"label": change.label, "old": _utc(change.old), "new": _utc(change.new)}
            for change in line.changes
        ],
        "personal": [
            {"label": told.label, "value": None if told.is_erased else told.text, "erased": told.is_erased}
            for told in line.personal
        ],
    }


def _utc(value: str | datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
