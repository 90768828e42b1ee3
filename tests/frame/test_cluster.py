"""The tests' own PostgreSQL: fast, private, and gone afterwards, however the tests end."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.support.cluster import running_cluster

CHECKOUT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.postgres


def is_running(process_id: int) -> bool:
    """Whether the process runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(happened: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < give_up, "did not happen"
        time.sleep(0.05)


@dataclass(frozen=True)
class Started:
    """The cluster program around a command that waits; the processes it started, and the folders it made."""

    program: subprocess.Popen[str]
    postmaster: int
    command: int
    folders: tuple[Path, ...]


@pytest.fixture
def started() -> Iterator[Started]:
    command = (
        "import os, time\n"
        "socket = os.environ['ROLEBOOK_DATABASE'].partition('host=')[2]\n"
        "print(os.getpid(), socket, os.environ['ROLEBOOK_HOME'], flush=True)\n"
        "time.sleep(600)\n"
    )
    arguments = [sys.executable, "-m", "tests.support.cluster", "--", sys.executable, "-c", command]
    with subprocess.Popen(
        arguments, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as program:
        assert program.stdout is not None
        command_id, *folders = program.stdout.readline().split()
        postmaster = int((Path(folders[0]) / "data" / "postmaster.pid").read_text().split("\n")[0])
        yield Started(program, postmaster, int(command_id), tuple(map(Path, folders)))
        program.kill()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_cluster_answers_on_its_socket_and_is_gone_afterwards() -> None:
    with running_cluster() as cluster:
        with psycopg.connect(cluster.url()) as connection:
            row = connection.execute(
                "select current_setting('listen_addresses'), current_setting('fsync')"
            ).fetchone()
        assert row == ("", "off")
        assert is_running(cluster.process_id)
    assert not is_running(cluster.process_id)
    assert not cluster.socket_folder.exists()


def test_a_cluster_is_gone_when_the_test_inside_fails() -> None:
    with pytest.raises(ZeroDivisionError), running_cluster() as cluster:
        raise ZeroDivisionError
    assert not is_running(cluster.process_id)
    assert not cluster.socket_folder.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_nothing(started: Started, number: signal.Signals) -> None:
    started.program.send_signal(number)
    assert started.program.wait(PATIENCE_SECONDS) == 130
    wait_until(lambda: not is_running(started.postmaster) and not is_running(started.command))
    wait_until(lambda: not any(folder.exists() for folder in started.folders))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a process to its parent's life")
def test_a_run_that_is_killed_leaves_no_process(started: Started) -> None:
    started.program.kill()
    started.program.wait()
    wait_until(lambda: not is_running(started.postmaster) and not is_running(started.command))


def test_the_exit_code_of_the_command_is_passed_on() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.support.cluster",
        "--",
        sys.executable,
        "-c",
        "raise SystemExit(7)",
    ]
    assert subprocess.run(command, cwd=CHECKOUT, check=False).returncode == 7
