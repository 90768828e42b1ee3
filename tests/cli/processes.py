"""Commands run as people run them: processes of their own, with an empty environment of ours."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROLEBOOK = [sys.executable, "-m", "rolebook.cli.main"]


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment of an installation in ``home``, without what other tests have set."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ROLEBOOK_", "DJANGO_"))
    }
    return {**kept, "ROLEBOOK_HOME": str(home), "PYTHONUNBUFFERED": "1", **settings}


def run(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*ROLEBOOK, *arguments],
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        timeout=120,
    )


@contextmanager
def running(
    home: Path, *arguments: str, until: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a command until it has printed ``until``; give the process and what it has said; kill it at the end."""
    process = subprocess.Popen(
        [*ROLEBOOK, *arguments],
        env=environment(home, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    try:
        for line in process.stdout:
            said.append(line)
            if until in line:
                break
        else:
            raise AssertionError("".join(said))
        yield process, "".join(said)
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def descendants(pid: int) -> set[int]:
    """The processes that ``pid`` has started, and those that they have."""
    table: dict[int, list[int]] = {}
    for line in subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.splitlines():
        child, parent = map(int, line.split())
        table.setdefault(parent, []).append(child)
    found: set[int] = set()
    ahead = [pid]
    while ahead:
        for child in table.get(ahead.pop(), []):
            found.add(child)
            ahead.append(child)
    return found


def alive(pids: set[int]) -> set[int]:
    """Those of ``pids`` that still run (a zombie does not)."""
    states = subprocess.run(["ps", "-eo", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    running = {int(line.split()[0]) for line in states.splitlines() if "Z" not in line.split()[1]}
    return pids & running


def eventually(true: Callable[[], object], seconds: float = 60) -> bool:
    """Whether something comes true within ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False
