"""`rolebook grants`: who holds what in a program and why; access apart from roles and employers, as the operator."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

import click

from rolebook.cli.server.days import DAY_OR_MINUTE, Typed, moment_asked
from rolebook.cli.server.json_list import print_list
from rolebook.cli.server.named import require_named
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.governance.queries.listing import AccessRow, GrantRow


@click.group()
def grants() -> None:
    """List grants: who holds what, and why."""


@grants.command("list")
@click.argument("program")
@click.option("--user", "user_id", help="Only this user ID.")
@click.option("--organization", "code", help="Only the organization with this code.")
@click.option(
    "--as-of",
    type=DAY_OR_MINUTE,
    help="In force at the end of this day of the program's zone, or at this minute of it, not now.",
)
@click.option("--all", "all_ever", is_flag=True, help="Ended and closed ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def list_them(
    program: str, user_id: str | None, code: str | None, as_of: Typed | None, all_ever: bool, as_json: bool
) -> None:
    """List grants of PROGRAM in force, and access apart from roles, with what opened each.

    \b
    Examples:
      rolebook grants list qpp --organization 12-3456789
      rolebook grants list qpp --as-of 2026-03-01 --json
      rolebook grants list qpp --as-of 2026-03-01T14:30
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.queries.listing import list_accesses, list_grants

    require_named(program, code=code, user_id=user_id)
    now = agreed_now()
    at = now if as_of is None else moment_asked(program, as_of, now).at
    grants_found = list_grants(program, at, user_id=user_id, organization_code=code, all_ever=all_ever)
    accesses_found = list_accesses(program, at, user_id=user_id, organization_code=code, all_ever=all_ever)
    if as_json:
        found: Iterator[GrantRow | AccessRow] = chain(grants_found, accesses_found)
        print_list(_in_one_shape(row) for row in found)
        return
    for row in grants_found:
        until = f" to {row.closed_at or row.ends_at:%Y-%m-%d}" if row.closed_at or row.ends_at else ""
        click.echo(
            f"{row.grant_id}  {row.holder}  {row.role_id} at {row.organization or 'no organization'}  "
            f"from {row.starts_at:%Y-%m-%d}{until}  by {row.origin}"
        )
    for access in accesses_found:
        end = access.closed_at or access.ends_at
        until = f" to {end:%Y-%m-%d}" if end else ""
        below = " with lower levels" if access.lower_levels else ""
        click.echo(
            f"{access.access_id}  {access.holder}  access to {access.organization}{below}  "
            f"from {access.starts_at:%Y-%m-%d}{until}  by {access.origin}"
        )


def _in_one_shape(row: "GrantRow | AccessRow") -> dict[str, object]:
    """Return a grant or access with the keys of both; what the other kind has is null."""
    own = dataclasses.asdict(row)
    kind = "role" if "grant_id" in own else "access"
    public_id = own.pop("grant_id" if kind == "role" else "access_id")
    return {"kind": kind, "id": public_id, "role_id": None, "lower_levels": None, **own}


@grants.command("give-access")
@click.argument("program")
@click.option("--user", "user_id", required=True, help="User ID of the account that gets it.")
@click.option("--organization", "code", required=True, help="Code of the organization.")
@click.option("--lower-levels", is_flag=True, help="Include the organizations below it.")
@click.option("--reason", default="", help="Kept on record.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def give_access(
    program: str, user_id: str, code: str, lower_levels: bool, reason: str, as_json: bool
) -> None:
    """Give an account access to an organization without a request, in a program that holds access apart from roles.

    \b
    Examples:
      rolebook grants give-access iqcs --user rosa --organization FWS-R6 --lower-levels
    """
    start_django()
    from rolebook.governance.flows.designate_access import designate_access

    access = _done(designate_access, program, user_id, code, reason, lower_levels=lower_levels)
    if as_json:
        click.echo(json.dumps({"access_id": str(access.public_id), "user_id": access.account.user_id}))
        return
    below = " with lower levels" if lower_levels else ""
    click.echo(f"{access.account.name} has access to {access.organization.name}{below} ({access.public_id})")


@grants.command("record-employer")
@click.argument("program")
@click.option("--user", "user_id", required=True, help="User ID of the account.")
@click.option(
    "--organization", "code", required=True, help="Code of the organization that employs the person."
)
@click.option("--reason", default="", help="Kept on record.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def record_employer(program: str, user_id: str, code: str, reason: str, as_json: bool) -> None:
    """Record who employs a person from now on; its agency decides the person's account requests.

    \b
    Examples:
      rolebook grants record-employer iqcs --user rosa --organization FWS-R6
    """
    start_django()
    from rolebook.governance.flows.record_employment import record_employment

    employment = _done(record_employment, program, user_id, code, reason)
    person = employment.participation.account
    if as_json:
        click.echo(json.dumps({"employment_id": str(employment.public_id), "user_id": person.user_id}))
        return
    click.echo(f"{person.name} works for {employment.organization.name} ({employment.public_id})")


def _done[Made](
    flow: Callable[..., Made], program: str, user_id: str, code: str, reason: str, **more: object
) -> Made:
    """Run a flow as the operator; what is not found or refused ends the command."""
    from rolebook.accounts.models import Account, Organization
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.refusals import NotFound, Refused
    from rolebook.policy.words import sentence

    account = Account.objects.filter(user_id=user_id.strip().casefold()).first()
    if account is None:
        raise click.ClickException(f"--user: found {user_id!r}, expected the user ID of an account")
    place = Organization.objects.filter(program_id=program, code=code, closed_at=None).first()
    if place is None:
        raise click.ClickException(
            f"--organization: found {code!r}, expected the code of an organization of {program}"
        )
    try:
        return flow(
            acting_user=None,
            program_id=program,
            beneficiary_id=account.public_id,
            organization_id=place.public_id,
            reason=reason,
            at=agreed_now(),
            origin=Origin("command"),
            **more,
        )
    except Refused as refusal:
        said = " ".join(sentence(violation.code, **violation.params) for violation in refusal.violations)
        raise click.ClickException(f"nothing was done: {said}") from None
    except NotFound:
        raise click.ClickException(f"{program} holds no access apart from roles") from None
