"""What pages say about account requests is so: who is asked again, what is new, where a role holds, who represents."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.models import Participation
from rolebook.governance.queries.account_requests import form_to_fill
from tests.support import grants, iqcs, responders
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.web.test_account_request_words import browser, somebody, words

BEFORE = timedelta(days=1)


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    iqcs.begin(clock.now() - BEFORE)


@pytest.mark.requirement("QPP-13", "IQCS-06")
def test_who_denied_an_account_request_asks_on_its_page_for_it_once_more() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    at = clock.now() - timedelta(hours=2)
    request = iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6"]), at=at)
    client, button = browser(rosa), "Ask Rita Requester to submit again"
    assert button not in words(client, "request", request.public_id)
    decides(rosa.account, open_stage(request), "denied", reason="Not needed.", at=at)
    assert button in words(client, "request", request.public_id)
    assert button not in words(browser(rita), "request", request.public_id)
    done = client.post(reverse("ask-to-submit-again", args=[PROGRAM, request.public_id]), follow=True)
    assert done.status_code == 200
    assert button not in words(client, "request", request.public_id)
    assert "to submit it again" in words(client, "request", request.public_id)
    assert Event.objects.filter(tag="request:asked-again").count() == 1


@pytest.mark.requirement("IQCS-02", "IQCS-11")
def test_to_extend_a_detail_that_has_not_begun_is_a_modification() -> None:
    rita, rosa = somebody("Rita Requester"), somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    sven, at = somebody("Sven Security", SECURITY), clock.now() - timedelta(hours=2)
    first, last = (at + timedelta(days=20)).date().isoformat(), (at + timedelta(days=50)).date().isoformat()
    form = iqcs.answers({MANAGER: "add"}, ["FWS-R6"], starts_on=first, ends_on=last)
    assert form_to_fill(rita.account, PROGRAM, at).request_type == "new"
    request = iqcs.asks(rita.account, form, at=at)
    for who in (rosa, sven):
        decides(who.account, open_stage(request), at=at)
    assert form_to_fill(rita.account, PROGRAM, clock.now()).request_type == "modification"
    assert "New account" not in words(browser(rita), "account-request")


@pytest.mark.requirement("IQCS-01", "IQCS-05")
def test_the_role_of_a_responder_holds_on_their_own_record() -> None:
    ranger, at = somebody("Rosa Ranger"), clock.now() - timedelta(hours=1)
    responders.imports(at=at)
    post = responders.Post()
    registration = responders.asks(ranger.account, post=post, at=at)
    responders.proves(ranger.account, registration, post.sent[0].code, at=at)
    client = browser(ranger)
    for name in ("my-access", "home"):
        page = words(client, name)
        assert "Your own record" in page
        assert "Where access is held" not in page


@pytest.mark.requirement("IQCS-10")
def test_who_represents_nobody_is_not_told_that_nobody_is_closed() -> None:
    rosa, sven = somebody("Rosa Representative", REPRESENTATIVE, "FWS"), somebody("Sven Security", SECURITY)
    stella, mia = somebody("Stella Steward", grants.STEWARD), somebody("Mia Manager", MANAGER, "FWS-R6")
    iqcs.employed(mia.account, "FWS-R6", at=clock.now() - BEFORE)
    client = browser(rosa)
    assert "Nobody is closed" in words(client, "reactivations")
    Participation.objects.filter(account=mia.account).update(status="closed")
    assert "Mia Manager" in words(client, "reactivations")
    for person, told in ((sven, "You ask for nobody here"), (stella, "Nobody is left to you")):
        page = words(browser(person), "reactivations")
        assert "Nobody is closed" not in page
        assert "Mia Manager" not in page
        assert told in page


@pytest.mark.requirement("IQCS-06")
def test_sentences_put_the_right_word_before_an_office_and_name_the_comments_in_the_singular() -> None:
    rita = somebody("Rita Requester")
    iqcs.asks(rita.account, iqcs.answers({MANAGER: "add"}), at=clock.now() - timedelta(hours=1))
    client = browser(rita)
    history = words(client, "my-history")
    assert "began to wait for an Agency Representative" in history
    client.post("/iqcs/account-request/", {"comments": "x" * 2_001, "do": "check"})
    check = client.get(reverse("check-account-request", args=[PROGRAM])).content.decode()
    assert "The text of the comments is too long" in check
