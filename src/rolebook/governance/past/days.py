"""Which instant "on that day" is: the last one of the day in the program's zone, or a minute that is chosen."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rolebook.policy.model import Rolebook

FIRST_DAY = date(1900, 1, 1)
_SMALLEST = timedelta(microseconds=1)


class NotYet(ValueError):
    """The day or minute lies ahead: nobody knows what will be so."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked about.

    Attributes:
        at: the instant, aware.
        day: the day in the program's zone.
        minute: the minute that was chosen in that zone, or None: the end of the day.
        is_now: whether it is the present: the day has not ended yet.
    """

    at: datetime
    day: date
    minute: time | None
    is_now: bool


def moment_of(day: date, minute: time | None, book: Rolebook, now: datetime) -> Moment:
    """Return the instant that a day (and a minute of it) means in the program's zone.

    A day means its last microsecond, so that what was held up to and with that day counts, and what was removed in its
    course does not. Today means now. A minute that a clock set back has twice is the first of the two; one that a clock
    set forward leaves out is as long after midnight as it says.

    Raises:
        NotYet: the day or minute lies after ``now``.
        ValueError: a day before `FIRST_DAY`.
    """
    if day < FIRST_DAY:
        raise ValueError(f"found {day}, expected a day from {FIRST_DAY} on")
    zone = ZoneInfo(book.program.zone)
    today = now.astimezone(zone).date()
    if day > today:
        raise NotYet
    if minute is not None:
        chosen = datetime.combine(day, minute.replace(second=0, microsecond=0), zone).astimezone(UTC)
        if chosen > now:
            raise NotYet
        return Moment(chosen, day, minute, is_now=False)
    if day == today:
        return Moment(now, day, None, is_now=True)
    ends = datetime.combine(day + timedelta(days=1), time.min, zone).astimezone(UTC)
    return Moment(ends - _SMALLEST, day, None, is_now=False)
