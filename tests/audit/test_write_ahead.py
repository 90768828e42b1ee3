"""A SQLite file that is not in write-ahead mode yet is switched by whoever connects first, however many do at once."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import connections

from tests.support.databases import CommittedDatabase

SECONDS_OF_ANOTHER = 0.4
MODE = "PRAGMA journal_mode"


@pytest.fixture
def restored(committed_db: CommittedDatabase) -> str:
    """A file in the mode that one restored from a backup has, to which nobody is connected."""
    if committed_db.vendor != "sqlite":
        pytest.skip("a mode of SQLite's")
    file = str(committed_db.folder / "rolebook.sqlite3")
    connections.close_all()
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute(f"{MODE}=DELETE").fetchone() == ("delete",)
    return file


@pytest.fixture
def while_another_writes(restored: str) -> Iterator[None]:
    """Another process writes to the file, and is done soon."""
    with closing(sqlite3.connect(restored, check_same_thread=False, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = threading.Timer(SECONDS_OF_ANOTHER, other.execute, ["COMMIT"])
        done.start()
        yield
        done.join()


def mode() -> str:
    with connections["default"].cursor() as cursor:
        cursor.execute(MODE)
        return str(cursor.fetchone()[0])


@pytest.mark.usefixtures("while_another_writes")
def test_who_connects_while_another_writes_waits_until_the_mode_can_be_switched() -> None:
    assert mode() == "wal"


@pytest.mark.usefixtures("while_another_writes")
def test_sqlites_own_timeout_does_not_hold_for_the_switch(restored: str) -> None:
    """Why the waiting is ours: without it, this is what who connects would get."""
    with (
        closing(sqlite3.connect(restored, timeout=20)) as raw,
        pytest.raises(sqlite3.OperationalError, match="locked"),
    ):
        raw.execute(f"{MODE}=WAL")


@pytest.mark.fault(31)
@pytest.mark.usefixtures("restored")
def test_many_who_connect_to_a_restored_file_at_once_all_get_in(committed_db: CommittedDatabase) -> None:
    assert committed_db.in_threads([mode] * 8) == ["wal"] * 8
