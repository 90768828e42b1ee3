"""A machine with a wrong clock closes nobody, turns nobody away and dates no sign-in: the database's clock does."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from rolebook.audit import clock
from rolebook.governance.flows.watch_quiet import watch_everybody
from rolebook.governance.models import Participation, QuietWatch
from rolebook.policy.months import months_after
from tests.support import iqcs, people
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import Person

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ZONE = "America/Boise"
LONG_AGO = timedelta(days=500)
AHEAD = {"an hour ahead": HOUR, "in 2038": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)}
WRONG = {"an hour behind": -HOUR, **AHEAD}

own_clock = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite stands on one machine and has no clock but its own"
)


@pytest.fixture
def now(db: None) -> datetime:
    at = clock.now()
    iqcs.begin(at - LONG_AGO)
    return at


def ends_in(now: datetime, left: timedelta) -> Person:
    """A manager whose twelve months of quiet are over ``left`` after ``now``, by the database's clock."""
    since = now - 365 * DAY
    return ends_at(iqcs.person("Mia Manager", MANAGER, "FWS-R6-BNR", since), now + left)


def ends_at(person: Person, at: datetime) -> Person:
    Participation.objects.filter(account=person.account, program_id=PROGRAM).update(quiet_ends_at=at)
    return person


def part_of(person: Person) -> Participation:
    return Participation.objects.get(account=person.account, program_id=PROGRAM)


def goes_wrong(patch: pytest.MonkeyPatch, by: timedelta | datetime) -> None:
    """Let this machine's own clock run so far off, or begin at an instant."""
    right = clock.now
    off = by if isinstance(by, timedelta) else by - right()
    patch.setattr(clock, "now", lambda: right() + off)
    patch.setattr(clock, "now_micros", lambda: int((right() + off).timestamp() * 1_000_000))


def browser(person: Person) -> Client:
    return people.signed_in_client(person, PROGRAM)


@own_clock
@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.parametrize("by", WRONG.values(), ids=WRONG.keys())
def test_the_job_on_a_machine_with_a_wrong_clock_closes_and_stops_as_the_databases_clock_says(
    now: datetime, monkeypatch: pytest.MonkeyPatch, by: timedelta | datetime
) -> None:
    still = ends_in(now, HOUR / 2)
    over = ends_at(iqcs.person("Otto Over", MANAGER, "FWS-R6-BNR", now - 400 * DAY), now - HOUR / 2)
    warned = {"quiet_warned_at": now - 20 * DAY, "quiet_warned_days": 7}
    Participation.objects.filter(account__in=[still.account, over.account]).update(**warned)
    QuietWatch.objects.create(program_id=PROGRAM, ran_at=now - DAY, counted_by=f"12 {ZONE}")
    goes_wrong(monkeypatch, by)
    assert watch_everybody(clock.now()) == 1
    assert (part_of(still).status, part_of(over).status) == ("active", "closed")
    watch = QuietWatch.objects.get(program_id=PROGRAM)
    assert watch.stopped_at is None
    assert watch.ran_at is not None
    assert now <= watch.ran_at < now + HOUR / 2


@own_clock
@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.parametrize("by", WRONG.values(), ids=WRONG.keys())
def test_a_sign_in_at_a_machine_with_a_wrong_clock_is_dated_by_the_databases(
    now: datetime, monkeypatch: pytest.MonkeyPatch, by: timedelta | datetime
) -> None:
    mia = ends_in(now, 40 * DAY)
    goes_wrong(monkeypatch, by)
    assert browser(mia).get("/iqcs/").status_code == 200
    part = part_of(mia)
    assert part.last_signed_in_at is not None
    assert now <= part.last_signed_in_at < now + HOUR / 2
    assert part.quiet_ends_at == months_after(part.last_signed_in_at, 12, ZONE)


@own_clock
@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.parametrize("by", AHEAD.values(), ids=AHEAD.keys())
def test_a_machine_whose_clock_runs_ahead_turns_nobody_away_and_lets_them_act(
    now: datetime, monkeypatch: pytest.MonkeyPatch, by: timedelta | datetime
) -> None:
    rosa = ends_at(iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS", now - 365 * DAY), now + HOUR / 2)
    goes_wrong(monkeypatch, by)
    client = browser(rosa)
    assert client.get("/iqcs/").status_code == 200
    ends_at(rosa, now + HOUR / 2)
    assert "Nothing waits for your decision" in client.get("/iqcs/manage-access/").content.decode()


@own_clock
@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
def test_a_machine_whose_clock_runs_behind_lets_nobody_sign_in_after_the_end(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    mia = ends_in(now, -HOUR / 2)
    goes_wrong(monkeypatch, -HOUR)
    page = browser(mia).get("/iqcs/")
    assert page.status_code == 403
    assert "is closed" in page.content.decode()
    assert part_of(mia).last_signed_in_at is None


@pytest.mark.requirement("IQCS-08")
@pytest.mark.fault(58)
@pytest.mark.parametrize(("left", "status"), [(-HOUR, 403), (HOUR, 200)], ids=["past its end", "before it"])
def test_with_a_clock_that_is_right_the_end_holds_to_the_hour(
    now: datetime, left: timedelta, status: int
) -> None:
    assert browser(ends_in(now, left)).get("/iqcs/").status_code == status
