"""`rolebook worker`: sends mail and does what is due, beside the servers of an installation."""

import signal

import click

from rolebook.cli.server.processes import end_with_parent
from rolebook.cli.server.start import log_to_terminal, start_django


@click.command()
@click.option("--parent", type=int, hidden=True, help="Process whose end ends the worker.")
def worker(parent: int | None) -> None:
    """Send notices by mail and run recurring jobs until stopped.

    \b
    Example:
      rolebook worker

    `rolebook serve` runs one already; any number may run beside each other.
    """
    if parent is not None:
        end_with_parent(parent)
    log_to_terminal()
    start_django()
    from django.conf import settings

    from rolebook.audit import clock
    from rolebook.jobs.worker import Worker
    from rolebook.notices.sending import Sender
    from rolebook.notices.transport import MailSettingsError, Transport, mail_server

    try:
        server = mail_server(settings.ROLEBOOK.mail_url)
    except MailSettingsError as wrong:
        raise click.ClickException(f"{wrong} (docs/settings.md)") from None
    running = Worker(
        sender=Sender(transport=Transport(server), mail_from=settings.ROLEBOOK.mail_from, clock=clock.now),
        clock=clock.now,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop.set())
    running.run()
