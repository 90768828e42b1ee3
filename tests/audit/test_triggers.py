"""The database itself refuses to change what is append-only, on both kinds of database, whatever the code does."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, migrations, models
from django.db.migrations.state import ModelState, ProjectState

from rolebook.audit import clock, triggers
from rolebook.audit.models import Event, PersonalData
from rolebook.audit.readiness import check_at_start
from rolebook.audit.triggers import Trigger, TriggerSet, check_installed
from tests.audit.events import START, register
from tests.support.databases import CommittedDatabase

OURS = ("audit_event", "audit_personaldata")


def run_sql(sql: str, *params: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@contextmanager
def refused(*words: str) -> Iterator[None]:
    with pytest.raises(DatabaseError, match="|".join(words)):
        yield


@pytest.mark.invariant("I11")
@pytest.mark.fault(28)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET tag = 'grant:opened'",
        "UPDATE audit_event SET id = id + 1000",
        "DELETE FROM audit_event",
        "DELETE FROM audit_personaldata",
        "UPDATE audit_personaldata SET value = 'somebody else'",
        "UPDATE audit_personaldata SET salt = NULL",
        "UPDATE audit_personaldata SET value = NULL, salt = NULL",
        "UPDATE audit_personaldata SET value = NULL, salt = NULL, erased_at = CURRENT_TIMESTAMP, field = 'other'",
    ],
)
def test_the_database_refuses_to_rewrite_the_log(committed_db: CommittedDatabase, statement: str) -> None:
    register()
    with refused("append-only", "only be erased"):
        run_sql(statement)
    assert Event.objects.get().tag == "account:registered"
    assert PersonalData.objects.filter(value=None).count() == 0


@pytest.mark.postgres
@pytest.mark.parametrize("table", OURS)
def test_postgresql_refuses_truncate(committed_db: CommittedDatabase, table: str) -> None:
    register()
    with refused("append-only", "only be erased"):
        run_sql(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", OURS)
def test_sqlite_refuses_to_replace_a_row(committed_db: CommittedDatabase, table: str) -> None:
    if connection.vendor != "sqlite":
        return
    register()
    with refused("may not be replaced"):
        run_sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.fault(34)
def test_erasing_a_personal_value_is_permitted_once(committed_db: CommittedDatabase) -> None:
    register()
    PersonalData.objects.update(value=None, salt=None, erased_at=START)
    with refused("only be erased"):
        PersonalData.objects.update(erased_at=clock.now())


@pytest.mark.django_db
def test_every_registered_trigger_is_installed() -> None:
    assert {found.table for found in triggers.registered()} >= set(OURS)
    assert check_installed() == []
    assert check_at_start() is None


def test_a_missing_trigger_is_named_and_comes_back_with_the_next_migrate(
    committed_db: CommittedDatabase,
) -> None:
    from django.core.management import call_command

    triggers.drop_all()
    assert "audit_event_no_update" in check_installed()
    assert "triggers missing" in (check_at_start() or "")
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    assert check_installed() == []


def test_an_altered_trigger_is_found_and_repaired(committed_db: CommittedDatabase) -> None:
    triggers.drop_all()
    if connection.vendor == "sqlite":
        run_sql("CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT 1; END")
    else:
        triggers.install("audit")
        run_sql("ALTER TABLE audit_event DISABLE TRIGGER audit_event_no_update")
    assert "audit_event_no_update" in check_installed()
    triggers.install("audit")
    assert not {name for name in check_installed() if name.startswith("audit_")}
    register()
    with refused("append-only"):
        run_sql("UPDATE audit_event SET tag = 'x'")


@pytest.mark.postgres
def test_a_hollowed_out_function_is_found_and_repaired(committed_db: CommittedDatabase) -> None:
    run_sql(
        "CREATE OR REPLACE FUNCTION rolebook_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$"
    )
    assert "audit_event_no_update" in check_installed()
    triggers.install("audit")
    register()
    with refused("append-only"):
        run_sql("UPDATE audit_event SET tag = 'x'")


def test_a_table_that_a_migration_rebuilds_has_its_triggers_afterwards(
    committed_db: CommittedDatabase,
) -> None:
    """Django alters a table on SQLite by building another one: its triggers go, silently, and must come back."""
    from django.apps import apps

    register()
    audit = apps.get_app_config("audit")
    triggers.before_migrate(sender=audit, using="default", plan=[object()])
    state = ProjectState()
    for model in apps.get_app_config("audit").get_models():
        state.add_model(ModelState.from_model(model))
    alter = migrations.AlterField("event", "tag", models.CharField(max_length=90))
    altered = state.clone()
    alter.state_forwards("audit", altered)
    with connection.schema_editor() as editor:
        alter.database_forwards("audit", editor, state, altered)
    if connection.vendor == "sqlite":
        assert "audit_event_no_update" in check_installed()
    triggers.after_migrate(sender=audit, using="default")
    assert not {name for name in check_installed() if name.startswith("audit_")}
    with refused("append-only"):
        run_sql("UPDATE audit_event SET tag = 'x'")


@pytest.mark.django_db
def test_unapplied_migrations_are_one_clear_line() -> None:
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder(connection).migration_qs.filter(app="audit").delete()
    line = check_at_start()
    assert line is not None
    assert "\n" not in line
    assert "unapplied migrations (audit.0001_initial" in line


def test_one_table_has_one_set_of_triggers() -> None:
    known = triggers.registered()[0]
    triggers.register(known)
    other = TriggerSet(known.app_label, known.table, [Trigger("x", "CREATE TRIGGER x")], [])
    with pytest.raises(ValueError, match="second set"):
        triggers.register(other)
