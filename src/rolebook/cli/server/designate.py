"""`rolebook designate`: the first steward, an organization's first official, and roles that cannot be asked for."""

import json

import click

from rolebook.cli.server.start import start_django


@click.command()
@click.argument("program")
@click.option(
    "--role",
    "role_name",
    required=True,
    help="The role's id or title; 'steward' for the office of the program.",
)
@click.option("--user", "user_id", required=True, help="User ID of the account that gets it.")
@click.option("--organization", "code", help="Code of the organization to hold it at.")
@click.option("--reason", default="", help="Kept on record.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def designate(
    program: str, role_name: str, user_id: str, code: str | None, reason: str, as_json: bool
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
    from rolebook.accounts.models import Account, Organization
    from rolebook.accounts.queries import NoRolebook, rolebook_in_force
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows import designate_role
    from rolebook.governance.refusals import Refused
    from rolebook.policy.words import sentence

    at = clock.now()
    try:
        _, book = rolebook_in_force(program, at)
    except NoRolebook as missing:
        raise click.ClickException(str(missing)) from None
    role = book.role_by_name(role_name) or book.role(role_name.replace("-", "_"))
    if role is None:
        known = ", ".join(one.id for one in (*book.roles, book.steward))
        raise click.ClickException(f"--role: found {role_name!r}, expected one of: {known}")
    account = Account.objects.filter(user_id=user_id.strip().casefold()).first()
    if account is None:
        raise click.ClickException(f"--user: found {user_id!r}, expected the user ID of an account")
    organization = Organization.objects.filter(program_id=program, code=code, closed_at=None).first()
    if code is not None and organization is None:
        raise click.ClickException(
            f"--organization: found {code!r}, expected the code of an organization of {program}"
        )
    try:
        grant = designate_role(
            acting_user=None,
            program_id=program,
            role_id=role.id,
            beneficiary_id=account.public_id,
            organization_id=None if organization is None else organization.public_id,
            reason=reason,
            at=at,
            origin=Origin("command"),
        )
    except Refused as refusal:
        said = " ".join(sentence(violation.code, **violation.params) for violation in refusal.violations)
        raise click.ClickException(f"not designated: {said}") from None
    if as_json:
        click.echo(
            json.dumps({"grant_id": str(grant.public_id), "user_id": account.user_id, "role_id": role.id})
        )
        return
    where = "" if organization is None else f" at {organization.name}"
    click.echo(f"{account.name} is now {role.title}{where} (grant {grant.public_id})")
