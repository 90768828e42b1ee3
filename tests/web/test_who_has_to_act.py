"""Pages and lists say in the same words for whom a request waits, and what to do where nobody can decide it."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.watch_stages import escalate_stages
from rolebook.governance.models import Grant, Participation, SupervisorWord
from tests.support import grants, iqcs, people
from tests.support.grants import STEWARD
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import WEB, Person
from tests.web.counted_statements import MOST, statements
from tests.web.worlds import QPP, World, ask, designate, signed_in, user

BEFORE, HOUR = timedelta(days=1), timedelta(hours=1)
LISTS = ("home", "manage-access", "my-requests")
NOBODY = "Nobody can decide it now"
SERVICE_CENTER = "Quality Payment Program Service Center"


def words(client: Client, name: str, *args: object, program: str = QPP) -> str:
    """A page as it is read: without tags, one space between words."""
    page = client.get(reverse(name, args=[program, *args]))
    assert page.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


@pytest.mark.requirement("QPP-09")
@pytest.mark.fault(20)
def test_page_and_lists_of_an_ordinary_request_say_that_nobody_can_decide_it(world: World) -> None:
    stuart = user("Stuart Steward", "stuart", world.start)
    designate(stuart, STEWARD, None, world.start)
    request = ask(stuart, world.hilltop, clock.now() - HOUR)
    client = signed_in(stuart)
    for name in LISTS:
        assert "Waits for a Security Official of Hilltop Clinic" in words(client, name)
    Grant.objects.filter(account=world.henry.account).update(closed_at=clock.now())
    needed = f"It needs another person as {SERVICE_CENTER}"
    for name in LISTS:
        page = words(client, name)
        assert f"{NOBODY}, asked" in page
        assert f"{needed}: ask Quality Payment Program." in page
        assert "Waits for" not in page
    page = words(client, "request", request.public_id)
    assert NOBODY in page
    assert f"{needed}, who neither asked for it nor decided a step of it. Designate one" in page
    assert "Waits for" not in page
    # With another steward it goes on, and all of them say so.
    designate(user("Sara Second", "sara", world.start), STEWARD, None, clock.now())
    for name, args in (*((name, ()) for name in LISTS), ("request", (request.public_id,))):
        page = words(client, name, *args)
        assert f"Waits for the {SERVICE_CENTER}" in page
        assert NOBODY not in page


@pytest.mark.requirement("QPP-09")
def test_who_may_name_no_steward_is_told_whom_to_ask(world: World) -> None:
    request = ask(world.uma, world.hilltop, clock.now() - HOUR)
    Grant.objects.filter(account=world.henry.account).update(closed_at=clock.now())
    page = words(signed_in(world.uma), "request", request.public_id)
    assert "nor decided a step of it. Ask Quality Payment Program." in page
    assert "Designate one" not in page


@pytest.mark.requirement("QPP-09")
def test_of_several_organizations_it_is_said_at_how_many_nobody_can_decide(world: World) -> None:
    from rolebook.governance.flows import request_role

    request = request_role(
        acting_user=world.uma.account,
        program_id=QPP,
        role_id="staff_user",
        organization_ids=[world.cedar.public_id, world.hilltop.public_id],
        reason="",
        at=clock.now() - HOUR,
        origin=WEB,
    )
    Grant.objects.filter(account=world.henry.account).update(closed_at=clock.now())
    client = signed_in(world.uma)
    for name in LISTS:
        page = words(client, name)
        assert "Waits for 2 decisions, the first asked" in page
        assert "nobody can decide 1 of them now" in page
    page = words(client, "request", request.public_id)
    assert "Waits for a Security Official of Cedar Valley Family Practice, asked" in page
    assert f"{NOBODY}, asked" in page


@pytest.mark.requirement("QPP-09")
def test_an_officials_view_of_users_says_so_of_their_own_request(world: World) -> None:
    ask(world.henry, world.hilltop, clock.now() - HOUR)
    page = words(signed_in(world.henry), "organization-users", world.hilltop.public_id)
    assert "Your own request: nobody can decide it now" in page
    stuart = user("Stuart Steward", "stuart", world.start)
    designate(stuart, STEWARD, None, world.start)
    page = words(signed_in(world.henry), "organization-users", world.hilltop.public_id)
    assert f"Your own request: waits for the {SERVICE_CENTER}" in page


@pytest.mark.requirement("QPP-09")
def test_home_and_manage_access_lead_a_steward_to_name_another(world: World) -> None:
    stuart = user("Stuart Steward", "stuart", world.start)
    designate(stuart, STEWARD, None, world.start)
    ask(stuart, world.hilltop, clock.now() - HOUR)
    client = signed_in(stuart)
    assert "that nobody can decide" not in words(client, "home")
    Grant.objects.filter(account=world.henry.account).update(closed_at=clock.now())
    escalate_stages(clock.now())
    for name in ("home", "manage-access"):
        page = words(client, name)
        assert "1 request waits that nobody can decide" in page
        assert "Designate another steward" in page
        assert statements(client, reverse(name, args=[QPP])) <= MOST
    assert "that nobody can decide" not in words(signed_in(world.maria), "manage-access")


@pytest.fixture
def rita(db: None) -> Person:
    iqcs.begin(clock.now() - 500 * BEFORE)
    return people.user_with_totp("Rita Requester", at=clock.now() - BEFORE)


def official(role_id: str, code: str | None, name: str) -> Person:
    person = people.user_with_totp(name, at=clock.now() - BEFORE)
    if role_id:
        grants.designated(person.account, role_id, program_id=PROGRAM, at=clock.now() - BEFORE)
    if code:
        iqcs.gives_access(person.account, code, at=clock.now() - BEFORE)
    return person


def asked_of(supervisor: Account, asker: Account) -> None:
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], supervisor_email=supervisor.email)
    iqcs.asks(asker, form, authorized=False, at=clock.now() - HOUR)


@pytest.mark.requirement("IQCS-02")
def test_where_the_supervisors_word_is_awaited_every_list_says_so_and_since_when(rita: Person) -> None:
    post = iqcs.Post()
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"])
    at = clock.now() - 3 * BEFORE
    request = iqcs.asks(rita.account, form, authorized=False, post=post, at=at)
    client = people.signed_in_client(rita, PROGRAM)
    for name in LISTS:
        assert "Pending Waits for the supervisor, Sam Supervisor, asked 3 days ago" in words(
            client, name, program=PROGRAM
        )
        assert statements(client, reverse(name, args=[PROGRAM])) <= MOST
    page = words(client, "request", request.public_id, program=PROGRAM)
    assert "Waits for the supervisor, Sam Supervisor since" in page
    SupervisorWord.objects.update(state="given", answered_at=clock.now(), token_hash="")
    assert "Waits for the supervisor" not in words(client, "my-requests", program=PROGRAM)


@pytest.mark.requirement("IQCS-02")
def test_a_supervisor_of_several_finds_all_of_them_on_home_and_manage_access(rita: Person) -> None:
    sam, otto = official(MANAGER, "FWS-R6", "Sam Supervisor"), official("", None, "Otto Other")
    for asker in (rita, otto):
        asked_of(sam.account, asker.account)
    client = people.signed_in_client(sam, PROGRAM)
    for name in ("home", "manage-access"):
        assert "2 account requests name you as supervisor Authorize or not" in words(
            client, name, program=PROGRAM
        )
        assert statements(client, reverse(name, args=[PROGRAM])) <= MOST
    listed = words(client, "authorizations", program=PROGRAM)
    assert listed.index("Rita Requester") < listed.index("Otto Other")
    # A list that is narrowed is about what was looked for.
    narrowed = client.get(reverse("manage-access", args=[PROGRAM]), {"search": "rita"})
    assert b"name you as supervisor" not in narrowed.content


@pytest.mark.requirement("IQCS-10")
def test_a_reactivation_that_waits_is_counted_and_linked_for_security(rita: Person) -> None:
    rosa, sven = official(REPRESENTATIVE, "FWS", "Rosa Representative"), official(SECURITY, None, "Sven")
    iqcs.employed(rita.account, "FWS-R6-BNR", at=clock.now() - BEFORE)
    Participation.objects.filter(account=rita.account).update(status="closed")
    request = ask_reactivation(
        acting_user=rosa.account,
        program_id=PROGRAM,
        beneficiary_id=rita.account.public_id,
        reason="She is back.",
        at=clock.now() - HOUR,
        origin=WEB,
    )
    client, address = (
        people.signed_in_client(sven, PROGRAM),
        reverse("request", args=[PROGRAM, request.public_id]),
    )
    assert "One request waits for your decision." in words(client, "home", program=PROGRAM)
    for name in ("home", "manage-access"):
        page = client.get(reverse(name, args=[PROGRAM])).content.decode()
        assert address in page
        shown = words(client, name, program=PROGRAM)
        assert "Rita Requester asked by Rosa Representative" in shown
        assert "Open the account again" in shown
    assert "Reactivate" in words(client, "request", request.public_id, program=PROGRAM)
    # Who asked finds it among their own, with whom it waits for.
    mine = words(people.signed_in_client(rosa, PROGRAM), "manage-access", program=PROGRAM)
    assert "Waits for IQCS Security" in mine
