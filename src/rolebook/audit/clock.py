"""The only place that reads clocks: instants for flows and decisions, and the clock that leases are counted
on."""

import time
from datetime import UTC, datetime

_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> datetime:
    """Return the present instant (aware, UTC). Delivery calls this; flows and decisions get it as ``at``."""
    return datetime.now(UTC)


def boottime() -> float:
    """Return seconds on a clock that nobody sets, and that runs on while the machine sleeps (CLOCK_BOOTTIME).

    Only differences of two readings on one machine mean anything. Where the system has no such clock the
    monotonic one stands in.
    """
    return time.clock_gettime(_BOOT_CLOCK)


def now_micros() -> int:
    """Return the present instant as whole microseconds since 1970-01-01T00:00Z, as snapshots compare them."""
    return time.time_ns() // 1_000
