"""Database triggers that hold what no code may change, on SQLite and PostgreSQL: one registry for every app.

An app registers its :class:`TriggerSet` in its ``AppConfig.ready``. Sets are installed after every whole migrate,
and ``rolebook serve`` and ``rolebook audit verify`` ask :func:`check_installed`. On SQLite Django rebuilds a
table by dropping it, which drops its triggers silently, and refuses to rename one that a trigger elsewhere
names: so they are dropped before a migration runs and come back after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.apps import AppConfig
from django.db import connections
from django.db.migrations.loader import MigrationLoader

POSTGRESQL_REFUSE = "rolebook_refuse"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger on one database.

    Attributes:
        name: its name, unique in the database, at most 63 characters.
        create: the whole CREATE TRIGGER statement.
    """

    name: str
    create: str


@dataclass(frozen=True, slots=True)
class TriggerSet:
    """The triggers of one table, for both databases.

    Attributes:
        app_label: the app whose migrate installs them.
        table: the table they stand on.
        sqlite: triggers for SQLite.
        postgresql: triggers for PostgreSQL.
        postgresql_functions: (name, CREATE OR REPLACE FUNCTION statement) pairs that those call; the body of a
            function stands between two ``$$``.
    """

    app_label: str
    table: str
    sqlite: Sequence[Trigger]
    postgresql: Sequence[Trigger]
    postgresql_functions: Sequence[tuple[str, str]] = ()


_REGISTERED: dict[tuple[str, str], TriggerSet] = {}


def register(triggers: TriggerSet) -> None:
    """Add the triggers of one table to the registry; registering the same set again changes nothing.

    Raises ValueError when other triggers are registered for that app and table already.
    """
    known = _REGISTERED.setdefault((triggers.app_label, triggers.table), triggers)
    if known != triggers:
        raise ValueError(f"triggers of {triggers.table!r}: found a second set, expected one")


def registered() -> tuple[TriggerSet, ...]:
    """Return every registered set."""
    return tuple(_REGISTERED.values())


def append_only(app_label: str, table: str, unique: Sequence[str | tuple[str, ...]]) -> TriggerSet:
    """Return triggers that refuse every UPDATE, DELETE and TRUNCATE of ``table``.

    ``unique`` are its unique columns, or tuples of columns that are unique together: on SQLite, INSERT OR
    REPLACE deletes the row in its way without asking the DELETE trigger.
    """
    keys = [(key,) if isinstance(key, str) else key for key in unique]
    same = (" AND ".join(f"{column} = NEW.{column}" for column in key) for key in keys)
    sqlite = [
        _no_replace(table, " OR ".join(same)),
        *(
            Trigger(
                f"{table}_no_{verb}",
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
            )
            for verb in ("update", "delete")
        ),
    ]
    postgresql = [
        _no_statement(table, verb, f"{table} is append-only") for verb in ("update", "delete", "truncate")
    ]
    return TriggerSet(app_label, table, sqlite, postgresql, (refuse_function(),))


def refuse_function() -> tuple[str, str]:
    """Return the PostgreSQL function that refuses with its first argument as the message."""
    return (
        POSTGRESQL_REFUSE,
        f"CREATE OR REPLACE FUNCTION {POSTGRESQL_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$",
    )


def check_installed(using: str = "default") -> list[str]:
    """Return the names of registered triggers that the database lacks, has disabled or has altered."""
    present = _present(using)
    return [
        trigger.name
        for triggers in registered()
        for trigger in _for(using, triggers)
        if present.get(trigger.name) != _comparable(using, triggers, trigger)
    ]


def install(app_label: str, using: str = "default") -> None:
    """Create or repair the registered triggers of one app whose tables exist; those in order stay
    untouched."""
    connection = connections[using]
    wanting = set(check_installed(using))
    if not wanting:
        return
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for triggers in registered():
            if triggers.app_label != app_label or triggers.table not in tables:
                continue
            broken = [trigger for trigger in _for(using, triggers) if trigger.name in wanting]
            if broken and connection.vendor == "postgresql":
                for _, create_function in triggers.postgresql_functions:
                    cursor.execute(create_function)
            for trigger in broken:
                cursor.execute(_drop(using, triggers.table, trigger.name))
                cursor.execute(trigger.create)


def drop_all(using: str = "default") -> None:
    """Drop every registered trigger: before SQLite rebuilds tables, and in tests that damage the log on
    purpose."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for triggers in registered():
            if triggers.table in tables:
                for trigger in _for(using, triggers):
                    cursor.execute(_drop(using, triggers.table, trigger.name))


def before_migrate(sender: AppConfig, using: str, plan: Sequence[object] = (), **_: object) -> None:
    """Drop the triggers on SQLite when migrations will run (see the top of this module)."""
    if plan and sender.label == "audit" and connections[using].vendor == "sqlite":
        drop_all(using)


def after_migrate(sender: AppConfig, using: str, **_: object) -> None:
    """Install what ``sender`` registered, unless its migrations stopped halfway: a trigger may name later columns."""
    loader = MigrationLoader(connections[using])
    if all(leaf in loader.applied_migrations for leaf in loader.graph.leaf_nodes(sender.label)):
        install(sender.label, using)


def register_own() -> None:
    """Register the log's triggers: events never change; personal data may be erased and nothing else."""
    register(append_only("audit", "audit_event", ("id", "sequence", "hash", "previous_hash")))
    register(_erasable())


def _erasable() -> TriggerSet:
    table = "audit_personaldata"
    message = "audit_personaldata may only be erased"
    erasure = (
        "NEW.id = OLD.id AND NEW.event_id = OLD.event_id AND NEW.field = OLD.field "
        "AND OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.value IS NULL AND NEW.salt IS NULL"
    )
    sqlite = (
        _no_replace(table, "id = NEW.id OR (event_id = NEW.event_id AND field = NEW.field)"),
        Trigger(
            f"{table}_only_erasure",
            f"CREATE TRIGGER {table}_only_erasure BEFORE UPDATE ON {table} WHEN NOT ({erasure}) "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ),
        Trigger(
            f"{table}_no_delete",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
        ),
    )
    postgresql = (
        Trigger(
            f"{table}_only_erasure",
            f"CREATE TRIGGER {table}_only_erasure BEFORE UPDATE ON {table} FOR EACH ROW "
            f"WHEN (NOT ({erasure})) EXECUTE FUNCTION {POSTGRESQL_REFUSE}('{message}')",
        ),
        *(_no_statement(table, verb, message) for verb in ("delete", "truncate")),
    )
    return TriggerSet("audit", table, sqlite, postgresql, (refuse_function(),))


def _no_replace(table: str, same: str) -> Trigger:
    return Trigger(
        f"{table}_no_replace",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - names of our own tables
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) "
        f"BEGIN SELECT RAISE(ABORT, '{table} may not be replaced'); END",
    )


def _no_statement(table: str, verb: str, message: str) -> Trigger:
    """Return a PostgreSQL trigger that refuses every statement of one verb."""
    return Trigger(
        f"{table}_no_{verb}",
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {POSTGRESQL_REFUSE}('{message}')",
    )


def _for(using: str, triggers: TriggerSet) -> Sequence[Trigger]:
    return triggers.postgresql if connections[using].vendor == "postgresql" else triggers.sqlite


def _drop(using: str, table: str, name: str) -> str:
    on = f" ON {table}" if connections[using].vendor == "postgresql" else ""
    return f"DROP TRIGGER IF EXISTS {name}{on}"


def _present(using: str) -> dict[str, object]:
    """Return what stands in the database by trigger name, in the shape of :func:`_comparable`."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
            return {name: (table, sql) for name, table, sql in cursor.fetchall()}
        cursor.execute(
            "SELECT t.tgname, c.relname, p.proname, p.prosrc FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
            "WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
        )
        return {name: (table, function, body) for name, table, function, body in cursor.fetchall()}


def _comparable(using: str, triggers: TriggerSet, trigger: Trigger) -> object:
    if connections[using].vendor == "sqlite":
        return (triggers.table, trigger.create)
    function = trigger.create.partition("EXECUTE FUNCTION ")[2].partition("(")[0]
    bodies = {name: create.split("$$")[1] for name, create in triggers.postgresql_functions}
    return (triggers.table, function, bodies.get(function))
