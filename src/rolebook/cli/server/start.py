"""How every command that works on an installation begins: settings read, Django set up, errors in one
line.
"""

import logging
import os

import click


def start_django() -> None:
    """Set Django up with the operator's settings. Raises click.ClickException for a setting that cannot
    be used.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolebook.server.settings")
    import django

    try:
        django.setup()
    except ValueError as wrong:
        if type(wrong).__name__ != "SettingsError":
            raise
        raise click.ClickException(f"{wrong} (docs/settings.md)") from None


def log_to_terminal() -> None:
    """Show warnings of every part on standard error, one line each."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
