"""Organizations come into a program from a file, all of them or none."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from rolebook.accounts.models import Account, Program
from rolebook.accounts.organization_file import read_organizations
from rolebook.accounts.placing import Plan, Planned, Progress, carry_out, plan_organizations
from rolebook.accounts.queries.rolebooks import rolebook_in_force
from rolebook.audit.recording import Origin, UnitOfWork, unit_of_work
from rolebook.audit.tags import ORGANIZATION_CHANGED, ORGANIZATION_IMPORTED
from rolebook.policy.errors import Report, say

MOST_MOVES = 400
"""Moves in one import: each is an event of its own, since it changes who reaches what (one unit holds 500 events)."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or in a dry run would do; ``sequence`` is its last event, None when nothing was written."""

    created: tuple[Planned, ...]
    changed: tuple[Planned, ...]
    unchanged: int
    dry_run: bool
    sequence: int | None


def import_organizations(
    *,
    acting_user: Account | None,
    program_id: str,
    data: bytes,
    file: str,
    at: datetime,
    origin: Origin,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportReport:
    """Create and update the organizations of a CSV file in a program, matched by their code; all or nothing.

    ``acting_user`` None: the operator at the command line. A dry run plans against the present state exactly as a run
    does and writes nothing. Organizations that the file does not name stay as they are. ``progress`` is told
    (done, in all) while reading, then while writing. Raises RolebookErrors (every error as file:line:column) and
    NoRolebook.
    """
    _, book = rolebook_in_force(program_id, at)
    rows = read_organizations(data, file, book, progress=progress)
    if dry_run:
        plan = plan_organizations(program_id, book, rows)
        _check_moves(plan)
        return ImportReport(plan.created, plan.changed, plan.unchanged, True, None)
    actor_id = acting_user.public_id if acting_user else None
    with unit_of_work(at=at, origin=origin, actor_id=actor_id) as work:
        Program.objects.select_for_update().get(pk=program_id)
        plan = plan_organizations(program_id, book, rows)
        _check_moves(plan)
        carry_out(plan, program_id, at, progress=progress)
        record_import(work, plan, program_id, hashlib.sha256(data).hexdigest())
    return ImportReport(plan.created, plan.changed, plan.unchanged, False, work.sequence)


def record_import(work: UnitOfWork, plan: Plan, program_id: str, source_hash: str) -> None:
    """Record what a carried-out plan did: one event for the file, and one for each move."""
    if not plan.created and not plan.changed:
        work.nothing_happened()
        return
    for planned in plan.changed:
        organization = planned.organization
        if planned.moves and organization is not None:
            old = next(change.old for change in planned.changes if change.field == "parent")
            before = plan.parents.get(old)
            after = organization.parent
            work.record(
                ORGANIZATION_CHANGED,
                program_id=program_id,
                organization_id=organization.public_id,
                old={"parent_id": before.public_id if before else None},
                new={"code": organization.code, "parent_id": after.public_id if after else None},
            )
    work.record(
        ORGANIZATION_IMPORTED,
        program_id=program_id,
        new={
            "source_hash": source_hash,
            "created": len(plan.created),
            "changed": len(plan.changed),
            "unchanged": plan.unchanged,
        },
    )


def _check_moves(plan: Plan) -> None:
    moves = [planned for planned in plan.changed if planned.moves]
    if len(moves) > MOST_MOVES:
        report = Report()
        place = moves[MOST_MOVES].row.parent_place
        expected = f"at most {MOST_MOVES} in one file; split it"
        report.add(place, say("too many moves", found=str(len(moves)), expected=expected))
        report.check()
