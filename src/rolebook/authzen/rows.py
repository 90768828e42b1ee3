"""How a million rows come from either database with the least work a row."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, BinaryField, CharField, Func


def streamed() -> AbstractContextManager[object]:
    """Return within what rows come as they are asked for: outside of a transaction PostgreSQL puts all rows of a
    cursor aside before it gives the first.
    """
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


class Micros(Func):
    """An instant as whole microseconds since 1970, exactly, made by the database, which is quicker at it."""

    arity = 1
    output_field = BigIntegerField(null=True)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Numbers from PostgreSQL, whose seconds are exact decimals."""
        template = "(EXTRACT(EPOCH FROM %(expressions)s) * 1000000)::bigint"
        return self.as_sql(compiler, connection, template=template, **more)

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """SQLite has text: seconds with six digits behind them, or with none."""
        template = (
            "(strftime('%%%%s', %(expressions)s) * 1000000 + CAST(substr(%(expressions)s, 21, 6) AS INTEGER))"
        )
        return self.as_sql(compiler, connection, template=template, **more)

    def get_db_converters(self, connection: Any) -> list[Any]:  # noqa: ARG002  # as Django calls it
        """Both databases give whole numbers or None: nothing is looked at again, a million times over."""
        return []


class Packed(Func):
    """A UUID as its 16 bytes."""

    arity = 1
    output_field = BinaryField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """PostgreSQL sends them as they are: no object is made to be taken apart again."""
        return self.as_sql(compiler, connection, template="uuid_send(%(expressions)s)", **more)

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """SQLite has the digits."""
        return self.as_sql(compiler, connection, template="%(expressions)s", **more)

    def get_db_converters(self, connection: Any) -> list[Any]:
        """Make bytes of digits where the database has these."""
        return [] if connection.vendor == "postgresql" else [_bytes_of]


class Written(Func):
    """A UUID as it is written, of 36 characters."""

    arity = 1
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """PostgreSQL writes it: no object is made to be written here."""
        return self.as_sql(compiler, connection, template="(%(expressions)s)::text", **more)

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """SQLite has the digits alone."""
        return self.as_sql(compiler, connection, template="%(expressions)s", **more)

    def get_db_converters(self, connection: Any) -> list[Any]:
        """Put the dashes between the digits where the database has these."""
        return [] if connection.vendor == "postgresql" else [_dashed]


def _dashed(digits: str | None, *_: object) -> str | None:
    if digits is None:
        return None
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _bytes_of(digits: str, *_: object) -> bytes:
    return bytes.fromhex(digits)
