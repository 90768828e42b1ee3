"""Django's `migrate`, one at a time (fault 59).

Two that begin together on PostgreSQL would apply the same migration, and one of them fail in the middle. So would one
that is started again at once after it was killed: the server ends a statement of a client that is gone, and commits it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, override

from django.core.management.commands import migrate
from django.db import connections

MIGRATING_LOCK = 0x4D69677261746573
"""Key of the advisory lock on PostgreSQL ("Migrates" in ASCII); a session that ends gives it back."""


class Command(migrate.Command):
    """Waits until no other migration of the database is under way, then does what Django's does."""

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        with _alone(options["database"]):
            super().handle(*args, **options)


@contextmanager
def _alone(alias: str) -> Iterator[None]:
    """Hold the lock of a database. SQLite has none for this: there, who was killed leaves nothing under way."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING_LOCK])
    try:
        yield
    finally:
        if connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING_LOCK])
