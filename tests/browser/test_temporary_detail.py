"""A temporary detail as its person sees it: before it begins, while it holds, extended, and after its end (IQCS-11)."""

import re
from datetime import date, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.models import Request
from rolebook.notices.models import Notice
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.test_account_request import somebody
from tests.browser.ways import Way, every_way
from tests.support import iqcs
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, REPRESENTATIVE, SECURITY
from tests.support.people import Person

pytestmark = pytest.mark.browser
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def words(day: date) -> str:
    """A day as pages write it."""
    return f"{day:%b} {day.day}, {day.year}"


def held(page: Page) -> tuple[str, str]:
    """The text of both lists on My Access: roles, and organization codes."""
    page.goto("/iqcs/my-access/")
    roles = page.get_by_role("region", name="Roles you hold").inner_text()
    codes = page.get_by_role("region", name="Organization codes you hold").inner_text()
    return " ".join(roles.split()), " ".join(codes.split())


def given(person: Person, in_office: tuple[Account, ...], first: date, last: date, at: datetime) -> None:
    """Give a role and a code for some days."""
    days = {"starts_on": first.isoformat(), "ends_on": last.isoformat()}
    request = iqcs.asks(person.account, iqcs.answers({MANAGER: "add"}, ["FWS-R6"], **days), at=at)
    for who in in_office:
        decides(who, open_stage(request), at=at + HOUR)


def extends(page: Page, found: list[str], last: date, later: date) -> None:
    """Fill in the form of a modification that extends both until later, look at what it comes to, and send it."""
    page.goto("/iqcs/request-a-role/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Modification")
    expect(page.get_by_role("group", name="Account Manager")).to_contain_text(
        f"held until the end of {words(last)}"
    )
    page.get_by_label("Supervisor's name").fill("Sam Supervisor")
    page.get_by_label("Supervisor's e-mail").fill("sam@fws.example")
    page.get_by_role("group", name="Account Manager").get_by_text("Extend", exact=True).click()
    page.get_by_label("Organization code 1", exact=True).fill("FWS-R6")
    page.get_by_label("Last day").fill(later.isoformat())
    found += violations(page)
    page.get_by_role("button", name="See what it comes to").click()
    expect(page.get_by_text(f"to the end of {words(later)}")).to_be_visible()
    expect(page.get_by_text("Extend the role Account Manager")).to_be_visible()
    expect(page.get_by_text(f"Account Manager, until the end of {words(last)}.")).to_be_visible()
    found += violations(page)
    page.get_by_role("button", name="Send request").click()
    expect(page.get_by_text("Waits for the supervisor, Sam Supervisor")).to_be_visible()


def authorizes_by_link(page: Page, found: list[str]) -> None:
    """Follow the newest mailed link, without an account, and authorize; the link is then spent."""
    mailed = re.search(r"/iqcs/supervisor/[\w-]+/", Notice.objects.latest("pk").text)
    assert mailed is not None
    page.goto(mailed.group())
    page.get_by_role("button", name="Authorize", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    found += violations(page)
    page.goto(mailed.group())
    expect(page.get_by_role("button", name="Authorize", exact=True)).to_have_count(0)
    found += violations(page)


@pytest.mark.requirement("IQCS-02", "IQCS-05", "IQCS-11")
@every_way
def test_a_detail_is_seen_to_begin_to_be_extended_by_a_modification_and_to_end(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    now = clock.now()
    iqcs.begin(now - 40 * DAY)
    today = now.date()
    in_office = (
        iqcs.holder(REPRESENTATIVE, "FWS", "Rosa Representative", at=now - 30 * DAY),
        iqcs.holder(SECURITY, None, "Sven Security", at=now - 30 * DAY),
    )
    rita, early, late = somebody("Rita Requester"), somebody("Eva Early"), somebody("Lars Late")
    last, later = today + 5 * DAY, today + 40 * DAY
    given(rita, in_office, today - 10 * DAY, last, now - 20 * DAY)
    given(late, in_office, today - 15 * DAY, today - 3 * DAY, now - 20 * DAY)
    given(early, in_office, today + 10 * DAY, today + 20 * DAY, now - 20 * DAY)
    found: list[str] = []

    page = open_page(early, **way.opening())
    coming = f"From {words(today + 10 * DAY)} to the end of {words(today + 20 * DAY)}; not yet in force"
    assert all(coming in shown for shown in held(page))
    expect(page.get_by_role("heading", name="Reports you can run")).to_have_count(0)
    found += violations(page)
    page.goto("/iqcs/")
    expect(page.get_by_text(coming)).to_be_visible()

    page = open_page(late, **way.opening())
    assert all("Account Manager" not in shown and "FWS-R6" not in shown for shown in held(page))
    expect(page.get_by_role("heading", name="Reports you can run")).to_have_count(0)

    page = open_page(rita, **way.opening())
    assert all(f"until the end of {words(last)}" in shown for shown in held(page))
    expect(page.get_by_role("heading", name="Reports you can run")).to_be_visible()
    extends(page, found, last, later)
    authorizes_by_link(open_page(**way.opening()), found)
    extension = Request.objects.filter(beneficiary=rita.account).latest("pk")
    for who in in_office:
        decides(who, open_stage(extension), at=clock.now())
    extension.refresh_from_db()
    assert (extension.state, extension.forms.get().request_type) == ("approved", "modification")
    assert all(f"until the end of {words(later)}" in shown for shown in held(page))
    assert found == []
