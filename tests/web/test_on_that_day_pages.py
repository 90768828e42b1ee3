"""The pages "On that day": who held what then, with what stood behind it, for those who may see it today."""

import io
from datetime import datetime, timedelta

import pytest
from openpyxl import load_workbook

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.flows import remove_access
from rolebook.governance.instants import day_in_words
from rolebook.governance.making import make_files
from rolebook.governance.models import MadeFile
from rolebook.governance.queries import paging
from rolebook.governance.refusals import NotFound
from tests.support.people import WEB, Person
from tests.web.worlds import QPP, World, signed_in, steward_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def sten(world: World) -> Person:
    """A steward of QPP."""
    return steward_of(world, "Sten Steward", "sten")


@pytest.fixture
def removed(world: World) -> World:
    """Stella, whose access Maria removed ten days ago."""
    remove_access(
        acting_user=world.maria.account,
        program_id=QPP,
        organization_id=world.cedar.public_id,
        beneficiary_id=world.stella.account.public_id,
        at=world.start + timedelta(days=10),
        origin=WEB,
    )
    return world


def day(world: World, days: int) -> str:
    return f"?day={(world.start + timedelta(days=days)).date().isoformat()}"


def test_an_official_sees_who_was_connected_who_decided_it_and_why_it_ended(removed: World) -> None:
    client = signed_in(removed.maria)
    address = f"/qpp/on-that-day/organizations/{removed.cedar.public_id}/"
    then = client.get(address + day(removed, 5)).content.decode()
    assert "Stella Stone asked for it on" in then
    assert "approved by Maria Alvarez on" in then
    assert "It was removed, by Maria Alvarez." in " ".join(then.split())
    later = client.get(address + day(removed, 12)).content.decode()
    assert "Stella Stone" not in later
    assert "Maria Alvarez" in later


def test_what_waited_then_is_shown_with_what_became_of_it(world: World) -> None:
    address = f"/qpp/on-that-day/organizations/{world.cedar.public_id}/"
    client = signed_in(world.maria)
    assert "Nora Newell" in client.get(address + day(world, 18)).content.decode()
    assert "Nora Newell" not in client.get(address + day(world, 10)).content.decode()


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1)
@pytest.mark.parametrize("who", ["henry", "uma"])
def test_the_past_of_an_organization_is_shown_to_nobody_who_may_not_see_it_today(
    removed: World, sten: Person, who: str
) -> None:
    client = signed_in(getattr(removed, who))
    then, of = day(removed, 5), removed.cedar.public_id
    addresses = [
        f"/qpp/on-that-day/organizations/{of}/{then}",
        f"/qpp/on-that-day/people/{removed.stella.account.public_id}/{then}",
        f"/qpp/on-that-day/export.csv{then}&about=users&of={of}",
        f"/qpp/on-that-day/export.csv{then}&about=people",
        f"/qpp/on-that-day/export.csv{then}&about=who could&of={of}&privilege=submit_performance_data",
    ]
    assert [client.get(one).status_code for one in addresses] == [404] * len(addresses)
    asked = client.post(f"/qpp/on-that-day/export.xlsx{then}&about=users&of={of}")
    assert asked.status_code == 404
    could = client.get(
        f"/qpp/on-that-day/who-could/{then}&organization={of}&privilege=submit_performance_data"
    )
    assert "Stella" not in could.content.decode()


def test_staff_see_their_own_past_and_no_one_elses(removed: World) -> None:
    client = signed_in(removed.stella)
    mine = client.get("/qpp/on-that-day/" + day(removed, 5))
    assert mine["Location"].startswith(f"/qpp/on-that-day/people/{removed.stella.account.public_id}/")
    own = client.get(mine["Location"]).content.decode()
    assert "Staff User" in own
    assert "approved on" in own
    assert "Maria Alvarez" not in own
    now = client.get(f"/qpp/on-that-day/people/{removed.stella.account.public_id}/").content.decode()
    assert "What you hold now." in now
    other = f"/qpp/on-that-day/people/{removed.maria.account.public_id}/{day(removed, 5)}"
    assert client.get(other).status_code == 404


def test_a_steward_asks_who_could_and_reads_what_gave_it(removed: World, sten: Person) -> None:
    of = removed.cedar.public_id
    question = f"&organization={of}&privilege=submit_performance_data"
    client = signed_in(sten)
    then = client.get(f"/qpp/on-that-day/who-could/{day(removed, 5)}{question}").content.decode()
    assert "Stella Stone" in then
    assert "Henry Hill" not in then
    assert "Version 1 of the rolebook was in force" in then
    later = client.get(f"/qpp/on-that-day/who-could/{day(removed, 12)}{question}").content.decode()
    assert "Stella Stone" not in later


@pytest.mark.invariant("I14")
@pytest.mark.fault(49)
def test_files_have_what_the_page_has_and_typed_cells_without_formulas(removed: World, sten: Person) -> None:
    Account.objects.filter(pk=removed.stella.account.pk).update(name="=1+1")
    client = signed_in(sten)
    text = client.get(f"/qpp/on-that-day/export.csv{day(removed, 5)}&about=people&search=stella").getvalue()
    lines = text.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("'=1+1,stella,")
    assert "approved by Maria Alvarez" in lines[1]
    asked = client.post(f"/qpp/on-that-day/export.xlsx{day(removed, 5)}&about=people&search=stella")
    assert asked.status_code == 303
    assert "Being made" in client.get(asked["Location"]).content.decode()
    make_files(clock.now())
    assert "The file is there" in client.get(asked["Location"]).content.decode()
    book = load_workbook(io.BytesIO(client.get(asked["Location"] + "fetch/").getvalue()))
    head, row = list(book["Who held what"].iter_rows())
    cells = dict(zip([cell.value for cell in head], row, strict=True))
    assert (cells["Name"].value, cells["Name"].data_type) == ("=1+1", "s")
    assert isinstance(cells["From"].value, datetime)
    assert signed_in(removed.maria).get(asked["Location"] + "fetch/").status_code == 404


def test_a_file_is_refused_at_making_to_who_may_not_see_the_list_any_more(removed: World) -> None:
    of = removed.hilltop.public_id
    client = signed_in(removed.henry)
    assert (
        client.post(f"/qpp/on-that-day/export.xlsx{day(removed, 5)}&about=users&of={of}").status_code == 303
    )
    removed.henry.account.grants.update(closed_at=clock.now())
    make_files(clock.now())
    assert MadeFile.objects.get().state == "failed"


@pytest.mark.invariant("I3")
def test_a_file_that_was_made_is_given_to_nobody_who_may_not_see_its_list_any_more(removed: World) -> None:
    client = signed_in(removed.henry)
    asked = f"/qpp/on-that-day/export.xlsx{day(removed, 5)}&about=users&of={removed.hilltop.public_id}"
    page = client.post(asked)["Location"]
    make_files(clock.now())
    assert [client.get(one).status_code for one in (page, page + "fetch/")] == [200, 200]
    removed.henry.account.grants.update(closed_at=clock.now())
    assert [client.get(one).status_code for one in (page, page + "fetch/")] == [404, 404]


@pytest.mark.invariant("I3")
def test_a_list_that_is_being_read_ends_where_its_reader_loses_the_office(
    removed: World, sten: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_ROWS", 1)
    pieces = signed_in(sten).get(f"/qpp/on-that-day/export.csv{day(removed, 5)}&about=people")
    reading = iter(pieces.streaming_content)  # type: ignore[attr-defined]
    next(reading)
    sten.account.grants.update(closed_at=clock.now())
    with pytest.raises(NotFound):
        list(reading)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?day=2999-01-01", "That has not come yet"),
        ("?day=yesterday", "Write the day as year-month-day"),
        ("?day=2026-01-01&minute=x", "Write the time as hours and minutes"),
        ("?day=0001-01-01", "Nothing is on record of that day. The log of QPP begins on "),
        ("?day=1200-01-01", "choose that day or a later one."),
    ],
)
def test_a_day_that_cannot_be_asked_about_is_told_beside_its_field(
    world: World, sten: Person, query: str, said: str
) -> None:
    for address in ("/qpp/on-that-day/", "/qpp/on-that-day/who-could/"):
        page = signed_in(sten).get(address + query)
        assert page.status_code == 200
        assert said in page.content.decode()


def test_of_the_time_before_the_first_rolebook_it_is_said_what_is_known(world: World, sten: Person) -> None:
    page = signed_in(sten).get("/qpp/on-that-day/?day=2001-02-03").content.decode()
    begins = day_in_words(world.start, "America/New_York")
    assert "No rolebook was in force here yet: the log begins on" in page
    assert f">{begins}</time>." in page


def test_the_heading_of_people_who_were_searched_for_does_not_say_that_they_are_all(
    world: World, sten: Person
) -> None:
    client = signed_in(sten)
    everybody = client.get("/qpp/on-that-day/").content.decode()
    found = client.get("/qpp/on-that-day/?search=stella").content.decode()
    assert "Everybody who held something</h2>" in everybody
    assert "Everybody" not in found
    assert "People who match and held something</h2>" in found
