"""Narrowing access on the pages: ticked on the form, said in sentences, decided as one thing, seen in one's codes."""

import re

import pytest
from django.test import Client

from rolebook.audit import clock
from rolebook.governance.models import Access, AccountDraft, Request
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import iqcs
from tests.support.iqcs import MANAGER, REPRESENTATIVE, SECURITY
from tests.support.people import LATELY, Person
from tests.web.test_account_requests import browser, mailed_link, official, review

pytestmark = pytest.mark.requirement("IQCS-05")
FORM = {
    "work_email": "mona@fws.example",
    "supervisor_name": "Sam Supervisor",
    "supervisor_email": "sam@fws.example",
    "rows": "3",
}
SAID = "Narrow access to FWS Mountain-Prairie Region (FWS-R6) to that code alone, without lower levels"


@pytest.fixture
def mona(db: None) -> Person:
    """An account manager of a region with its lower levels."""
    iqcs.begin(LATELY)
    found = official(MANAGER, "FWS-R6", "Mona Manager")
    iqcs.employed(found.account, "FWS-R6-BNR", at=LATELY)
    return found


def text(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_a_narrowing_is_ticked_checked_sent_and_provisioned(mona: Person) -> None:
    rosa, sven = (
        official(REPRESENTATIVE, "FWS", "Rosa Representative"),
        official(SECURITY, None, "Sven Security"),
    )
    client = browser(mona)
    assert "Only its lower levels; FWS-R6 itself stays" in text(client, "/iqcs/account-request/")
    client.post("/iqcs/account-request/", {**FORM, "narrow-code": "FWS-R6", "do": "check"})
    page = client.get("/iqcs/account-request/check/").content.decode()
    assert page.count(SAID) == 1
    assert "Nothing any more in the lower levels of FWS Mountain-Prairie Region (FWS-R6)" in page
    client.post(
        "/iqcs/account-request/check/", dict(re.findall(r'name="(shown|type)"\s+value="([^"]*)"', page))
    )
    request = Request.objects.get()
    link = mailed_link()
    assert SAID in text(Client(), link)
    Client().post(link, {"answer": "authorize"})
    seen = text(browser(rosa), f"/iqcs/requests/{request.public_id}/")
    assert SAID in seen
    assert "Add access to FWS Mountain-Prairie Region" not in seen
    assert "Narrow access" in text(browser(rosa), "/iqcs/manage-access/")
    for who in (rosa, sven):
        review(browser(who), request, "approved")
    [held] = Access.objects.filter(account=mona.account, closed_at=None)
    assert (held.organization.code, held.lower_levels) == ("FWS-R6", False)
    codes = text(client, "/iqcs/my-access/")
    assert "with lower levels" not in codes
    while derive_notices(now=clock.now()):
        pass
    [mail] = Notice.objects.filter(recipient=mona.account, kind="decision")
    assert mail.text.count("Narrow access to FWS Mountain-Prairie Region") >= 1
    assert "Add access" not in mail.text
    assert "without lower levels from now on" in mail.text


@pytest.mark.requirement("IQCS-02")
def test_a_code_is_removed_or_narrowed_never_both_and_the_draft_keeps_what_was_ticked(mona: Person) -> None:
    client = browser(mona)
    client.post("/iqcs/account-request/", {**FORM, "narrow-code": "FWS-R6", "do": "save"})
    kept = AccountDraft.objects.get().content["codes"]
    assert [(one["code"], one["verb"]) for one in kept] == [("FWS-R6", "narrow")]
    page = client.get("/iqcs/account-request/").content.decode()
    ticked = re.findall(r'<input[^>]*name="(narrow-code|remove-code)"[^>]*checked', page)
    assert ticked == ["narrow-code"]
    both = {**FORM, "narrow-code": "FWS-R6", "remove-code": "FWS-R6", "do": "check"}
    client.post("/iqcs/account-request/", both)
    refused = client.get("/iqcs/account-request/check/")
    assert refused.status_code == 422
    assert "The code FWS-R6 is on the form twice." in refused.content.decode()


def test_what_is_held_without_lower_levels_is_not_offered_to_be_narrowed(mona: Person) -> None:
    iqcs.gives_access(mona.account, "BLM-MT", lower_levels=False, at=LATELY)
    page = browser(mona).get("/iqcs/account-request/").content.decode()
    assert re.findall(r'name="narrow-code"\s+value="([^"]*)"', page) == ["FWS-R6"]
    assert sorted(re.findall(r'name="remove-code"\s+value="([^"]*)"', page)) == ["BLM-MT", "FWS-R6"]


def test_a_code_that_nobody_offered_cannot_be_narrowed_by_hand(mona: Person) -> None:
    client = browser(mona)
    client.post("/iqcs/account-request/", {**FORM, "narrow-code": "USAF-ACC", "do": "check"})
    refused = client.get("/iqcs/account-request/check/")
    assert refused.status_code == 422
    assert "not held" in refused.content.decode()
    assert not Access.objects.filter(account=mona.account, organization__code="USAF-ACC").exists()
