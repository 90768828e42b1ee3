"""How instants are written for people: on pages, in mails and in files, in a named zone and in American English."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DEFAULT_ZONE = "UTC"


def instant_in_words(at: datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return an aware instant as "Nov 21, 2026, 3:05 p.m. EST" in the IANA time zone ``zone``."""
    return f"{day_in_words(at, zone)}, {time_in_words(at, zone)}"


def day_in_words(at: datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return the day of an aware instant in ``zone`` as "Nov 21, 2026"."""
    return date_in_words(at.astimezone(ZoneInfo(zone)))


def time_in_words(at: datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return the time of day of an aware instant in ``zone`` as "3:05 p.m. EST"."""
    local = at.astimezone(ZoneInfo(zone))
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{local.hour % 12 or 12}:{local.minute:02} {half} {local.tzname()}"


def date_in_words(day: date) -> str:
    """Return a date as "Nov 21, 2026"."""
    return f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"
