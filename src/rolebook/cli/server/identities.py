"""`rolebook users unlink-identities`: what remains of a provider that was taken out of the settings."""

import json

import click

from rolebook.cli.server.start import start_django


@click.command(name="unlink-identities")
@click.argument("user_id")
@click.option(
    "--sure",
    is_flag=True,
    help="Also where no second factor remains: you have made sure who the person is.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def unlink_identities(user_id: str, sure: bool, as_json: bool) -> int:
    """Unlink the identities of an account whose providers the settings no longer name.

    \b
    Example:
      rolebook users unlink-identities nora.new

    Nobody can sign in with them. The person is told by mail, and all their sessions end. Identities of providers that
    the settings name are left alone: their person unlinks them on the Security page.
    """
    start_django()
    from rolebook.accounts.flows.identities import NoWayIn, unlink_abandoned_identities
    from rolebook.accounts.models import Account
    from rolebook.audit.agreed_clock import agreed_now
    from rolebook.audit.recording import Origin
    from rolebook.notices.outbox import account_mails

    account = Account.objects.filter(user_id=user_id.strip().casefold()).first()
    if account is None:
        raise click.ClickException(f"no account: found {user_id!r}, expected a user ID")
    at = agreed_now()
    try:
        gone = unlink_abandoned_identities(
            account=account, at=at, origin=Origin(via="command"), send=account_mails(at), sure=sure
        )
    except NoWayIn:
        raise click.ClickException(
            f"nothing was unlinked: {account.user_id} would have no second factor. Make sure who it is that asks, and "
            "run it again with --sure; until a new factor is set up, a mailed code stands in for it"
        ) from None
    if as_json:
        click.echo(json.dumps({"user_id": account.user_id, "unlinked": list(gone)}))
    elif gone:
        click.echo(f"unlinked from {account.user_id}: {', '.join(gone)}")
    else:
        click.echo(f"{account.user_id} has no identity of a provider that the settings do not name")
    return 0
