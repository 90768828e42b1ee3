"""`rolebook clients`: which applications may ask the decision point."""

import json
import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from rolebook.cli.server.confirming import effect_of
from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.models import Client

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def clients() -> None:
    """Say which applications may ask the decision point."""


@clients.command()
@click.argument("program")
@click.argument("name")
@click.option("--search", is_flag=True, help="Let it also search who may do what, and where.")
@click.option("--reasons", is_flag=True, help="Say why in every answer, without being asked.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day on which the token counts.")
@_as_json
def add(program: str, name: str, search: bool, reasons: bool, until: datetime | None, as_json: bool) -> None:
    """Give the application NAME a token for PROGRAM, and print it: it is shown this once.

    \b
    Examples:
      rolebook clients add qpp "Submissions portal"
      rolebook clients add qpp "Access review" --search --until 2027-06-30
    """
    start_django()
    from rolebook.accounts.flows.clients import OPERATIONS, USUAL_OPERATIONS, ClientRefused, add_client
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin

    try:
        added = add_client(
            acting_user=None,
            program_id=program,
            name=name,
            operations=OPERATIONS if search else USUAL_OPERATIONS,
            reasons=reasons,
            ends_at=None if until is None else _after(program, until),
            at=agreed_now(),
            origin=Origin("command"),
        )
    except ClientRefused as refused:
        raise click.ClickException(str(refused)) from None
    if as_json:
        click.echo(json.dumps({**_document(added.client), "token": added.token}))
        return
    click.echo(f"{added.client.name} may ask {program}'s decision point (id {added.client.public_id}).")
    click.echo("Its token, shown this once:", err=True)
    click.echo(added.token)


@clients.command("list")
@click.argument("program", required=False)
@_as_json
def list_clients(program: str | None, as_json: bool) -> None:
    """List the applications that have or had a token, of one PROGRAM or of all.

    \b
    Example:
      rolebook clients list qpp
    """
    start_django()
    from rolebook.accounts.models import Client

    found = Client.objects.select_related("use").order_by("program_id", "name", "id")
    if program is not None:
        found = found.filter(program_id=program)
    if as_json:
        click.echo(json.dumps([_document(client) for client in found]))
        return
    for client in found:
        operations = ",".join(client.operations)
        used = _last_used(client)
        click.echo(
            f"{client.public_id}  {client.program_id}  {client.prefix}…  {operations}  {_state(client)}  "
            f"{'last used ' + used if used else 'no use known'}  {client.name}"
        )


@clients.command()
@click.argument("client_id", type=click.UUID)
@click.option("--wait/--no-wait", default=True, help="Wait until every decision point knows.")
@_as_json
def revoke(client_id: uuid.UUID, wait: bool, as_json: bool) -> None:
    """Take an application's token away, and wait until every decision point refuses it.

    \b
    Example:
      rolebook clients revoke 01a20078-8dc9-7682-9a7b-1b08b76e9e70
    """
    start_django()
    from rolebook.accounts.flows.clients import ClientRefused, revoke_client
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin

    try:
        revocation = revoke_client(
            acting_user=None, client_id=client_id, at=agreed_now(), origin=Origin("command")
        )
    except ClientRefused as refused:
        raise click.ClickException(str(refused)) from None
    said = "revoked already" if revocation.sequence is None else "revoked, taking effect"
    if not as_json:
        click.echo(f"{revocation.client.name}: {said}")
    effect = effect_of(revocation.sequence, wait)
    if as_json:
        click.echo(json.dumps(_document(revocation.client) | effect.document))
    elif effect.seconds is not None:
        click.echo(f"{effect.words}: no decision point accepts the token any more")


def _after(program: str, day: datetime) -> datetime:
    """Return the first instant after a day of the program's zone."""
    from rolebook.accounts.queries import rolebook_in_force
    from rolebook.accounts.queries.rolebooks import NoRolebook
    from rolebook.audit.agreed_clock import agreed_now

    try:
        _, book = rolebook_in_force(program, agreed_now())
    except NoRolebook:
        raise click.ClickException(
            f"program: found {program!r}, expected one with an activated rolebook"
        ) from None
    return (day + timedelta(days=1)).replace(tzinfo=ZoneInfo(book.program.zone))


def _state(client: "Client") -> str:
    from rolebook.audit.agreed_clock import agreed_now

    if client.revoked_at:
        return f"revoked {client.revoked_at:%Y-%m-%d %H:%M} UTC"
    if client.ends_at is None:
        return "active"
    said = "ended" if client.ends_at <= agreed_now() else "active until"
    return f"{said} {client.ends_at:%Y-%m-%d %H:%M} UTC"


def _last_used(client: "Client") -> str | None:
    """Return the day on which the token was last accepted, as far as one is known."""
    use = getattr(client, "use", None)
    return None if use is None else str(use.last_on)


def _document(client: "Client") -> dict[str, object]:
    """Return what programs read of a client; never its token, which nobody knows."""
    return {
        "id": str(client.public_id),
        "program": client.program_id,
        "name": client.name,
        "prefix": client.prefix,
        "operations": client.operations,
        "reasons": client.reasons,
        "created_at": client.created_at.isoformat(),
        "ends_at": client.ends_at.isoformat() if client.ends_at else None,
        "last_used_on": _last_used(client),
        "revoked_at": client.revoked_at.isoformat() if client.revoked_at else None,
    }
