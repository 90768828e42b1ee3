"""`rolebook worker`: sends mail and does what is due, beside the servers of an installation."""

import os
import sys

import click

from rolebook.cli.server.start import start_django


@click.command()
def worker() -> None:
    """Send notices by mail and run recurring jobs until stopped.

    \b
    Example:
      rolebook worker

    `rolebook serve` runs one already; any number may run beside each other.
    """
    start_django()
    # This process becomes the worker: signals and the exit code are its own.
    os.execv(sys.executable, [sys.executable, "-m", "rolebook.jobs"])  # noqa: S606 - our own module
