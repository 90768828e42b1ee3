"""Django's `migrate`, one at a time, and each migration whole or not at all (fault 59).

Two that begin together on PostgreSQL would apply the same migration, and one of them fail in the middle. So would one
that is started again at once after it was killed: the server ends a statement of a client that is gone, and commits it.

Django commits what a migration makes before it writes down that it was applied, where that makes indexes or references
at its end. Who is killed between the two could never migrate again: the next one finds the tables there already.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, override

from django.core.management.commands import migrate
from django.db import connections, transaction
from django.db.migrations import Migration

MIGRATING_LOCK = 0x4D69677261746573
"""Key of the advisory lock on PostgreSQL ("Migrates" in ASCII); a session that ends gives it back."""


class Command(migrate.Command):
    """Waits until no other migration of the database is under way, then does what Django's does."""

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        self._alias = options["database"]
        with _alone(self._alias), ExitStack() as self._open:
            super().handle(*args, **options)

    @override
    def migration_progress_callback(
        self, action: str, migration: Migration | None = None, fake: bool = False
    ) -> None:
        """Print as Django does, and keep a transaction open from before a migration until it is written down."""
        if action in ("apply_success", "unapply_success"):
            self._open.close()
        super().migration_progress_callback(action, migration, fake)
        if action in ("apply_start", "unapply_start") and migration is not None and migration.atomic:
            self._open.enter_context(_whole(self._alias))


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


@contextmanager
def _whole(alias: str) -> Iterator[None]:
    """Be in one transaction. SQLite switches off its check of references, as it must for a new table, only outside."""
    connection = connections[alias]
    with ExitStack() as after:
        if connection.vendor == "sqlite":
            connection.disable_constraint_checking()
            after.callback(connection.enable_constraint_checking)
        with transaction.atomic(using=alias):
            yield
