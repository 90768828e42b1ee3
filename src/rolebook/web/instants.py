"""How ages are written for people (ux.md: "Words")."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rolebook.governance.instants import DEFAULT_ZONE, day_in_words, instant_in_words


def age_in_words(at: datetime, now: datetime, zone: str = DEFAULT_ZONE) -> str:
    """Return how long ago ``at`` was: "just now", "5 minutes ago", "yesterday", "3 days ago", or the day after 30 days.

    Days are counted by the calendar of ``zone``, so that "yesterday" is the day before.
    """
    passed = now - at
    if passed < timedelta(0):
        return instant_in_words(at, zone)
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return _ago(int(passed.total_seconds() // 60), "minute")
    local = ZoneInfo(zone)
    days = (now.astimezone(local).date() - at.astimezone(local).date()).days
    if days == 0 or passed < timedelta(hours=12):
        return _ago(int(passed.total_seconds() // 3600), "hour")
    if days == 1:
        return "yesterday"
    if days <= 30:
        return _ago(days, "day")
    return day_in_words(at, zone)


def _ago(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'} ago"
