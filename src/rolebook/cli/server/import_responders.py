"""`rolebook import responders`: the records that people register for."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolebook.cli.server.import_run import FILE, run_import
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.governance.flows.import_responder_records import RespondersImported


@click.command()
@click.argument("file", type=FILE)
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
    from rolebook.governance.flows.import_responder_records import import_responder_records

    return run_import(
        import_responder_records,
        file,
        counted="records",
        as_json=as_json,
        rows=_rows,
        document=_document,
        program_id=program_id,
        dry_run=dry_run,
    )


def _rows(report: "RespondersImported") -> tuple[list[str], str]:
    would = "would be " if report.dry_run else ""
    rows = [f"  + {row.identifier}  {row.name}" for row in report.created]
    rows += [f"  ~ {row.identifier}  {row.name}" for row in report.changed]
    return rows, (
        f"{len(report.created):,} {would}created, {len(report.changed):,} {would}changed, "
        f"{report.unchanged:,} as they are"
    )


def _document(report: "RespondersImported") -> dict[str, object]:
    return {
        "created": [row.identifier for row in report.created],
        "changed": [row.identifier for row in report.changed],
        "unchanged": report.unchanged,
    }
