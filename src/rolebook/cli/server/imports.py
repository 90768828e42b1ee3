"""`rolebook import accounts` and `rolebook import grants`: people and what they hold, from an earlier system."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolebook.cli.counting import counted
from rolebook.cli.server.import_responders import responders
from rolebook.cli.server.import_run import FILE, run_import
from rolebook.cli.server.organizations import import_group
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.governance.flows import AccountsImported, GrantsImported

import_group.add_command(responders)


@import_group.command()
@click.argument("file", type=FILE)
@click.option("--program", "program_id", metavar="ID", required=True, help="The program they take part in.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def accounts(file: Path, program_id: str, dry_run: bool, as_json: bool) -> int:
    """Create the accounts of a CSV file and let them take part in a program: all of them, or none.

    \b
    Examples:
      rolebook import accounts people.csv --program qpp --dry-run
      rolebook import accounts people.csv --program qpp

    \b
    The first line names the columns:
      user_id            what they sign in with
      name               as people read it
      email              where mail to them goes
      last_signed_in_on  a day such as 2026-03-31, where it is known
      fsid               a federal surveyor's number, where the program has them

    People have no password at first: they set one under "Forgot your password?" with a code mailed to the imported
    address, and then set up the second factor. Accounts that there are already stay as they are. Leaves with 2 when
    something is wrong, and shows every place of it.
    """
    start_django()
    from rolebook.governance.flows import import_accounts

    return run_import(
        import_accounts,
        file,
        counted="accounts",
        as_json=as_json,
        rows=_account_rows,
        document=_account_document,
        program_id=program_id,
        dry_run=dry_run,
    )


@import_group.command()
@click.argument("file", type=FILE)
@click.option("--program", "program_id", metavar="ID", required=True, help="The program of the roles.")
@click.option("--reason", required=True, help="Why they are imported; kept on record.")
@click.option("--dry-run", is_flag=True, help="Show what would be opened, and open nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def grants(file: Path, program_id: str, reason: str, dry_run: bool, as_json: bool) -> int:
    """Give the roles of a CSV file, with their original approvals: all of them, or none when a rule forbids one.

    \b
    Examples:
      rolebook import grants roles.csv --program qpp --reason "Migration from HARP" --dry-run
      rolebook import grants roles.csv --program qpp --reason "Migration from HARP"

    \b
    The first line names the columns:
      user_id       of an account; import accounts first
      role          title or id of a role of the matrix
      organization  its code or number; left empty for a role that is held at none
      approved_on   the day of the original approval, such as 2024-03-31
      approved_by   who approved it, as the earlier system says
      source        the earlier system, or its record
      starts_on     the first day, where it is not the day of the approval
      ends_on       the last day, where there is one

    Every rule that holds for a request holds here too. Leaves with 2 when something is wrong, and shows every place of
    it.
    """
    start_django()
    from rolebook.governance.flows import import_grants

    return run_import(
        import_grants,
        file,
        counted="grants",
        as_json=as_json,
        rows=_grant_rows,
        document=_grant_document,
        program_id=program_id,
        reason=reason,
        dry_run=dry_run,
    )


def _account_rows(report: "AccountsImported") -> tuple[list[str], str]:
    would = "would be " if report.dry_run else ""
    rows = [f"  + {row.user_id}  {row.name}  {row.email}" for row in report.created]
    rows += [f"  ~ {row.user_id}  joins the program" for row in report.joined]
    return rows, (
        f"{len(report.created):,} {would}created, {len(report.joined):,} {would}joined to the program, "
        f"{report.unchanged:,} as they are"
    )


def _grant_rows(report: "GrantsImported") -> tuple[list[str], str]:
    rows = []
    for one in report.opened:
        where = f" at {one.organization_code}" if one.organization_code else ""
        until = f" to {one.row.ends_on}" if one.row.ends_on else ""
        rows.append(
            f"  + {one.user_id}  {one.role_title}{where}  from {one.row.starts_on}{until}, "
            f"approved by {one.row.approved_by} on {one.row.approved_on}"
        )
    would = "would be " if report.dry_run else ""
    return rows, f"{counted(len(report.opened), 'grant')} {would}opened"


def _account_document(report: "AccountsImported") -> dict[str, object]:
    return {
        "created": [{"user_id": r.user_id, "last_signed_in_on": r.last_signed_in_on} for r in report.created],
        "joined": [{"user_id": r.user_id, "last_signed_in_on": r.last_signed_in_on} for r in report.joined],
        "unchanged": report.unchanged,
    }


def _grant_document(report: "GrantsImported") -> dict[str, object]:
    return {
        "opened": [
            {
                "user_id": one.user_id,
                "role_id": one.row.role.id,
                "organization": one.organization_code,
                "starts_at": one.starts_at.isoformat(),
                "ends_at": None if one.ends_at is None else one.ends_at.isoformat(),
                "approved_on": one.row.approved_on,
                "approved_by": one.row.approved_by,
                "source": one.row.source,
            }
            for one in report.opened
        ],
    }
