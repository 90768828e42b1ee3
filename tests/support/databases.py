"""`committed_db`: a database of the test's own, for tests that need real commits, threads or other processes.

The ordinary `db` fixture of pytest-django rolls one transaction back, so nothing in it is ever committed; its
`transactional_db` empties the tables afterwards, which the append-only triggers refuse. This one copies
the migrated test database for each test (a clone of the template on PostgreSQL, a file on SQLite) and
throws the copy away.

    def test_two_officials_decide_at_once(committed_db):
        make_practice()                                   # committed, triggers in force
        results = committed_db.in_threads([first, second])  # one connection a thread, all start together
        subprocess.Popen([...], env={**os.environ, **committed_db.environment})  # another process on the
        same data

Do not combine it with `db`, `transactional_db` or the `django_db` mark. Imports no Django until it is used.
"""

import os
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_JOIN_SECONDS = 3000
"""A thread that hangs for ever ends with its test, which pytest gives a limit of its own."""


@dataclass(frozen=True, slots=True)
class CommittedDatabase:
    """A database that only this test uses.

    Attributes:
        address: as ROLEBOOK_DATABASE takes it.
        vendor: "sqlite" or "postgresql".
        folder: a temporary folder of the test.
    """

    address: str
    vendor: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What another process needs in its environment to work on this database."""
        return {
            "ROLEBOOK_DATABASE": self.address,
            "ROLEBOOK_HOME": str(self.folder),
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "rolebook.server.settings"),
        }

    def in_threads[Result](self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Start every call in a thread of its own at the same moment, and return the results in order.

        Each thread has its own connection, closed at its end. An exception of a call is raised again here.
        """
        start = threading.Barrier(len(calls))
        results: dict[int, Result] = {}
        failures: list[BaseException] = []

        def run(number: int, call: Callable[[], Result]) -> None:
            from django.db import connections

            try:
                connections["default"].ensure_connection()
                start.wait()
                results[number] = call()
            except BaseException as failure:  # every end of a thread is reported to the test
                start.abort()
                failures.append(failure)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=run, args=(n, call), daemon=True) for n, call in enumerate(calls)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(_JOIN_SECONDS)
        for failure in failures:
            if not isinstance(failure, threading.BrokenBarrierError):
                raise failure
        return [results[number] for number in range(len(calls))]


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: Any
) -> Iterator[None]:
    """Create and migrate the test database.

    In place of pytest-django's own, which does so only when some test of the run uses its fixtures.
    """
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        created = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(created, verbosity=0)


@pytest.fixture
def committed_db(
    django_db_setup: None, django_db_blocker: Any, tmp_path: Path
) -> Iterator[CommittedDatabase]:
    """A copy of the migrated test database that this test may commit to (see the top of this module)."""
    from django.db import connections

    with django_db_blocker.unblock():
        template = connections["default"]
        settings = connections.settings["default"]
        template_name = settings["NAME"]
        template.settings_dict = dict(settings)
        postgres = template.vendor == "postgresql"
        name = f"rolebook_{uuid.uuid4().hex}" if postgres else str(tmp_path / "rolebook.sqlite3")
        (_clone_postgresql if postgres else _copy_sqlite)(template, name)
        settings["NAME"] = name
        del connections["default"]
        try:
            yield CommittedDatabase(_address(settings, postgres), template.vendor, tmp_path)
        finally:
            connections["default"].close()
            settings["NAME"] = template_name
            template.settings_dict = settings
            connections["default"] = template
            if postgres:
                with template._nodb_cursor() as cursor:
                    cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _clone_postgresql(template: "BaseDatabaseWrapper", name: str) -> None:
    template.close()
    with template._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template.settings_dict["NAME"]}"')


def _copy_sqlite(template: "BaseDatabaseWrapper", name: str) -> None:
    import sqlite3

    template.ensure_connection()
    target = sqlite3.connect(name)
    template.connection.backup(target)
    target.close()


def _address(settings: dict[str, Any], postgres: bool) -> str:
    if not postgres:
        return f"sqlite:///{settings['NAME']}"
    host, port = quote(settings["HOST"], safe="/"), settings["PORT"]
    password = f":{quote(settings['PASSWORD'])}" if settings["PASSWORD"] else ""
    return f"postgresql://{quote(settings['USER'])}{password}@/{settings['NAME']}?host={host}" + (
        f"&port={port}" if port else ""
    )
