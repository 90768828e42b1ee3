"""A request across agencies as its people see it: requester, supervisor, both agencies, lead, security (IQCS)."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from rolebook.audit import clock
from rolebook.governance.models import Access, Grant, Request
from rolebook.notices.models import Notice
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.ways import DESK, KEYBOARD, PHONE, Way
from tests.support import iqcs
from tests.support.iqcs import LEAD, MANAGER, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import Person

pytestmark = pytest.mark.browser


def somebody(name: str, role_id: str = "", code: str = "") -> Person:
    return iqcs.person(name, role_id, code, clock.now() - timedelta(hours=12))


def approves(page: Page, button: str) -> None:
    """Open Manage Access, review Rita's request, and press a button."""
    page.goto("/iqcs/manage-access/")
    page.get_by_role("link", name="Open to decide the request of Rita Requester").click()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text("You approved the request of Rita Requester.")).to_be_visible()


def asks_across_agencies(page: Page, employer: str, codes: tuple[str, ...]) -> None:
    """Fill the form in, with what is missing said first, and send it."""
    page.goto("/iqcs/request-a-role/")
    expect(page.get_by_role("heading", level=1)).to_have_text("New account")
    assert violations(page) == []
    page.get_by_label("Organization code of the employer").fill(employer)
    page.get_by_label("Supervisor's name").fill("Sam Supervisor")
    page.get_by_role("group", name="Account Manager").get_by_text("Add", exact=True).click()
    for number, code in enumerate(codes, 1):
        page.get_by_label(f"Organization code {number}", exact=True).fill(code)
    page.locator("label[for=lower-0]").click()
    page.get_by_role("button", name="See what it comes to").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Write the supervisor's e-mail address")
    assert violations(page) == []
    page.get_by_label("Supervisor's e-mail").fill("sam@fws.example")
    page.get_by_role("button", name="See what it comes to").click()
    expect(page.get_by_text("This person then holds the role Account Manager.")).to_be_visible()
    expect(page.get_by_text("Air Combat Command (USAF-ACC) with lower levels").first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("Waits for the supervisor, Sam Supervisor")).to_be_visible()
    assert violations(page) == []


@pytest.mark.requirement("IQCS-02", "IQCS-03", "IQCS-04", "IQCS-05", "IQCS-06")
@pytest.mark.parametrize(
    ("way", "employer", "codes"),
    [
        (DESK, "FWS-R6-BNR", ("USAF-ACC", "FWS-R6")),
        (PHONE, "FWS-R6-BNR", ("USAF-ACC",)),
        (KEYBOARD, "FWS-R6-BNR", ("USAF-ACC",)),
        # With both codes under an agency in whose own run a lead decides, too.
        (PHONE, "BOR", ("USAF-ACC", "BOR")),
    ],
    indirect=["way"],
)
def test_a_request_across_agencies_walks_from_the_form_to_provision(
    site: Site, open_page: OpenPage, way: Way, employer: str, codes: tuple[str, ...]
) -> None:
    iqcs.begin(clock.now() - timedelta(days=1))
    rita = somebody("Rita Requester")
    agency = employer.partition("-")[0]
    deciders = [
        somebody("Rolf Representative", REPRESENTATIVE, "USAF-ACC"),
        somebody("Leo Lead", LEAD, "USAF"),
        somebody("Rosa Representative", REPRESENTATIVE, agency),
    ]
    if agency == "BOR":
        deciders.append(somebody("Lena Lead", LEAD, agency))
    security = somebody("Sven Security", SECURITY)

    page = open_page(rita, **way.opening())
    asks_across_agencies(page, employer, codes)
    link = re.search(r"/iqcs/supervisor/[\w-]+/", Notice.objects.latest("pk").text)
    assert link is not None
    supervisor = open_page(**way.opening())
    supervisor.goto(link.group())
    expect(supervisor.get_by_text("Add the role Account Manager")).to_be_visible()
    assert violations(supervisor) == []
    supervisor.get_by_role("button", name="Authorize", exact=True).click()
    expect(supervisor.get_by_role("heading", level=1)).to_have_text("Thank you")

    for person in deciders:
        approves(open_page(person, **way.opening()), "Approve and pass on")
    last = open_page(security, **way.opening())
    last.goto("/iqcs/manage-access/")
    last.get_by_role("link", name="Open to decide the request of Rita Requester").click()
    for person in deciders:
        expect(last.get_by_text(person.account.name).first).to_be_visible()
    assert violations(last) == []
    authorized = last.locator("dt", has_text="Authorized by other agencies").locator(
        "xpath=following-sibling::dd[1]"
    )
    expect(authorized.get_by_role("paragraph")).to_have_text([re.compile("^Rolf"), re.compile("^Leo")])
    approves(last, "Provision")
    assert Request.objects.get(program_id=PROGRAM).state == "approved"
    assert Grant.objects.get(account=rita.account).role_id == MANAGER
    given = Access.objects.filter(account=rita.account)
    assert sorted(one.organization.code for one in given) == sorted(codes)
    page.goto("/iqcs/my-access/")
    expect(page.get_by_role("region", name="Organization codes you hold")).to_contain_text(
        "with lower levels"
    )
    assert violations(page) == []
