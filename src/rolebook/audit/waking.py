"""Hearing at once that the log has grown. Only a hint: followers also look by themselves, and trust what they read.

On PostgreSQL whoever writes to the log notifies a channel, which the server delivers with the commit. SQLite has
nothing of the kind, a pooler may not pass it on, and a connection may be cut: then the next look comes a little later.
"""

import logging
import threading
from collections.abc import Callable

import psycopg
from django.db import Error, connection, connections

CHANNEL = "rolebook_log"
_LOOK_SECONDS = 0.25
_AGAIN_SECONDS = 5.0
_log = logging.getLogger(__name__)


class Waker:
    """Calls ``wake`` when something was written to the log, from a thread of its own, until it is stopped."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen, where the database can tell."""
        if connection.vendor == "postgresql":
            self._thread = threading.Thread(target=self._run, name="rolebook waker", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; it notices within a moment."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_LOOK_SECONDS + _AGAIN_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except Exception as failure:
                # Nobody is told later than without a waker; the follower says that the database is away.
                away = isinstance(failure, Error | psycopg.Error)
                level = logging.DEBUG if away else logging.ERROR
                _log.log(level, "cannot listen to the log: %s", failure)
                self._stopping.wait(_AGAIN_SECONDS)
            finally:
                connections.close_all()

    def _listen(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        # What was written before this connection listened was not heard of.
        self._wake()
        while not self._stopping.is_set():
            for _ in connection.connection.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                self._wake()
