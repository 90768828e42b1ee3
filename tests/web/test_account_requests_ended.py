"""Pages of account requests that have ended, or came back: nothing is asked that cannot be answered (IQCS-02, -04)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.flows import change_participation_status, remove_access, withdraw_request
from rolebook.governance.models import AccountDraft, Participation, Request
from tests.support import iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import COMMAND, WEB
from tests.web.test_account_request_words import browser, somebody, words

BEFORE = timedelta(days=1)
ASKS = "Should the rest go on without it?"


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    iqcs.begin(clock.now() - BEFORE)


def held(who: Account) -> Request:
    """A request of two other agencies, of which one denied its part."""
    rolf = somebody("Rolf Representative", REPRESENTATIVE, "USAF")
    at = clock.now() - timedelta(hours=2)
    request = iqcs.asks(who, iqcs.answers({}, ["USAF-ACC", "BLM-MT"]), at=at)
    decides(rolf.account, open_stage(request, iqcs.place("USAF-ACC")), "denied", at=at)
    return request


@pytest.mark.requirement("IQCS-04")
def test_a_held_request_asks_no_longer_once_it_was_withdrawn() -> None:
    rita = somebody("Rita Requester")
    somebody("Berta Bureau", REPRESENTATIVE, "BLM")
    client, request = browser(rita), held(rita.account)
    assert ASKS in words(client, "request", request.public_id)
    client.post(reverse("withdraw-request", args=[PROGRAM, request.public_id]))
    page = words(client, "request", request.public_id)
    assert ASKS not in page
    assert "Let the rest go on" not in page


@pytest.mark.requirement("IQCS-04")
def test_a_held_request_asks_no_longer_once_everything_was_denied() -> None:
    rita = somebody("Rita Requester")
    berta = somebody("Berta Bureau", REPRESENTATIVE, "BLM")
    client, request = browser(rita), held(rita.account)
    at = clock.now() - timedelta(hours=1)
    decides(berta.account, open_stage(request), "denied", reason="Not needed.", at=at)
    assert iqcs.state_of(request) == "denied"
    assert ASKS not in words(client, "request", request.public_id)


@pytest.mark.requirement("IQCS-06")
def test_a_draft_that_corrects_a_withdrawn_request_is_sent_as_a_new_one() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    at = clock.now() - timedelta(hours=2)
    request = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), at=at)
    decides(rosa.account, open_stage(request), "returned", reason="The phone is missing.", at=at)
    client = browser(rita)
    client.post(reverse("correct-account-request", args=[PROGRAM, request.public_id]))
    assert "You are correcting" in words(client, "account-request")
    withdraw_request(
        acting_user=rita.account,
        program_id=PROGRAM,
        request_id=request.public_id,
        at=clock.now(),
        origin=WEB,
    )
    assert "You are correcting" not in words(client, "account-request")
    draft = AccountDraft.objects.get()
    check = reverse("check-account-request", args=[PROGRAM])
    sent = client.post(check, {"shown": draft.changed_at.isoformat(), "type": "new"})
    assert sent.status_code == 303
    anew = Request.objects.latest("pk")
    assert (anew.pk != request.pk, anew.version, anew.state) == (True, 1, "pending")
    assert not AccountDraft.objects.exists()


@pytest.mark.requirement("IQCS-02")
def test_the_form_says_of_oneself_that_one_was_given_an_account_in_right_words() -> None:
    rosa = somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    assert "because you were given a standard account before" in words(browser(rosa), "account-request")
    rita = somebody("Rita Requester", MANAGER, "FWS-R6")
    iqcs.employed(rita.account, "FWS-R6", at=clock.now() - BEFORE)
    page = words(browser(rosa), "account-request-for", rita.account.public_id)
    assert "because Rita Requester was given a standard account before" in page


@pytest.mark.requirement("IQCS-09")
def test_the_course_says_that_an_account_ended_a_request_and_not_that_its_requester_withdrew_it() -> None:
    rita = somebody("Rita Requester")
    somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    at = clock.now() - timedelta(hours=2)
    ended = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), at=at)
    for status in ("deactivated", "active"):
        change_participation_status(
            acting_user=None,
            program_id=PROGRAM,
            beneficiary_id=rita.account.public_id,
            status=status,
            reason="A mail was rejected.",
            at=at,
            origin=COMMAND,
            cause=Participation.Cause.BOUNCE,
        )
    own = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), at=at)
    withdraw_request(
        acting_user=rita.account, program_id=PROGRAM, request_id=own.public_id, at=at, origin=WEB
    )
    client = browser(rita)
    page = words(client, "request", ended.public_id)
    assert "Withdrawn, because an account is no longer active" in page
    assert "Withdrawn by" not in page
    assert "Withdrawn by Rita Requester" in words(client, "request", own.public_id)


@pytest.mark.requirement("IQCS-04")
def test_an_approved_request_says_which_of_its_roles_and_codes_have_ended_since() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    sara = somebody("Sara Security", SECURITY)
    at = clock.now() - timedelta(hours=2)
    request = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), at=at)
    for who in (rosa, sara):
        decides(who.account, open_stage(request), "approved", at=at)
    assert iqcs.state_of(request) == "approved"
    assert "nded since" not in words(browser(rita), "request", request.public_id)
    remove_access(
        acting_user=sara.account,
        program_id=PROGRAM,
        organization_id=iqcs.place("FWS-R6").public_id,
        beneficiary_id=rita.account.public_id,
        at=clock.now() - timedelta(hours=1),
        origin=WEB,
    )
    page = words(browser(rita), "request", request.public_id)
    assert "1 of 2 ended since" in page
    assert "Access at " in page
    assert "it was removed." in page
    assert "it was removed, by Sara Security." in words(browser(sara), "request", request.public_id)
