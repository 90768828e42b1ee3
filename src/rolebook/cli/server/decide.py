"""`rolebook decide`: decision points in processes of their own, which no page slows down."""

import click

from rolebook.cli.server.processes import Together, refuse_port_in_use
from rolebook.cli.server.serve import (
    PORTS,
    reachable,
    refuse_off_loopback,
    refuse_unprotected_database,
    site_at,
)
from rolebook.cli.server.start import log_to_terminal, start_django

_FILE = click.Path(exists=True, dir_okay=False)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8001, show_default=True, type=PORTS, help="Port to listen on.")
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that answer at this port; more than 1 on PostgreSQL only.",
)
@click.option("--certificate", type=_FILE, help="TLS certificate with its chain (PEM); else plain HTTP.")
@click.option("--key", type=_FILE, help="Its private key (PEM), if that is in a file of its own.")
def decide(host: str, port: int, processes: int, certificate: str | None, key: str | None) -> None:
    """Answer applications' questions in processes of their own, without pages.

    \b
    Example:
      rolebook decide --port 8001 --processes 4

    They follow the same database as `rolebook serve`, on this machine or another, and answer a question with 503
    rather than from a state that may be old. /healthz says whether a process is up to date.
    """
    if key is not None and certificate is None:
        raise click.UsageError("--key needs --certificate")
    log_to_terminal()
    start_django()
    from django.conf import settings
    from django.db import connection

    if settings.ROLEBOOK.demo:
        refuse_off_loopback(host)
    if processes > 1 and connection.vendor == "sqlite":
        raise click.ClickException("more than one process needs PostgreSQL: set ROLEBOOK_DATABASE")
    refuse_port_in_use(host, port)
    refuse_unprotected_database()
    connection.close()
    secured = [
        part
        for name, value in (("--certificate", certificate), ("--key", key))
        if value
        for part in (name, value)
    ]
    with Together(environment={}) as together:
        together.stop_on_signals()
        arguments = [host, str(port), *secured, "--processes", str(processes)]
        together.start("the decision point", "rolebook.authzen.process", arguments)
        if together.answering(reachable(host), port):
            site = site_at(reachable(host), port)
            click.echo(
                f"decisions at {site.replace('http', 'https', 1) if certificate else site}/ (stop with Ctrl+C)"
            )
        code = together.until_stopped()
    click.echo("stopped")
    raise SystemExit(code)
