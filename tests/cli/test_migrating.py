"""A migration that is killed, one over rows of an earlier version, and versions that run side by side (fault 59)."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader

from tests.support.databases import CommittedDatabase

pytestmark = [pytest.mark.fault(59)]
KILLED_AT = (0.05, 0.4, 0.6, 0.85)
"""How far the migrations have come, as a part of all, when the process is killed."""
OURS = ("accounts", "audit", "governance", "jobs", "notices")
READY = """
import django; django.setup()
from rolebook.audit.readiness import check_at_start
print(check_at_start())
"""
BEFORE_AND_AFTER = """
import django; django.setup()
import datetime, uuid
from django.core.management import call_command
from rolebook.audit import tags, triggers
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.audit.verification import verify
at = datetime.datetime(2026, 3, 2, 15, tzinfo=datetime.UTC)

def record():
    with unit_of_work(at=at, origin=Origin("job"), actor_id=uuid.uuid4()) as work:
        told = {"user_id": "nora", "name": "Nora New", "email": "n@example.org"}
        work.record(tags.ACCOUNT_REGISTERED, new={"status": "active"}, personal=told)

for label in ("audit", "accounts", "governance"):
    call_command("migrate", label, "0001", verbosity=0)
record()
call_command("migrate", verbosity=0)
record()
seen = verify()
print(seen.events, seen.findings, triggers.check_installed())
"""


DIES_UNWRITTEN = """
import os
import django; django.setup()
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
written = MigrationRecorder.record_applied
def dying(self, app, name):
    if (app, name) == ("auth", "0001_initial"):
        os._exit(9)
    written(self, app, name)
MigrationRecorder.record_applied = dying
call_command("migrate", verbosity=0)
"""


@pytest.fixture
def empty(committed_db: CommittedDatabase) -> Iterator[dict[str, str]]:
    """The environment of a database with nothing in it."""
    home = committed_db.folder / "home"
    home.mkdir()
    given = {**os.environ, **committed_db.environment, "ROLEBOOK_HOME": str(home)}
    if committed_db.vendor == "sqlite":
        yield {**given, "ROLEBOOK_DATABASE": f"sqlite:///{home / 'empty.sqlite3'}"}
        return
    name = str(connection.settings_dict["NAME"])
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}_empty"')
    yield {**given, "ROLEBOOK_DATABASE": committed_db.address.replace(name, f"{name}_empty")}
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}_empty" WITH (FORCE)')


def said(environment: dict[str, str], *arguments: str) -> str:
    """What a program prints that must end well."""
    command = [sys.executable, *arguments]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def killed(environment: dict[str, str], begun: int, folder: Path) -> int:
    """Migrate, and kill that as soon as it has begun so many migrations; return how many it had begun."""
    told = folder / "told"
    with told.open("wb") as out:
        command = [sys.executable, "-u", "-m", "django", "migrate", "--no-color"]
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        while process.poll() is None and told.read_bytes().count(b"Applying") < begun:
            time.sleep(0.002)
        time.sleep(random.Random(begun).uniform(0, 0.03))
        process.kill()
        process.wait()
    return told.read_bytes().count(b"Applying")


@pytest.mark.slow
@pytest.mark.invariant("I11")
def test_a_migration_that_is_killed_again_and_again_goes_on_and_ends_with_everything_in_place(
    committed_db: CommittedDatabase, empty: dict[str, str]
) -> None:
    before, in_all = 0, len(MigrationLoader(None).disk_migrations)
    for part in KILLED_AT:
        before += killed(empty, max(int(part * in_all) - before, 1), committed_db.folder)
    assert "run `rolebook migrate`" in said(empty, "-c", READY)
    assert "migrations applied" in said(empty, "-m", "rolebook.cli.main", "migrate")
    assert said(empty, "-c", READY) == "None"


@pytest.mark.slow
def test_a_migration_that_dies_before_it_is_written_down_has_made_nothing_and_goes_on(
    empty: dict[str, str],
) -> None:
    command = [sys.executable, "-c", DIES_UNWRITTEN]
    assert subprocess.run(command, env=empty, check=False).returncode == 9
    assert "migrations applied" in said(empty, "-m", "rolebook.cli.main", "migrate")
    assert said(empty, "-c", READY) == "None"


@pytest.mark.slow
@pytest.mark.postgres
def test_migrations_that_begin_together_go_one_after_the_other(empty: dict[str, str]) -> None:
    command = [sys.executable, "-m", "rolebook.cli.main", "migrate"]
    three = [
        subprocess.Popen(command, env=empty, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [one.communicate() for one in three]
    assert [one.returncode for one in three] == [0, 0, 0], told
    assert said(empty, "-c", READY) == "None"


@pytest.mark.slow
@pytest.mark.invariant("I11")
def test_events_of_an_earlier_version_verify_after_the_upgrade_together_with_new_ones(
    empty: dict[str, str],
) -> None:
    assert said(empty, "-c", BEFORE_AND_AFTER) == "2 [] []"


def test_no_migration_takes_away_or_demands_what_the_version_before_it_does_not_know() -> None:
    """An older server that still runs writes rows without a new column, and reads every old one."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    wrong = []
    for (label, name), migration in sorted(loader.disk_migrations.items()):
        made = {one.name_lower for one in migration.operations if isinstance(one, migrations.CreateModel)}
        for one in migration.operations if label in OURS else ():
            takes = (
                migrations.RemoveField,
                migrations.DeleteModel,
                migrations.RenameField,
                migrations.RenameModel,
            )
            if isinstance(one, takes):
                wrong.append(f"{label}.{name}: {one.describe()}")
            if isinstance(one, migrations.AddField) and one.model_name_lower not in made:
                field = one.field
                if not (field.null or field.many_to_many or field.has_db_default()):
                    wrong.append(
                        f"{label}.{name}: {one.describe()}, neither null nor with a default in the database"
                    )
    assert wrong == []
