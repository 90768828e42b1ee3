"""`rolebook tokens`: the access tokens with which people's own programs call the API."""

import json
import uuid
from typing import TYPE_CHECKING

import click

from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.queries.personal_tokens import TokenLine

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def tokens() -> None:
    """List the access tokens of people, and end them."""


@tokens.command("list")
@click.argument("user_id", required=False)
@_as_json
def list_tokens(user_id: str | None, as_json: bool) -> None:
    """List everybody's tokens that count, or all that USER_ID ever had.

    \b
    Example:
      rolebook tokens list maria.alvarez
    """
    start_django()
    from rolebook.accounts.queries.personal_tokens import all_tokens
    from rolebook.audit.agreed_clock import agreed_now

    found = all_tokens(agreed_now(), user_id=user_id)
    if as_json:
        click.echo(json.dumps([_document(line) for line in found], ensure_ascii=False))
        return
    for line in found:
        may = "read,act" if line.may_act else "read"
        used = f"last used {line.last_used_at:%Y-%m-%d %H:%M} UTC" if line.last_used_at else "not used"
        click.echo(
            f"{line.token_id}  {line.owner}  {line.program_id}  {line.prefix}…  {may}  {_state(line)}  {used}  "
            f"{line.name}"
        )


@tokens.command()
@click.argument("token_id", type=click.UUID)
@_as_json
def revoke(token_id: uuid.UUID, as_json: bool) -> None:
    """End a person's token; it is refused from its next call on.

    \b
    Example:
      rolebook tokens revoke 01a20078-8dc9-7682-9a7b-1b08b76e9e70
    """
    start_django()
    from rolebook.accounts.flows.personal_tokens import NoSuchToken, end_token_as_operator
    from rolebook.accounts.queries.personal_tokens import all_tokens
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin

    try:
        ended = end_token_as_operator(token_id=token_id, at=agreed_now(), origin=Origin("command"))
    except NoSuchToken:
        raise click.ClickException(
            f"token: found {str(token_id)!r}, expected an id that `rolebook tokens list` shows"
        ) from None
    lines = all_tokens(agreed_now(), user_id=ended.account.user_id)
    [line] = [one for one in lines if one.token_id == token_id]
    click.echo(json.dumps(_document(line), ensure_ascii=False) if as_json else f"{line.name}: {_state(line)}")


def _state(line: "TokenLine") -> str:
    if line.revoked_at is not None:
        return f"{line.why} {line.revoked_at:%Y-%m-%d %H:%M} UTC"
    return f"{'active until' if line.counts else 'ended'} {line.ends_at:%Y-%m-%d %H:%M} UTC"


def _document(line: "TokenLine") -> dict[str, object]:
    """Return what programs read of a token; never the token, which nobody knows."""
    return {
        "id": str(line.token_id),
        "user_id": line.owner,
        "program": line.program_id,
        "name": line.name,
        "prefix": line.prefix,
        "may_act": line.may_act,
        "created_at": line.created_at.isoformat(),
        "ends_at": line.ends_at.isoformat(),
        "revoked_at": line.revoked_at.isoformat() if line.revoked_at else None,
        "why": line.why or None,
        "last_used_at": line.last_used_at.isoformat() if line.last_used_at else None,
    }
