"""A PostgreSQL server of the tests' own: in a temporary folder, on a unix socket only, gone when they end.

As a context manager::

    with running_cluster() as cluster:
        cluster.url("rolebook")  # postgresql://rolebook@/rolebook?host=/tmp/...

As a program, around a command, which finds the database in ROLEBOOK_DATABASE, its kind in
ROLEBOOK_TEST_DATABASE and a temporary folder in ROLEBOOK_HOME::

    python -m tests.support.cluster --database postgres -- pytest tests
"""

import argparse
import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import psycopg

OLDEST_VERSION = 15
ROLE = "rolebook"
START_SECONDS = 60
STOP_SECONDS = 20
INTERRUPTED = 130
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Nothing here survives a crash, and nothing has to: the cluster is thrown away.
SERVER_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "unix_socket_permissions": "0700",
}


class ClusterError(RuntimeError):
    """The server is not installed, or did not start; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server: the folder of its socket, and the process id of its postmaster."""

    socket_folder: Path
    process_id: int

    def url(self, database: str = ROLE) -> str:
        """Return the address of a database of this server as ROLEBOOK_DATABASE takes it."""
        return f"postgresql://{ROLE}@/{database}?host={quote(str(self.socket_folder), safe='/')}"


def server_binaries() -> Path:
    """Return the folder of the newest `initdb` and `postgres` on this machine.

    Raises:
        ClusterError: there is none of version 15 or newer.
    """
    candidates = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found is not None]
    candidates += Path("/usr/lib/postgresql").glob("*/bin")
    candidates += [*Path("/usr").glob("pgsql-*/bin"), *Path("/opt/homebrew/opt").glob("postgresql@*/bin")]
    versions = {folder: _major_version(folder) for folder in candidates if (folder / "postgres").exists()}
    fit = [folder for folder, version in versions.items() if version >= OLDEST_VERSION]
    if not fit:
        raise ClusterError(
            f"no PostgreSQL server of version {OLDEST_VERSION} or newer: install Debian's 'postgresql'"
        )
    return max(fit, key=lambda folder: versions[folder])


def _major_version(folder: Path) -> int:
    told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"(\d+)", told.stdout)
    return int(found.group(1)) if told.returncode == 0 and found else 0


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a server, yield it, stop it and remove its folder, whatever happens in between.

    Takes about half a second. PostgreSQL refuses to run as root: for root it runs as the user postgres.

    Raises:
        ClusterError: no server is installed, or it did not start.
    """
    binaries = server_binaries()
    folder = Path(tempfile.mkdtemp(prefix="rolebook-pg-"))
    try:
        account = _server_account()
        if account is not None:
            os.chown(folder, account.pw_uid, account.pw_gid)
        _initialize(binaries, folder, account)
        postmaster = _start(binaries, folder, account)
        try:
            _wait_until_ready(postmaster, folder)
            yield Cluster(socket_folder=folder, process_id=postmaster.pid)
        finally:
            _stop(postmaster)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _server_account() -> pwd.struct_passwd | None:
    """Return the account that the server runs as, or None for the caller's own."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ClusterError("PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody'")


def _as_account(account: pwd.struct_passwd | None) -> dict[str, object]:
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _initialize(binaries: Path, folder: Path, account: pwd.struct_passwd | None) -> None:
    command = [binaries / "initdb", "--pgdata", folder / "data", "--username", ROLE, "--auth", "trust"]
    options = ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"]
    done = subprocess.run(  # type: ignore[call-overload]  # the account's three arguments come as one mapping
        [*command, *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        **_as_account(account),
    )
    if done.returncode != 0:
        raise ClusterError(f"initdb failed: {done.stderr.strip()}")


def _start(binaries: Path, folder: Path, account: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    settings = [part for name, value in SERVER_SETTINGS.items() for part in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        started: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]  # as above
            [binaries / "postgres", "-D", folder / "data", "-k", folder, *settings],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_end_with_parent(signal.SIGQUIT),  # noqa: PLW1509  # one thread starts it, and it calls one system call
            **_as_account(account),
        )
    return started


def _end_with_parent(signal_number: signal.Signals) -> Callable[[], None]:
    """Return what makes Linux signal a new process when the tests are killed so hard that they cannot."""
    libc = ctypes.CDLL(None)
    pr_set_pdeathsig = 1

    def ask() -> None:
        if sys.platform == "linux":
            libc.prctl(pr_set_pdeathsig, signal_number)

    return ask


def _wait_until_ready(postmaster: subprocess.Popen[bytes], folder: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and postmaster.poll() is None:
        try:
            with psycopg.connect(
                host=str(folder), user=ROLE, dbname="postgres", autocommit=True
            ) as connection:
                connection.execute("create database rolebook")
                return
        except psycopg.OperationalError:
            time.sleep(0.05)
    log = (folder / "server.log").read_text(errors="replace")
    raise ClusterError(f"PostgreSQL did not start: {log[-2000:]}")


def _stop(postmaster: subprocess.Popen[bytes]) -> None:
    postmaster.send_signal(
        signal.SIGINT
    )  # "fast": connections are cut, which is what an interrupted test wants
    try:
        postmaster.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        postmaster.send_signal(signal.SIGQUIT)
        postmaster.wait()


def run_forwarding(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command in its own session, pass interruption on to it as SIGINT, and return its exit code.

    The caller has made INTERRUPTIONS raise KeyboardInterrupt. The command gets the time to clean up; only what
    hangs is killed, with all that it started.
    """
    child = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        start_new_session=True,
        preexec_fn=_end_with_parent(signal.SIGINT),  # noqa: PLW1509  # as above
    )
    try:
        return child.wait()
    except KeyboardInterrupt:
        for number in INTERRUPTIONS:
            signal.signal(number, signal.SIG_IGN)  # what follows is the cleaning up
        os.killpg(child.pid, signal.SIGINT)  # as a terminal does: to all that the command started
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)
        return INTERRUPTED
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _interrupt(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """Run a command with a database of its own, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.cluster", description=main.__doc__)
    parser.add_argument("--find", action="store_true", help="print where the server's programs are, and stop")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("command", nargs="*", help="the command, after --")
    asked = parser.parse_args(arguments)
    # Before anything is started: a shell may start us with SIGINT ignored, which a command would inherit.
    for number in INTERRUPTIONS:
        signal.signal(number, _interrupt)
    try:
        if asked.find:
            print(server_binaries())
            return 0
        with tempfile.TemporaryDirectory(prefix="rolebook-home-") as home:
            if asked.database == "sqlite":
                url = f"sqlite:///{home}/rolebook.sqlite3"
                return run_forwarding(asked.command, _environment("sqlite", url, home))
            with running_cluster() as cluster:
                return run_forwarding(asked.command, _environment("postgres", cluster.url(), home))
    except KeyboardInterrupt:
        return INTERRUPTED
    except ClusterError as failed:
        print(failed, file=sys.stderr)
        return 1


def _environment(kind: str, url: str, home: str) -> dict[str, str]:
    return {"ROLEBOOK_TEST_DATABASE": kind, "ROLEBOOK_DATABASE": url, "ROLEBOOK_HOME": home}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
