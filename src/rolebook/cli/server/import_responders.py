"""`rolebook import responders`: the records that people register for."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolebook.cli.server.progress import Progress
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.governance.flows.import_responder_records import RespondersImported


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--program", "program_id", metavar="ID", required=True, help="The program of the records.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def responders(file: Path, program_id: str, dry_run: bool, as_json: bool) -> int:
    """Create and change the records of a CSV file that people register for: all of them, or none.

    \b
    Examples:
      rolebook import responders records.csv --program iqcs --dry-run
      rolebook import responders records.csv --program iqcs

    \b
    The first line names the columns:
      identifier    of the record, as the rolebook says how it looks
      name          of the person whom it is about
      organization  the code of where it is kept
      email         the address on the record, where there is one

    Whoever registers for a record gets a code at its address, or is confirmed by a manager where it is kept. Records
    that the file does not name stay as they are. Leaves with 2 when something is wrong, and shows every place of it.
    """
    start_django()
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin
    from rolebook.cli.server.imports import read_file
    from rolebook.cli.server.refused_imports import refusals
    from rolebook.governance.flows.import_responder_records import import_responder_records

    with Progress("records", hidden=as_json) as progress, refusals():
        report = import_responder_records(
            program_id=program_id,
            data=read_file(file),
            file=file.name,
            at=clock.now(),
            origin=Origin(via="command"),
            dry_run=dry_run,
            progress=progress.show,
        )
    click.echo(_as_json(report) if as_json else _as_text(report))
    return 0


def _as_text(report: "RespondersImported") -> str:
    from rolebook.cli.server.imports import told

    would = "would be " if report.dry_run else ""
    rows = [f"  + {row.identifier}  {row.name}" for row in report.created]
    rows += [f"  ~ {row.identifier}  {row.name}" for row in report.changed]
    summed = (
        f"{len(report.created):,} {would}created, {len(report.changed):,} {would}changed, "
        f"{report.unchanged:,} as they are"
    )
    return told(rows, summed, dry_run=report.dry_run)


def _as_json(report: "RespondersImported") -> str:
    return json.dumps(
        {
            "dry_run": report.dry_run,
            "created": [row.identifier for row in report.created],
            "changed": [row.identifier for row in report.changed],
            "unchanged": report.unchanged,
            "import_id": report.import_id,
            "sequence": report.sequence,
        },
        ensure_ascii=False,
        default=str,
    )
