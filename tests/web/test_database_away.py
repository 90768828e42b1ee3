"""The database is full, only to be read, locked, cut off or takes nobody: nothing is half done, and it goes on (57)."""

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.test import Client
from django.urls import reverse

from rolebook.audit.models import Event
from rolebook.audit.recording import UnitOfWork
from rolebook.audit.verification import verify
from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.models import Request, RequestItem, Stage
from rolebook.governance.replaying import compare_with_log
from tests.support.databases import CommittedDatabase
from tests.web.worlds import QPP, World, ask, make_world, review, signed_in

pytestmark = [pytest.mark.slow, pytest.mark.invariant("I11"), pytest.mark.fault(57)]
AWAY = 503


@pytest.fixture
def there(committed_db: CommittedDatabase) -> World:
    return make_world()


@pytest.fixture
def sqlite(committed_db: CommittedDatabase) -> CommittedDatabase:
    if committed_db.vendor != "sqlite":
        pytest.skip("of SQLite; runs in the SQLite pass of ./run test")
    return committed_db


def counted() -> tuple[int, ...]:
    """How much there is: of requests, of what belongs to them, and of events."""
    return tuple(model.objects.count() for model in (Request, RequestItem, Stage, Event))


def asking(world: World) -> None:
    """Let somebody ask for a role, with all the words that they may use."""
    ask(world.uma, world.hilltop, world.start, reason="x" * LONGEST_TEXT)


def nothing_of_it(world: World) -> None:
    """Somebody asks in vain: nothing of it is there, and what is there can be read."""
    before = counted()
    with pytest.raises(DatabaseError):
        asking(world)
    assert counted() == before
    assert verify().findings == []


def all_of_it(world: World) -> None:
    """Somebody asks: the whole of it is there, the log is whole, and the tables are as it says."""
    before = counted()
    asking(world)
    assert counted()[:3] == tuple(number + 1 for number in before[:3])
    assert verify().findings == []
    assert compare_with_log().findings == []


def pressing(client: Client, world: World) -> int:
    """Press the button that sends a request; return how it was answered."""
    client.raise_request_exception = False
    answer = client.post(review("staff_user", world.hilltop), {"reason": "x" * LONGEST_TEXT, "send": "yes"})
    if answer.status_code == AWAY:
        assert answer["Retry-After"] == "30"
        assert "reference" in answer.content.decode()
    return answer.status_code


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def fill_up() -> Callable[[], None]:
    """Let the disk be full; return what makes room again."""
    if connection.vendor == "sqlite":
        execute("VACUUM")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            (pages,) = cursor.fetchone()
        execute(f"PRAGMA max_page_count = {pages}")
        return lambda: execute(f"PRAGMA max_page_count = {pages * 10}")
    # A server whose disk is full says so with this code; here a trigger does, at the last write of a flow.
    execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER zz_full BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION full_disk()",
    )
    return lambda: execute("DROP TRIGGER zz_full ON audit_event")


def write_protect() -> Callable[[], None]:
    """Let the database be read only, as on a disk that was mounted so, or a server that lost its office."""
    if connection.vendor == "sqlite":
        execute("PRAGMA query_only = ON")
        return lambda: execute("PRAGMA query_only = OFF")
    execute("SET default_transaction_read_only = on")
    return lambda: execute("SET default_transaction_read_only = off")


@pytest.mark.parametrize("happens", [fill_up, write_protect])
def test_what_cannot_be_written_leaves_nothing_half_done_and_everything_to_be_read(
    there: World, happens: Callable[[], Callable[[], None]]
) -> None:
    client = signed_in(there.uma)
    manage = reverse("manage-access", args=[QPP])
    assert client.get(manage).status_code == 200
    mend = happens()
    nothing_of_it(there)
    assert client.get(manage).status_code == 200
    assert pressing(client, there) == AWAY
    mend()
    all_of_it(there)


def test_a_flow_waits_while_another_writes_and_leaves_nothing_when_that_takes_too_long(
    sqlite: CommittedDatabase, there: World
) -> None:
    execute("PRAGMA busy_timeout = 300")
    with closing(sqlite3.connect(sqlite.folder / "rolebook.sqlite3", check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        nothing_of_it(there)
        execute("PRAGMA busy_timeout = 20000")
        release = threading.Timer(0.5, other.rollback)
        release.start()
        began = time.monotonic()
        all_of_it(there)
        assert time.monotonic() - began >= 0.4
        release.join()


@pytest.mark.postgres
def test_a_connection_that_is_cut_before_the_commit_leaves_nothing_and_the_next_try_does_it(
    there: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when PostgreSQL is restarted, or another one takes its office."""
    client, write = signed_in(there.uma), UnitOfWork.write
    assert client.get(reverse("manage-access", args=[QPP])).status_code == 200

    def cut(self: UnitOfWork) -> None:
        write(self)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    before = counted()
    monkeypatch.setattr(UnitOfWork, "write", cut)
    with pytest.raises(OperationalError):
        asking(there)
    connection.close()
    assert pressing(client, there) == AWAY
    connection.close()
    monkeypatch.setattr(UnitOfWork, "write", write)
    assert counted() == before
    all_of_it(there)


@pytest.mark.postgres
def test_a_server_that_takes_no_connection_is_said_to_be_away_and_pages_come_back_with_it(
    committed_db: CommittedDatabase, there: World
) -> None:
    """As when all connections are taken."""
    client = signed_in(there.uma)
    manage = reverse("manage-access", args=[QPP])
    assert client.get(manage).status_code == 200
    client.raise_request_exception = False
    name = connection.settings_dict["NAME"]
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            answer = client.get(manage)
        finally:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    assert answer.status_code == AWAY
    assert answer["Retry-After"] == "30"
    assert client.get(manage).status_code == 200
