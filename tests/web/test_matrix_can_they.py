"""Can they?: everybody about themselves and about roles; about others only as far as View Users goes (I1, I3)."""

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from rolebook.accounts.models import Organization
from rolebook.audit import clock
from rolebook.governance.instants import day_in_words, instant_in_words
from rolebook.governance.queries import asking
from tests.authzen.asking import catch_up, decision_point
from tests.support import grants, people
from tests.web.audit_worlds import remove
from tests.web.test_matrix_page import page
from tests.web.test_permissions import seen
from tests.web.worlds import World, answer, ask, signed_in, steward_of

ADDRESS = "/qpp/can-they/"
SUBMIT = "privilege=submit_performance_data"
APPROVE = "privilege=approve_role_requests"


def plain(client: Client, query: str, address: str = ADDRESS) -> str:
    return " ".join(page(client, f"{address}?{query}").split())


def headline(text: str) -> str:
    return text.partition('class="verdict')[2].partition('<p role="status">')[2].partition("</p>")[0]


def place(organization: Organization) -> str:
    return f"organization={organization.public_id}"


def about(person: people.Person) -> str:
    return f"who=person&person={person.account.public_id}"


def test_one_asks_about_oneself_and_reads_why(world: World) -> None:
    text = plain(signed_in(world.stella), f"{SUBMIT}&{place(world.cedar)}")
    assert headline(text).startswith("Yes: Staff User, held at Cedar Valley Family Practice since")
    assert "<li>Table 1 / Performance data / Submit performance data says yes for Staff User.</li>" in text
    refused = plain(signed_in(world.stella), f"{SUBMIT}&{place(world.hilltop)}")
    assert headline(refused).startswith(
        "No: Staff User gives “Submit performance data”, but it is held at Cedar"
    )


@pytest.mark.requirement("IQIES-01")
def test_who_holds_no_role_reads_that_and_which_roles_would_give_it(world: World) -> None:
    text = plain(signed_in(world.uma), SUBMIT)
    assert headline(text) == "No: the person holds no role."
    assert "Security Official (can be requested); Staff User (can be requested)" in text


@pytest.mark.requirement("QPP-06")
@pytest.mark.invariant("I3")
def test_an_official_asks_about_somebody_at_the_own_organization(world: World) -> None:
    maria = signed_in(world.maria)
    text = plain(maria, f"{about(world.stella)}&{SUBMIT}&{place(world.cedar)}")
    assert headline(text).startswith("Yes: Staff User, held at Cedar Valley Family Practice")
    text = plain(maria, f"{about(world.stella)}&{APPROVE}&{place(world.cedar)}")
    assert headline(text).startswith("No: none of the roles held gives")


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1, 6)
def test_a_foreign_person_looks_like_one_that_does_not_exist(world: World) -> None:
    for client in (signed_in(world.maria), signed_in(world.owen)):
        foreign = client.get(f"{ADDRESS}?{about(world.henry)}&{SUBMIT}&{place(world.cedar)}")
        nobody = client.get(f"{ADDRESS}?who=person&person={uuid.uuid4()}&{SUBMIT}&{place(world.cedar)}")
        nonsense = client.get(f"{ADDRESS}?who=person&person=7&{SUBMIT}")
        assert foreign.status_code == nobody.status_code == nonsense.status_code == 404
        assert seen(foreign) == seen(nobody)


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1, 6)
@pytest.mark.parametrize("who", ["stella", "nora", "uma"])
def test_without_permission_nobody_asks_about_others(world: World, who: str) -> None:
    client = signed_in(getattr(world, who))
    query = f"{about(world.maria)}&person_words=maria&{SUBMIT}&{place(world.cedar)}"
    text = plain(client, query)
    assert "Maria" not in text
    assert "Another person" not in text


@pytest.mark.invariant("I3")
@pytest.mark.fault(6)
def test_searching_people_finds_only_those_whom_one_may_see(world: World) -> None:
    maria = signed_in(world.maria)
    text = plain(maria, f"who=person&person_words=example.org&{SUBMIT}")
    for name, shown in (
        ("Stella Stone", True),
        ("Owen Brandt", True),
        ("Henry Hill", False),
        ("Uma Under", False),
    ):
        assert (name in text) is shown
    assert "Nothing fits “henry”" in plain(maria, "who=person&person_words=henry")
    found = plain(maria, f"{about(world.stella)}&organization_words=i&{SUBMIT}")
    assert "Hilltop" not in found


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1, 6)
def test_what_somebody_holds_at_a_foreign_organization_is_not_told(world: World) -> None:
    later = world.start + timedelta(days=3)
    answer(world.henry, ask(world.stella, world.hilltop, later), "approved", later)
    maria = signed_in(world.maria)
    foreign = maria.get(f"{ADDRESS}?{about(world.stella)}&{SUBMIT}&{place(world.hilltop)}")
    assert foreign.status_code == 404
    closed = maria.get(f"{ADDRESS}?{about(world.stella)}&{SUBMIT}&organization={uuid.uuid4()}")
    assert seen(closed) == seen(foreign)
    even_later = later + timedelta(days=1)
    asked = ask(world.stella, world.hilltop, even_later, role_id="security_official")
    answer(world.henry, asked, "approved", even_later)
    text = plain(maria, f"{about(world.stella)}&{APPROVE}&{place(world.cedar)}")
    assert headline(text).startswith("No: none of the roles held gives")
    assert "Hilltop" not in text
    own = plain(signed_in(world.stella), f"{SUBMIT}&{place(world.hilltop)}")
    assert headline(own).startswith("Yes: Staff User, held at Hilltop Clinic")


@pytest.mark.invariant("I3")
@pytest.mark.fault(6)
def test_a_yes_by_access_that_one_may_not_see_is_told_without_what_gives_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = world.start + timedelta(days=3)
    asked = ask(world.stella, world.cedar, later, role_id="security_official")
    answer(world.maria, asked, "approved", later)
    found = asking._visible_grants
    monkeypatch.setattr(
        asking,
        "_visible_grants",
        lambda standing, person: [one for one in found(standing, person) if one.role_id == "staff_user"],
    )
    text = plain(signed_in(world.maria), f"{about(world.stella)}&{APPROVE}&{place(world.cedar)}")
    assert headline(text).startswith("Yes: Stella Stone may do")
    assert "Security Official" not in text.partition('class="verdict')[2].partition("</section>")[0]


@pytest.mark.invariant("I7")
def test_an_official_removed_asks_about_nobody_any_more(world: World) -> None:
    from rolebook.audit import clock
    from rolebook.governance.flows import remove_access

    maria = signed_in(world.maria)
    query = f"{about(world.stella)}&{SUBMIT}&{place(world.cedar)}"
    assert headline(plain(maria, query)).startswith("Yes")
    remove_access(
        acting_user=world.owen.account,
        program_id="qpp",
        organization_id=world.cedar.public_id,
        beneficiary_id=world.maria.account.public_id,
        at=clock.now(),
        origin=people.WEB,
    )
    assert "Stella" not in plain(maria, query)


def test_the_steward_asks_about_everybody(world: World) -> None:
    steward = steward_of(world, "Sam Steward", "sam")
    text = plain(signed_in(steward), f"{about(world.henry)}&{APPROVE}&{place(world.hilltop)}")
    assert headline(text).startswith("Yes: Security Official, held at Hilltop Clinic")


@pytest.fixture
def iqies(world: World) -> Client:
    """Somebody without any role, where iQIES is in force."""
    people.activate("iqies", world.start)
    return signed_in(world.uma)


def state(code: str) -> str:
    return str(Organization.objects.get(program_id="iqies", code=code).public_id)


@pytest.mark.requirement("IQIES-15")
@pytest.mark.parametrize(
    ("privilege", "asked_at", "begins"),
    [
        (
            "view_survey_details",
            "TX",
            "Yes: State Agency General User, held at Ohio, gives “View survey details” at Texas.",
        ),
        ("edit_idr", "OH", "Yes: State Agency General User, held at Ohio, gives “Edit IDR” at Ohio."),
        ("edit_idr", "TX", "No: State Agency General User gives “Edit IDR”, but it is held at Ohio"),
        ("add_a_patient", "OH", "No: State Agency General User does not give “Add a patient”."),
    ],
)
def test_a_role_is_asked_about_at_one_place_held_at_another(
    iqies: Client, privilege: str, asked_at: str, begins: str
) -> None:
    places = f"held_at={state('OH')}&organization={state(asked_at)}"
    query = f"who=role&role=state_general_user&privilege={privilege}&{places}"
    assert headline(plain(iqies, query, "/iqies/can-they/")).startswith(begins)


@pytest.mark.requirement("IQIES-15", "IQIES-10", "IQIES-16")
def test_a_role_is_asked_about_in_general(iqies: Client) -> None:
    text = plain(iqies, "who=role&role=state_general_user&privilege=view_survey_letters", "/iqies/can-they/")
    assert headline(text) == "Yes: State Agency General User gives “View survey letters”."
    assert "<li>At every other organization, too.</li>" in text
    text = plain(
        iqies, "who=role&role=state_general_user&privilege=manage_state_prohibited_codes", "/iqies/can-they/"
    )
    assert headline(text).startswith("No: ")
    text = plain(iqies, "who=role&role=cms_general_user&privilege=delete_a_survey", "/iqies/can-they/")
    assert headline(text) == "No: CMS General User does not give “Delete a survey”."
    assert "Footnote: Only the CMS Admin role can delete surveys" in text
    assert "CMS Admin (by designation only; it cannot be requested)" in text


def test_the_own_record_is_told_apart(world: World) -> None:
    people.activate("iqcs", world.start)
    client = signed_in(world.uma)
    query = "who=role&role=responder&privilege=experience_tab"
    assert headline(plain(client, query, "/iqcs/can-they/")).startswith(
        "No: Responder gives “View experience” on the"
    )
    assert headline(plain(client, f"{query}&own=yes", "/iqcs/can-they/")).startswith("Yes: Responder gives")


@pytest.mark.invariant("I1")
@pytest.mark.fault(1)
def test_an_organization_of_another_program_does_not_exist_here(iqies: Client, world: World) -> None:
    query = f"privilege=view_idr&{place(world.cedar)}"
    assert iqies.get(f"/iqies/can-they/?{query}").status_code == 404
    assert (
        iqies.get(f"/iqies/can-they/?who=role&role=mac_user&held_at={world.cedar.public_id}").status_code
        == 404
    )


@pytest.mark.invariant("I3")
@pytest.mark.fault(6)
def test_a_national_official_asks_about_national_roles_and_not_about_providers(
    iqies: Client, world: World
) -> None:
    ohio = Organization.objects.get(program_id="iqies", code="OH")
    grants.designated(world.maria.account, "cms_security_official", program_id="iqies", at=world.start)
    grants.designated(
        world.stella.account, "state_security_official", ohio, program_id="iqies", at=world.start
    )
    asked = grants.asks(world.henry.account, role_id="cms_view_only_user", program_id="iqies", at=world.start)
    grants.decides(world.maria.account, grants.open_stage(asked), at=world.start)
    official = signed_in(world.maria)
    query = f"privilege=view_idr&organization={ohio.public_id}"
    text = plain(official, f"{about(world.henry)}&{query}", "/iqies/can-they/")
    assert headline(text).startswith("Yes: CMS View Only User")
    assert "This counts only the access that you may see." in text
    assert official.get(f"/iqies/can-they/?{about(world.stella)}&{query}").status_code == 404
    assert "Stella" not in plain(official, "who=person&person_words=e", "/iqies/can-they/")


def answered(client: Client, query: str, endpoint: asking.Evaluate, address: str = ADDRESS) -> str:
    """The page as a server shows it that has a decision point in front."""
    environ: dict[str, Any] = {asking.EVALUATION: endpoint}
    response = client.get(f"{address}?{query}", **environ)
    return " ".join(response.content.decode().split())


@pytest.mark.invariant("I10")
def test_the_page_asks_the_endpoint_that_applications_ask(world: World) -> None:
    point = decision_point()
    maria, query = signed_in(world.maria), f"{about(world.stella)}&{SUBMIT}&{place(world.cedar)}"
    for client, asked in ((maria, query), (signed_in(world.stella), f"{SUBMIT}&{place(world.cedar)}")):
        text = answered(client, asked, point.evaluate)
        assert headline(text).startswith("Yes")
        assert "Applications that ask are told the same." in text
    assert "Applications that ask" not in plain(maria, query)


def test_what_applications_are_told_meanwhile_is_told(world: World) -> None:
    point = decision_point()
    query = f"{about(world.stella)}&{SUBMIT}&{place(world.cedar)}"
    maria = signed_in(world.maria)
    remove(world.maria, world.stella, world, clock.now())
    official = f"{about(world.owen)}&{APPROVE}&{place(world.cedar)}"
    assert "are told the same" in answered(maria, official, point.evaluate)
    own = f"{SUBMIT}&{place(world.cedar)}"
    text = answered(signed_in(world.stella), own, point.evaluate)
    assert headline(text).startswith("No")
    assert "Applications that ask are told yes now: a change is taking effect" in text
    catch_up(point)
    assert "are told the same" in answered(signed_in(world.stella), own, point.evaluate)
    assert "Applications get no answer at this moment" in answered(
        signed_in(world.stella), own, decision_point(step=False).evaluate
    )
    assert maria.get(f"{ADDRESS}?{query}").status_code == 404


@pytest.mark.invariant("I3")
def test_who_may_see_only_a_part_is_not_told_what_applications_know(iqies: Client, world: World) -> None:
    ohio = Organization.objects.get(program_id="iqies", code="OH")
    grants.designated(world.maria.account, "cms_security_official", program_id="iqies", at=world.start)
    asked = grants.asks(world.henry.account, role_id="cms_view_only_user", program_id="iqies", at=world.start)
    grants.decides(world.maria.account, grants.open_stage(asked), at=world.start)
    query = f"{about(world.henry)}&privilege=view_idr&organization={ohio.public_id}"
    text = answered(signed_in(world.maria), query, decision_point().evaluate, "/iqies/can-they/")
    assert "This counts only the access that you may see." in text
    assert "Applications" not in text.partition('class="verdict')[2].partition("</section>")[0]


def test_asking_without_choosing_says_beside_each_field_what_to_choose(world: World) -> None:
    maria = signed_in(world.maria)
    role = plain(maria, "who=role&role=&privilege=&organization_words=")
    assert 'id="ask-role-missing"' in role
    assert "Choose the role that you ask about." in role
    assert "Choose what they want to do." in role
    assert "There is no answer yet" in role
    person = plain(maria, f"who=person&person_words=&{SUBMIT}&organization_words=")
    assert "Write the name or user ID of the person that you ask about." in person
    assert "Write the name or number of the organization where they want to do it." in person
    assert "Choose what they want to do." not in person


@pytest.mark.parametrize("query", ["", "who=role", "who=person", f"who=role&{SUBMIT}"])
def test_who_has_not_asked_yet_is_told_of_nothing_missing(world: World, query: str) -> None:
    assert 'class="error"' not in plain(signed_in(world.maria), query)


def test_instants_of_an_answer_are_written_as_on_all_pages(world: World) -> None:
    stella = signed_in(world.stella)
    stella.cookies["rolebook_zone"] = "America/Chicago"
    text = plain(stella, f"{SUBMIT}&{place(world.cedar)}")
    since = instant_in_words(world.start + timedelta(days=1), "America/Chicago")
    assert headline(text).startswith(f"Yes: Staff User, held at Cedar Valley Family Practice since {since}")
    assert f"on {day_in_words(clock.now(), 'America/Chicago')}, " in text.partition("Asked:")[2]


def test_can_they_is_linked_from_where_people_look_for_it(world: World) -> None:
    maria, steward = signed_in(world.maria), signed_in(steward_of(world))
    users = f"/qpp/organizations/{world.cedar.public_id}/users/"
    person = f"/qpp/people/{world.stella.account.public_id}/"
    for client, address in (
        (maria, "/qpp/help/"), (maria, "/qpp/role-matrix/"), (maria, users), (steward, person),
    ):  # fmt: skip
        [link] = set(re.findall(r'href="(/qpp/can-they/[^"]*)"', page(client, address))) - {ADDRESS} or {
            ADDRESS
        }
        assert link in page(client, address).partition("<main")[2]
        assert client.get(unescape(link)).status_code == 200, address
