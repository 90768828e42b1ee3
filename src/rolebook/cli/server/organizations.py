"""`rolebook import`: organizations, accounts and grants from files into a program."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolebook.cli.server.import_run import FILE, read_import
from rolebook.cli.server.progress import Progress
from rolebook.cli.server.refused_imports import refusals
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.flows.organizations import ImportReport

_SHOWN = 40


@click.group(name="import")
def import_group() -> None:
    """Bring organizations, accounts, grants or responder records into a program from a file."""


@import_group.command()
@click.argument("file", type=FILE)
@click.option("--program", "program_id", metavar="ID", required=True, help="The program they belong to.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--close-absent", is_flag=True, help="Close the organizations that the file does not name.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def organizations(file: Path, program_id: str, dry_run: bool, close_absent: bool, as_json: bool) -> int:
    """Create and update a program's organizations from a CSV file: all of them, or none when anything is wrong.

    \b
    Examples:
      rolebook import organizations practices.csv --program qpp --dry-run
      rolebook import organizations practices.csv --program qpp

    \b
    The first line names the columns:
      code    what the organization is found by again, unique in the program
      name    as people read it
      kind    the id or title of an organization kind of the program
      parent  the code of the organization above it, where its kind has one
      tin …   the number it is known by, one column for each kind of number of the program
      contact_for, contact_name, contact_email, contact_phone
              whom to ask there, and what for

    Organizations that the file does not name stay as they are, unless you ask to close them. Leaves with 2 when
    something is wrong, and shows every place of it.
    """
    start_django()
    from rolebook.accounts.organization_file import LARGEST_BYTES
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.import_organization_file import import_organization_file

    with Progress("organizations", hidden=as_json) as progress, refusals():
        report = import_organization_file(
            acting_user=None,
            program_id=program_id,
            data=read_import(file, LARGEST_BYTES),
            file=file.name,
            at=agreed_now(),
            origin=Origin(via="command"),
            dry_run=dry_run,
            close_absent=close_absent,
            progress=progress.show,
        )
    click.echo(_as_json(report) if as_json else _as_text(report))
    return 0


def _as_text(report: "ImportReport") -> str:
    would = "would be " if report.dry_run else ""
    lines = [f"  + {planned.row.code}  {planned.row.name}" for planned in report.created[:_SHOWN]]
    if len(report.created) > _SHOWN:
        lines.append(f"  + and {len(report.created) - _SHOWN:,} more")
    for planned in report.changed[:_SHOWN]:
        said = "; ".join(
            f"{c.field}: {c.old or 'nothing'!r} becomes {c.new or 'nothing'!r}" for c in planned.changes
        )
        lines.append(f"  ~ {planned.row.code}  {said}")
    if len(report.changed) > _SHOWN:
        lines.append(f"  ~ and {len(report.changed) - _SHOWN:,} more")
    lines += [f"  - {code}  {would}closed" for code in report.closed[:_SHOWN]]
    if len(report.closed) > _SHOWN:
        lines.append(f"  - and {len(report.closed) - _SHOWN:,} more")
    closed = f"{len(report.closed):,} {would}closed, " if report.closed else ""
    lines.append(
        f"{len(report.created):,} {would}created, {len(report.changed):,} {would}changed, {closed}"
        f"{report.unchanged:,} as they are"
    )
    if report.dry_run:
        lines.append("this was a dry run: nothing was changed")
    return "\n".join(lines)


def _as_json(report: "ImportReport") -> str:
    return json.dumps(
        {
            "dry_run": report.dry_run,
            "created": [
                {"code": p.row.code, "name": p.row.name, "kind": p.row.kind_id} for p in report.created
            ],
            "changed": [
                {
                    "code": p.row.code,
                    "changes": [{"field": c.field, "old": c.old, "new": c.new} for c in p.changes],
                }
                for p in report.changed
            ],
            "closed": list(report.closed),
            "unchanged": report.unchanged,
            "sequence": report.sequence,
        },
        ensure_ascii=False,
    )
