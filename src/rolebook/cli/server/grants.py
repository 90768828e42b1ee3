"""`rolebook grants`: who holds what in a program, or held it on a day, and why."""

import dataclasses
import json
from datetime import UTC, datetime

import click

from rolebook.cli.server.start import start_django


@click.group()
def grants() -> None:
    """List grants: who holds what, and why."""


@grants.command("list")
@click.argument("program")
@click.option("--user", "user_id", help="Only this user ID.")
@click.option("--organization", "code", help="Only the organization with this code.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="In force at this instant (UTC), not now.",
)
@click.option("--all", "all_ever", is_flag=True, help="Ended and closed ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_them(
    program: str, user_id: str | None, code: str | None, as_of: datetime | None, all_ever: bool, as_json: bool
) -> None:
    """List grants of PROGRAM in force, with what opened each.

    \b
    Examples:
      rolebook grants list qpp --organization 12-3456789
      rolebook grants list qpp --as-of 2026-03-01 --json
    """
    start_django()
    from rolebook.audit import clock
    from rolebook.governance.queries.listing import list_grants

    at = clock.now() if as_of is None else as_of.replace(tzinfo=UTC)
    for row in list_grants(program, at, user_id=user_id, organization_code=code, all_ever=all_ever):
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(row), default=str))
            continue
        until = f" to {row.closed_at or row.ends_at:%Y-%m-%d}" if row.closed_at or row.ends_at else ""
        click.echo(
            f"{row.grant_id}  {row.holder}  {row.role_id} at {row.organization or 'no organization'}  "
            f"from {row.starts_at:%Y-%m-%d}{until}  by {row.origin}"
        )
