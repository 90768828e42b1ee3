"""Records that people register for come in from the file of the system that keeps them, all or none (IQCS-01)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched

from rolebook.accounts.models import Organization
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.importing import Progress, all_or_nothing, rows_hash, write_import
from rolebook.governance.models import ResponderRecord
from rolebook.governance.responder_file import ResponderRow, read_responders
from rolebook.policy.errors import Place, Report, RolebookError, RolebookErrors, say
from rolebook.policy.model import Rolebook

_BATCH = 500


@dataclass(frozen=True, slots=True)
class RespondersImported:
    """What an import did, or in a dry run would do.

    Attributes:
        created: rows that became records.
        changed: rows of records there were already, with another name, address or organization.
        unchanged: how many rows are as they were.
        import_id: public id of the import; None when nothing was written.
        sequence: its event's; None when nothing was written.
    """

    created: tuple[ResponderRow, ...]
    changed: tuple[ResponderRow, ...]
    unchanged: int
    dry_run: bool
    import_id: uuid.UUID | None = None
    sequence: int | None = None


def import_responder_records(
    *,
    program_id: str,
    data: bytes,
    file: str,
    at: datetime,
    origin: Origin,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> RespondersImported:
    """Create the records of a CSV file that there are not yet, and change those that there are.

    The operator's alone (I2): who may write an address on a record says whom its code is mailed to. Records that the
    file does not name stay. A dry run does all that a run does and rolls it back. ``progress`` is told (rows written,
    rows in all). Raises RolebookErrors (every error as file:line:column) and NoRolebook.
    """
    _, book = rolebook_in_force(program_id, at)
    if book.records is None:
        expected = "a program whose rolebook has 'records'"
        message = say("no records", found=book.program.id, expected=expected)
        raise RolebookErrors([RolebookError(file, 1, 1, message)])
    rows = read_responders(data, file, book.records)
    done, sequence = all_or_nothing(
        lambda work: _import(work, book, rows, data, progress),
        file=file,
        overtaken_by="a record",
        at=at,
        origin=origin,
        dry_run=dry_run,
    )
    written = None if dry_run else done.import_id
    return replace(done, dry_run=dry_run, import_id=written, sequence=sequence)


def _import(
    work: UnitOfWork, book: Rolebook, rows: Sequence[ResponderRow], data: bytes, progress: Progress | None
) -> RespondersImported:
    places = _places(book, rows, work.at)
    known = _known(book, rows)
    created = tuple(row for row in rows if row.identifier not in known)
    changed = tuple(
        row for row in rows if row.identifier in known and _differs(known[row.identifier], row, places)
    )
    unchanged = len(rows) - len(created) - len(changed)
    if not created and not changed:
        work.nothing_happened()
        return RespondersImported((), (), unchanged, False)
    whole = write_import(book, data, "", work.at)
    written: list[tuple[object, ...]] = []
    for some in batched(created, _BATCH):
        ResponderRecord.objects.bulk_create(_new(row, book, places, work.at) for row in some)
        _note(written, some, len(created) + len(changed), progress)
    fields = ("name", "email", "organization", "changed_at")
    for some in batched(changed, _BATCH):
        records = [_changed(known[row.identifier], row, places, work.at) for row in some]
        ResponderRecord.objects.bulk_update(records, fields)
        _note(written, some, len(created) + len(changed), progress)
    work.record(
        tags.RESPONDER_RECORDS_IMPORTED,
        program_id=book.program.id,
        new={
            "import_id": whole.public_id,
            "source_hash": whole.source_hash,
            "rows_hash": rows_hash(written),
            "records_created": len(created),
            "records_changed": len(changed),
        },
    )
    return RespondersImported(created, changed, unchanged, False, whole.public_id)


def _places(book: Rolebook, rows: Sequence[ResponderRow], at: datetime) -> Mapping[str, Organization]:
    """Return the organizations that rows name, by code in lower case. Raises RolebookErrors for one there is not."""
    asked: dict[str, Place] = {}
    for row in rows:
        asked.setdefault(row.organization.casefold(), row.organization_place)
    found = {
        place.code.casefold(): place
        for place in Organization.objects.filter(program_id=book.program.id).exclude(closed_at__lte=at)
    }
    report = Report()
    for code, where in asked.items():
        if code not in found:
            report.add(where, say("unknown organization", found=code, expected="the code of an open one"))
    report.check()
    return found


def _known(book: Rolebook, rows: Sequence[ResponderRow]) -> dict[str, ResponderRecord]:
    """Return the records there are already, locked, by identifier."""
    known: dict[str, ResponderRecord] = {}
    mine = ResponderRecord.objects.filter(program_id=book.program.id)
    for some in batched([row.identifier for row in rows], _BATCH):
        known |= {record.identifier: record for record in mine.filter(identifier__in=some)}
    locks.lock_rows(ResponderRecord, frozenset(record.pk for record in known.values()))
    return known


def _differs(record: ResponderRecord, row: ResponderRow, places: Mapping[str, Organization]) -> bool:
    place = places[row.organization.casefold()]
    return (record.name, record.email, record.organization_id) != (row.name, row.email, place.pk)


def _new(
    row: ResponderRow, book: Rolebook, places: Mapping[str, Organization], at: datetime
) -> ResponderRecord:
    return ResponderRecord(
        program_id=book.program.id,
        identifier=row.identifier,
        name=row.name,
        email=row.email,
        organization=places[row.organization.casefold()],
        imported_at=at,
    )


def _changed(
    record: ResponderRecord, row: ResponderRow, places: Mapping[str, Organization], at: datetime
) -> ResponderRecord:
    record.name, record.email = row.name, row.email
    record.organization, record.changed_at = places[row.organization.casefold()], at
    return record


def _note(
    written: list[tuple[object, ...]], some: Sequence[ResponderRow], in_all: int, progress: Progress | None
) -> None:
    written += [(row.identifier, row.name, row.email, row.organization) for row in some]
    if progress is not None:
        progress(len(written), in_all)
