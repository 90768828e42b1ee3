"""Grants come into a program from an earlier system's file, all of them or none (IQIES-02: recorded import)."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched

from rolebook.accounts.models import Account, Organization, OrganizationIdentifier
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.table_file import MOST_ERRORS
from rolebook.audit import tags
from rolebook.audit.recording import Origin, UnitOfWork
from rolebook.governance import locks
from rolebook.governance.active import inactive_violations
from rolebook.governance.flows.attempt import checked_text
from rolebook.governance.grant_file import GrantRow, read_grants
from rolebook.governance.importing import (
    Progress,
    all_or_nothing,
    day_of,
    first_instant,
    rows_hash,
    write_import,
)
from rolebook.governance.ledger import open_imported_grant
from rolebook.governance.models import Grant, Import, ImportedApproval, Participation
from rolebook.governance.quiet import quiet_end
from rolebook.governance.refusals import Refused
from rolebook.policy.errors import Report, say
from rolebook.policy.model import Rolebook
from rolebook.policy.rules import Violation
from rolebook.policy.words import sentence

_BATCH = 500


@dataclass(frozen=True, slots=True)
class OpenedGrant:
    """A grant that an import opened, or in a dry run would open; ``organization_code`` None: at none."""

    user_id: str
    role_title: str
    organization_code: str | None
    starts_at: datetime
    ends_at: datetime | None
    row: GrantRow


@dataclass(frozen=True, slots=True)
class GrantsImported:
    """What an import did, or in a dry run would do; ``import_id`` and ``sequence`` are None in a dry run."""

    opened: tuple[OpenedGrant, ...]
    dry_run: bool
    import_id: uuid.UUID | None = None
    sequence: int | None = None


def import_grants(
    *,
    program_id: str,
    data: bytes,
    file: str,
    reason: str,
    at: datetime,
    origin: Origin,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> GrantsImported:
    """Open the grants of a CSV file, with their original approvals, or none of them when a rule forbids one.

    The operator's alone (I2): whoever runs the server. Each grant is judged by the rules in force after those above it
    in the file, under the locks of everybody and everything the file names. A dry run does all that a run does and
    rolls it back (fault 50). One event tells of the whole (docs/decisions/0017). ``progress`` is told (rows done, rows
    in all). Raises RolebookErrors (every error as file:line:column), NoRolebook, and Refused for a reason that cannot
    be kept.
    """
    told = checked_text(reason)
    _, book = rolebook_in_force(program_id, at)
    rows = read_grants(data, file, book, day_of(at, book))
    opened: list[OpenedGrant] = []
    whole, sequence = all_or_nothing(
        lambda work: _Importing(work, book, told, data, opened).run(rows, progress),
        file=file,
        overtaken_by="a grant",
        at=at,
        origin=origin,
        dry_run=dry_run,
    )
    return GrantsImported(tuple(opened), dry_run, None if dry_run else whole.public_id, sequence)


@dataclass(slots=True)
class _Importing:
    """One import while it runs, in its unit of work."""

    work: UnitOfWork
    book: Rolebook
    reason: str
    data: bytes
    opened: list[OpenedGrant]
    report: Report = field(default_factory=Report)
    written: list[tuple[object, ...]] = field(default_factory=list)
    participations: dict[int, Participation] = field(default_factory=dict)
    inactive: dict[int, tuple[Violation, ...]] = field(default_factory=dict)

    def run(self, rows: Sequence[GrantRow], progress: Progress | None) -> Import:
        """Lock, judge and open every grant, and record the whole. Raises RolebookErrors."""
        people = _people(rows, self.report)
        places = _places(rows, self.book.program.id, self.report)
        self.report.check()
        held = locks.lock(
            accounts={one.pk for one in people.values()}, organizations={one.pk for one in places.values()}
        )
        # The rolebook that judges is the one in force now that everybody it judges is held.
        version, self.book = rolebook_in_force(self.book.program.id, self.work.at)
        whole = write_import(self.book, self.data, self.reason, self.work.at)
        for done, row in enumerate(rows, start=1):
            self._open(held, whole, row, people[row.user_id], places.get(row.organization))
            if len(self.report.errors) >= MOST_ERRORS:
                break
            if progress is not None and (done % 100 == 0 or done == len(rows)):
                progress(done, len(rows))
        self.report.check()
        self.work.record(
            tags.GRANTS_IMPORTED,
            program_id=self.book.program.id,
            rolebook_version=version.number,
            new={
                "import_id": whole.public_id,
                "source_hash": whole.source_hash,
                "rows_hash": rows_hash(self.written),
                "grants_opened": len(self.opened),
            },
            personal={"reason": self.reason or None},
        )
        return whole

    def _open(
        self,
        held: locks.Held,
        whole: Import,
        row: GrantRow,
        account: Account,
        organization: Organization | None,
    ) -> None:
        """Open one grant, or report what forbids it."""
        if account.pk not in self.inactive:
            self.inactive[account.pk] = inactive_violations(account, self.book.program.id)
        approval = ImportedApproval(
            program_id=self.book.program.id,
            imported=whole,
            line=row.place.line,
            approved_on=row.approved_on,
            approved_by=row.approved_by,
            source=row.source,
        )
        try:
            if self.inactive[account.pk]:
                raise Refused(self.inactive[account.pk])
            ends_on = row.ends_on
            grant = open_imported_grant(
                self.work,
                held,
                book=self.book,
                participation=self._participation(account, whole),
                role_id=row.role.id,
                organization=organization,
                approval=approval,
                starts_at=first_instant(row.starts_on, self.book),
                ends_at=None if ends_on is None else first_instant(ends_on + timedelta(days=1), self.book),
            )
        except Refused as refusal:
            where = f" at {organization.code}" if organization is not None else ""
            found = f"{row.role.title}{where} for {account.user_id}"
            for violation in refusal.violations:
                said = sentence(violation.code, **violation.params)
                message = say("not allowed", found=found, expected="a grant that the rules allow")
                self.report.add(row.place, f"{message}; {said}")
            return
        self._note(grant, row, approval)

    def _note(self, grant: Grant, row: GrantRow, approval: ImportedApproval) -> None:
        organization = grant.organization
        code = None if organization is None else organization.code
        self.opened.append(
            OpenedGrant(row.user_id, row.role.title, code, grant.starts_at, grant.ends_at, row)
        )
        place = None if organization is None else organization.public_id
        who = (grant.public_id, grant.account.public_id, grant.role_id, place)
        self.written.append((*who, grant.starts_at, grant.ends_at, approval.public_id))

    def _participation(self, account: Account, whole: Import) -> Participation:
        """Return the account's participation, started by this import where there is none."""
        known = self.participations.get(account.pk)
        if known is None:
            known, _ = Participation.objects.select_related("account").get_or_create(
                program_id=self.book.program.id,
                account=account,
                defaults={
                    "created_at": self.work.at,
                    "imported": whole,
                    "quiet_ends_at": quiet_end(self.book, self.work.at),
                },
            )
            self.participations[account.pk] = known
        return known


def _people(rows: Sequence[GrantRow], report: Report) -> Mapping[str, Account]:
    """Return the accounts that rows name, by user ID; report those that there are not."""
    found: dict[str, Account] = {}
    for some in batched(rows, _BATCH):
        accounts = Account.objects.filter(user_id__in={row.user_id for row in some})
        found |= {account.user_id: account for account in accounts}
    for row in rows:
        if row.user_id not in found:
            expected = "the user ID of an account; import accounts first"
            report.add(row.user_place, say("unknown user_id", found=row.user_id, expected=expected))
    return found


def _places(rows: Sequence[GrantRow], program_id: str, report: Report) -> Mapping[str, Organization]:
    """Return the organizations of the program that rows name, by what names them; report all other names.

    A code comes before an identifier. One that is closed is reported as one that there is not (I4), and so is one of
    another program (I1).
    """
    names = {row.organization for row in rows if row.organization}
    found: dict[str, Organization] = {}
    plain: dict[str, set[str]] = {}
    for name in names:
        plain.setdefault(re.sub(r"[\s-]", "", name), set()).add(name)
        plain.setdefault(name, set()).add(name)
    ambiguous: set[str] = set()
    for some in batched(sorted(plain), _BATCH):
        identified = OrganizationIdentifier.objects.filter(program_id=program_id, value__in=some)
        for one in identified.select_related("organization").order_by("pk"):
            for name in plain[one.value]:
                if found.setdefault(name, one.organization) != one.organization:
                    ambiguous.add(name)
    for some in batched(sorted(names), _BATCH):
        by_code = Organization.objects.filter(program_id=program_id, code__in=some)
        found |= {organization.code: organization for organization in by_code}
        ambiguous -= {organization.code for organization in by_code}
    for row in rows:
        place = found.get(row.organization)
        if row.organization and (place is None or place.closed_at is not None):
            expected = "the code or number of an open organization of the program"
            report.add(
                row.organization_place, say("unknown organization", found=row.organization, expected=expected)
            )
        elif row.organization in ambiguous:
            expected = "a code: several organizations have this number"
            report.add(
                row.organization_place,
                say("ambiguous organization", found=row.organization, expected=expected),
            )
    return found
