"""The pages about what roles may do, in a browser: axe at both widths and in the dark, sticky heads, paper."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import WIDTHS, OpenPage, Site, go
from tests.browser.test_accessibility import violations
from tests.browser.ways import Way, every_way
from tests.support import people

pytestmark = pytest.mark.browser

IQIES = (
    "/iqies/role-matrix/",
    "/iqies/role-matrix/?show=tables",
    "/iqies/role-matrix/?role=cms_admin",
    "/iqies/role-matrix/?role=provider_administrator&compare=assessment_coordinator",
    "/iqies/role-matrix/?role=mac_user&compare=state_general_user",
    "/iqies/role-matrix/?words=zzz",
    "/iqies/which-role/",
    "/iqies/which-role/?need=letters",
    "/iqies/which-role/?need=delete+a+patient",
    "/iqies/which-role/?need=zzz",
    "/iqies/which-role/?privilege=manage_user_fsid&privilege=edit_idr",
    "/iqies/which-role/?privilege=create_a_user",
    "/iqies/can-they/",
    "/iqies/can-they/?who=role&role=state_general_user&privilege=view_idr",
    "/iqies/can-they/?who=role&role=state_general_user&privilege=view_survey_details&held_at_words=Ohio&organization_words=e",
)
OTHERS = (
    "/iqcs/role-matrix/?show=tables",
    "/iqcs/role-matrix/?role=responder",
    "/iqcs/can-they/?who=role&role=responder&privilege=experience_tab&own=yes",
    "/qpp/role-matrix/?show=tables",
    "/qpp/can-they/?who=person&person_words=stella&privilege=submit_performance_data&organization_words=cedar",
)


@pytest.fixture
def programs(site: Site) -> Site:
    """The site with the rolebooks of all three programs in force."""
    people.activate("iqies", site.world.start)
    people.activate("iqcs", site.world.start)
    return site


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (1280, True)])
def test_axe_finds_nothing_on_the_pages_about_roles(
    programs: Site, open_page: OpenPage, width: int, dark: bool
) -> None:
    page = open_page(programs.world.maria, width=width, dark=dark)
    found: list[str] = []
    for address in (*IQIES, *OTHERS):
        page.goto(address)
        for summary in page.locator("main summary").all():
            if summary.is_visible():
                summary.click()
        found += violations(page)
    assert sorted(set(found)) == []


def top_of_heading(page: Page) -> float:
    box = page.locator("table.matrix thead th").first.bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.requirement("IQIES-18")
def test_the_head_of_a_table_stays_in_sight_while_its_rows_pass(programs: Site, open_page: OpenPage) -> None:
    page = open_page(programs.world.uma)
    page.goto("/iqies/role-matrix/")
    page.locator("#t1-r40").scroll_into_view_if_needed()
    assert top_of_heading(page) >= -1
    expect(page.locator("table.matrix thead th").first).to_be_in_viewport()


@pytest.mark.requirement("IQIES-18", "IQIES-01")
def test_on_a_phone_one_chooses_a_role_and_reads_a_list(programs: Site, open_page: OpenPage) -> None:
    page = open_page(programs.world.uma, width=390)
    page.goto("/iqies/")
    go(page, "Role Matrix")
    expect(page.locator("table.matrix").first).to_be_hidden()
    page.get_by_role("link", name="State Agency Assessment Coordinator").click()
    row = page.get_by_role("row", name="Manage state-prohibited codes")
    expect(row).to_be_visible()
    expect(row.get_by_role("cell")).to_have_text("yes")
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


@pytest.mark.requirement("IQIES-18")
def test_on_paper_the_cells_are_words_and_nothing_of_the_site_is_left(
    programs: Site, open_page: OpenPage
) -> None:
    page = open_page(programs.world.uma)
    page.goto("/iqies/role-matrix/")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.locator(".matrix-filter")).to_be_hidden()
    word = page.locator("td.no > span").first.bounding_box()
    assert word is not None
    assert word["width"] > 5


@pytest.mark.requirement("IQIES-03")
@every_way
def test_typing_what_one_needs_finds_the_role_and_leads_to_asking_for_it(
    programs: Site, open_page: OpenPage, way: Way
) -> None:
    page = open_page(programs.world.uma, **way.opening())
    page.goto("/iqies/which-role/")
    page.get_by_label("What do you need to do?").press_sequentially("manage state-prohibited codes")
    page.get_by_role("heading", name="2 ways to get this").wait_for()
    page.get_by_role("link", name="Request State Agency Assessment Coordinator").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("State Agency Assessment Coordinator")


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_about_roles_works_without_javascript(
    programs: Site, open_page: OpenPage, width: int
) -> None:
    page = open_page(programs.world.maria, width=width, javascript=False)
    page.goto("/qpp/can-they/")
    page.get_by_role("link", name="Another person").click()
    page.get_by_label("Which person?").fill("stella")
    page.get_by_label("May do what?").select_option(label="Submit performance data")
    page.get_by_label("At which organization?").fill("cedar")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("main")).to_contain_text("Yes: Staff User, held at Cedar Valley Family Practice")
    page.goto("/iqies/role-matrix/")
    page.get_by_label("Role", exact=True).select_option(label="Provider Administrator")
    page.get_by_label("Compare with").select_option(label="Provider Assessment Coordinator")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=2).nth(0)).to_have_text(
        "Provider Administrator and Provider Assessment Coordinator"
    )
