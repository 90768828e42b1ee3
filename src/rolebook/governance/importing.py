"""What imports of accounts and of grants share: days to instants, the row of the import, the digest of what came in."""

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from rolebook.governance.models import Import
from rolebook.policy.model import Rolebook
from rolebook.policy.months import day_begins

type Progress = Callable[[int, int], None]


class DryRun(Exception):
    """Rolls back the transaction of a dry run, which has done all that a run does."""


def first_instant(day: date, book: Rolebook) -> datetime:
    """Return the instant at which a day begins in the program's time zone."""
    return day_begins(day, book.program.zone)


def day_of(at: datetime, book: Rolebook) -> date:
    """Return the day on which an instant falls in the program's time zone."""
    return at.astimezone(ZoneInfo(book.program.zone)).date()


def write_import(book: Rolebook, data: bytes, reason: str, at: datetime) -> Import:
    """Write the row of an import of the file ``data``."""
    return Import.objects.create(
        program_id=book.program.id,
        source_hash=hashlib.sha256(data).hexdigest(),
        reason=reason,
        imported_at=at,
    )


def rows_hash(rows: Iterable[Iterable[object]]) -> str:
    """Return a digest of what an import wrote: SHA-256 over one JSON array a line, ids and instants as text."""
    digest = hashlib.sha256()
    for row in rows:
        told = [value.isoformat() if isinstance(value, datetime) else value for value in row]
        digest.update(json.dumps(told, default=str).encode() + b"\n")
    return digest.hexdigest()
