"""Instants as whole microseconds since 1970-01-01T00:00Z: how the snapshot stores and compares them."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = 2**63 - 1
"""The end of what has no end."""

_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return an aware instant as microseconds since the epoch, exactly."""
    return (at - EPOCH) // _MICROSECOND


def instant(at_micros: int) -> datetime:
    """Return the aware UTC instant of microseconds since the epoch."""
    return EPOCH + timedelta(microseconds=at_micros)
