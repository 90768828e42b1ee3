"""The pages of account requests, driven as browsers do: form, check, supervisor's link, decisions (IQCS)."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.accounts.models import Account, Organization
from rolebook.audit import clock
from rolebook.governance.models import Access, AccountDraft, Grant, Request, SupervisorWord
from rolebook.notices.models import Notice
from rolebook.web.account_requests.urls import urlpatterns
from tests.support import grants as qpp_grants
from tests.support import iqcs, people
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import Person

FORM = {
    "work_email": "rita@fws.example",
    "employer_code": "fws-r6-bnr",
    "supervisor_name": "Sam Supervisor",
    "supervisor_email": "sam@fws.example",
    "role-account_manager": "add",
    "code-0": "USAF-ACC",
    "lower-0": "on",
    "rows": "3",
}


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    iqcs.begin(clock.now() - timedelta(days=1))


def somebody(name: str) -> Person:
    return people.user_with_totp(name, at=clock.now() - timedelta(days=1))


def official(role_id: str, code: str | None, name: str) -> Person:
    return iqcs.person(name, role_id, code, clock.now() - timedelta(days=1))


def browser(person: Person) -> Client:
    return people.signed_in_client(person, PROGRAM)


def sent(client: Client, account: Account, **changed: str) -> Request:
    client.post("/iqcs/account-request/", {**FORM, "do": "check", **changed})
    page = client.get("/iqcs/account-request/check/")
    assert page.status_code == 200, page.content.decode()
    hidden = dict(re.findall(r'name="(shown|type)"\s+value="([^"]*)"', page.content.decode()))
    answer = client.post("/iqcs/account-request/check/", hidden)
    assert answer.status_code == 303, answer.content.decode()
    return Request.objects.filter(beneficiary=account).latest("pk")


def mailed_link() -> str:
    mail = Notice.objects.filter(kind="supervisor-authorization").latest("pk")
    assert mail.address == "sam@fws.example"
    found = re.search(r"/iqcs/supervisor/[\w-]+/", mail.text)
    assert found is not None
    return found.group()


def review(client: Client, request: Request, verdict: str, reason: str = "") -> str:
    page = client.get(f"/iqcs/requests/{request.public_id}/").content.decode()
    found = re.search(r"/iqcs/stages/[\w-]+/review/", page)
    assert found is not None, page
    shown = dict(re.findall(r'name="(version|items)"\s+value="([^"]*)"', page))
    answer = client.post(found.group(), {**shown, "verdict": verdict, "reason": reason}, follow=True)
    return answer.content.decode()


@pytest.mark.requirement("IQCS-02", "IQCS-06")
def test_a_draft_is_kept_and_what_is_missing_is_said_beside_its_field() -> None:
    rita = somebody("Rita Requester")
    client = browser(rita)
    assert "New account" in client.get("/iqcs/account-request/").content.decode()
    client.post("/iqcs/account-request/", {**FORM, "supervisor_name": "", "code-0": "NOWHERE", "do": "check"})
    page = client.get("/iqcs/account-request/check/")
    text = page.content.decode()
    assert page.status_code == 422
    assert "There is no organization with the code NOWHERE." in text
    assert 'id="supervisor_name-error"' in text
    assert 'id="code-0-error"' in text
    assert 'value="rita@fws.example"' in text
    assert 'value="NOWHERE"' in text
    assert AccountDraft.objects.filter(author=rita.account).count() == 1
    assert not Request.objects.exists()
    client.post("/iqcs/account-request/", {"do": "discard"})
    assert not AccountDraft.objects.exists()


@pytest.mark.requirement("IQCS-02")
def test_a_supervisors_link_past_its_time_is_told_as_past_with_what_to_do() -> None:
    rita = somebody("Rita Requester")
    rosa = official(REPRESENTATIVE, "FWS", "Rosa Representative")
    client = browser(rita)
    page = f"/iqcs/requests/{sent(client, rita.account).public_id}/"
    assert "the answer is awaited until" in client.get(page).content.decode()
    SupervisorWord.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    past = client.get(page).content.decode()
    assert "the answer is awaited until" not in past
    assert "the mailed link stopped working on" in past
    assert "Send a new one below." in past
    assert "Whoever asked can send a new one." in browser(rosa).get(page).content.decode()
    again = re.search(r'action="([^"]+/ask-supervisor-again/)"', past)
    assert again is not None
    client.post(again[1])
    assert "the answer is awaited until" in client.get(page).content.decode()


@pytest.mark.requirement("IQCS-04", "IQCS-05")
def test_a_cross_agency_request_walks_from_form_to_provision() -> None:
    rita = somebody("Rita Requester")
    foreign = official(REPRESENTATIVE, "USAF-ACC", "Rolf Representative")
    lead = official(LEAD, "USAF", "Leo Lead")
    own = official(REPRESENTATIVE, "FWS", "Rosa Representative")
    security = official(SECURITY, None, "Sven Security")
    client = browser(rita)
    request = sent(client, rita.account)
    waiting = client.get(f"/iqcs/requests/{request.public_id}/").content.decode()
    assert "Waits for the supervisor, Sam Supervisor" in waiting
    link, stranger = mailed_link(), Client()
    page = stranger.get(link)
    assert "Do you authorize this?" in page.content.decode()
    assert page["Referrer-Policy"] == "same-origin"
    assert SupervisorWord.objects.get().state == "asked"
    assert "Thank you" in stranger.post(link, {"answer": "authorize"}).content.decode()
    assert stranger.get(link).status_code == 404
    for who in (foreign, lead, own):
        assert "You approved the request of Rita Requester" in review(browser(who), request, "approved")
    page_of_security = browser(security).get(f"/iqcs/requests/{request.public_id}/").content.decode()
    for name in ("Rolf Representative", "Leo Lead", "Rosa Representative", "Provision"):
        assert name in page_of_security
    assert "You decide as IQCS Security." in page_of_security
    review(browser(security), request, "approved")
    assert Grant.objects.get(account=rita.account).role_id == MANAGER
    access = Access.objects.get(account=rita.account)
    assert (access.organization.code, access.lower_levels) == ("USAF-ACC", True)
    mine = browser(rita).get("/iqcs/my-access/").content.decode()
    assert "Air Combat Command" in mine
    assert "with lower levels" in mine


@pytest.mark.requirement("IQCS-06")
def test_a_returned_request_is_corrected_and_the_approver_sees_what_changed() -> None:
    rita, own = somebody("Rita Requester"), official(REPRESENTATIVE, "FWS", "Rosa Representative")
    client = browser(rita)
    request = sent(client, rita.account, **{"code-0": "FWS-R6"})
    Client().post(mailed_link(), {"answer": "authorize"})
    said = review(browser(own), request, "returned")
    assert "Write what is missing" in said
    review(browser(own), request, "returned", "Your job title is missing.")
    page = client.get(f"/iqcs/requests/{request.public_id}/").content.decode()
    to_correct = page.partition("What to correct</h3>")[2].partition("Correct and send again")[0]
    assert "Your job title is missing." in to_correct
    client.post(f"/iqcs/requests/{request.public_id}/correct/")
    again = sent(client, rita.account, **{"code-0": "FWS-R6", "job_title": "Biologist"})
    assert (again.pk, again.version) == (request.pk, 2)
    Client().post(mailed_link(), {"answer": "authorize"})
    shown = browser(own).get(f"/iqcs/requests/{request.public_id}/").content.decode()
    assert "Job title: empty became Biologist" in shown


@pytest.mark.requirement("IQCS-04")
def test_the_requester_says_whether_the_rest_goes_on_after_a_foreign_denial() -> None:
    rita = somebody("Rita Requester")
    foreign = official(REPRESENTATIVE, "USAF-ACC", "Rolf Representative")
    client = browser(rita)
    request = sent(client, rita.account)
    Client().post(mailed_link(), {"answer": "authorize"})
    review(browser(foreign), request, "denied", "No need seen.")
    page = client.get(f"/iqcs/requests/{request.public_id}/").content.decode()
    assert "Another agency denied its part" in page
    client.post(f"/iqcs/requests/{request.public_id}/go-on/")
    request.refresh_from_db()
    assert request.held_since is None
    assert request.stages.filter(state="open", approver_role_id=REPRESENTATIVE).exists()


@pytest.mark.requirement("IQCS-02")
def test_a_supervisor_with_an_account_answers_signed_in() -> None:
    rita, sam = somebody("Rita Requester"), somebody("Sam Supervisor")
    request = sent(browser(rita), rita.account, supervisor_email=sam.account.email)
    client = browser(sam)
    assert "Rita Requester" in client.get("/iqcs/authorizations/").content.decode()
    word = SupervisorWord.objects.get()
    assert browser(rita).get(f"/iqcs/authorizations/{word.public_id}/").status_code == 404
    answer = client.post(f"/iqcs/authorizations/{word.public_id}/", {"answer": "refuse"})
    assert answer.status_code == 409
    client.post(f"/iqcs/authorizations/{word.public_id}/", {"answer": "refuse", "reason": "Not now."})
    request.refresh_from_db()
    assert request.state == "returned"


@pytest.mark.requirement("IQCS-02", "IQCS-07", "IQCS-15")
def test_who_decides_asks_for_another_person_who_sees_who_asked() -> None:
    rita = somebody("Rita Requester")
    iqcs.employed(rita.account, "FWS-R6-BNR", at=clock.now() - timedelta(hours=1))
    manager = official(MANAGER, "FWS-R6", "Manuel Manager")
    lead = official(LEAD, "FWS", "Lena Lead")
    client = browser(manager)
    found = client.get("/iqcs/account-request/for/", {"person": rita.account.email})
    assert found.status_code == 302
    address = found["Location"]
    assert (
        "Certificates of role-based training are no longer required" in client.get(address).content.decode()
    )
    client.post(address, {**FORM, "code-0": "FWS-R6", "do": "check"})
    page = client.get(f"{address}check/").content.decode()
    hidden = dict(re.findall(r'name="(shown|type)"\s+value="([^"]*)"', page))
    assert client.post(f"{address}check/", hidden).status_code == 303
    request = Request.objects.get()
    theirs = browser(rita).get(f"/iqcs/requests/{request.public_id}/").content.decode()
    assert "Manuel Manager asked" in theirs
    assert f'href="mailto:{lead.account.email}"' in theirs
    assert browser(rita).get("/iqcs/account-request/for/").status_code == 404


@pytest.mark.requirement("IQCS-03")
def test_another_employer_is_recorded_and_the_codes_held_are_looked_at() -> None:
    manager = official(MANAGER, "FWS-R6", "Manuel Manager")
    iqcs.employed(manager.account, "FWS-R6", at=clock.now() - timedelta(hours=1))
    lead = official(LEAD, "BLM", "Lena Lead")
    client = browser(lead)
    wrong = client.post("/iqcs/employers/", {"person": manager.account.user_id, "code": "USAF"})
    assert wrong.status_code == 422
    assert "cannot record this" in wrong.content.decode()
    client.post(
        "/iqcs/employers/", {"person": manager.account.user_id, "code": "blm-mt", "reason": "New job"}
    )
    page = client.get("/iqcs/employers/").content.decode()
    assert "Manuel Manager" in page
    assert "FWS-R6" in page
    history = client.get(f"/iqcs/people/{manager.account.public_id}/employer/").content.decode()
    assert "BLM Montana State Office" in history
    assert "FWS Mountain-Prairie Region" in history
    found = re.search(r"/iqcs/access-checks/[\w-]+/close/", page)
    assert found is not None
    client.post(found.group(), {"note": "Not answered."})
    assert "Nothing to look at" not in client.get("/iqcs/employers/").content.decode()
    answer = re.search(r"code-[0-9a-f-]{36}", page)
    assert answer is not None
    client.post(found.group(), {answer.group(): "remove", "note": "No longer needed."})
    assert "Nothing to look at" in client.get("/iqcs/employers/").content.decode()
    assert Access.objects.get(account=manager.account).closed_at is None
    security = browser(official(SECURITY, None, "Sven Security"))
    remove = re.search(
        r"/iqcs/access-checks/[\w-]+/remove/", security.get("/iqcs/employers/").content.decode()
    )
    assert remove is not None
    assert client.post(remove.group()).status_code == 404
    assert security.post(remove.group()).status_code == 303
    assert Access.objects.get(account=manager.account).closed_at is not None
    assert "Codes to remove" not in security.get("/iqcs/employers/").content.decode()


@pytest.mark.requirement("IQCS-03")
def test_the_steward_reads_that_nobody_is_on_record_as_a_persons_employer_and_records_who_is() -> None:
    rita = official(MANAGER, None, "Rita Requester")
    steward = official(qpp_grants.STEWARD, None, "Stella Steward")
    own, client = browser(rita), browser(steward)
    address = reverse("steward-person", args=[PROGRAM, rita.account.public_id])
    employer = reverse("employer", args=[PROGRAM, rita.account.public_id])
    page = client.get(address).content.decode()
    assert "no employer on record" in page
    assert f'href="{employer}"' in page
    shown = client.get(employer).content.decode()
    assert "Whoever decides requests at the employer can record it before." in shown
    assert "Record the employer" in shown
    client.post("/iqcs/employers/", {"person": rita.account.user_id, "code": "FWS-R6"})
    page = client.get(address).content.decode()
    assert "no employer on record" not in page
    assert re.search(r"<dt>Works for</dt>\s*<dd>\s*FWS Mountain-Prairie Region", page)
    # To the person it does not say what only others can do.
    assert "Whoever decides" not in own.get(employer).content.decode()


@pytest.mark.invariant("I14")
def test_where_access_comes_with_each_role_none_of_these_pages_is_there() -> None:
    people.activate("qpp")
    official_of_qpp = qpp_grants.official(people.practice())
    asker = people.user_with_totp("Nora New")
    qpp_grants.agree(asker.account)
    waiting = qpp_grants.asks(asker.account, *Organization.objects.filter(program_id="qpp"))
    client = people.signed_in_client(asker)
    ids = {
        "request_id": waiting.public_id,
        "stage_id": waiting.stages.get().public_id,
        "account_id": official_of_qpp.public_id,
        "word_id": waiting.public_id,
        "check_id": waiting.public_id,
        "attachment_id": waiting.public_id,
        "token": "x" * 43,
    }
    for pattern in urlpatterns:
        known = {name: ids[name] for name in pattern.pattern.converters if name != "program_id"}
        address = reverse(str(pattern.name), kwargs={"program_id": "qpp", **known})
        for method in (client.get, client.post):
            answer = method(address, {"verdict": "approved", "version": "1", "items": "", "person": "x"})
            assert answer.status_code in (404, 405), (address, method)
    assert waiting.stages.get().state == "open"
