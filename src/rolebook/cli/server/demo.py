"""`rolebook demo`: a whole installation with made-up people on this machine, and codes for their sign-ins."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click

from rolebook.cli.server import demo_folder
from rolebook.cli.server.demo_mail_server import DemoMailServer
from rolebook.cli.server.processes import Together, refuse_port_in_use
from rolebook.cli.server.serve import (
    PORTS,
    bring_up_to_date,
    refuse_off_loopback,
    refuse_unprotected_database,
    site_at,
    start_serving,
)
from rolebook.cli.server.start import log_to_terminal, start_django
from rolebook.notices.mailbox import Mailbox

HOST = "127.0.0.1"
THREADS = 4
_FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="The demo's folder.  [default: var/demo]",
)


@click.group(invoke_without_command=True)
@click.option(
    "--host", default=HOST, show_default=True, help="Address to listen on: this machine's own only."
)
@click.option("--port", default=8000, show_default=True, type=PORTS, help="Port to listen on.")
@_FOLDER
@click.option("--seed", default=1, show_default=True, help="Another number makes other people.")
@click.option("--database", help="An empty database instead of a SQLite file in the folder.")
@click.pass_context
def demo(
    context: click.Context, host: str, port: int, folder: Path | None, seed: int, database: str | None
) -> None:
    """Start a demo with made-up people and organizations on this machine.

    \b
    Example:
      rolebook demo
      rolebook demo code maria.lopez

    Everything is made anew at each start, in a folder of its own; no mail leaves the machine.
    """
    if context.invoked_subcommand is not None:
        return
    raise SystemExit(_run(host, port, folder or demo_folder.usual_folder(), seed, database))


@demo.command()
@click.argument("user_id")
@_FOLDER
@click.pass_context
def code(context: click.Context, user_id: str, folder: Path | None) -> None:
    """Print the security code that USER_ID's authenticator app shows now.

    \b
    Example:
      rolebook demo code maria.lopez

    Works for the people of a demo only.
    """
    # `rolebook demo --folder F code U` names the folder as well as `rolebook demo code --folder F U`.
    folder = folder or (context.parent and context.parent.params["folder"]) or demo_folder.usual_folder()
    os.environ.update(demo_folder.remembered(folder.absolute()))
    start_django()
    from django.conf import settings

    from rolebook.accounts.models import Account
    from rolebook.accounts.second_factor import PERIOD_SECONDS, code_at, secret_of, totp_of
    from rolebook.audit import clock

    if not settings.ROLEBOOK.demo:
        raise click.ClickException("codes are shown in demo mode only")
    account = Account.objects.filter(user_id=user_id.strip().casefold()).first()
    if account is None:
        raise click.ClickException(f"nobody in the demo has the user ID {user_id!r}")
    factor = totp_of(account)
    if factor is None:
        raise click.ClickException(
            f"{account.name} has not set up an authenticator app; the code comes by mail"
        )
    now = clock.now()
    step = int(now.timestamp()) // PERIOD_SECONDS
    if account.last_totp_step >= step:
        # A code is good once; the next one is taken a little early.
        now = datetime.fromtimestamp((account.last_totp_step + 1) * PERIOD_SECONDS, tz=now.tzinfo)
    click.echo(code_at(secret_of(factor), now))


def _run(host: str, port: int, folder: Path, seed: int, database: str | None) -> int:
    log_to_terminal()
    folder, usual = folder.absolute(), demo_folder.usual_folder()
    refuse_off_loopback(host)
    refuse_port_in_use(host, port)
    with demo_folder.begin(folder), DemoMailServer(Mailbox(folder / "mail")) as mail_server:
        environment = _environment(host, port, folder, database, mail_server.url)
        os.environ.update(environment)
        start_django()
        if database is not None:
            _refuse_foreign_database()
        demo_folder.remember(folder, environment)
        bring_up_to_date()
        refuse_unprotected_database()
        _build(seed)
        token = _token()
        with Together(environment=environment) as together:
            together.stop_on_signals()
            start_serving(together, host=host, port=port, processes=1, threads=THREADS)
            together.start("the worker", "rolebook.jobs", [])
            if together.answering(host, port):
                from rolebook.cli.server.demo_welcome import welcome

                click.echo(welcome(token=token, folder=folder, usual=folder == usual))
            result = together.until_stopped()
    click.echo("stopped")
    return result


def _environment(host: str, port: int, folder: Path, database: str | None, mail: str) -> dict[str, str]:
    """Return the settings of this demo: all of them, so that none of another installation reaches it."""
    site = site_at(host, port)
    return {
        "ROLEBOOK_HOME": str(folder),
        "ROLEBOOK_DATABASE": database or f"sqlite:///{folder / 'rolebook.sqlite3'}",
        "ROLEBOOK_SITE_URL": site,
        "ROLEBOOK_HOSTS": f"{urlsplit(site).hostname},localhost",
        "ROLEBOOK_MAIL": mail,
        "ROLEBOOK_MAIL_FROM": "QPP access <no-reply@demo.example>",
        "ROLEBOOK_SECRET_KEY": "",
        "ROLEBOOK_DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "rolebook.server.settings",
    }


def _refuse_foreign_database() -> None:
    from django.db import connection

    tables = connection.introspection.table_names()
    if tables:
        raise click.ClickException(
            f"the demo needs an empty database: found {len(tables)} tables, such as {sorted(tables)[0]!r}"
        )


def _build(seed: int) -> None:
    from django.conf import settings

    from rolebook.audit import clock
    from rolebook.cli.server.demo_world.build import build_world
    from rolebook.notices.derivation import derive_notices
    from rolebook.notices.sending import Sender
    from rolebook.notices.transport import Transport, mail_server

    moment = [clock.now()]
    transport = Transport(mail_server(settings.ROLEBOOK.mail_url))
    sender = Sender(transport=transport, mail_from=settings.ROLEBOOK.mail_from, clock=lambda: moment[0])

    def deliver(at: datetime) -> None:
        moment[0] = at
        while derive_notices(now=at):
            pass
        sender.send_due()

    with click.progressbar(length=100, label="eight weeks of made-up history", width=30) as bar:

        def told(done: int, steps: int) -> None:
            bar.update(done * 100 // steps - bar.pos)

        world = build_world(now=clock.now() - timedelta(minutes=1), seed=seed, deliver=deliver, told=told)
    click.echo(f"{len(world.places)} organizations, {world.events} events in the audit log")


def _token() -> str:
    """Return a token to ask the decision point with, as `rolebook clients add` gives one."""
    from rolebook.accounts.flows.clients import add_client
    from rolebook.audit import clock
    from rolebook.audit.recording import Origin

    name, origin = "Demo application", Origin("command")
    return add_client(acting_user=None, program_id="qpp", name=name, at=clock.now(), origin=origin).token
