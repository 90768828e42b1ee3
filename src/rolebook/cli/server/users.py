"""`rolebook users`: what the operator does with accounts."""

import json
from typing import TYPE_CHECKING

import click

from rolebook.cli.server.start import start_django

if TYPE_CHECKING:
    from rolebook.accounts.models import Account


@click.group()
def users() -> None:
    """List accounts, deactivate them, and free people of a lost second factor."""


@users.command(name="list")
@click.option("--search", metavar="TEXT", default="", help="Part of a user ID, name or e-mail address.")
@click.option("--limit", metavar="NUMBER", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def list_users(search: str, limit: int, as_json: bool) -> int:
    """List accounts by user ID.

    \b
    Example:
      rolebook users list --search cedar
    """
    start_django()
    from rolebook.accounts.queries.accounts import find_accounts

    found = find_accounts(search, limit=limit)
    if as_json:
        click.echo(json.dumps([_told(account) for account in found], ensure_ascii=False))
        return 0
    for account in found:
        click.echo(f"{account.user_id:<24} {account.status:<12} {account.name} <{account.email}>")
    click.echo(f"{len(found)} accounts" + (f" (the first {limit})" if len(found) == limit else ""))
    return 0


@users.command()
@click.argument("user_id")
@click.option("--reason", required=True, help="Why; kept in the audit log.")
def deactivate(user_id: str, reason: str) -> int:
    """Deactivate an account: from the next request on it can do nothing anywhere.

    \b
    Example:
      rolebook users deactivate nora.new --reason "left the practice"
    """
    account = _account(user_id)
    from rolebook.accounts.flows.status import deactivate_account
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin

    changed = deactivate_account(
        acting_user=None, account=account, reason=reason, at=clock.now(), origin=Origin(via="command")
    )
    click.echo(f"{account.user_id} is deactivated" + ("" if changed else " already"))
    return 0


@users.command()
@click.argument("user_id")
@click.option("--reason", required=True, help="Why; kept in the audit log.")
def reactivate(user_id: str, reason: str) -> int:
    """Let a deactivated account sign in again.

    \b
    Example:
      rolebook users reactivate nora.new --reason "came back"
    """
    account = _account(user_id)
    from rolebook.accounts.flows.status import reactivate_account
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin

    changed = reactivate_account(
        acting_user=None, account=account, reason=reason, at=clock.now(), origin=Origin(via="command")
    )
    click.echo(f"{account.user_id} is active" + ("" if changed else " already"))
    return 0


@users.command(name="reset-second-factor")
@click.argument("user_id")
def reset_second_factor(user_id: str) -> int:
    """Remove a lost authenticator app; its person sets up a new one, with a code mailed to the stored address.

    \b
    Example:
      rolebook users reset-second-factor nora.new

    Make sure first that it is the person who asks. All their sessions end, and they are told by mail.
    """
    account = _account(user_id)
    from rolebook.accounts.flows import status
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin
    from rolebook.notices.outbox import account_mails

    at = clock.now()
    changed = status.reset_second_factor(
        account=account, at=at, origin=Origin(via="command"), send=account_mails(at)
    )
    said = "was removed; the person sets up a new one at the next sign-in" if changed else "was not set up"
    click.echo(f"the second factor of {account.user_id} {said}")
    return 0


def _account(user_id: str) -> "Account":
    start_django()
    from rolebook.accounts.models import Account
    from rolebook.accounts.texts import fold_user_id

    account = Account.objects.filter(user_id=fold_user_id(user_id)).first()
    if account is None:
        raise click.ClickException(
            f"no account: found {user_id!r}, expected a user ID; see 'rolebook users list'"
        )
    return account


def _told(account: "Account") -> dict[str, str]:
    return {
        "id": str(account.public_id),
        "user_id": account.user_id,
        "name": account.name,
        "email": account.email,
        "status": account.status,
    }
