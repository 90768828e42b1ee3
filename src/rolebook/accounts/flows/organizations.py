"""Organizations come into a program from a file, all of them or none."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from rolebook.accounts.carrying_out import carry_out
from rolebook.accounts.models import Account
from rolebook.accounts.organization_file import OrganizationRow, read_organizations
from rolebook.accounts.placing import Plan, Planned, Progress, plan_organizations
from rolebook.accounts.queries.rolebooks import rolebook_in_force
from rolebook.accounts.tree_lock import lock_subtrees, lock_tree
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.audit.tags import ORGANIZATION_CLOSED, ORGANIZATION_IMPORTED, ORGANIZATION_MOVED
from rolebook.policy.errors import Report, say
from rolebook.policy.model import Rolebook

MOST_TREE_CHANGES = 400
"""Moves and closings in one import: each is an event of its own, since it changes who reaches what (a unit of work
holds 500 events).
"""
_PATHS_A_LOCK = 100


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or in a dry run would do; ``sequence`` is its last event, None when nothing was written."""

    created: tuple[Planned, ...]
    changed: tuple[Planned, ...]
    unchanged: int
    dry_run: bool
    sequence: int | None
    closed: tuple[str, ...] = ()
    """Codes of the organizations that the file does not name, where it was asked to close them."""


def import_organizations(
    *,
    acting_user: Account | None,
    program_id: str,
    data: bytes,
    file: str,
    at: datetime,
    origin: Origin,
    dry_run: bool = False,
    close_absent: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Create and update the organizations of a CSV file in a program, matched by their code; all or nothing.

    ``acting_user`` None: the operator at the command line. A dry run plans against the present state exactly as a run
    does and writes nothing. Organizations that the file does not name stay as they are, unless ``close_absent``.
    ``progress`` is told (done, in all) while reading, then while writing. Raises RolebookErrors (every error as
    file:line:column) and NoRolebook.
    """
    _, book = rolebook_in_force(program_id, at)
    report = Report()
    rows = read_organizations(data, file, book, report, progress=progress)
    if dry_run:
        plan = checked_plan(program_id, book, rows, report, close_absent=close_absent)
        return report_of(plan, None)
    actor_id = acting_user.public_id if acting_user else None
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        lock_tree(program_id)
        plan = checked_plan(program_id, book, rows, report, close_absent=close_absent)
        bring_in(work, plan, program_id, source_hash=hashlib.sha256(data).hexdigest(), progress=progress)
    return report_of(plan, work)


def report_of(plan: Plan, work: UnitOfWork | None) -> ImportReport:
    """Return what a plan did in a unit of work, or would do (None)."""
    codes = tuple(one.code for one in plan.closed)
    sequence = None if work is None else work.sequence
    return ImportReport(plan.created, plan.changed, plan.unchanged, work is None, sequence, codes)


def checked_plan(
    program_id: str, book: Rolebook, rows: Sequence[OrganizationRow], report: Report, *, close_absent: bool
) -> Plan:
    """Return the plan for rows of a file, which has its own errors in the report.

    Raises RolebookErrors, also for more moves than one import may hold.
    """
    plan = plan_organizations(program_id, book, rows, report, close_absent=close_absent)
    moves = [planned for planned in plan.changed if planned.moves]
    number = len(moves) + len(plan.closed)
    if number > MOST_TREE_CHANGES:
        place = moves[-1].row.parent_place if moves else rows[0].place
        expected = f"at most {MOST_TREE_CHANGES} in one file; split it"
        report.add(place, say("too many moves and closings", found=str(number), expected=expected))
        report.check()
    return plan


def bring_in(
    work: UnitOfWork, plan: Plan, program_id: str, *, source_hash: str, progress: Progress | None = None
) -> None:
    """Carry a plan out that was made under the tree's lock, and record it."""
    paths = [planned.organization.path for planned in plan.changed if planned.moves and planned.organization]
    paths += [one.path for one in plan.closed]
    for some in batched(sorted(paths), _PATHS_A_LOCK):
        lock_subtrees(program_id, some)
    carry_out(plan, program_id, work.at, progress=progress)
    record_import(work, plan, program_id, source_hash)


def record_import(work: UnitOfWork, plan: Plan, program_id: str, source_hash: str) -> None:
    """Record what a carried-out plan did: one event for each move and closing, and the last one for the file."""
    if not plan.created and not plan.changed and not plan.closed:
        work.nothing_happened()
        return
    for planned in plan.changed:
        organization = planned.organization
        if planned.moves and organization is not None:
            old = next(change.old for change in planned.changes if change.field == "parent")
            before = plan.parents.get(old)
            after = organization.parent
            work.record(
                ORGANIZATION_MOVED,
                program_id=program_id,
                organization_id=organization.public_id,
                old={"parent_id": before.public_id if before else None},
                new={"code": organization.code, "parent_id": after.public_id if after else None},
            )
    for organization in plan.closed:
        work.record(
            ORGANIZATION_CLOSED,
            program_id=program_id,
            organization_id=organization.public_id,
            old={"closed_at": None},
            new={"code": organization.code, "closed_at": work.at},
        )
    work.record(
        ORGANIZATION_IMPORTED,
        program_id=program_id,
        new={
            "source_hash": source_hash,
            "created": len(plan.created),
            "changed": len(plan.changed),
            "closed": len(plan.closed),
            "unchanged": plan.unchanged,
        },
    )
