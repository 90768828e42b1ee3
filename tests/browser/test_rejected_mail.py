"""Rejected mail in a browser: what the representative sees, and what the person reads at the next sign-in (IQCS-09)."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from rolebook.audit import clock
from rolebook.notices.bounce_models import Bounce
from rolebook.notices.bounces import take_report
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.ways import Way, every_way
from tests.notices.reports import report_about
from tests.support import iqcs
from tests.support.iqcs import MANAGER, REPRESENTATIVE, SECURITY
from tests.support.people import PASSWORD, Person

pytestmark = [pytest.mark.browser, pytest.mark.requirement("IQCS-09")]
DAY = timedelta(days=1)


def reject_a_mail_to(person: Person) -> None:
    """Have the mail server of somebody's address report, an hour later, that it knows nobody there."""
    at = clock.now() - timedelta(hours=1)
    mail = Notice.objects.create(
        recipient=person.account,
        kind="decision",
        subject="IQCS: Access approved",
        text="Your request was approved.\n",
        message_id=f"mail.{person.account.user_id}@example.org",
        state="sent",
        attempts=1,
        sent_at=at,
        next_attempt_at=at,
        created_at=at,
    )
    take_report(report_about(mail), source=Bounce.Source.MAILBOX, at=clock.now())


def signs_in(page: Page, person: Person) -> None:
    """Sign in to IQCS as people do, with password, statement and code."""
    page.goto("/iqcs/sign-in/")
    page.get_by_label("User ID").fill(person.account.user_id)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    agree = page.get_by_label("I agree")
    if agree.count():
        agree.check()
    page.get_by_role("button", name="Sign In").click()
    page.get_by_label("Security code").fill(person.code(clock.now()))
    page.get_by_role("main").get_by_role("button").first.click()


@every_way
def test_a_rejected_mail_is_seen_by_the_representative_and_told_at_the_next_sign_in(
    site: Site, open_page: OpenPage, way: Way
) -> None:
    began = clock.now() - 30 * DAY
    iqcs.begin(began)
    mia = iqcs.person("Mia Manager", MANAGER, "FWS-R6-BNR", began)
    iqcs.employed(mia.account, "FWS-R6-BNR", at=began)
    rosa = iqcs.person("Rosa Representative", REPRESENTATIVE, "FWS", began)
    iqcs.person("Sven Security", SECURITY, None, began)
    reject_a_mail_to(mia)
    while derive_notices(now=clock.now()):
        pass
    found: list[str] = []

    # The representative is told by mail, and finds who it is, why, and what to do.
    [told] = Notice.objects.filter(recipient=rosa.account, kind="mail-rejected")
    assert "Mia Manager" in told.text
    page = open_page(rosa, **way.opening())
    page.goto("/iqcs/manage-access/")
    page.get_by_role("link", name="Reactivations").click()
    listed = page.get_by_role("region", name="Closed and deactivated")
    expect(listed).to_contain_text("Mia Manager")
    expect(listed).to_contain_text("mail rejected")
    found += violations(page)
    page.get_by_role("link", name="Mia Manager").click()
    comes_back = page.get_by_role("region", name="What comes back")
    expect(comes_back).to_contain_text("Role Account Manager")
    expect(comes_back).to_contain_text("Benton Lake Refuge")
    found += violations(page)

    # The person is told at the next sign-in, before anything else: which address, what it stopped, whom to ask.
    page = open_page(**way.opening())
    signs_in(page, mia)
    expect(page.get_by_role("heading", level=1)).to_have_text("Mail to you was rejected")
    main = page.get_by_role("main")
    expect(main).to_contain_text(mia.account.email)
    expect(main).to_contain_text("your part in it is deactivated. What you hold is kept.")
    expect(main).to_contain_text(f"Rosa Representative ({rosa.account.email})")
    found += violations(page)

    # A code to the address shows that it works again; the part stays as it is until the representative has asked.
    page.get_by_role("link", name=re.compile("Mail a code to")).click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button").first.click()
    # Until the next page is there the code may not have been mailed: a press of a key does not wait for its answer.
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your new address")
    code = re.findall(r"\d{4} \d{4}", Notice.objects.filter(kind="confirm-new-email").latest("pk").text)[0]
    page.get_by_label("Code").fill(code)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mail reaches you again")
    page.get_by_role("link", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("is deactivated")
    expect(page.get_by_text("Rosa Representative")).to_be_visible()
    found += violations(page)
    assert found == []
