"""The other shapes of an account request as its people see them, and an approver who is out of office (IQCS).

One for another agency alone walks in `test_account_request`; here one agency, a lead's stage, and two agencies of which
one denies.
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rolebook.audit import clock
from rolebook.governance.flows.watch_stages import escalate_stages
from rolebook.governance.models import Access, Grant, Outcome, Request
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.test_account_request import approves, somebody
from tests.support import iqcs
from tests.support.iqcs import LEAD, PROGRAM, REPRESENTATIVE, SECURITY
from tests.support.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.requirement("IQCS-03", "IQCS-15")]


def asks(page: Page, employer: str, supervisor: Person, *codes: str) -> None:
    """Fill the form in as Rita and send it."""
    page.goto("/iqcs/request-a-role/")
    page.get_by_label("Organization code of the employer").fill(employer)
    page.get_by_label("Supervisor's name").fill(supervisor.account.name)
    page.get_by_label("Supervisor's e-mail").fill(supervisor.account.email)
    page.get_by_role("group", name="Account Manager").get_by_text("Add", exact=True).click()
    for number, code in enumerate(codes, 1):
        page.get_by_label(f"Organization code {number}", exact=True).fill(code)
    page.get_by_role("button", name="See what it comes to").click()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text(f"Waits for the supervisor, {supervisor.account.name}")).to_be_visible()


def authorizes(page: Page) -> None:
    """Give the supervisor's word, signed in."""
    page.goto("/iqcs/authorizations/")
    page.get_by_role("link", name=re.compile("Rita Requester")).first.click()
    page.get_by_role("button", name="Authorize", exact=True).click()


@pytest.mark.parametrize(
    ("employer", "codes", "offices"),
    [
        ("FWS-R6-BNR", ("FWS-R6",), ((REPRESENTATIVE, "FWS"),)),
        ("DOI-EM", ("DOI-EM",), ((REPRESENTATIVE, "DOI-EM"), (LEAD, "DOI-EM"))),
    ],
    ids=["one agency", "a lead's stage"],
)
def test_a_request_within_one_agency_walks_from_the_form_to_provision(
    site: Site,
    open_page: OpenPage,
    employer: str,
    codes: tuple[str, ...],
    offices: tuple[tuple[str, str], ...],
) -> None:
    iqcs.begin(clock.now() - timedelta(days=1))
    rita, supervisor = somebody("Rita Requester"), somebody("Sam Supervisor")
    lead = somebody("Lena Lead", LEAD, codes[0]) if len(offices) == 1 else None
    deciders = [somebody(f"Approver {n}", role_id, code) for n, (role_id, code) in enumerate(offices, 1)]
    page = open_page(rita)
    asks(page, employer, supervisor, *codes)
    # IQCS-15: who leads the person's own agency is named, and how to reach them.
    contact = deciders[-1] if lead is None else lead
    expect(page.get_by_role("link", name=contact.account.name).first).to_be_visible()
    authorizes(open_page(supervisor))
    for person in deciders:
        approves(open_page(person), "Approve and pass on")
    last = open_page(somebody("Sven Security", SECURITY))
    last.goto("/iqcs/manage-access/")
    last.get_by_role("link", name="Open to decide the request of Rita Requester").click()
    for person in deciders:
        expect(last.get_by_text(person.account.name).first).to_be_visible()
    approves(last, "Provision")
    assert Request.objects.get(program_id=PROGRAM).state == "approved"
    held = Access.objects.filter(account=rita.account).values_list("organization__code", flat=True)
    assert list(held) == list(codes)


@pytest.mark.requirement("IQCS-04")
def test_of_two_agencies_one_denies_and_the_requester_lets_the_rest_go_on(
    site: Site, open_page: OpenPage
) -> None:
    iqcs.begin(clock.now() - timedelta(days=1))
    rita, supervisor = somebody("Rita Requester"), somebody("Sam Supervisor")
    foreign = somebody("Rolf Representative", REPRESENTATIVE, "USAF-ACC")
    own = somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    page = open_page(rita)
    asks(page, "FWS-R6-BNR", supervisor, "FWS-R6", "USAF-ACC")
    authorizes(open_page(supervisor))
    denies = open_page(foreign)
    denies.goto("/iqcs/manage-access/")
    denies.get_by_role("link", name="Open to decide the request of Rita Requester").click()
    denies.get_by_label(re.compile("What is missing, or why")).fill("No need seen.")
    denies.get_by_role("button", name="Deny", exact=True).click()
    page.goto("/iqcs/requests/")
    page.get_by_role("link", name=re.compile("Account Manager")).first.click()
    expect(page.get_by_role("heading", name="Another agency denied its part")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Let the rest go on").click()
    # The own representative decides at the employer, and for the code that is asked of the agency.
    while (
        Request.objects.get(program_id=PROGRAM)
        .stages.filter(state="open", approver_role_id=REPRESENTATIVE)
        .exists()
    ):
        approves(open_page(own), "Approve and pass on")
    approves(open_page(somebody("Sven Security", SECURITY)), "Provision")
    assert Request.objects.get(program_id=PROGRAM).state == "partly approved"
    assert [one.organization.code for one in Access.objects.filter(account=rita.account)] == ["FWS-R6"]
    assert Grant.objects.filter(account=rita.account).count() == 1


@pytest.mark.requirement("IQCS-04")
@pytest.mark.parametrize("width", [1280, 390])
def test_who_is_out_of_office_names_a_delegate_who_decides_meanwhile(
    site: Site, open_page: OpenPage, width: int, tmp_path: Path
) -> None:
    iqcs.begin(clock.now() - timedelta(days=1))
    rita = somebody("Rita Requester")
    rosa = somebody("Rosa Representative", REPRESENTATIVE, "FWS")
    cora = somebody("Cora Colleague", REPRESENTATIVE, "FWS")
    before = clock.now() - timedelta(hours=1)
    request = iqcs.asks(rita.account, iqcs.answers({iqcs.MANAGER: "add"}), at=before)
    page = open_page(rosa, width=width)
    page.goto("/iqcs/manage-access/")
    page.get_by_role("link", name="Out of office").click()
    assert violations(page) == []
    page.get_by_role("button", name="Record the absence").click()
    expect(page.get_by_role("alert")).to_contain_text("Last day: choose a day.")
    assert violations(page) == []
    page.get_by_label("Last day").fill(str((clock.now() + timedelta(days=5)).date()))
    page.get_by_label(re.compile("Who decides meanwhile as Agency Representative")).select_option(
        label="Cora Colleague"
    )
    page.screenshot(path=tmp_path / "form.png", full_page=True)
    page.get_by_role("button", name="Record the absence").click()
    expect(page.get_by_text("Cora Colleague decides meanwhile as Agency Representative")).to_be_visible()
    assert violations(page) == []
    page.screenshot(path=tmp_path / "recorded.png", full_page=True)
    delegate = open_page(cora, width=width)
    delegate.goto("/iqcs/out-of-office/")
    expect(delegate.get_by_role("heading", name="You decide for")).to_be_visible()
    assert violations(delegate) == []
    delegate.screenshot(path=tmp_path / "delegate.png", full_page=True)
    delegate.goto("/iqcs/manage-access/")
    delegate.get_by_role("link", name="Open to decide the request of Rita Requester").click()
    expect(delegate.get_by_text("Rosa Representative is out of office until").first).to_be_visible()
    delegate.get_by_role("button", name="Approve and pass on").click()
    said = "delegate of Rosa Representative, who was out of office"
    expect(delegate.get_by_text(said)).to_be_visible()
    assert violations(delegate) == []
    delegate.screenshot(path=tmp_path / "course.png", full_page=True)
    assert Outcome.objects.get(request=request).delegate_for == rosa.account
    page.reload()
    page.get_by_role("button", name="I am back").click()
    expect(page.get_by_text("Recorded: you are there.")).to_be_visible()
    assert escalate_stages(clock.now()) == 0
