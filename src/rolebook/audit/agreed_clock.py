"""The instant that all machines agree on: the database's, where it stands apart from them (fault 58).

What a whole program's people depend on for months (that somebody signed in, who is due to be closed) goes by this clock
and by no replica's own, which may be an hour or a year off.
"""

from datetime import UTC, datetime

from django.db import connection

from rolebook.audit import clock


def agreed_now() -> datetime:
    """Return the present instant (aware, UTC) by the database's clock; SQLite has none but this machine's."""
    if connection.vendor != "postgresql":
        return clock.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0].astimezone(UTC)
