"""`rolebook serve`: everything one machine needs, in one command."""

import os

import click

from rolebook.cli.server.processes import Together, refuse_port_in_use
from rolebook.cli.server.start import log_to_terminal, start_django

THREADS = 8
PORTS = click.IntRange(1, 65535)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=PORTS, help="Port to listen on.")
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that answer; more than 1 on PostgreSQL only.",
)
@click.option(
    "--threads",
    default=THREADS,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Threads in each process.",
)
@click.option("--migrate/--no-migrate", default=True, help="Bring the database up to date first.")
@click.option("--worker/--no-worker", default=True, help="Also run the worker that sends mail.")
def serve(host: str, port: int, processes: int, threads: int, migrate: bool, worker: bool) -> None:
    """Start the server: pages, decision point and worker together.

    \b
    Example:
      rolebook serve --port 8080

    Settings come from the environment (docs/settings.md). Stop it with Ctrl+C.
    """
    log_to_terminal()
    # Without a name of its own the site is where it listens: pages, and links in mails, lead there.
    os.environ.setdefault("ROLEBOOK_SITE_URL", site_at(reachable(host), port))
    start_django()
    from django.conf import settings
    from django.db import connection

    if settings.ROLEBOOK.demo:
        refuse_off_loopback(host)
    if processes > 1 and connection.vendor == "sqlite":
        raise click.ClickException("more than one process needs PostgreSQL: set ROLEBOOK_DATABASE")
    refuse_port_in_use(host, port)
    if migrate:
        bring_up_to_date()
    refuse_unprotected_database()
    activated = _programs()
    connection.close()
    with Together(environment={}) as together:
        together.stop_on_signals()
        start_serving(together, host=host, port=port, processes=processes, threads=threads)
        if worker:
            together.start("the worker", "rolebook.jobs", [])
        if together.answering(reachable(host), port):
            click.echo(f"Rolebook answers at {settings.ROLEBOOK.site_url}/ (stop with Ctrl+C)")
            if not activated:
                click.echo("No program is in force yet: bring one into force with 'rolebook activate qpp'")
        code = together.until_stopped()
    click.echo("stopped")
    raise SystemExit(code)


def start_serving(together: Together, *, host: str, port: int, processes: int, threads: int) -> None:
    """Start the process that answers HTTP: granian around the WSGI callable."""
    arguments = {
        "--interface": "wsgi",
        # granian takes numbers only, and passkeys are tried at a name.
        "--host": "127.0.0.1" if host == "localhost" else host,
        "--port": port,
        "--workers": processes,
        "--blocking-threads": threads,
        "--log-level": "warning",
        "--workers-kill-timeout": "10",
    }
    flat = [str(part) for pair in arguments.items() for part in pair]
    flat += ["--no-ws", "--respawn-failed-workers", "rolebook.server.wsgi:application"]
    together.start("the server", "granian", flat)


def _programs() -> bool:
    from rolebook.accounts.models import Program

    return Program.objects.exists()


def bring_up_to_date() -> None:
    """Apply the migrations that the database lacks, and say so in one line."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    call_command("migrate", verbosity=0, interactive=False)
    done = f"{missing} migrations applied" if missing else "nothing to migrate"
    click.echo(f"database ready: {done}")


def refuse_unprotected_database() -> None:
    """Raise click.ClickException when migrations or the triggers that protect log and grants are missing."""
    from rolebook.audit.readiness import check_at_start

    missing = check_at_start()
    if missing:
        raise click.ClickException(missing)


def refuse_off_loopback(host: str) -> None:
    """Raise click.ClickException for an address that other machines could reach: what a demo never listens on."""
    if host not in ("127.0.0.1", "::1", "localhost"):
        raise click.ClickException(f"demo mode listens on this machine only: found host {host!r}")


def site_at(host: str, port: int) -> str:
    """Return the address of a site at a host (a name, or an IPv4 or IPv6 address) and a port."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def reachable(host: str) -> str:
    """Return where to knock at what listens at ``host``."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where to knock, not where to listen
