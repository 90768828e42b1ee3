"""SQLite's write-ahead log, in which readers and the writer do not wait for each other.

The mode is kept in the file, but a fresh file and one restored from a backup have the other one, and whoever connects
first switches it. SQLite does not wait for that lock, however long its busy timeout (its switch goes from reading to
writing, where waiting could be a deadlock): of several that connect at once all but one would get "database is locked".
"""

import sqlite3
import time
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_PAUSE_SECONDS = 0.01


def switch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Set the mode of a connection just made, and wait as long as its timeout where others do so, too.

    Raises sqlite3.OperationalError where the file stays locked for longer.
    """
    if connection.vendor != "sqlite":
        return
    until = time.monotonic() + connection.settings_dict["OPTIONS"].get("timeout", 5)
    while True:
        try:
            connection.connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as failure:
            if failure.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return
