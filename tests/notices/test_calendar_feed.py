"""The calendar behind a private address: RFC 5545 to the letter, no names, revocable, bounded (QPP-16)."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from rolebook.accounts.models import Account, Organization
from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit.models import Event
from rolebook.governance.flows import remove_access
from rolebook.governance.refusals import NotFound
from rolebook.notices.calendar_feed import READS, calendar_of
from rolebook.notices.choosing import (
    choose_reminder,
    make_calendar_address,
    revoke_calendar_address,
)
from rolebook.notices.models import CalendarAddress
from tests.support import grants, people
from tests.support.people import START, WEB

pytestmark = pytest.mark.requirement("QPP-16")


@pytest.fixture
def place(qpp: str) -> Organization:
    return people.practice()


@pytest.fixture
def official(place: Organization) -> Account:
    return grants.official(place, "Olga Official")


def address_of(account: Account, at: datetime = START) -> str:
    return make_calendar_address(acting_user=account, program_id="qpp", at=at, origin=WEB)


def token_of(address: str) -> str:
    return urlsplit(address).path.removeprefix("/calendar/").removesuffix(".ics")


def feed(account_or_token: Account | str, at: datetime = START) -> list[str]:
    """Return the unfolded content lines of a calendar."""
    token = account_or_token if isinstance(account_or_token, str) else token_of(address_of(account_or_token))
    text = calendar_of(token, source="192.0.2.7", at=at)
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_it_says_how_much_waits_and_names_nobody(place: Organization, official: Account) -> None:
    grants.asks(grants.user("Nora New"), place)
    lines = feed(official)
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    assert {"VERSION:2.0", "BEGIN:VEVENT", "SUMMARY:QPP: Review pending requests"} <= set(lines)
    [told] = [line for line in lines if line.startswith("DESCRIPTION:")]
    assert told.startswith("DESCRIPTION:1 request waits for you.\\nhttp")
    whole = "\n".join(lines)
    for name in ("Nora", "Olga", place.name, official.user_id, str(official.public_id)):
        assert name not in whole


def test_it_repeats_on_the_chosen_days_at_the_chosen_hour_of_the_program(official: Account) -> None:
    token = token_of(address_of(official))
    assert {"DTSTART;TZID=America/New_York:20260302T090000", "RRULE:FREQ=WEEKLY;BYDAY=MO"} <= set(feed(token))
    for cadence, start, days in (
        ("weekly", "20260304T150000", "WE"),
        ("working-days", "20260302T150000", "MO,TU,WE,TH,FR"),
    ):
        choose_reminder(
            acting_user=official,
            program_id="qpp",
            cadence=cadence,
            weekday=2,
            hour=15,
            at=START,
            origin=WEB,
        )
        expected = {f"DTSTART;TZID=America/New_York:{start}", f"RRULE:FREQ=WEEKLY;BYDAY={days}"}
        assert expected <= set(feed(token))


def test_the_event_stays_the_same_one_and_its_stamp_is_the_moment_of_asking(official: Account) -> None:
    first = feed(official)
    later = feed(official, START + timedelta(days=40))
    uid = [line for line in first if line.startswith("UID:")]
    assert uid == [line for line in later if line.startswith("UID:")]
    assert "DTSTAMP:20260302T150000Z" in first
    assert "DTSTAMP:20260411T150000Z" in later


def test_its_time_zone_has_the_offsets_of_the_program_s_zone_at_every_change(official: Account) -> None:
    lines = feed(official)
    zone = lines[lines.index("BEGIN:VTIMEZONE") : lines.index("END:VTIMEZONE")]
    onsets: list[tuple[datetime, timedelta]] = []
    for block in "\n".join(zone).split("BEGIN:")[2:]:
        offset = re.search(r"TZOFFSETTO:([+-])(\d\d)(\d\d)", block)
        before = re.search(r"TZOFFSETFROM:([+-])(\d\d)(\d\d)", block)
        assert offset
        assert before
        to, since = (
            timedelta(hours=int(sign + hours), minutes=int(sign + minutes))
            for sign, hours, minutes in (offset.groups(), before.groups())
        )
        for stamp in re.findall(r"\d{8}T\d{6}", block):
            wall = datetime.strptime(stamp, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            onsets.append((wall - since, to))
    onsets.sort()
    for days in range(0, 365 * 9, 3):
        at = START + timedelta(days=days)
        told = [offset for onset, offset in onsets if onset <= at][-1]
        assert told == at.astimezone(ZoneInfo("America/New_York")).utcoffset(), at
    assert "DTSTART:20260308T020000" in zone or any("20260308T020000" in line for line in zone)
    assert any("20261101T020000" in line for line in zone)


def test_a_lost_office_leaves_an_empty_calendar(place: Organization, official: Account) -> None:
    other = grants.official(place, "Omar Official")
    token = token_of(address_of(official))
    assert "BEGIN:VEVENT" in feed(token)
    remove_access(
        acting_user=other,
        program_id="qpp",
        organization_id=place.public_id,
        beneficiary_id=official.public_id,
        at=START,
        origin=WEB,
    )
    assert "BEGIN:VEVENT" not in feed(token)
    Account.objects.filter(pk=other.pk).update(status=Account.Status.DEACTIVATED)


def test_a_deactivated_person_has_an_empty_calendar(official: Account) -> None:
    token = token_of(address_of(official))
    Account.objects.filter(pk=official.pk).update(status=Account.Status.DEACTIVATED)
    assert "BEGIN:VEVENT" not in feed(token)


def test_a_new_address_stops_the_old_one_and_the_token_is_kept_nowhere(official: Account) -> None:
    old, new = (token_of(address_of(official)) for _ in range(2))
    with pytest.raises(NotFound):
        feed(old)
    assert feed(new)
    row = CalendarAddress.objects.get()
    assert new.encode() not in bytes(row.token_hash)
    assert not any(new in event.content for event in Event.objects.all())
    for _ in range(2):
        revoke_calendar_address(acting_user=official, program_id="qpp", at=START, origin=WEB)
    with pytest.raises(NotFound):
        feed(new)
    tags = list(Event.objects.filter(tag__startswith="calendar-address").values_list("tag", flat=True))
    assert tags == ["calendar-address:made", "calendar-address:made", "calendar-address:revoked"]


def test_an_address_asked_too_often_waits_and_guesses_are_counted_by_network(official: Account) -> None:
    token = token_of(address_of(official))
    for _ in range(READS.attempts):
        feed(token)
    with pytest.raises(TooManyAttempts):
        feed(token)
    feed(token, START + timedelta(hours=1))


def test_it_is_read_without_a_session_and_by_get_only(official: Account) -> None:
    path = urlsplit(address_of(official, datetime.now(UTC))).path
    client = Client()
    before = Event.objects.count()
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert "no-store" in answer["Cache-Control"]
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
    assert client.cookies == {}
    assert Event.objects.count() == before
    statuses = [client.get(f"/calendar/{'x' * length}.ics").status_code for length in [43, 5_000] * 16]
    assert set(statuses[:30]) == {404}
    assert statuses[-1] == 429
    assert client.get(path).status_code == 200
