"""A PostgreSQL server that is restarted, and put back to how it was."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.support import cluster


class Server:
    """A server in a folder of its own; `close` removes everything."""

    def __init__(self) -> None:
        self._binaries = cluster.server_binaries()
        self._account = cluster._server_account()
        self.folder = Path(tempfile.mkdtemp(prefix="rolebook-pg-"))
        self._own(self.folder)
        cluster._initialize(self._binaries, self.folder, self._account)
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._start()
        with self._connect() as connection:
            connection.execute("create database rolebook")

    @property
    def url(self) -> str:
        """The address as ROLEBOOK_DATABASE takes it."""
        return cluster.Cluster(self.folder, 0).url()

    def restart(self) -> None:
        """Stop, and start again: every connection is cut."""
        self._stop()
        self._start()

    def back_up(self) -> None:
        """Keep how it is now."""
        self._stop()
        kept = self.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        subprocess.run(["cp", "-a", self.folder / "data", kept], check=True)
        self._start()

    def restore(self) -> None:
        """Put back what was kept: what was committed since then never happened."""
        self._stop()
        shutil.rmtree(self.folder / "data")
        subprocess.run(["cp", "-a", self.folder / "kept", self.folder / "data"], check=True)
        self._start()

    def cut_connections(self) -> None:
        """Cut every connection but this one."""
        with self._connect() as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where backend_type = 'client backend' and pid <> pg_backend_pid()"
            )

    def close(self) -> None:
        """Stop, and remove everything."""
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _own(self, path: Path) -> None:
        if self._account is not None:
            shutil.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _start(self) -> None:
        self._postmaster = cluster._start(self._binaries, self.folder, self._account)
        end = time.monotonic() + cluster.START_SECONDS
        while True:
            try:
                self._connect().close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def _stop(self) -> None:
        if self._postmaster is not None:
            cluster._stop(self._postmaster)
            self._postmaster = None

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user=cluster.ROLE, dbname="postgres", autocommit=True)
