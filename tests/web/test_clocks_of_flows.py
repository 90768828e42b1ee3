"""What is done and read through a machine with a wrong clock is dated and judged by the database's (fault 58)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from rolebook.audit import clock
from rolebook.audit.agreed_clock import agreed_now
from rolebook.audit.models import Event
from rolebook.governance.models import Grant, Outcome, Request
from rolebook.jobs.__main__ import make_worker
from rolebook.jobs.housekeeping import JOBS
from rolebook.jobs.models import ScheduledJob
from rolebook.jobs.schedule import run_due_jobs
from rolebook.notices.transport import MailServer
from tests.support import grants, iqcs
from tests.support.grants import STEWARD
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import Person, signed_in_client
from tests.web.test_clocks_of_replicas import DAY, HOUR, LONG_AGO, WRONG, ends_at, goes_wrong, own_clock
from tests.web.worlds import World, review

pytestmark = [pytest.mark.fault(58), own_clock]
A_MOMENT = timedelta(minutes=5)

wrongly = pytest.mark.parametrize("by", [*WRONG.values(), DAY], ids=[*WRONG.keys(), "a day ahead"])


def goes(client: Client, address: str, **told: str) -> str:
    """Post a form, with what the page hid in it."""
    answer = client.post(address, told)
    assert answer.status_code in (200, 302, 303), answer.content.decode()
    return answer.content.decode()


def is_now(at: datetime | None) -> bool:
    """Whether an instant is the present one, by the database's clock."""
    return at is not None and agreed_now() - A_MOMENT < at <= agreed_now()


def nothing_lies_ahead() -> bool:
    """Whether the log has nothing that is still to come."""
    return not Event.objects.filter(occurred_at__gt=agreed_now()).exists()


@wrongly
@pytest.mark.requirement("QPP-10")
def test_a_removal_through_a_machine_with_a_wrong_clock_ends_what_was_held_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, by: timedelta | datetime
) -> None:
    goes_wrong(monkeypatch, by)
    maria, stella = signed_in_client(world.maria), world.stella.account
    goes(maria, f"/qpp/organizations/{world.cedar.public_id}/users/{stella.public_id}/remove/")
    grant = Grant.objects.get(account=stella, role_id="staff_user")
    assert is_now(grant.closed_at)
    assert nothing_lies_ahead()


@wrongly
@pytest.mark.requirement("QPP-05")
def test_an_approval_through_a_machine_with_a_wrong_clock_gives_from_now_on(
    world: World, monkeypatch: pytest.MonkeyPatch, by: timedelta | datetime
) -> None:
    goes_wrong(monkeypatch, by)
    stage = world.stage
    maria = signed_in_client(world.maria)
    goes(
        maria,
        f"/qpp/stages/{stage.public_id}/decide/",
        verdict="approved",
        version=str(stage.request_version),
        items=stage.items_hash,
    )
    assert is_now(Grant.objects.get(account=world.nora.account).starts_at)
    assert is_now(Outcome.objects.get(stage=stage).decided_at)
    assert nothing_lies_ahead()


@wrongly
@pytest.mark.requirement("QPP-01", "QPP-04")
def test_who_agrees_and_asks_through_a_machine_with_a_wrong_clock_has_asked_now(
    world: World, monkeypatch: pytest.MonkeyPatch, by: timedelta | datetime
) -> None:
    goes_wrong(monkeypatch, by)
    uma = signed_in_client(world.uma)
    assert is_now(world.uma.account.agreements.latest("pk").agreed_at)
    goes(uma, review("staff_user", world.cedar), reason="I prepare the quality measures.")
    assert is_now(Request.objects.get(beneficiary=world.uma.account).submitted_at)
    assert nothing_lies_ahead()


@pytest.fixture
def now(db: None) -> datetime:
    at = clock.now()
    iqcs.begin(at - LONG_AGO)
    return at


def asks_for_a_detail(now: datetime, days: int) -> tuple[Request, Person]:
    """A request for a temporary detail of so many days that waits for the representative."""
    representative = iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS", now - 30 * DAY)
    iqcs.holder(SECURITY, None, "Sven Security", at=now - 30 * DAY)
    person = iqcs.person("Rita Requester", MANAGER, "FWS-R6-BNR", now - 30 * DAY)
    iqcs.employed(person.account, "FWS-R6-BNR", at=now - 30 * DAY)
    last = (now + days * DAY).date()
    form = iqcs.answers(codes=["FWS-R6"], starts_on=date.isoformat(now.date()), ends_on=last.isoformat())
    return iqcs.asks(person.account, form, at=now - HOUR), representative


def decided(client: Client, request: Request) -> str:
    """Approve a request's open stage on its page; return what came."""
    stage = request.stages.get(state="open")
    answer = client.post(
        f"/iqcs/stages/{stage.public_id}/review/",
        {"verdict": "approved", "version": str(stage.request_version), "items": stage.items_hash},
    )
    return f"{answer.status_code}"


@wrongly
@pytest.mark.requirement("IQCS-11")
def test_a_temporary_detail_is_decided_by_the_databases_clock_whatever_the_machines(
    now: datetime, monkeypatch: pytest.MonkeyPatch, by: timedelta | datetime
) -> None:
    request, rosa = asks_for_a_detail(now, 1)
    goes_wrong(monkeypatch, by)
    assert decided(signed_in_client(rosa, PROGRAM), request) == "303"
    assert is_now(Outcome.objects.get(request=request).decided_at)


@pytest.mark.invariant("I7")
@pytest.mark.requirement("IQCS-11")
@pytest.mark.parametrize(
    ("left", "by", "came"),
    [(HOUR / 2, HOUR, "303"), (HOUR / 2, DAY, "303"), (-HOUR / 2, -HOUR, "404"), (-HOUR / 2, -DAY, "404")],
    ids=["not over, an hour ahead", "not over, a day ahead", "over, an hour behind", "over, a day behind"],
)
def test_an_office_held_for_some_days_ends_by_the_databases_clock_for_what_is_posted_too(
    now: datetime, monkeypatch: pytest.MonkeyPatch, left: timedelta, by: timedelta, came: str
) -> None:
    request, rosa = asks_for_a_detail(now, 1)
    goes_wrong(monkeypatch, by)
    client = signed_in_client(rosa, PROGRAM)
    Grant.objects.filter(account=rosa.account).update(closed_at=now - DAY)
    grants.placed(rosa.account, REPRESENTATIVE, None, program_id=PROGRAM, at=now - DAY, ends_at=now + left)
    assert decided(client, request) == came
    assert Outcome.objects.filter(request=request).exists() is (came == "303")


def _then(person: Person) -> str:
    return f"/iqcs/on-that-day/export.csv?about=person&of={person.account.public_id}"


FILES: dict[str, Callable[[Person], str]] = {
    "on that day": _then,
    "pending requests": lambda person: "/iqcs/manage-access/pending.csv",
    "the log": lambda person: "/iqcs/audit/export.csv",
}


@pytest.mark.requirement("IQCS-08")
@pytest.mark.parametrize("by", [HOUR, DAY], ids=["an hour ahead", "a day ahead"])
@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_read_piece_by_piece_is_judged_by_the_databases_clock(
    now: datetime, monkeypatch: pytest.MonkeyPatch, file: str, by: timedelta
) -> None:
    sasha = iqcs.person("Sasha Steward", STEWARD, None, now - 300 * DAY)
    goes_wrong(monkeypatch, by)
    client = signed_in_client(sasha, PROGRAM)
    ends_at(sasha, now + HOUR / 2)
    answer = client.get(FILES[file](sasha))
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a streamed answer has it


@wrongly
@pytest.mark.requirement("IQCS-08")
def test_what_a_worker_with_a_wrong_clock_does_is_due_and_done_by_the_databases(
    now: datetime, monkeypatch: pytest.MonkeyPatch, by: timedelta | datetime
) -> None:
    goes_wrong(monkeypatch, by)
    worker = make_worker(MailServer("127.0.0.1", 9))
    jobs = [one for one in JOBS if one.name in ("warn-of-ends", "escalate-stages")]
    assert len(run_due_jobs(jobs, now=worker.clock(), clock=worker.clock)) == 2
    for job in jobs:
        row = ScheduledJob.objects.get(name=job.name)
        assert is_now(row.started_at)
        assert is_now(row.finished_at)
        assert row.due_at <= agreed_now() + job.interval
    assert is_now(worker.sender.clock())
