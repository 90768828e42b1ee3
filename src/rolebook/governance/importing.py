"""What imports share: one transaction and its dry run, days to instants, the row of the import, the digest."""

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError

from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.governance.models import Import
from rolebook.policy.errors import RolebookError, RolebookErrors, say
from rolebook.policy.model import Rolebook
from rolebook.policy.months import day_begins

type Progress = Callable[[int, int], None]


class _DryRun(Exception):
    """Rolls back the transaction of a dry run, which has done all that a run does."""


def all_or_nothing[Done](
    write: Callable[[UnitOfWork], Done],
    *,
    file: str,
    overtaken_by: str,
    at: datetime,
    origin: Origin,
    dry_run: bool,
) -> tuple[Done, int | None]:
    """Let ``write`` bring a file in within one unit of work; return what it returns and its event's sequence.

    A dry run does all that a run does and rolls it back; its sequence is None. Raises RolebookErrors, besides what
    ``write`` raises, where somebody else wrote one of the rows in this very moment: ``overtaken_by`` says what.
    """
    done: list[Done] = []
    try:
        with unit_of_work(at=at, origin=origin) as work:
            done.append(write(work))
            if dry_run:
                raise _DryRun
    except _DryRun:
        return done[0], None
    except IntegrityError as twin:
        message = say("overtaken", found=f"{overtaken_by} made meanwhile", expected="to be run again")
        raise RolebookErrors([RolebookError(file, 1, 1, message)]) from twin
    return done[0], work.sequence


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
