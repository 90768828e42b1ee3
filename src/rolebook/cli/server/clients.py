"""`rolebook clients`: which applications may ask the decision point."""

import json
import time
import uuid
from typing import TYPE_CHECKING

import click

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
@_as_json
def add(program: str, name: str, search: bool, as_json: bool) -> None:
    """Give the application NAME a token for PROGRAM, and print it: it is shown this once.

    \b
    Examples:
      rolebook clients add qpp "Submissions portal"
      rolebook clients add qpp "Access review" --search
    """
    start_django()
    from rolebook.accounts.flows.clients import OPERATIONS, USUAL_OPERATIONS, ClientRefused, add_client
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin

    try:
        added = add_client(
            acting_user=None,
            program_id=program,
            name=name,
            operations=OPERATIONS if search else USUAL_OPERATIONS,
            at=clock.now(),
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

    found = Client.objects.order_by("program_id", "name", "id")
    if program is not None:
        found = found.filter(program_id=program)
    if as_json:
        click.echo(json.dumps([_document(client) for client in found]))
        return
    for client in found:
        state = f"revoked {client.revoked_at:%Y-%m-%d %H:%M} UTC" if client.revoked_at else "active"
        operations = ",".join(client.operations)
        click.echo(
            f"{client.public_id}  {client.program_id}  {client.prefix}…  {operations}  {state}  {client.name}"
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
    from rolebook.audit import clock
    from rolebook.audit.followers import confirmation
    from rolebook.audit.recording import Origin

    try:
        revocation = revoke_client(
            acting_user=None, client_id=client_id, at=clock.now(), origin=Origin("command")
        )
    except ClientRefused as refused:
        raise click.ClickException(str(refused)) from None
    said = "revoked already" if revocation.sequence is None else "revoked, taking effect"
    if not as_json:
        click.echo(f"{revocation.client.name}: {said}")
    while wait and revocation.sequence is not None and not confirmation(revocation.sequence).confirmed:
        time.sleep(0.1)
    if as_json:
        click.echo(
            json.dumps({**_document(revocation.client), "confirmed": wait or revocation.sequence is None})
        )
    elif wait and revocation.sequence is not None:
        click.echo("confirmed: no decision point accepts the token any more")


def _document(client: "Client") -> dict[str, object]:
    """Return what programs read of a client; never its token, which nobody knows."""
    return {
        "id": str(client.public_id),
        "program": client.program_id,
        "name": client.name,
        "prefix": client.prefix,
        "operations": client.operations,
        "created_at": client.created_at.isoformat(),
        "revoked_at": client.revoked_at.isoformat() if client.revoked_at else None,
    }
