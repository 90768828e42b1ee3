"""A person's calendar of one program: a recurring reminder and how much waits, without any name (QPP-16; RFC 5545)."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings

from rolebook.accounts.queries import NoRolebook, rolebook_in_force
from rolebook.accounts.throttling import Limit, take
from rolebook.governance.queries.seeing import viewer_standing
from rolebook.governance.queries.to_decide import count_to_decide
from rolebook.governance.refusals import NotAllowed, NotFound
from rolebook.notices.cadence import falls_on
from rolebook.notices.choosing import hash_of
from rolebook.notices.facts import link
from rolebook.notices.models import CalendarAddress, Reminder
from rolebook.notices.reminding import waiting_in_words
from rolebook.policy.model import Act, Program

READS = Limit("calendar by its address", 60, 3600)
"""A calendar program asks every quarter of an hour; several on one address have room."""
MISSES = Limit("calendar addresses that are none, by network address", 30, 600)
LONGEST_TOKEN = 100
_LINE = 75
"""Octets of a content line before it is folded (RFC 5545, section 3.1)."""
_YEARS_AHEAD = 10
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def calendar_of(token: str, *, source: str, at: datetime) -> str:
    """Return the calendar under an address, as text with CRLF line ends.

    ``source`` stands for the network address that asks. Who decides nothing in the program any more, or is not active,
    has an empty calendar. Raises NotFound for an address that is none or was revoked, TooManyAttempts for one asked too
    often.
    """
    found = CalendarAddress.objects.select_related("participation__account").filter(token_hash=hash_of(token))
    address = found.first() if len(token) <= LONGEST_TOKEN else None
    if address is None:
        take([(MISSES, source)], at)
        raise NotFound
    take([(READS, bytes(address.token_hash).hex())], at)
    program_id = address.participation.program_id
    try:
        program = rolebook_in_force(program_id, at)[1].program
    except NoRolebook:
        raise NotFound from None
    number = _waiting(address, program_id, at)
    reminder = Reminder.objects.filter(participation=address.participation).first()
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Rolebook//Reminders//EN",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_text(f'{program.short_name} reminders')}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-PUBLISHED-TTL:PT1H",
        *_time_zone(program.zone, address.made_at),
    ]
    if number is not None:
        lines += _event(address, reminder, program, number, at)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _waiting(address: CalendarAddress, program_id: str, at: datetime) -> int | None:
    """Return how many requests wait for the person; None for one who decides nothing there (any more)."""
    try:
        standing = viewer_standing(address.participation.account, program_id, at)
    except NotAllowed:
        return None
    return count_to_decide(standing) if standing.offices(Act.DECIDE) else None


def _event(
    address: CalendarAddress, reminder: Reminder | None, program: Program, number: int, at: datetime
) -> Iterator[str]:
    """Yield the reminder. Its days are those of the digest; without digests once a week."""
    weekday, hour = (reminder.weekday, reminder.hour) if reminder is not None else (0, 9)
    daily = reminder is not None and reminder.cadence == Reminder.Cadence.WORKING_DAYS
    cadence = Reminder.Cadence.WORKING_DAYS if daily else Reminder.Cadence.WEEKLY
    since = address.made_at if reminder is None else max(address.made_at, reminder.changed_at)
    day = since.astimezone(ZoneInfo(program.zone)).date()
    while not falls_on(cadence, weekday, day):
        day += timedelta(days=1)
    starts = datetime.combine(day, time(hour))
    account = address.participation.account
    host = urlsplit(settings.ROLEBOOK.site_url).hostname or "rolebook.invalid"
    days = ",".join(_WEEKDAYS[:5]) if daily else _WEEKDAYS[weekday]
    address_of_page = link(f"/{program.id}/manage-access/")
    waits = f"{waiting_in_words(number)}." if number else "Nothing waits for you."
    yield from (
        "BEGIN:VEVENT",
        f"UID:{uuid.uuid5(account.public_id, f'reminder/{program.id}')}@{host}",
        f"DTSTAMP:{_utc(at)}",
        f"DTSTART;TZID={program.zone}:{starts:%Y%m%dT%H%M%S}",
        "DURATION:PT15M",
        f"RRULE:FREQ=WEEKLY;BYDAY={days}",
        f"SUMMARY:{_text(f'{program.short_name}: Review pending requests')}",
        f"DESCRIPTION:{_text(waits + chr(10) + address_of_page)}",
        f"URL:{address_of_page}",
        "TRANSP:TRANSPARENT",
        "CLASS:PRIVATE",
        "END:VEVENT",
    )


def _time_zone(zone: str, since: datetime) -> Iterator[str]:
    """Yield the VTIMEZONE of an IANA zone from the year before ``since`` on (RFC 5545, section 3.6.5)."""
    local = ZoneInfo(zone)
    begin = datetime(since.year - 1, 1, 1, tzinfo=UTC)
    end = datetime(since.year + _YEARS_AHEAD, 1, 1, tzinfo=UTC)
    observances: dict[tuple[str, timedelta, timedelta, str], list[str]] = {}
    before = _offset(begin, local)
    first = (_kind(begin, local), before, before, begin.astimezone(local).tzname() or zone)
    observances[first] = [f"{begin.astimezone(local):%Y%m%dT%H%M%S}"]
    for change in _changes(local, begin, end):
        after = _offset(change, local)
        key = (_kind(change, local), before, after, change.astimezone(local).tzname() or zone)
        # An observance begins at the wall clock as it stood before the change.
        observances.setdefault(key, []).append(f"{change.replace(tzinfo=None) + before:%Y%m%dT%H%M%S}")
        before = after
    yield from ("BEGIN:VTIMEZONE", f"TZID:{zone}")
    for (kind, old, new, name), onsets in observances.items():
        yield from (f"BEGIN:{kind}", f"DTSTART:{onsets[0]}")
        if onsets[1:]:
            yield f"RDATE:{','.join(onsets[1:])}"
        yield from (f"TZOFFSETFROM:{_sign(old)}", f"TZOFFSETTO:{_sign(new)}", f"TZNAME:{_text(name)}")
        yield f"END:{kind}"
    yield "END:VTIMEZONE"


def _changes(local: tzinfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants (UTC, to the minute) at which the zone's offset changes."""
    day = begin
    while day < end:
        low, high = day, day + timedelta(days=1)
        if _offset(low, local) != _offset(high, local):
            while high - low > timedelta(minutes=1):
                middle = low + timedelta(minutes=int((high - low).total_seconds() // 120))
                low, high = (middle, high) if _offset(middle, local) == _offset(low, local) else (low, middle)
            yield high
        day += timedelta(days=1)


def _offset(at: datetime, local: tzinfo) -> timedelta:
    return at.astimezone(local).utcoffset() or timedelta()


def _kind(at: datetime, local: tzinfo) -> str:
    return "DAYLIGHT" if at.astimezone(local).dst() else "STANDARD"


def _sign(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    """Return a TEXT value, escaped (RFC 5545, section 3.3.11)."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Return a content line folded at 75 octets, never within a character (RFC 5545, section 3.1)."""
    parts: list[str] = [""]
    room = _LINE
    for character in line:
        size = len(character.encode())
        if size > room:
            parts.append("")
            room = _LINE - 1
        parts[-1] += character
        room -= size
    return "\r\n ".join(parts)
