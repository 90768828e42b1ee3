"""`rolebook reviews report`: the User Audit Report of a campaign as a file, as the operator (IQCS-13)."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.progress import Progress
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.governance.models import ReviewReport


@click.command("report")
@click.argument("program")
@click.argument("campaign")
@click.option(
    "--organization", "code", help="Code of the organization whose report it is; else the whole campaign's."
)
@click.option(
    "--format",
    "ending",
    type=click.Choice(["csv", "xlsx", "pdf", "json"]),
    default="csv",
    show_default=True,
    help="A PDF of more than 500 accounts becomes a ZIP archive of several, whose name ends in .zip.",
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file."
)
@click.option("--json", "as_json", is_flag=True, help="Print what the report says about itself as JSON.")
def report(program: str, campaign: str, code: str | None, ending: str, output: Path, as_json: bool) -> None:
    """Make the report of a CAMPAIGN of PROGRAM (by its id): preliminary while it is open, final once it is closed.

    \b
    Examples:
      rolebook reviews report iqcs 0199... --organization FWS --format pdf -o fws.pdf
      rolebook reviews report iqcs 0199... --format csv -o all.csv --json
    """
    start_django()
    from rolebook.accounts.models import Organization
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.making_report_files import csv_of, ending_of, standing_of, write_report
    from rolebook.governance.making_reports import ask_for_report, make_report
    from rolebook.governance.models import Making, ReviewReport
    from rolebook.governance.queries.review_campaigns import find_campaign
    from rolebook.governance.queries.review_reports import records_in
    from rolebook.governance.refusals import NotFound

    try:
        found = find_campaign(program, campaign)
    except NotFound:
        raise click.ClickException(
            f"campaign: found {campaign!r}, expected the id of one of {program}; see 'rolebook reviews list'"
        ) from None
    place = None
    if code is not None:
        place = Organization.objects.filter(program_id=program, code=code).first()
        if place is None:
            raise click.ClickException(f"--organization: found {code!r}, expected a code of {program}")
    at = agreed_now()
    made = ask_for_report(acting_user=None, campaign=found, organization=place, at=at)
    if made.state != Making.MADE:
        with Progress("accounts", hidden=as_json) as progress:
            if not make_report(made.pk, at, progress.show):
                raise click.ClickException("somebody else is making this report now; try again in a minute")
    done = ReviewReport.objects.select_related("campaign__rolebook_version", "organization").get(pk=made.pk)
    output = _named_as_it_is(output, ending_of(done, ending))
    with tempfile.NamedTemporaryFile(dir=output.parent, delete=False) as target:
        if ending == "csv":
            for piece in csv_of(done):
                target.write(piece.encode())
        elif ending == "json":
            for record in records_in(done):
                target.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        else:
            with Progress("accounts written", hidden=as_json) as progress:
                write_report(done, ending_of(done, ending), target, progress.show)
    Path(target.name).replace(output)
    told = {**_told(done), "standing": standing_of(done).casefold(), "file": str(output)}
    click.echo(
        json.dumps(told) if as_json else f"{told['standing']}: {counted(done.total, 'account')} in {output}"
    )


def _named_as_it_is(output: Path, ending: str) -> Path:
    """Return where the file goes: an archive of several PDFs is none, and is not called one.

    Raises ClickException where that name, which nobody typed, is taken.
    """
    if ending != "zip" or output.suffix.casefold() == ".zip":
        return output
    renamed = output.with_suffix(".zip")
    if renamed.exists():
        raise click.ClickException(
            f"--output: the report is too large for one PDF and becomes an archive, but {renamed} is there already; "
            "name another file"
        )
    click.echo(f"the report is too large for one PDF: an archive of several goes to {renamed}", err=True)
    return renamed


def _told(report: "ReviewReport") -> dict[str, object]:
    """What a report says about itself."""
    return {
        "report_id": str(report.public_id),
        "as_of": None if report.as_of is None else report.as_of.isoformat(),
        "accounts": report.total,
        "digest": report.digest,
        "summary": report.summary,
    }
