"""Accounts come into a program from an earlier system's file, all of them or none (migration)."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import batched

from rolebook.accounts.account_file import AccountRow, read_accounts
from rolebook.accounts.arriving import create_accounts, known_accounts
from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.importing import (
    Progress,
    all_or_nothing,
    day_of,
    first_instant,
    rows_hash,
    write_import,
)
from rolebook.governance.models import Participation
from rolebook.governance.queries.fsid import has_fsids
from rolebook.governance.quiet import count_anew
from rolebook.policy.errors import Report, say
from rolebook.policy.model import Rolebook

_BATCH = 500


@dataclass(frozen=True, slots=True)
class AccountsImported:
    """What an import did, or in a dry run would do.

    Attributes:
        created: rows that became accounts and joined the program.
        joined: rows of accounts there were already, which joined the program.
        unchanged: how many rows are of people who take part in the program already.
        import_id: public id of the import; None when nothing was written.
        sequence: its event's; None when nothing was written.
    """

    created: tuple[AccountRow, ...]
    joined: tuple[AccountRow, ...]
    unchanged: int
    dry_run: bool
    import_id: uuid.UUID | None = None
    sequence: int | None = None


def import_accounts(
    *,
    program_id: str,
    data: bytes,
    file: str,
    at: datetime,
    origin: Origin,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> AccountsImported:
    """Create the accounts of a CSV file that there are not yet, and let all of them take part in a program.

    The operator's alone (I2): whoever runs the server. New accounts have no credential (`rolebook.accounts.arriving`);
    existing ones stay as they are. A participation is quiet since the day of the original last sign-in, or since the
    import where the file has none (IQCS-08), and ends no sooner than the program's grace from now; one that there is
    already stays as it is. A dry run does all that a run does and rolls it back. ``progress`` is told (rows written,
    rows in all). Raises RolebookErrors (every error as file:line:column) and NoRolebook.
    """
    _, book = rolebook_in_force(program_id, at)
    rows = read_accounts(data, file, day_of(at, book))
    done, sequence = all_or_nothing(
        lambda work: _import(work, book, rows, data, progress),
        file=file,
        overtaken_by="an account",
        at=at,
        origin=origin,
        dry_run=dry_run,
    )
    written = None if dry_run else done.import_id
    return replace(done, dry_run=dry_run, import_id=written, sequence=sequence)


def _import(
    work: UnitOfWork, book: Rolebook, rows: tuple[AccountRow, ...], data: bytes, progress: Progress | None
) -> AccountsImported:
    report = Report()
    first = known_accounts(rows, report)
    report.check()
    locks.lock(accounts=[first[row.user_id].pk for row in rows if row.user_id in first])
    known = known_accounts(rows, report)
    report.check()
    taking_part = set(
        Participation.objects.filter(program_id=book.program.id).values_list("account_id", flat=True)
    )
    created = tuple(row for row in rows if row.user_id not in known)
    joined = tuple(row for row in rows if row.user_id in known and known[row.user_id].pk not in taking_part)
    unchanged = len(rows) - len(created) - len(joined)
    _check_fsids((*created, *joined), book, report)
    if not created and not joined:
        work.nothing_happened()
        return AccountsImported((), (), unchanged, False)
    whole = write_import(book, data, "", work.at)
    known |= create_accounts(created, work.at)
    written: list[tuple[object, ...]] = []
    for some in batched((*created, *joined), _BATCH):
        Participation.objects.bulk_create(
            _participation(row, known[row.user_id], book, whole.pk, work.at) for row in some
        )
        written += [
            (known[row.user_id].public_id, row.last_signed_in_on, *([row.fsid] if row.fsid else ()))
            for row in some
        ]
        if progress is not None:
            progress(len(written), len(created) + len(joined))
    work.record(
        tags.ACCOUNTS_IMPORTED,
        program_id=book.program.id,
        new={
            "import_id": whole.public_id,
            "source_hash": whole.source_hash,
            "rows_hash": rows_hash(written),
            "accounts_created": len(created),
            "accounts_joined": len(joined),
        },
    )
    return AccountsImported(created, joined, unchanged, False, whole.public_id)


def _check_fsids(rows: tuple[AccountRow, ...], book: Rolebook, report: Report) -> None:
    """Report FSIDs that another person of the program has, or all of them where the program has none."""
    given = [row for row in rows if row.fsid]
    taken: set[str] = set()
    for some in batched(given, _BATCH):
        parts = Participation.objects.filter(program_id=book.program.id, fsid__in=[row.fsid for row in some])
        taken.update(parts.values_list("fsid", flat=True))
    known = has_fsids(book)
    for row in given:
        if row.fsid_place is not None and (not known or row.fsid in taken):
            expected = (
                "one that nobody else has" if known else f"none: {book.program.short_name} has no FSIDs"
            )
            report.add(row.fsid_place, say("bad fsid", found=row.fsid, expected=expected))
    report.check()


def _participation(
    row: AccountRow, account: Account, book: Rolebook, import_pk: int, at: datetime
) -> Participation:
    day = row.last_signed_in_on
    part = Participation(
        program_id=book.program.id,
        account=account,
        fsid=row.fsid,
        last_signed_in_at=None if day is None else first_instant(day, book),
        created_at=at,
        imported_id=import_pk,
    )
    # Nobody has been warned here yet, or could have signed in: whoever was quiet for long has the grace to do so.
    count_anew(part, book, earliest=at + timedelta(days=book.lifecycle.grace_days))
    return part
