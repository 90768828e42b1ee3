"""The instant that all machines agree on: the database's, where it stands apart from them (fault 58).

Whatever is judged by time, or dated for others to judge by, goes by this clock and by no replica's own, which may be an
hour or a year off: an approver's office, a temporary detail, a removal, a sign-in, who is due to be closed.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Func, Model, QuerySet

from rolebook.audit import clock

_READ = "read_at_agreed"


def agreed_now() -> datetime:
    """Return the present instant (aware, UTC) by the database's clock; SQLite has none but this machine's."""
    return _databases_now() if connection.vendor == "postgresql" else clock.now()


def _databases_now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row: tuple[datetime] = cursor.fetchone()
    return row[0].astimezone(UTC)


def with_agreed_now[M: Model](rows: QuerySet[M]) -> QuerySet[M]:
    """Read the instant along with a row that is read anyhow, for `agreed_when_read`."""
    if connection.vendor != "postgresql":
        return rows
    read: QuerySet[M] = rows.annotate(
        **{_READ: Func(function="clock_timestamp", output_field=DateTimeField())}
    )
    return read


def agreed_when_read(row: Model | None) -> datetime:
    """Return the instant at which a row of `with_agreed_now` was read; of no row, the present one."""
    read = getattr(row, _READ, None)
    return read.astimezone(UTC) if isinstance(read, datetime) else agreed_now()


def going_on_from(at: datetime) -> Callable[[], datetime]:
    """Return a clock that says ``at`` now and goes on from there, without the database, for what takes a while.

    It is set by nobody: it counts on the boot clock.
    """
    began = clock.boottime()
    return lambda: at + timedelta(seconds=clock.boottime() - began)
