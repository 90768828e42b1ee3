"""What the pages of approvers say before and after a decision, and that a refused one keeps what was typed (IQCS)."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from rolebook.audit import clock
from rolebook.governance.flows.answer_as_supervisor import answer_as_supervisor
from rolebook.governance.flows.ask_reactivation import ask_reactivation
from rolebook.governance.flows.attempt import LONGEST_TEXT
from rolebook.governance.models import Outcome
from rolebook.policy.model import STEWARD_ID
from tests.support import grants, iqcs, people
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY, TRAINING
from tests.support.people import WEB, Person

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TOO_LONG = "Long. " * (LONGEST_TEXT // 6 + 1)


def official(role_id: str, code: str | None, name: str) -> Person:
    return iqcs.person(name, role_id, code, clock.now() - DAY)


def browser(person: Person) -> Client:
    return people.signed_in_client(person, PROGRAM)


def words(client: Client, address: str) -> str:
    """The page as it is read: without tags, one space between words."""
    page = client.get(address)
    assert page.status_code == 200
    return said(page.content.decode())


def said(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def decided(client: Client, address: str, path: str, **typed: str) -> tuple[int, str]:
    """Post a decision with what the request's page shows hidden; the answer's status and its page."""
    page = client.get(address).content.decode()
    hidden = dict(re.findall(r'name="(version|items)"\s+value="([^"]*)"', page))
    answer = client.post(path, {**hidden, **typed})
    return answer.status_code, unescape(answer.content.decode())


@pytest.mark.requirement("IQCS-03", "IQCS-06")
def test_a_refused_decision_on_an_account_request_keeps_what_was_typed(db: None) -> None:
    iqcs.begin(clock.now() - DAY)
    rosa = official(REPRESENTATIVE, "FWS", "Rosa Representative")
    rita = grants.user("Rita Requester", PROGRAM, clock.now() - DAY)
    post = iqcs.Post()
    request = iqcs.asks(
        rita, iqcs.answers({MANAGER: "add"}), at=clock.now() - HOUR, authorized=False, post=post
    )
    answer_as_supervisor(
        program_id=PROGRAM,
        authorize=True,
        reason="Only until October.",
        token=post.sent[0].token,
        at=clock.now(),
        origin=WEB,
    )
    client, address = browser(rosa), f"/iqcs/requests/{request.public_id}/"
    page = words(client, address)
    assert "Deny ends the whole request for good" in page
    assert "Only until October." in page
    stage = open_stage(request)
    status, text = decided(
        client, address, f"/iqcs/stages/{stage.public_id}/review/", verdict="returned", reason=TOO_LONG
    )
    assert status == 409
    assert TOO_LONG.strip() in text
    assert not Outcome.objects.exists()


@pytest.mark.requirement("IQCS-03")
@pytest.mark.invariant("I5")
@pytest.mark.parametrize("reason", ["", TOO_LONG])
def test_the_press_of_a_list_decides_no_account_request(db: None, reason: str) -> None:
    iqcs.begin(clock.now() - DAY)
    rosa = official(REPRESENTATIVE, "FWS", "Rosa Representative")
    rita = grants.user("Rita Requester", PROGRAM, clock.now() - DAY)
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}), at=clock.now() - HOUR)
    client, stage = browser(rosa), open_stage(request)
    path = f"/iqcs/stages/{stage.public_id}/decide/"
    shown = {"version": stage.request_version, "items": stage.items_hash, "reason": reason}
    for verdict in ("approved", "denied"):
        answer = client.post(path, {**shown, "verdict": verdict, "back": "manage-access"}, follow=True)
        page = said(answer.content.decode())
        assert "This was not decided" in page
        assert ("decide it on its own page" in page) == (not reason)
    assert not Outcome.objects.exists()
    # Whose it is not to decide is told nothing of it.
    uma = browser(people.user_with_totp("Uma User", at=clock.now() - DAY))
    assert uma.post(path, {**shown, "verdict": "approved", "reason": ""}).status_code == 404


@pytest.mark.requirement("IQCS-03")
@pytest.mark.invariant("I6")
def test_the_page_says_that_another_steward_is_needed_where_the_only_one_has_decided_a_step(db: None) -> None:
    iqcs.begin(clock.now() - DAY)
    grace = official(STEWARD_ID, None, "Grace Steward")
    rita = grants.user("Rita Requester", PROGRAM, clock.now() - DAY)
    form = iqcs.answers({MANAGER: "add"}, ["BOR"], employer="BOR")
    request = iqcs.asks(rita, form, at=clock.now() - HOUR)
    client, address = browser(grace), f"/iqcs/requests/{request.public_id}/"
    assert "Can decide it now: Grace Steward" in words(client, address)
    decides(grace.account, open_stage(request), at=clock.now())
    page = words(client, address)
    assert "Agency lead: nobody can decide it now" in page
    assert "It needs another person as Application Steward, who neither asked for it nor" in page
    assert "Designate one" in page
    assert "Waits for the Application Steward" not in page
    assert "Can decide it now" not in page
    assert "Your decision" not in page


@pytest.mark.requirement("IQCS-10")
def test_a_reactivation_tells_its_cause_before_and_what_came_back_after_and_keeps_what_was_typed(
    db: None,
) -> None:
    now = clock.now()
    iqcs.begin(now - 500 * DAY)
    rosa = official(REPRESENTATIVE, "FWS", "Rosa Representative")
    sven = official(SECURITY, None, "Sven Security")
    mia = iqcs.manager("FWS-R6-BNR", "Mia Manager", at=now - 400 * DAY)
    request = ask_reactivation(
        acting_user=rosa.account,
        program_id=PROGRAM,
        beneficiary_id=mia.public_id,
        reason="She is back.",
        at=clock.now(),
        origin=WEB,
    )
    client, address = browser(sven), f"/iqcs/requests/{request.public_id}/"
    page = words(client, address)
    assert "Closed because Nobody signed in to the account for 12 months." in page
    assert "Comes back Role Account Manager Access to Benton Lake Refuge (FWS-R6-BNR)" in page
    assert "Deny ends this request for good, and Mia Manager stays out." in page
    stage = open_stage(request)
    path = f"/iqcs/reactivations/stages/{stage.public_id}/"
    status, text = decided(client, address, path, verdict="approved", reason=TOO_LONG)
    assert status == 409
    assert TOO_LONG.strip() in text
    assert not Outcome.objects.exists()
    decides(sven.account, stage, at=clock.now())
    assert "Came back Role Account Manager Access to Benton Lake Refuge" in words(client, address)
    assert "Closed because Nobody signed in to the account for 12 months." in words(client, address)


@pytest.mark.requirement("IQCS-02", "IQCS-10")
def test_a_modification_that_reactivates_shows_why_the_part_ended_and_what_comes_back(db: None) -> None:
    now = clock.now()
    iqcs.begin(now - 500 * DAY)
    rosa = official(REPRESENTATIVE, "FWS", "Rosa Representative")
    other = official(REPRESENTATIVE, "FWS-R6", "Rudi Regional")
    mia = iqcs.manager("FWS-R6-BNR", "Mia Manager", at=now - 400 * DAY)
    form = iqcs.answers({TRAINING: "add"})
    request = iqcs.asks(rosa.account, form, beneficiary=mia, at=clock.now())
    page = words(browser(other), f"/iqcs/requests/{request.public_id}/")
    assert "Closed because Nobody signed in to the account for 12 months." in page
    assert "Comes back Role Account Manager" in page
    assert "You decide Open the account again Add the role Training Officer" in page


@pytest.mark.requirement("IQCS-02")
def test_a_spent_link_says_what_may_have_happened_and_what_to_do(db: None) -> None:
    iqcs.begin(clock.now() - DAY)
    page = Client().get(f"/iqcs/supervisor/{'x' * 43}/")
    assert page.status_code == 404
    text = said(page.content.decode())
    assert "older than 30 days" in text
    assert "answer signed in" in text
