"""`rolebook requests away`, `back` and `absences`: who is out of office, and who decides meanwhile."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from rolebook.cli.server.json_list import print_list
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.models import Account
    from rolebook.governance.models import Absence


@click.command("away")
@click.argument("program")
@click.option("--user", "user_id", required=True, help="User ID of who is out of office.")
@click.option("--first", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day.")
@click.option("--last", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day.")
@click.option(
    "--delegate",
    "named",
    multiple=True,
    metavar="ROLE=USER",
    help="Who decides meanwhile with a role: somebody who could anyway. Repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def away(
    program: str, user_id: str, first: datetime, last: datetime, named: tuple[str, ...], as_json: bool
) -> None:
    """Record that somebody who decides requests of PROGRAM is out of office, and who decides meanwhile.

    \b
    Examples:
      rolebook requests away iqcs --user rosa --first 2026-12-21 --last 2027-01-02
      rolebook requests away iqcs --user rosa --first 2026-12-21 --last 2027-01-02 \\
          --delegate agency-representative=owen
    """
    start_django()
    from rolebook.accounts.queries import rolebook_in_force
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.flows.record_absence import record_absence

    at = agreed_now()
    _, book = rolebook_in_force(program, at)
    ids = {role.id.replace("_", "-"): role.id for role in book.roles}
    delegates = {}
    for one in named:
        role, _, user = one.partition("=")
        if role not in ids and role not in ids.values():
            raise click.ClickException(
                f"--delegate: found {role!r}, expected a role of {program} like {next(iter(ids))}"
            )
        delegates[ids.get(role, role)] = _account(user).public_id
    absence = _done(
        lambda: record_absence(
            acting_user=None,
            account=_account(user_id),
            program_id=program,
            first_on=first.date(),
            last_on=last.date(),
            delegates=delegates,
            at=at,
            origin=Origin("command"),
        )
    )
    row = _as_row(absence)
    if as_json:
        click.echo(json.dumps(row))
    else:
        _say(row)


@click.command("back")
@click.argument("program")
@click.option("--user", "user_id", required=True, help="User ID of who is there again.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def back(program: str, user_id: str, as_json: bool) -> None:
    """End the absences of somebody in PROGRAM, and withdraw those to come.

    \b
    Examples:
      rolebook requests back iqcs --user rosa
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.governance.absences import absences_of
    from rolebook.governance.flows.record_absence import end_absence

    at, rows = agreed_now(), []
    for absence in absences_of(_account(user_id), program, at):
        end = partial(
            end_absence,
            acting_user=None,
            program_id=program,
            absence_id=absence.public_id,
            at=at,
            origin=Origin("command"),
        )
        rows.append(_as_row(_done(end)))
    _say_all(rows, as_json)


@click.command("absences")
@click.argument("program")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def absences(program: str, as_json: bool) -> None:
    """List who is, or will be, out of office in PROGRAM, and who decides meanwhile.

    \b
    Examples:
      rolebook requests absences iqcs
    """
    start_django()
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.governance.absences import absences_to_come

    found = absences_to_come(program, agreed_now()).select_related("account").order_by("starts_at", "pk")
    _say_all([_as_row(absence) for absence in found], as_json)


def _as_row(absence: "Absence") -> dict[str, object]:
    kept = absence.delegations.filter(ended_at=None).select_related("delegate").order_by("pk")
    return {
        "absence_id": str(absence.public_id),
        "user_id": absence.account.user_id,
        "name": absence.account.name,
        "starts_at": absence.starts_at.isoformat(),
        "ends_at": (absence.ended_at or absence.ends_at).isoformat(),
        "delegates": {one.role_id: one.delegate.user_id for one in kept},
    }


def _say_all(rows: Sequence[Mapping[str, object]], as_json: bool) -> None:
    if as_json:
        print_list(rows)
        return
    for row in rows:
        _say(row)
    if not rows:
        click.echo("nobody is, or will be, out of office")


def _say(row: Mapping[str, object]) -> None:
    named = row["delegates"]
    meanwhile = (
        ", ".join(f"{who} as {role}" for role, who in named.items()) if isinstance(named, dict) else ""
    )
    click.echo(
        f"{row['name']} ({row['user_id']}): out of office from {row['starts_at']} until {row['ends_at']}; "
        f"decides meanwhile: {meanwhile or 'nobody in particular'}"
    )


def _account(user_id: str) -> "Account":
    from rolebook.accounts.models import Account

    found = Account.objects.filter(user_id=user_id.strip().casefold()).first()
    if found is None:
        raise click.ClickException(f"found {user_id!r}, expected the user ID of an account")
    return found


def _done[Made](flow: Callable[[], Made]) -> Made:
    """Run a flow as the operator; what is not found or refused ends the command."""
    from rolebook.governance.refusals import NotFound, Refused
    from rolebook.policy.words import sentence

    try:
        return flow()
    except Refused as refusal:
        said = " ".join(sentence(violation.code, **violation.params) for violation in refusal.violations)
        raise click.ClickException(f"nothing was done: {said}") from None
    except NotFound:
        raise click.ClickException(
            "nothing was done: expected somebody who decides requests in the program"
        ) from None
