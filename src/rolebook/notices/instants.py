"""Instants as people read them in a mail."""

from datetime import datetime
from zoneinfo import ZoneInfo


def written_instant(at: datetime, zone: str) -> str:
    """Return ``at`` (aware) in the program's ``zone`` (IANA), for example "Nov 21, 2026, 3:05 p.m. EST"."""
    local = at.astimezone(ZoneInfo(zone))
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{local:%b} {local.day}, {local.year}, {local.hour % 12 or 12}:{local:%M} {half} {local.tzname()}"
