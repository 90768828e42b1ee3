"""When a reminder is due next: an hour of the program's zone, on working days or on one day of the week (QPP-16)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rolebook.notices.models import Reminder

WORKING_DAYS = range(5)
"""Monday to Friday; holidays are not known here."""


def falls_on(cadence: str, weekday: int, day: date) -> bool:
    """Return whether a reminder of that cadence comes on ``day`` (``weekday``: 0 is Monday)."""
    match cadence:
        case Reminder.Cadence.WORKING_DAYS:
            return day.weekday() in WORKING_DAYS
        case Reminder.Cadence.WEEKLY:
            return day.weekday() == weekday
        case _:
            return False


def next_due(cadence: str, *, weekday: int, hour: int, zone: str, after: datetime) -> datetime | None:
    """Return the first instant (UTC) after ``after`` at which a reminder is due; None for one that is off.

    Days and hours are those of ``zone`` (IANA). An hour that a change of the clocks leaves out comes when it would
    have come by the old clock; one that is there twice comes the first time.
    """
    local = ZoneInfo(zone)
    today = after.astimezone(local).date()
    for day in (today + timedelta(days=ahead) for ahead in range(9)):
        if falls_on(cadence, weekday, day):
            due = datetime.combine(day, time(hour), local).astimezone(UTC)
            if due > after:
                return due
    return None


def cadence_in_words(cadence: str, weekday: int, hour: int) -> str:
    """Return a cadence as people read it: "on working days at 9 a.m."."""
    names = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    match cadence:
        case Reminder.Cadence.WORKING_DAYS:
            return f"on working days at {hour_in_words(hour)}"
        case Reminder.Cadence.WEEKLY:
            return f"every {names[weekday]} at {hour_in_words(hour)}"
        case _:
            return "never"


def hour_in_words(hour: int) -> str:
    """Return an hour of the day (0 to 23): "9 a.m.", "noon", "midnight"."""
    if hour in (0, 12):
        return "noon" if hour else "midnight"
    return f"{hour % 12} {'a.m.' if hour < 12 else 'p.m.'}"
