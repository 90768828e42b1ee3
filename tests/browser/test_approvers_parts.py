"""What approvers of account requests do, as they see it: denials, steps that come to the steward, codes to look at."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.flows.record_absence import record_absence
from rolebook.governance.flows.watch_stages import escalate_stages
from rolebook.governance.models import Access, Outcome, Request, Stage
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.test_account_request import somebody
from tests.support import grants, iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import WEB, Person

pytestmark = [pytest.mark.browser, pytest.mark.requirement("IQCS-03", "IQCS-04")]


def looks_right(page: Page) -> None:
    """Axe finds nothing at either width."""
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []


def opens(page: Page) -> None:
    """Open Rita's request from Manage Access, where it cannot be ticked."""
    page.goto("/iqcs/manage-access/")
    expect(page.get_by_role("checkbox", name=re.compile("Select Rita"))).to_have_count(0)
    page.get_by_role("link", name="Open to decide the request of Rita Requester").first.click()


def waiting(*codes: str, employer: str = "FWS-R6-BNR", at: datetime | None = None) -> tuple[Person, Request]:
    rita = somebody("Rita Requester")
    form = iqcs.answers({MANAGER: "add"}, codes, employer=employer, comments="For the fire season.")
    return rita, iqcs.asks(rita.account, form, at=at or clock.now() - timedelta(hours=6))


def later(hours: int) -> datetime:
    return clock.now() - timedelta(hours=6 - hours)


def test_a_denial_by_the_own_agency_ends_the_whole_request_and_is_said_before(
    site: Site, open_page: OpenPage
) -> None:
    iqcs.begin(clock.now() - timedelta(days=1))
    rita, request = waiting("FWS-R6", "USAF-ACC")
    rolf = somebody("Rolf Representative", REPRESENTATIVE, "USAF-ACC")
    leo = somebody("Leo Lead", LEAD, "USAF")
    own = somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    # A second request in the list, so that there would be something to select.
    other = somebody("Otto Other")
    iqcs.asks(other.account, iqcs.answers({MANAGER: "add"}, ["USAF-ACC"]), at=later(0))
    page = open_page(rolf)
    opens(page)
    expect(page.get_by_text("ends for good what you decide here, and nothing else")).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Approve and pass on").click()
    decides(leo.account, open_stage(request, iqcs.place("USAF")), at=later(1))
    page = open_page(own)
    opens(page)
    expect(page.get_by_text("ends the whole request for good").first).to_be_visible()
    looks_right(page)
    decision = page.get_by_role("region", name=re.compile("Your decision")).first
    decision.get_by_label(re.compile("What is missing, or why")).fill("Not in our region.")
    decision.get_by_role("button", name="Deny", exact=True).click()
    expect(page.get_by_text("You denied the request of Rita Requester.")).to_be_visible()
    looks_right(page)
    request.refresh_from_db()
    assert request.state == "denied"
    assert set(request.items.values_list("state", flat=True)) == {"denied"}
    theirs = open_page(rita)
    theirs.goto(f"/iqcs/requests/{request.public_id}/")
    expect(theirs.get_by_text("Not in our region.")).to_be_visible()
    expect(theirs.get_by_text("Rosa Representative")).to_have_count(0)
    looks_right(theirs)


@pytest.mark.invariant("I6")
@pytest.mark.fault(9)
def test_neither_the_absent_nor_the_delegate_is_a_second_signature_and_security_is_told_who_stood_in(
    site: Site, open_page: OpenPage
) -> None:
    iqcs.begin(clock.now() - timedelta(days=1))
    both = []
    for name in ("Rosa Representative", "Cora Colleague"):
        person = somebody(name, REPRESENTATIVE, "DOI-EM")
        grants.designated(person.account, LEAD, program_id=PROGRAM, at=clock.now() - timedelta(hours=12))
        both.append(person)
    rosa, cora = both
    steward = somebody("Stella Steward", grants.STEWARD)
    _, request = waiting("DOI-EM", employer="DOI-EM")
    _away(rosa.account, cora.account)
    page = open_page(cora)
    opens(page)
    page.get_by_role("button", name="Approve and pass on").click()
    expect(page.get_by_text("delegate of Rosa Representative, who was out of office").first).to_be_visible()
    # The next step is the lead's; both are leads, and both have spoken.
    for person in both:
        theirs = open_page(person)
        theirs.goto("/iqcs/manage-access/")
        expect(theirs.get_by_role("heading", level=1)).to_be_visible()
        expect(theirs.get_by_role("link", name=re.compile("Open to decide"))).to_have_count(0)
        theirs.goto(f"/iqcs/requests/{request.public_id}/")
        expect(theirs.get_by_role("button", name="Approve and pass on")).to_have_count(0)
        expect(theirs.get_by_text("waits for the Application Steward").first).to_be_visible()
    page = open_page(steward)
    opens(page)
    expect(
        page.get_by_text("You decide as the Application Steward, standing in for an Agency Lead")
    ).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Approve and pass on").click()
    page = open_page(somebody("Sven Security", SECURITY))
    opens(page)
    decision = page.get_by_role("region", name="Your decision")
    expect(decision).to_contain_text("Everybody asked before you approved all that is asked.")
    expect(decision).to_contain_text(
        "Stella Steward, the Application Steward, standing in for an Agency Lead"
    )
    looks_right(page)
    page.get_by_role("button", name="Provision").click()
    request.refresh_from_db()
    assert request.state == "approved"
    signed = Outcome.objects.filter(request=request).values_list("approver__name", flat=True)
    assert sorted(signed) == ["Cora Colleague", "Stella Steward", "Sven Security"]


def test_what_nobody_answers_comes_to_the_steward_too_and_the_office_keeps_it(
    site: Site, open_page: OpenPage
) -> None:
    long_ago = clock.now() - timedelta(days=30)
    iqcs.begin(long_ago)
    iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative", at=long_ago)
    steward = somebody("Stella Steward", grants.STEWARD)
    rita = grants.user("Rita Requester", PROGRAM, long_ago)
    request = iqcs.asks(rita, iqcs.answers({MANAGER: "add"}), at=long_ago)
    page = open_page(steward)
    page.goto("/iqcs/manage-access/")
    expect(page.get_by_role("link", name=re.compile("Open to decide"))).to_have_count(0)
    assert escalate_stages(clock.now()) == 1
    page.reload()
    expect(page.get_by_text("It has waited so long that you may decide it, too.")).to_be_visible()
    opens(page)
    expect(
        page.get_by_text("It has waited so long that the Application Steward may decide it, too.")
    ).to_be_visible()
    expect(page.get_by_text("Rosa Representative").first).to_be_visible()
    looks_right(page)
    page.get_by_role("button", name="Approve and pass on").click()
    said = "Stella Steward, the Application Steward, standing in for an Agency Representative of FWS Mountain-Prairie"
    expect(page.get_by_text(said).first).to_be_visible()
    assert Stage.objects.get(request=request, state="approved").escalated_why == "overdue"


def test_another_employing_agency_opens_a_check_of_the_codes_held(site: Site, open_page: OpenPage) -> None:
    before = clock.now() - timedelta(hours=12)
    iqcs.begin(clock.now() - timedelta(days=1))
    manager = somebody("Manuel Manager", MANAGER, "FWS-R6")
    iqcs.employed(manager.account, "FWS-R6", at=before)
    security = somebody("Sven Security", SECURITY)
    page = open_page(somebody("Lena Lead", LEAD, "BLM"))
    page.goto("/iqcs/manage-access/")
    page.get_by_role("link", name="Employers and codes to look at").click()
    expect(page.get_by_text("Nothing to look at")).to_be_visible()
    page.get_by_label("User ID or e-mail address").fill(manager.account.user_id)
    page.get_by_label("Organization code of the employer").fill("BLM-MT")
    looks_right(page)
    page.get_by_role("button", name="Record the employer").click()
    expect(page.get_by_text("Recorded: Manuel Manager works for BLM Montana State Office.")).to_be_visible()
    page.goto("/iqcs/employers/")
    check = page.get_by_role("region", name="Codes to look at")
    expect(check).to_contain_text("before that for FWS Mountain-Prairie Region")
    assert Access.objects.get(account=manager.account).closed_at is None
    check.get_by_text("Remove", exact=True).click()
    looks_right(page)
    check.get_by_role("button", name=re.compile("Record the answers")).click()
    expect(check).to_contain_text("Nothing to look at")
    removes = open_page(security)
    removes.goto("/iqcs/employers/")
    looks_right(removes)
    removes.get_by_role("button", name=re.compile("Remove these codes")).click()
    expect(removes.get_by_text("Codes to remove")).to_have_count(0)
    assert Access.objects.get(account=manager.account).closed_at is not None


def _away(absent: Account, delegate: Account) -> None:
    """Record that somebody is away from today on, and who decides meanwhile as representative."""
    today = clock.now().astimezone(ZoneInfo("America/Boise")).date()
    record_absence(
        acting_user=absent,
        program_id=PROGRAM,
        first_on=today,
        last_on=today + timedelta(days=5),
        delegates={REPRESENTATIVE: delegate.public_id},
        at=clock.now() - timedelta(hours=1),
        origin=WEB,
    )
