"""What the iQIES role matrix job aid promises, found by somebody who reads it: at a desk, on a phone, by keyboard."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from rolebook.accounts.models import Organization
from rolebook.audit import clock
from rolebook.governance.models import Grant
from rolebook.notices.derivation import derive_notices
from tests.browser.conftest import OpenPage, Site, go
from tests.browser.ways import Way, every_way
from tests.support import grants, people
from tests.support.people import Person

pytestmark = pytest.mark.browser
PROGRAM = "iqies"


@pytest.fixture
def ohio(site: Site) -> Organization:
    """iQIES is in force, with its states."""
    people.activate(PROGRAM, clock.now() - timedelta(days=9))
    return Organization.objects.get(program_id=PROGRAM, code="OH")


def somebody(name: str, role_id: str = "", place: Organization | None = None) -> Person:
    """Somebody of iQIES, with a role that stands since two days."""
    at = clock.now() - timedelta(days=2)
    person = people.user_with_totp(name, at=at)
    if role_id:
        grants.placed(person.account, role_id, place, program_id=PROGRAM, at=at)
    return person


def chooses(page: Page, way: Way, role: str, place: str = "") -> None:
    """Walk through Request a Role to its last step."""
    page.goto("/iqies/")
    go(page, "Request a Role")
    page.get_by_role("link", name=f"Choose {role}", exact=True).click()
    if place:
        page.get_by_label("Name or number").fill(place)
        page.get_by_role("link", name=f"Choose {place}").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check and send your request")


@every_way
@pytest.mark.requirement("IQIES-01", "IQIES-03", "IQIES-05", "IQIES-06")
def test_who_has_no_role_finds_it_by_its_privileges_asks_and_is_granted_it_by_the_security_official(
    site: Site, ohio: Organization, open_page: OpenPage, way: Way
) -> None:
    nora, sonia = somebody("Nora Newell"), somebody("Sonia State", "state_security_official", ohio)
    page = open_page(nora, **way.opening())
    page.goto("/iqies/")
    expect(page.get_by_role("main")).to_contain_text("All users must have a role in iQIES")
    # How do I know which role I need? Review the privileges you need, then select the corresponding role.
    go(page, "Role Matrix")
    expect(page.get_by_role("link", name="iQIES Onboarding Guide")).to_be_visible()
    page.get_by_role("navigation", name="What roles may do").get_by_role(
        "link", name="Which role do I need?"
    ).click()
    page.get_by_label("What do you need to do?").fill("manage state-prohibited codes")
    page.get_by_role("link", name="Request State Agency Assessment Coordinator").click()
    page.get_by_label("Name or number").fill("Ohio")
    page.get_by_role("link", name="Choose Ohio").click()
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(
        "State Agency Assessment Coordinator at Ohio"
    )
    # The SO is responsible for granting user roles; at least two are recommended for every state.
    page = open_page(sonia, **way.opening())
    page.goto("/iqies/")
    go(page, "Manage Access")
    expect(page.get_by_role("main")).to_contain_text("at least two designated Security Officials")
    page.get_by_role("row").filter(has_text="Nora Newell").get_by_role("button", name="Approve").click()
    expect(page.locator("#toasts")).to_contain_text("You approved Nora Newell")
    assert Grant.objects.get(account=nora.account).role_id == "state_assessment_coordinator"
    assert derive_notices(now=clock.now()) > 0


@every_way
@pytest.mark.requirement("IQIES-04", "IQIES-08")
def test_one_can_have_more_than_one_role_of_one_category_and_is_told_why_no_other(
    site: Site, ohio: Organization, open_page: OpenPage, way: Way
) -> None:
    sagu = somebody("Sally Sagu", "state_general_user", ohio)
    page = open_page(sagu, **way.opening())
    chooses(page, way, "State Agency Security Official", "Ohio")
    page.get_by_role("button", name="Send request").click()
    expect(page.locator("#toasts")).to_contain_text("was sent")
    page = open_page(somebody("Carl Cms", "cms_general_user"), **way.opening())
    page.goto("/iqies/")
    go(page, "Request a Role")
    expect(page.get_by_text("you must stay in the same category of users").first).to_be_visible()
    contractor = page.get_by_role("region", name="CMS Contractor User MAC")
    expect(contractor).to_contain_text("Not possible now")
    expect(contractor.get_by_role("link", name="Choose CMS Contractor User MAC")).to_have_count(0)
    official = page.get_by_role("region", name="CMS Security Official")
    expect(official).to_contain_text("Do not request this role")
    expect(official).to_contain_text("designated for specific staff at CMS Headquarters only")


@every_way
@pytest.mark.requirement("IQIES-09", "IQIES-10", "IQIES-15", "IQIES-18")
def test_the_tables_are_read_narrowed_compared_and_answer_who_can_do_what_where(
    site: Site, ohio: Organization, open_page: OpenPage, way: Way
) -> None:
    sagu = somebody("Sally Sagu", "state_general_user", ohio)
    page = open_page(sagu, **way.opening())
    page.goto("/iqies/")
    go(page, "Role Matrix")
    expect(page.get_by_role("main")).to_contain_text("Version 3.0, October 25, 2022")
    expect(page.get_by_text("You hold:").first).to_contain_text("State Agency General User")
    for file in ("PDF", "Excel (XLSX)", "CSV"):
        expect(page.get_by_role("main").get_by_role("link", name=file, exact=True)).to_be_visible()
    page.get_by_label("Words").fill("delete a survey")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("main")).to_contain_text("CMS Admin")
    page.get_by_role("link", name="Show the whole matrix").click()
    page.get_by_label("Role", exact=True).select_option(label="State Agency General User")
    page.get_by_label("Compare with").select_option(label="State Agency Security Official")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=2).first).to_have_text(
        "State Agency General User and State Agency Security Official"
    )
    page.get_by_role("navigation", name="What roles may do").get_by_role("link", name="Can they?").click()
    for place, answer in (("Ohio", "Yes"), ("Texas", "Yes")):
        asks_about(page, "View survey details", place)
        expect(page.get_by_role("main")).to_contain_text(f"{answer}:")
    asks_about(page, "Create and manage an intake", "Texas")
    expect(page.get_by_role("main")).to_contain_text("No:")


def asks_about(page: Page, privilege: str, place: str) -> None:
    """Ask on "Can they?" whether oneself may do something at a state."""
    page.goto("/iqies/can-they/")
    page.get_by_label("May do what?").select_option(label=privilege)
    page.get_by_label("At which organization?").fill(place)
    page.get_by_role("button", name="Ask").click()
