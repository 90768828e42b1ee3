"""What the pages of account requests tell a requester: what waits, what begins later; and nothing typed is lost."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.models import AccountDraft, Request
from rolebook.policy.months import day_begins
from tests.support import iqcs, people, responders
from tests.support.grants import decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import Person

BEFORE = timedelta(days=1)
DETAIL = "not yet in force"


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    iqcs.begin(clock.now() - BEFORE)


def somebody(name: str, role_id: str = "", code: str = "") -> Person:
    return iqcs.person(name, role_id, code, clock.now() - BEFORE)


def browser(person: Person) -> Client:
    return people.signed_in_client(person, PROGRAM)


def words(client: Client, name: str, *args: object) -> str:
    """The text of a page without its tags, white space as one space."""
    page = client.get(reverse(name, args=[PROGRAM, *args]))
    assert page.status_code == 200
    return _text(page.content.decode())


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


@pytest.mark.requirement("IQCS-04", "IQCS-06")
def test_home_shows_the_requester_what_waits_for_their_word_and_others_not() -> None:
    rita, rolf = somebody("Rita Requester"), somebody("Rolf Representative", REPRESENTATIVE, "USAF-ACC")
    rosa = somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    client, at = browser(rita), clock.now() - timedelta(hours=2)
    assert "Waiting for your word" not in words(client, "home")
    held = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6", "USAF-ACC"]), at=at)
    assert "Waiting for your word" not in words(client, "home")
    decides(rolf.account, open_stage(held), "denied", reason="No need seen.", at=at)
    home = words(client, "home")
    assert "Something that you asked for waits for you." in home
    assert "Waiting for your word" in home
    assert "Another agency denied its part. Say whether the rest goes on." in home
    assert "Waiting for your word" not in words(browser(rosa), "home")
    client.post(reverse("go-on", args=[PROGRAM, held.public_id]))
    assert "Waiting for your word" not in words(client, "home")
    decides(rosa.account, open_stage(held), "returned", reason="Your job title is missing.", at=clock.now())
    assert "Something is missing. Correct it and send it again." in words(client, "home")
    page = client.get(reverse("home", args=[PROGRAM])).content.decode()
    # However many requests are newer; and the form is opened for it: one press would be refused.
    assert reverse("submit-again", args=[PROGRAM, held.public_id]) not in page
    assert reverse("request", args=[PROGRAM, held.public_id]) in page


@pytest.mark.requirement("IQCS-04", "IQCS-06")
def test_while_a_request_is_held_what_is_open_is_decided_and_nothing_more_opens_as_its_page_says() -> None:
    rita, rolf = somebody("Rita Requester"), somebody("Rolf Representative", REPRESENTATIVE, "USAF-ACC")
    berta = somebody("Berta Representative", REPRESENTATIVE, "BLM-MT")
    somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    at = clock.now() - timedelta(hours=2)
    held = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["USAF-ACC", "BLM-MT"]), at=at)
    decides(rolf.account, open_stage(held, iqcs.place("USAF-ACC")), "denied", reason="No need seen.", at=at)
    rest = "No further step opens {} the rest goes on without that part; what is open already may still be decided."
    asked = "No further step opens before you say so; what is open already may still be decided."
    assert asked in words(browser(rita), "request", held.public_id)
    told = rest.format("until Rita Requester says whether")
    assert told in words(browser(berta), "request", held.public_id)
    decides(berta.account, open_stage(held, iqcs.place("BLM-MT")), at=at)
    assert iqcs.opened(held) == []
    assert iqcs.state_of(held) == "pending"


@pytest.mark.requirement("IQCS-11")
def test_a_detail_given_for_later_days_stands_on_my_access_home_and_the_check() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    sven, at = somebody("Sven Security", SECURITY), clock.now() - timedelta(hours=2)
    first, last = (at + timedelta(days=20)).date(), (at + timedelta(days=50)).date()
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on=first.isoformat(), ends_on=last.isoformat())
    request = iqcs.asks(rita.account, form, at=at)
    for who in (rosa, sven):
        decides(who.account, open_stage(request), at=at)
    days = (
        f"rom {first:%b} {first.day}, {first.year} to the end of {last:%b} {last.day}, {last.year}; {DETAIL}"
    )
    client = browser(rita)
    mine = words(client, "my-access")
    assert mine.count(f"F{days}") == 2
    assert f"F{days}" in words(client, "home")
    client.post(
        "/iqcs/account-request/",
        {
            "work_email": "rita@fws.example",
            "employer_code": "FWS-R6-BNR",
            "supervisor_name": "Sam Supervisor",
            "supervisor_email": "sam@fws.example",
            "role-training_officer": "add",
            "do": "check",
        },
    )
    shown = words(client, "check-account-request")
    assert f"Account Manager, f{days}." in shown
    assert "Roles and organization codes are not held together until the end of" in shown
    assert f"held f{days}" in words(client, "account-request")
    assert set(request.items.values_list("starts_at", flat=True)) == {day_begins(first, "America/Boise")}


@pytest.mark.requirement("IQCS-02")
def test_choosing_a_person_without_an_employer_on_record_says_what_to_do_and_keeps_what_was_typed() -> None:
    rita, manager = somebody("Rita Requester"), somebody("Manuel Manager", MANAGER, "FWS-R6")
    iqcs.gives_access(rita.account, "USAF-ACC", at=clock.now() - BEFORE)
    client = browser(manager)
    answer = client.get("/iqcs/account-request/for/", {"person": rita.account.email})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Nobody has recorded yet who employs this person" in page
    assert "Employers and codes to look at" in page
    assert f'value="{rita.account.email}"' in page
    form = client.get(f"/iqcs/account-request/for/{rita.account.public_id}/")
    assert form.status_code == 403
    assert "Nobody has recorded yet who employs this person" in form.content.decode()
    assert "USAF-ACC" not in form.content.decode()


@pytest.mark.requirement("IQCS-06", "IQCS-14")
def test_comments_that_are_too_long_are_said_beside_the_field_and_kept() -> None:
    rita = somebody("Rita Requester")
    client = browser(rita)
    client.post("/iqcs/account-request/", {"comments": "x" * 2_001, "do": "check"})
    page = client.get("/iqcs/account-request/check/").content.decode()
    assert 'id="comments-error"' in page
    assert "x" * 2_001 in page
    assert AccountDraft.objects.get().content["comments"] == "x" * 2_001


@pytest.mark.requirement("IQCS-07", "IQCS-14")
def test_what_a_refused_file_is_stays_chosen() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    rita = somebody("Rita Requester")
    given = {
        "attachment": SimpleUploadedFile("notes.txt", b"only text"),
        "attachment-is": "certificate",
        "do": "attach",
    }
    answer = browser(rita).post("/iqcs/account-request/", given)
    assert answer.status_code == 422
    assert re.search(r'value="certificate"\s+checked', answer.content.decode())


@pytest.mark.requirement("IQCS-03")
def test_answers_about_codes_that_are_not_all_there_are_kept() -> None:
    manager = somebody("Manuel Manager", MANAGER, "FWS-R6")
    iqcs.gives_access(manager.account, "USAF-ACC", at=clock.now() - BEFORE)
    lead = somebody("Lena Lead", LEAD, "BLM")
    at = clock.now() - timedelta(hours=1)
    iqcs.employed(manager.account, "FWS-R6", at=at)
    iqcs.employed(manager.account, "BLM-MT", at=at)
    client = browser(lead)
    page = client.get("/iqcs/employers/").content.decode()
    address = re.search(r"/iqcs/access-checks/[\w-]+/close/", page)
    [kept, _] = sorted(set(re.findall(r'name="(code-[0-9a-f-]{36})"', page)))
    assert address is not None
    answer = client.post(address.group(), {kept: "keep", "note": "Asked the unit."})
    assert answer.status_code == 422
    again = answer.content.decode()
    assert 'value="Asked the unit."' in again
    assert re.search(rf'name="{kept}"\s+value="keep"\s+checked', again)
    assert len(re.findall(r"\schecked", again)) == 1


@pytest.mark.requirement("IQCS-02")
def test_what_another_person_asked_for_is_not_called_ones_own_request() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    manager, sven = somebody("Manuel Manager", MANAGER, "FWS-R6"), somebody("Sven Security", SECURITY)
    at = clock.now() - timedelta(hours=2)
    iqcs.employed(rita.account, "FWS-R6-BNR", at=at)
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"])
    request = iqcs.asks(manager.account, form, beneficiary=rita.account, at=at)
    for who in (rosa, sven):
        decides(who.account, open_stage(request), at=at)
    mine = words(browser(rita), "my-access")
    assert mine.count("Manuel Manager") == 2
    assert "Your request," not in mine
    assert Request.objects.count() == 1


@pytest.mark.requirement("IQCS-01", "IQCS-05")
def test_a_responder_is_not_told_to_ask_for_organization_codes() -> None:
    rosa = somebody("Rosa Ranger")
    client = browser(rosa)
    assert "Make an account request" in words(client, "my-access")
    at = clock.now() - timedelta(hours=1)
    responders.imports(at=at)
    post = responders.Post()
    registration = responders.asks(rosa.account, post=post, at=at)
    responders.proves(rosa.account, registration, post.sent[0].code, at=at)
    mine = words(client, "my-access")
    assert "Responder" in mine
    assert "The roles that you hold need none." in mine
    assert "Make an account request" not in mine


@pytest.mark.requirement("IQCS-15")
def test_whom_to_ask_is_the_agencys_lead_and_where_there_is_none_the_application_steward() -> None:
    rita = somebody("Rita Requester")
    iqcs.employed(rita.account, "FWS-R6-BNR", at=clock.now() - timedelta(hours=1))
    client = browser(rita)
    for name in ("my-access", "account-request"):
        told = words(client, name)
        assert "IQCS Application Steward" in told
        assert "agency lead:" not in told
        assert "your agency lead," not in told
    lead = somebody("Lena Lead", LEAD, "FWS")
    for name in ("my-access", "account-request"):
        assert lead.account.name in words(client, name)


@pytest.mark.requirement("IQCS-02")
def test_the_help_tells_about_the_form_the_supervisor_and_who_asks_for_others() -> None:
    rita, manager = somebody("Rita Requester"), somebody("Manuel Manager", MANAGER, "FWS-R6")
    told = words(browser(rita), "help")
    for part in ("organization code", "supervisor is mailed a link", "choose Extend", "Home"):
        assert part in told
    assert "Press Approve or Deny beside the name" not in told
    assert "ask for another person" not in told
    assert "ask for another person" in words(browser(manager), "help")


@pytest.mark.requirement("IQCS-06", "IQCS-11")
def test_a_returned_detail_is_corrected_with_its_days_and_what_was_corrected_already_is_kept() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    at = clock.now() - timedelta(hours=2)
    first, last = (at + timedelta(days=20)).date().isoformat(), (at + timedelta(days=50)).date().isoformat()
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on=first, ends_on=last)
    request = iqcs.asks(rita.account, form, at=at)
    decides(rosa.account, open_stage(request), "returned", reason="Your job title is missing.", at=at)
    client, correct = browser(rita), reverse("correct-account-request", args=[PROGRAM, request.public_id])
    client.post(correct)
    begun = AccountDraft.objects.get()
    assert (begun.content["starts_on"], begun.content["ends_on"]) == (first, last)
    client.post("/iqcs/account-request/", {"job_title": "Biologist", "ends_on": last})
    page = client.post(correct, follow=True).content.decode()
    assert 'value="Biologist"' in page
    assert "You are correcting" in page


@pytest.mark.requirement("IQCS-06")
def test_a_draft_is_not_lost_for_the_answers_of_a_request() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    at = clock.now() - timedelta(hours=2)
    request = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), at=at)
    client, correct = browser(rita), reverse("correct-account-request", args=[PROGRAM, request.public_id])
    client.post("/iqcs/account-request/", {"job_title": "Biologist"})
    decides(rosa.account, open_stage(request), "returned", reason="Your phone is missing.", at=at)
    page = client.post(correct, follow=True).content.decode()
    assert "This is your draft as you left it." in page
    assert 'value="Biologist"' in page
    assert AccountDraft.objects.get().request is None
    client.post("/iqcs/account-request/", {"do": "discard"})
    assert "You are correcting" in client.post(correct, follow=True).content.decode()


@pytest.mark.requirement("IQCS-02", "IQCS-06")
def test_a_supervisors_reason_that_is_missing_or_too_long_is_said_beside_it_and_kept() -> None:
    rita, sam = somebody("Rita Requester"), somebody("Sam Supervisor")
    form = iqcs.answers({MANAGER: "add"}, supervisor_email=sam.account.email)
    post = iqcs.Post()
    iqcs.asks(rita.account, form, authorized=False, post=post, at=clock.now() - timedelta(hours=1))
    [sent] = post.sent
    link = reverse("supervisor-link", args=[PROGRAM, sent.token])
    signed_in = reverse("authorization", args=[PROGRAM, sent.word.public_id])
    for client, address in ((Client(), link), (browser(sam), signed_in)):
        for reason, said in (("", "Write what is missing"), ("x" * 2_001, "too long")):
            answer = client.post(address, {"answer": "refuse", "reason": reason})
            page = answer.content.decode()
            assert answer.status_code == 409
            assert re.search(rf'id="reason-error">.*{said}', page, re.DOTALL)
            assert f">{reason}</textarea>" in page


@pytest.mark.requirement("IQCS-02", "IQCS-11")
def test_the_form_extends_what_has_begun_and_adds_other_days_to_what_begins_later() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    sven, at = somebody("Sven Security", SECURITY), clock.now() - timedelta(hours=2)
    client, days = browser(rita), [(at + timedelta(days=days)).date() for days in (5, 20, 50)]

    def given(first: str, last: str) -> str:
        form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on=first, ends_on=last)
        request = iqcs.asks(rita.account, form, at=at)
        for who in (rosa, sven):
            decides(who.account, open_stage(request), at=at)
        return words(client, "account-request").split("Account Manager held ", 1)[1].split("Remove", 1)[0]

    soon, first, last = (f"{day:%b} {day.day}, {day.year}" for day in days)
    later = f"from {first} to the end of {last}; {DETAIL}"
    assert given(days[1].isoformat(), days[2].isoformat()).endswith(" Add for other days ")
    role = given("", days[0].isoformat())
    assert role.startswith(f"until the end of {soon}, and {later} ")
    assert role.endswith(" Extend ")
