"""Request a Role and what comes of it: many organizations, each line answered; rules said before anything is sent."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.accounts.models import Organization
from rolebook.governance.flows import request_role
from rolebook.governance.models import Grant, Request
from tests.support import people
from tests.web.reading import text
from tests.web.worlds import QPP, World, answer, ask, review, signed_in, user

PLACES = reverse("request-role", args=[QPP, "staff_user"])


def practices(world: World, number: int) -> list[Organization]:
    return people.practices(number, at=world.start)


def paste(client: Client, numbers: str, address: str = PLACES) -> str:
    return text(client.post(address, {"numbers": numbers}))


@pytest.mark.requirement("QPP-02")
def test_each_line_of_a_pasted_list_is_answered(world: World) -> None:
    places = practices(world, 3)
    ask(world.uma, places[2], world.start)
    bare = places[1].code.replace("-", "")
    page = paste(signed_in(world.uma), f"{places[0].code}\n {bare};{places[2].code}\t99-9999999,{bare}")
    assert "Your list: 3 of 5 chosen" in page
    assert "Your request waits here already" in page
    assert "99-9999999</td>" in page
    assert "Chosen already" in page
    assert "Go on with 2 organizations" in page


@pytest.mark.fault(1, 6)
@pytest.mark.invariant("I1", "I14")
def test_a_pasted_list_finds_nothing_of_another_program_and_shows_what_was_typed_as_text(
    world: World,
) -> None:
    people.activate("iqies", world.start)
    foreign = Organization.objects.filter(program_id="iqies").first()
    assert foreign is not None
    page = paste(signed_in(world.uma), f"{foreign.code}\n<b>bold</b>\n{'9' * 500}")
    assert "Your list: 0 of 3 chosen" in page
    assert foreign.name not in page
    assert "<b>bold" not in page


@pytest.mark.invariant("I12")
def test_one_request_names_a_hundred_organizations_at_most_and_says_so(world: World) -> None:
    places = practices(world, 101)
    client = signed_in(world.uma)
    page = paste(client, "\n".join(place.code for place in places))
    assert "Your list: 100 of 101 chosen" in page
    assert "one request names 100 organizations at most" in page
    checked = text(client.get(review("staff_user", *places)))
    assert "at <strong>100 organizations</strong>" in checked


@pytest.mark.requirement("QPP-02", "QPP-14")
def test_the_last_step_says_what_will_be_possible_against_today_who_decides_and_what_was_left_out(
    world: World,
) -> None:
    alone, pending = practices(world, 2)
    ask(world.stella, pending, world.start, role_id="security_official")
    page = text(signed_in(world.stella).get(review("security_official", world.cedar, alone, pending)))
    assert "at <strong>2 organizations</strong>" in page
    assert "Besides what you can do there today as Staff User, you will be able to do 3 more things." in page
    assert "The Security Official of Cedar Valley Family Practice." in page
    assert "so the Quality Payment Program Service Center decides." in page
    assert "Left out: 1 organization." in page
    assert "Your request waits here already" in page
    assert "Maria Alvarez" not in page


def test_the_last_step_says_how_long_a_decision_usually_takes_once_there_were_a_few(world: World) -> None:
    client = signed_in(world.uma)
    assert "usually takes" not in text(client.get(review("staff_user", world.hilltop)))
    for number in range(5):
        asker = user(f"Person {number}", f"person{number}", world.start)
        request = ask(asker, world.cedar, world.start + timedelta(days=1))
        answer(world.owen, request, "approved", world.start + timedelta(days=4))
    # There too few were decided: the whole program's, and the page says so.
    elsewhere = text(client.get(review("staff_user", world.hilltop)))
    assert "usually takes about 3 days, over all organizations of QPP." in elsewhere
    there = text(client.get(review("staff_user", world.cedar)))
    assert "at Cedar Valley Family Practice usually takes about 3 days." in there


def test_what_was_typed_is_kept_on_the_way_back_and_in_no_address(world: World) -> None:
    client = signed_in(world.uma)
    address = review("staff_user", world.hilltop)
    back = client.post(address, {"reason": "My very own words.", "back": "organizations"})
    assert back.status_code == 303
    assert "words" not in back["Location"]
    assert "Hilltop Clinic" in text(client.get(back["Location"]))
    assert "My very own words." in text(client.get(address))
    client.post(address, {"reason": "My very own words."})
    assert "My very own words." not in text(client.get(review("staff_user", world.cedar)))


@pytest.mark.fault(17)
def test_a_second_press_and_a_second_tab_send_nothing_twice(world: World) -> None:
    places = practices(world, 3)
    client = signed_in(world.uma)
    first = client.post(review("staff_user", *places[:2]), {"reason": "Once."})
    second = client.post(review("staff_user", *places[:2]), {"reason": "Once."})
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    other_tab = client.post(review("staff_user", *places), {"reason": "Twice?"})
    assert other_tab.status_code == 409
    assert f"at <strong>{places[2].name}</strong>" in text(other_tab)
    assert Request.objects.filter(requester=world.uma.account).count() == 1


@pytest.mark.requirement("IQIES-04", "IQIES-08")
def test_roles_of_another_category_and_designated_roles_are_explained_before_they_are_asked_for(
    world: World,
) -> None:
    people.activate("iqies", world.start)
    client = people.signed_in_client(people.user_with_totp("Iris", "iris", world.start), "iqies")
    page = text(client.get(reverse("request-a-role", args=["iqies"])))
    assert "Do not request this role" in page
    narrowed = text(client.get(reverse("request-a-role", args=["iqies"]), {"category": "provider"}))
    assert "Choose Provider Assessment Viewer" in narrowed or "Choose Provider" in narrowed
    assert "CMS Security Official" not in narrowed


@pytest.mark.requirement("QPP-05")
def test_a_pending_request_says_what_the_role_would_let_them_do_against_today(world: World) -> None:
    ask(world.stella, world.cedar, world.start, role_id="security_official")
    page = text(signed_in(world.maria).get(reverse("manage-access", args=[QPP])))
    assert "3 new things" in page
    assert "New with Security Official:" in page
    assert "and theirs already as Staff User:" in page
    assert "They can do nothing there today. With Staff User they could:" in page


@pytest.mark.requirement("QPP-04", "QPP-15")
def test_everything_of_one_request_is_decided_together_and_only_what_is_ones_own(world: World) -> None:
    request = people_request(world, [world.cedar, world.hilltop])
    client = signed_in(world.maria)
    chosen = client.post(reverse("decide-selected", args=[QPP]), {"request": f"approved:{request.public_id}"})
    assert "Approve 1 request?" in text(chosen)
    assert "Hilltop" not in text(chosen)
    foreign = people_request(world, [world.hilltop], "Rosa Rider")
    missing = client.post(
        reverse("decide-selected", args=[QPP]), {"request": f"approved:{foreign.public_id}"}, follow=True
    )
    assert "Nothing is selected." in text(missing)
    assert not Grant.objects.filter(account=request.beneficiary).exists()


def people_request(world: World, places: list[Organization], name: str = "Petra Prairie") -> Request:
    person = user(name, name.split(maxsplit=1)[0].casefold(), world.start)
    return request_role(
        acting_user=person.account,
        program_id=QPP,
        role_id="staff_user",
        organization_ids=[place.public_id for place in places],
        at=world.start,
        origin=people.WEB,
    )


@pytest.mark.requirement("QPP-15")
def test_pending_requests_are_sorted_filtered_and_paged_without_gap(world: World) -> None:
    for number in range(30):
        asker = user(f"Person {29 - number:02}", f"person{number}", world.start)
        role = "security_official" if number % 2 else "staff_user"
        ask(asker, world.cedar, world.start + timedelta(hours=number), role_id=role)
    client = signed_in(world.maria)
    address = reverse("manage-access", args=[QPP])
    for sort, expected in (
        ("person", [f"Person {n:02}" for n in range(30)]),
        ("newest", [f"Person {n:02}" for n in range(30)]),
    ):
        seen: list[str] = []
        page = f"{address}?sort={sort}&search=person"
        while page:
            shown = client.get(page)
            seen += [row.beneficiary_name for row in shown.context["to_decide"].rows]
            page = shown.context["next_url"].partition("#")[0]
        assert seen == expected
    officials = client.get(f"{address}?role=security_official").context["to_decide"]
    assert {row.role_ids for row in officials.rows} == {("security_official",)}
    assert len(officials.rows) == 15


@pytest.mark.requirement("QPP-06")
@pytest.mark.fault(49)
def test_view_users_and_pending_requests_are_downloaded_by_those_who_may_see_them(world: World) -> None:
    evil = user("=HYPERLINK(1)", "evil", world.start)
    ask(evil, world.cedar, world.start)
    users = reverse("organization-users-csv", args=[QPP, world.cedar.public_id])
    rows = list(csv.reader(io.StringIO(read(signed_in(world.maria), users))))
    assert [(row[0], row[1], row[4]) for row in rows[1:]] == [
        ("pending", "'=HYPERLINK(1)", "Staff User"),
        ("pending", "Nora Newell", "Staff User"),
        ("connected", "Maria Alvarez", "Security Official"),
        ("connected", "Owen Brandt", "Security Official"),
        ("connected", "Stella Stone", "Staff User"),
    ]
    assert signed_in(world.stella).get(users).status_code == 403
    assert signed_in(world.henry).get(users).status_code == 404
    waiting = read(signed_in(world.maria), reverse("pending-csv", args=[QPP]) + "?search=nora")
    assert [row[0] for row in csv.reader(io.StringIO(waiting))][1:] == ["Nora Newell"]


def read(client: Client, address: str) -> str:
    answered = client.get(address)
    assert answered.status_code == 200
    assert answered["Content-Type"].startswith("text/csv")
    return answered.getvalue().decode("utf-8-sig")


@pytest.mark.requirement("QPP-13")
def test_own_requests_are_found_by_state_and_organization_and_withdrawn_at_one_of_them(world: World) -> None:
    request = people_request(world, [world.cedar, world.hilltop])
    client = signed_in(people.Person(request.requester))
    page = reverse("request", args=[QPP, request.public_id])
    assert "Withdraw here" in text(client.get(page))
    Grant.objects.filter(account=world.henry.account).update(closed_at=world.start + timedelta(days=1))
    # This program has no steward, to whom it would go.
    assert "Nobody can decide it now" in text(client.get(page))
    withdraw = reverse("withdraw-request", args=[QPP, request.public_id])
    answered = client.post(withdraw, {"organization": str(world.cedar.public_id)}, follow=True)
    assert "That part of your request was withdrawn; the rest goes on." in text(answered)
    assert "1 pending, 1 withdrawn" in text(answered) or "1 withdrawn, 1 pending" in text(answered)
    mine = reverse("my-requests", args=[QPP])
    assert "View request" in text(client.get(mine, {"search": "hilltop", "state": "pending"}))
    assert "None of your requests matches" in text(client.get(mine, {"state": "denied"}))
