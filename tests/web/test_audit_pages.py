"""The Audit page and its files: what they say, that nothing forged gets in, and that they stay bounded."""

import csv
import io
import json
import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.audit.erasure import erase_personal_data
from rolebook.audit.models import Event
from rolebook.audit.verification import verify
from rolebook.cli.server.audit import audit as audit_command
from rolebook.governance.queries import audit_files
from rolebook.governance.queries.audit_trail import Wanted, audit_trail
from rolebook.notices.choosing import choose_reminder
from tests.support import people
from tests.web.audit_worlds import refused_decision, remove, tell
from tests.web.worlds import QPP, World, answer, ask, signed_in, steward_of, user

AUDIT = f"/{QPP}/audit/"
DAY = timedelta(days=1)
_MARKS = re.compile(r"<[^>]*>")


def words(content: bytes) -> str:
    """Return what a page says, its marks and its spaces left out."""
    return " ".join(_MARKS.sub(" ", content.decode()).split())


def lately(world: World, by_the_clock: time) -> datetime:
    """A time of the day, by the program's clock, when what the world tells of has happened."""
    zone = ZoneInfo("America/New_York")
    return datetime.combine((world.start + 17 * DAY).astimezone(zone).date(), by_the_clock, zone)


def streamed(client: Client, address: str) -> str:
    answered = client.get(address)
    assert answered.streaming
    return answered.getvalue().decode("utf-8-sig")


def test_the_list_says_who_did_what_to_whom_where_and_when(world: World) -> None:
    at = lately(world, time(15, 5))
    remove(world.maria, world.stella, world, at.astimezone(UTC))
    page = words(signed_in(world.owen).get(AUDIT).content)
    assert "Maria Alvarez removed the access of Stella Stone at Cedar Valley Family Practice" in page
    assert f"{at:%b} {at.day}, {at.year}, 3:05 p.m. {at:%Z}" in page
    assert "Roles: Staff User → became nothing" in page
    newest = Event.objects.order_by("-sequence").get(tag="access:removed")
    assert f"No. {newest.sequence}" in page
    assert bytes(newest.hash).hex()[:12] in page


def test_a_refused_attempt_is_marked_and_says_why(world: World) -> None:
    refused_decision(world.henry, world.stage.public_id, clock.now())
    page = words(signed_in(world.maria).get(f"{AUDIT}?kind=refused").content)
    assert (
        "Henry Hill tried to decide a request of Nora Newell at Cedar Valley Family Practice Refused" in page
    )
    assert "What was named does not exist, or was not theirs." in page


@pytest.mark.parametrize("address", [AUDIT, f"{AUDIT}export.csv", f"{AUDIT}export.jsonl"])
def test_an_address_that_says_nonsense_is_answered_calmly(world: World, address: str) -> None:
    client = signed_in(world.maria)
    for query in (
        "since=yesterday",
        "since=0001-01-01",
        "until=9999-12-31",
        "kind=none",
        "person=%00",
        "after=x",
        "after=WyIiLCAtMV0",
        f"person={'x' * 3000}",
        "organization=nowhere",
        "since=2026-05-01&until=2026-04-01",
    ):
        assert client.get(f"{address}?{query}").status_code in (200, 400)
    told = words(client.get(f"{AUDIT}?since=yesterday").content)
    assert "Write the day as year-month-day, such as 2026-11-21." in told
    assert "Nothing matches" in words(client.get(f"{AUDIT}?person=nobody").content)


def test_days_in_the_wrong_order_are_told_beside_the_field_and_kept(world: World) -> None:
    client = signed_in(world.maria)
    page = client.get(f"{AUDIT}?since=2026-05-01&until=2026-04-01").content.decode()
    told = words(page.encode())
    assert "This day is before May 1, 2026, where the search begins. Choose that day or a later one." in told
    assert 'id="id_until_error"' in page
    assert 'value="2026-05-01"' in page
    assert "Nothing matches" not in told


def test_a_day_is_one_of_the_programs_zone_and_the_last_is_included(world: World) -> None:
    late = lately(world, time(23, 59, 59))
    remove(world.maria, world.stella, world, late.astimezone(UTC))
    client, before, after = signed_in(world.maria), late.date() - DAY, late.date() + DAY
    removal = "removed the access of Stella Stone"
    assert removal in words(client.get(f"{AUDIT}?since={late.date()}&until={late.date()}").content)
    assert removal not in words(client.get(f"{AUDIT}?since={after}").content)
    assert removal not in words(client.get(f"{AUDIT}?until={before}").content)


def test_the_histories_are_linked_where_one_may_see_them(world: World) -> None:
    history = reverse("person-history", args=[QPP, world.stella.account.public_id])
    users = reverse("organization-users", args=[QPP, world.cedar.public_id])
    request = reverse("request", args=[QPP, world.waiting.public_id])
    assert history in signed_in(world.maria).get(users).content.decode()
    for person in (world.maria, world.nora):
        client = signed_in(person)
        assert f"{request}history/" in client.get(request).content.decode()
        assert "Nora Newell asked" in words(client.get(f"{request}history/").content)
    assert "/qpp/my-access/history/" in signed_in(world.uma).get("/qpp/my-access/").content.decode()
    assert "began a session in the program" in words(
        signed_in(world.uma).get("/qpp/my-access/history/").content
    )


@pytest.mark.fault(34)
def test_erased_personal_data_is_told_as_erased(world: World) -> None:
    client, address = signed_in(world.maria), f"{AUDIT}?person=nora"
    assert "I prepare the quality measures." in words(client.get(address).content)
    erase_personal_data(
        account_id=world.nora.account.public_id, acting_account_id=None, at=clock.now(), origin=people.COMMAND
    )
    page = words(client.get(address).content)
    assert "I prepare the quality measures." not in page
    assert "Reason given: erased" in page
    told = [json.loads(line) for line in streamed(client, f"{AUDIT}export.jsonl?person=nora").splitlines()]
    assert {"label": "Reason given", "value": None, "erased": True} in [
        one for event in told for one in event["personal"]
    ]
    assert not verify().findings


@pytest.mark.fault(32)
@pytest.mark.fault(49)
@pytest.mark.invariant("I14")
def test_what_people_write_cannot_forge_an_entry(world: World) -> None:
    name = "=Eve\u202e\r\n99,2026-01-01,<b>Maria</b> approved\x1b[1m"
    Account.objects.filter(pk=world.nora.account.pk).update(name=name)
    client = signed_in(world.maria)
    page = client.get(AUDIT).content.decode()
    for hostile in ("\u202e", "\x1b", "<b>Maria"):
        assert hostile not in page
    assert "[U+202E]⏎99,2026-01-01,&lt;b&gt;Maria" in page
    written = streamed(client, f"{AUDIT}export.csv")
    rows = list(csv.reader(io.StringIO(written)))
    assert len(rows) == len(written.split("\r\n")) - 1
    assert {row[6] for row in rows[1:]} >= {"'=Eve[U+202E]⏎99,2026-01-01,<b>Maria</b> approved[U+001B][1m"}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert streamed(client, f"{AUDIT}export.jsonl").isascii()


def test_the_files_hold_what_the_list_shows_and_its_hashes(world: World) -> None:
    tell(world)
    client = signed_in(world.maria)
    lines = audit_trail(
        world.maria.account, QPP, clock.now(), wanted=Wanted(kind="decisions"), limit=200
    ).trail.lines
    rows = list(csv.DictReader(io.StringIO(streamed(client, f"{AUDIT}export.csv?kind=decisions"))))
    told = [json.loads(line) for line in streamed(client, f"{AUDIT}export.jsonl?kind=decisions").splitlines()]
    assert [row["what happened"] for row in rows] == [line.text for line in lines]
    assert [event["sentence"] for event in told] == [line.text for line in lines]
    assert [row["hash"] for row in rows] == [event["hash"] for event in told] == [line.hash for line in lines]


def test_values_are_worded_on_the_page_and_kept_as_they_are_in_the_files(world: World) -> None:
    remove(world.maria, world.stella, world, clock.now())
    choose_reminder(
        acting_user=world.maria.account,
        program_id=QPP,
        cadence="working-days",
        weekday=0,
        hour=15,
        at=clock.now(),
        origin=people.WEB,
    )
    client = signed_in(steward_of(world))
    page = words(client.get(f"{AUDIT}?kind=people").content)
    told = "How often: On working days Hour of the day: 3 p.m. How: On the page Weekday: Monday"
    assert told in page
    assert "working-days" not in page
    assert "Because of: a removal" in words(client.get(f"{AUDIT}?kind=access").content)
    [written] = re.findall(
        r"How often: .*?Monday\): 0", streamed(client, f"{AUDIT}export.csv?kind=people").replace("\r\n", " ")
    )
    assert written == "How often: working-days; Hour of the day: 15; How: page; Weekday (0 is Monday): 0"
    assert '"new": "working-days"' in streamed(client, f"{AUDIT}export.jsonl?kind=people")


@pytest.mark.invariant("I12")
def test_a_file_that_does_not_hold_everything_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(world.maria)
    whole = streamed(client, f"{AUDIT}export.csv").splitlines()
    monkeypatch.setattr(audit_files, "MOST_EVENTS", len(whole) - 1)
    assert streamed(client, f"{AUDIT}export.csv").splitlines() == whole
    monkeypatch.setattr(audit_files, "MOST_EVENTS", 3)
    cut = "Cut here after 3 events: there are older ones. Choose earlier dates for the rest."
    rows = list(csv.reader(io.StringIO(streamed(client, f"{AUDIT}export.csv"))))
    assert (len(rows), rows[-1][2]) == (5, cut)
    told = streamed(client, f"{AUDIT}export.jsonl").splitlines()
    assert (len(told), json.loads(told[-1])) == (4, {"cut": cut})


@pytest.mark.invariant("I7")
def test_a_file_ends_where_its_reader_lost_the_office(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rolebook.governance.queries.paging.MOST_ROWS", 2)
    exported = audit_files.exported(world.owen.account, QPP, clock.now, Wanted())
    next(exported)
    remove(world.maria, world.owen, world, clock.now())
    rest = list(exported)
    assert rest[-1] == audit_files.Cut("Cut here: you may not see the audit log any more.")
    assert len(rest) == 2


@pytest.mark.invariant("I12")
def test_the_list_makes_at_most_twelve_statements_however_long_it_is(world: World) -> None:
    steward = tell(world)
    now = clock.now()
    searches = [
        Wanted(),
        Wanted("e", "e", "decisions", now - timedelta(days=9), now),
        Wanted(person="maria", since=now - timedelta(days=9), until=now),
    ]

    def statements() -> list[int]:
        numbers = []
        for person in (world.maria, steward):
            for wanted in searches:
                with CaptureQueriesContext(connection) as made:
                    audit_trail(person.account, QPP, now, wanted=wanted)
                numbers.append(len(made))
        return numbers

    before = statements()
    for number in range(8):
        someone = user(f"Later {number}", f"later{number}", now)
        answer(world.owen, ask(someone, world.cedar, now), "approved", now)
    assert statements() == before
    assert max(before) <= 12


def test_the_operator_prints_the_whole_log_of_a_program(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rolebook.cli.server.audit.start_django", lambda: None)
    monkeypatch.setattr("rolebook.governance.queries.paging.MOST_ROWS", 5)
    printed = CliRunner().invoke(audit_command, ["export", QPP, "--json"])
    told = [json.loads(line)["sequence"] for line in printed.output.splitlines()]
    assert told == list(Event.objects.filter(program_id=QPP).values_list("sequence", flat=True))
    day = (world.start + timedelta(days=15)).astimezone().date().isoformat()
    some = CliRunner().invoke(audit_command, ["export", QPP, "--since", day])
    rows = list(csv.reader(io.StringIO(some.output)))
    assert rows[0] == list(audit_files.CSV_COLUMNS)
    assert 1 < len(rows) < len(told)
    missing = CliRunner().invoke(audit_command, ["export", "nothing"])
    assert missing.exit_code == 1
    assert "found no program 'nothing'" in missing.output


def test_no_link_of_ones_own_history_leads_to_a_history_that_one_may_not_read(world: World) -> None:
    at = world.start + 17 * DAY
    answer(world.maria, world.waiting, "approved", at)
    address = reverse("request-history", args=[QPP, world.waiting.public_id])
    maria = signed_in(world.maria)
    page = reverse("my-history", args=[QPP])
    assert address in maria.get(page).content.decode()
    assert maria.get(address).status_code == 200
    remove(world.owen, world.maria, world, at + timedelta(hours=1))
    left = maria.get(page).content.decode()
    assert "Maria Alvarez approved" in words(left.encode())
    assert maria.get(address).status_code == 404
    assert address not in left
