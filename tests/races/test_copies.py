"""`rolebook decide --processes`: one process loads, its copies answer, follow each for itself, and end together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rolebook.audit.models import Follower
from tests.cli.processes import alive, descendants, eventually, free_port
from tests.races.decision_points import DecisionPointProcess
from tests.races.test_removal_confirmed import World, wait_until_confirmed
from tests.support.databases import CommittedDatabase

pytestmark = pytest.mark.slow
COPIES = 3


@contextmanager
def copies(database: CommittedDatabase, token: str) -> Iterator[DecisionPointProcess]:
    """Run three copies at one port, until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "rolebook.authzen.process", "127.0.0.1", str(port)]
    process = subprocess.Popen(
        [*command, "--processes", str(COPIES)],
        env={**os.environ, **database.environment, "ROLEBOOK_LEASE_SECONDS": "2"},
        start_new_session=True,
    )
    point = DecisionPointProcess(port, process, token)
    try:
        yield point
    finally:
        if process.poll() is None:
            point.signal(signal.SIGKILL)
        process.wait()
        point.close()


def followers(point: DecisionPointProcess) -> set[int]:
    """Wait until every copy has registered and reads the log's end; return the process ids of all."""
    assert eventually(lambda: Follower.objects.filter(renewals__gt=0).count() == COPIES)
    return descendants(point.process.pid)


@pytest.mark.invariant("I4")
def test_a_removal_is_confirmed_when_every_copy_refuses_and_a_signal_ends_them_all(
    committed_db: CommittedDatabase,
) -> None:
    world = World(12)
    with copies(committed_db, world.token) as point:
        assert point.says(world.may(world.many[0]))
        started = followers(point)
        assert len(started) == COPIES
        for account in world.many:
            # New connections go to any of the copies.
            assert all(asked_anew(point, world.may(account)) for _ in range(2 * COPIES))
            wait_until_confirmed(world.remove(account))
            assert not any(asked_anew(point, world.may(account)) for _ in range(4 * COPIES))
        point.process.send_signal(signal.SIGTERM)
        assert point.process.wait(30) == 0
        assert not alive(started)
        assert not Follower.objects.exists()


def asked_anew(point: DecisionPointProcess, body: dict[str, object]) -> bool:
    """Ask on a connection of its own."""
    connection = point.connect()
    status, answer = point.read(point.send(connection, body))
    connection.close()
    assert status == 200
    return bool(answer["decision"])


def kill_a_copy(point: DecisionPointProcess, started: set[int]) -> None:
    os.kill(min(started), signal.SIGKILL)
    assert point.process.wait(30) == 2


def kill_the_first_process(point: DecisionPointProcess, started: set[int]) -> None:
    point.process.kill()
    point.process.wait()


@pytest.mark.parametrize("kill", [kill_a_copy, kill_the_first_process])
def test_none_is_left_when_one_of_them_is_killed(
    committed_db: CommittedDatabase, kill: Callable[[DecisionPointProcess, set[int]], None]
) -> None:
    world = World(1)
    with copies(committed_db, world.token) as point:
        assert point.says(world.may(world.many[0]))
        started = followers(point)
        kill(point, started)
        end = time.monotonic() + 30
        while alive(started) and time.monotonic() < end:
            time.sleep(0.05)
        assert not alive(started)
