"""The database: whether it can be reached, is up to date and protected, and what time it has."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from rolebook.accounts.flows.secret_keys import stored_secrets
from rolebook.audit import clock, triggers
from rolebook.audit.models import Event
from rolebook.cli.counting import counted
from rolebook.cli.server.setup_checks.finding import Finding, error, ok, warning

OLDEST_POSTGRESQL = 15
MOST_SKEW_SECONDS = 2.0
_WRONG_SKEW_SECONDS = 30.0


def look_at_database() -> Iterator[Finding]:
    """Yield what the database tells; after an error that leaves it unusable, nothing more."""
    reached = _reached()
    yield reached
    if reached.level == "error":
        return
    migrated = _migrations()
    yield migrated
    if migrated.level == "error":
        return
    yield _triggers()
    yield _clock()
    yield from _durability()
    yield _log()
    yield _second_factors()


def _reached() -> Finding:
    advice = "see ROLEBOOK_DATABASE in docs/settings.md"
    if connection.vendor == "sqlite":
        file = Path(str(connection.settings_dict["NAME"]))
        if connection.connection is None and not file.exists():  # looking would make it
            return error("database", f"there is no SQLite file {file} yet", "run 'rolebook migrate'")
    try:
        connection.ensure_connection()
    except DatabaseError as failure:
        return error("database", f"it cannot be reached: {str(failure).strip().splitlines()[0]}", advice)
    if connection.vendor == "sqlite":
        return ok(
            "database",
            f"SQLite in {connection.settings_dict['NAME']}: for one machine and one process",
            "set ROLEBOOK_DATABASE to a PostgreSQL for more",
        )
    version = _one("SHOW server_version")
    if connection.pg_version // 10_000 < OLDEST_POSTGRESQL:  # type: ignore[attr-defined]
        return error("database", f"PostgreSQL is {version}", f"use PostgreSQL {OLDEST_POSTGRESQL} or newer")
    return ok("database", f"PostgreSQL {version}, database {connection.settings_dict['NAME']}")


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return error("migrations", f"{len(missing)} migrations are not applied", "run 'rolebook migrate'")
    return ok("migrations", "all migrations are applied")


def _triggers() -> Finding:
    missing = triggers.check_installed()
    if missing:
        return error(
            "triggers",
            f"{len(missing)} triggers that protect the log and the grants are missing or altered: "
            f"{', '.join(missing[:3])}",
            "run 'rolebook migrate', and find out who removed them",
        )
    return ok("triggers", "the triggers that protect the log and the grants are installed")


def _clock() -> Finding:
    if connection.vendor == "sqlite":
        return ok("clock", "SQLite has the clock of this machine")
    before = clock.now()
    theirs = _one("SELECT clock_timestamp()")
    after = clock.now()
    skew = 0.0
    if isinstance(theirs, datetime):
        ours = before if theirs < before else min(theirs, after)
        skew = abs((theirs.astimezone(UTC) - ours).total_seconds())
    said = f"the clocks of the database and of this machine differ by {skew:.1f} seconds"
    if skew > _WRONG_SKEW_SECONDS:
        return error("clock", said, "set both by NTP: security codes, leases and ends are judged by them")
    if skew > MOST_SKEW_SECONDS:
        return warning("clock", said, "set both by NTP")
    return ok("clock", said)


def _durability() -> Iterator[Finding]:
    if connection.vendor == "sqlite":
        return
    off = [
        name for name in ("fsync", "synchronous_commit", "full_page_writes") if _one(f"SHOW {name}") == "off"
    ]
    if off:
        yield error(
            "durability",
            f"PostgreSQL runs with {', '.join(off)} off: what was acknowledged can be lost",
            "turn them on in postgresql.conf",
        )
    else:
        yield ok("durability", "what PostgreSQL acknowledges survives a power cut")


def _log() -> Finding:
    count = Event.objects.count()
    return ok(
        "audit-log",
        f"{counted(count, 'event')}; whether the log is unaltered is not looked at here",
        "run 'rolebook audit verify' every night, and keep its last line elsewhere",
    )


def _second_factors() -> Finding:
    stored = stored_secrets()
    if stored.unreadable:
        return error(
            "second-factors",
            f"{stored.unreadable} are stored under a secret key that is not known: their people cannot sign in",
            "name that key in ROLEBOOK_EARLIER_SECRET_KEYS, then run 'rolebook secret-key re-encrypt'",
        )
    if stored.earlier:
        return warning(
            "second-factors",
            f"{stored.earlier} are stored under an earlier secret key",
            "run 'rolebook secret-key re-encrypt'",
        )
    return ok("second-factors", f"{stored.present} are stored encrypted under the present secret key")


def _one(statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else None
