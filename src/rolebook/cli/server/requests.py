"""`rolebook requests`: what was asked for in a program, where it waits, and who is out of office."""

import dataclasses

import click

from rolebook.cli.server.absences import absences, away, back
from rolebook.cli.server.json_list import print_list
from rolebook.cli.server.named import require_named, require_state
from rolebook.cli.server.start import start_django


@click.group()
def requests() -> None:
    """List requests for roles, and say who is out of office."""


@requests.command("list")
@click.argument("program")
@click.option("--state", help="Only requests in this state, for example pending.")
@click.option("--organization", "code", help="Only requests that name the organization with this code.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_them(program: str, state: str | None, code: str | None, limit: int, as_json: bool) -> None:
    """List requests of PROGRAM, oldest first.

    \b
    Examples:
      rolebook requests list qpp --state pending
      rolebook requests list qpp --organization 12-3456789 --json
    """
    start_django()
    from rolebook.governance.queries.listing import list_requests

    require_named(program, code=code)
    require_state(state)
    found = list_requests(program, state=state, organization_code=code, limit=limit)
    if as_json:
        print_list(dataclasses.asdict(row) for row in found)
        return
    for row in found:
        waits = f"  waits for {', '.join(row.waits_for)}" if row.waits_for else ""
        click.echo(
            f"{row.request_id}  {row.submitted_at:%Y-%m-%d %H:%M} UTC  {row.state}  {row.beneficiary}  "
            f"{', '.join(row.roles)} at {', '.join(row.organizations) or 'no organization'}{waits}"
        )


requests.add_command(away)
requests.add_command(back)
requests.add_command(absences)
