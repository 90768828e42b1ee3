"""`rolebook designate` and `rolebook end-designation`: stewards, first officials, roles that cannot be asked for."""

import json
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from rolebook.cli.server.confirming import effect_of, wait_option
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.models import Account, Organization
    from rolebook.policy.model import Role, Rolebook

_ROLE = click.option(
    "--role",
    "role_name",
    required=True,
    help="The role's id or title; 'steward' for the office of the program.",
)


@click.command()
@click.argument("program")
@_ROLE
@click.option("--user", "user_id", required=True, help="User ID of the account that gets it.")
@click.option("--organization", "code", help="Code of the organization to hold it at.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day, where it has one.")
@click.option("--reason", default="", help="Kept on record.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def designate(
    program: str,
    role_name: str,
    user_id: str,
    code: str | None,
    until: datetime | None,
    reason: str,
    as_json: bool,
) -> None:
    """Give an account a role without a request, on record.

    \b
    Examples:
      rolebook designate qpp --role steward --user stella
      rolebook designate qpp --role security-official --user olga --organization 12-3456789

    For the steward's office, for roles had by designation, and for the roles that decide requests (an organization's
    first official). Every rule that holds for a grant holds here too.
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows import designate_role
    from rolebook.governance.refusals import Refused

    at = agreed_now()
    book = _book(program, at)
    role, account, organization = _role(book, role_name), _account(user_id), _organization(program, code)
    try:
        grant = designate_role(
            acting_user=None,
            program_id=program,
            role_id=role.id,
            beneficiary_id=account.public_id,
            organization_id=None if organization is None else organization.public_id,
            reason=reason,
            ends_at=None if until is None else _end_of(until, book.program.zone),
            at=at,
            origin=Origin("command"),
        )
    except Refused as refusal:
        raise click.ClickException(f"not designated: {_said(refusal)}") from None
    if as_json:
        click.echo(
            json.dumps({"grant_id": str(grant.public_id), "user_id": account.user_id, "role_id": role.id})
        )
        return
    where = "" if organization is None else f" at {organization.name}"
    click.echo(f"{account.name} is now {role.title}{where} (grant {grant.public_id})")


@click.command("end-designation")
@click.argument("program")
@_ROLE
@click.option("--user", "user_id", required=True, help="User ID of the account that has it.")
@click.option("--organization", "code", help="Code of the organization that it is held at.")
@click.option("--reason", default="", help="Kept on record.")
@wait_option
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def end_designation(
    program: str, role_name: str, user_id: str, code: str | None, reason: str, wait: bool, as_json: bool
) -> None:
    """End a role that was designated, at once and on record.

    \b
    Examples:
      rolebook end-designation qpp --role steward --user stella --reason "left the service center"

    A program always keeps a steward: designate another one before you end the last one's office.
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.authority import in_force
    from rolebook.governance.flows.end_designation import end_designation as end
    from rolebook.governance.models import Grant
    from rolebook.governance.refusals import Refused

    at = agreed_now()
    role, account, organization = (
        _role(_book(program, at), role_name),
        _account(user_id),
        _organization(program, code),
    )
    grant = Grant.objects.filter(
        in_force(at),
        program_id=program,
        account=account,
        role_id=role.id,
        organization=organization,
        designation__isnull=False,
    ).first()
    where = "" if organization is None else f" at {organization.name}"
    if grant is None:
        raise click.ClickException(f"{account.name} is not designated as {role.title}{where}")
    try:
        ended = end(
            acting_user=None,
            program_id=program,
            grant_id=grant.public_id,
            reason=reason,
            at=at,
            origin=Origin("command"),
        )
    except Refused as refusal:
        raise click.ClickException(f"not ended: {_said(refusal)}") from None
    effect = effect_of(ended.sequence, wait)
    if as_json:
        told = {"grant_id": str(grant.public_id), "user_id": account.user_id, "sequence": ended.sequence}
        click.echo(json.dumps(told | effect.document))
        return
    click.echo(f"{account.name} is no longer {role.title}{where} (event {ended.sequence}, {effect.words})")


def _book(program: str, at: datetime) -> "Rolebook":
    from rolebook.accounts.queries import NoRolebook, rolebook_in_force

    try:
        return rolebook_in_force(program, at)[1]
    except NoRolebook as missing:
        raise click.ClickException(str(missing)) from None


def _role(book: "Rolebook", name: str) -> "Role":
    role = book.role_by_name(name) or book.role(name.replace("-", "_"))
    if role is None:
        known = ", ".join(one.id for one in (*book.roles, book.steward))
        raise click.ClickException(f"--role: found {name!r}, expected one of: {known}")
    return role


def _account(user_id: str) -> "Account":
    from rolebook.accounts.models import Account

    account = Account.objects.filter(user_id=user_id.strip().casefold()).first()
    if account is None:
        raise click.ClickException(f"--user: found {user_id!r}, expected the user ID of an account")
    return account


def _organization(program: str, code: str | None) -> "Organization | None":
    from rolebook.accounts.models import Organization

    organization = Organization.objects.filter(program_id=program, code=code, closed_at=None).first()
    if code is not None and organization is None:
        raise click.ClickException(
            f"--organization: found {code!r}, expected the code of an organization of {program}"
        )
    return organization


def _end_of(day: datetime, zone: str) -> datetime:
    after = day.date() + timedelta(days=1)
    return datetime.combine(after, time(), ZoneInfo(zone)).astimezone(UTC)


def _said(refusal: Exception) -> str:
    from rolebook.governance.refusals import Refused
    from rolebook.policy.words import sentence

    violations = refusal.violations if isinstance(refusal, Refused) else ()
    return " ".join(sentence(violation.code, **violation.params) for violation in violations)
