"""Inactivity and reactivation in a browser: axe finds nothing, and the document's walk is walked (IQCS-08, IQCS-10)."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from rolebook.audit import clock
from rolebook.audit.recording import Origin
from rolebook.governance.flows.watch_quiet import watch_quiet
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.ways import Way, every_way
from tests.support import grants, iqcs
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE, SECURITY

pytestmark = pytest.mark.browser
DAY = timedelta(days=1)


@pytest.mark.requirement("IQCS-08", "IQCS-10")
@every_way
def test_somebody_closed_by_quiet_comes_back_by_their_representatives_word(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    now = clock.now()
    iqcs.begin(now - 500 * DAY)
    mia = iqcs.person("Mia Manager", MANAGER, "FWS-R6-BNR", now - 400 * DAY)
    iqcs.employed(mia.account, "FWS-R6-BNR", at=now - 400 * DAY)
    rosa = iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS", now - DAY)
    sven = iqcs.person("Sven Security", SECURITY, None, now - DAY)
    stella = iqcs.person("Stella Steward", grants.STEWARD, None, now - DAY)
    for at in (now - 400 * DAY, now):
        watch_quiet(PROGRAM, at=at, origin=Origin("job"))
    found: list[str] = []

    page = open_page(mia, **way.opening())
    page.goto("/iqcs/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("is closed")
    expect(page.get_by_text("Rosa Representative")).to_be_visible()
    found += violations(page)

    page = open_page(stella, **way.opening())
    page.goto("/iqcs/inactivity/")
    found += violations(page)
    page.get_by_role("link", name="Let it go on").click()
    found += violations(page)
    page.get_by_role("button", name="Yes, let it go on").click()
    expect(page.get_by_text("Closings go on with the next run, within the hour.")).to_be_visible()

    page = open_page(rosa, **way.opening())
    page.goto("/iqcs/manage-access/")
    page.get_by_role("link", name="Reactivations").click()
    found += violations(page)
    page.get_by_role("link", name="Mia Manager").click()
    comes_back = page.get_by_role("region", name="What comes back")
    expect(comes_back).to_contain_text("Account Manager")
    expect(comes_back).to_contain_text("Benton Lake Refuge")
    found += violations(page)
    page.get_by_label("Reason").fill("She is back from leave.")
    page.get_by_role("button", name="Ask for the reactivation").click()
    expect(page.get_by_text("Asked: Mia Manager is to be reactivated.")).to_be_visible()

    page = open_page(sven, **way.opening())
    page.goto("/iqcs/manage-access/")
    page.get_by_role("link", name="Open to decide the request of Mia Manager").click()
    found += violations(page)
    page.get_by_role("button", name="Reactivate").click()
    expect(page.get_by_text("Mia Manager was reactivated.")).to_be_visible()

    page = open_page(mia, **way.opening())
    page.goto("/iqcs/my-access/")
    roles = page.get_by_role("region", name="Roles you hold")
    expect(roles).to_contain_text("Account Manager")
    codes = page.get_by_role("region", name="Organization codes you hold")
    expect(codes).to_contain_text("Benton Lake Refuge")
    found += violations(page)
    assert found == []
