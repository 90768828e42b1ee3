"""A whole audit as its people see it, from its opening to its final report (IQCS-12, IQCS-13).

Two agencies, a reviewer who is absent until it is overdue, changes in the middle, a removal; time passes by the job.
Walked at a desk, on a phone and by keyboard alone.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Access, Grant, ReviewCampaign, ReviewItem
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.ways import Way, every_way
from tests.support import iqcs
from tests.support.iqcs import MANAGER
from tests.support.people import Person
from tests.support.reviews import Agencies, agencies, answers, items, opened, steward

pytestmark = pytest.mark.browser
type LetPass = Callable[[datetime], None]


@pytest.fixture
def until(monkeypatch: pytest.MonkeyPatch) -> LetPass:
    """Let time pass until an instant, for the server and for the job, which then does what is due."""
    real, ahead = clock.now, [timedelta()]
    monkeypatch.setattr(clock, "now", lambda: real() + ahead[0])

    def come(at: datetime) -> None:
        ahead[0] = at - real()
        tend_reviews(clock.now())
        while derive_notices(now=clock.now()):
            pass

    return come


def signed(account: Account) -> Person:
    """The person of an account whose second factor stands already."""
    return Person(account)


def told(kind: str) -> set[str]:
    """Who was mailed a kind of notice so far."""
    return set(Notice.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def chooses(page: Page, question: str, answer: str) -> None:
    """A reviewer answers one question of the account on the page."""
    page.get_by_role("group", name=question).get_by_text(answer, exact=True).click()


def confirms_removal(page: Page) -> None:
    """What ends is named, Cancel has the focus, and one press more submits it."""
    expect(page.get_by_text("1 role or access ends at once.")).to_be_visible()
    expect(page.get_by_role("link", name="No, Cancel Action")).to_be_focused()
    assert violations(page) == []
    page.get_by_role("button", name="Yes, submit and remove").click()


def opened_by(page: Page) -> ReviewCampaign:
    """The steward looks at the numbers, and opens the audit."""
    page.goto("/iqcs/reviews/")
    page.get_by_role("link", name=re.compile("^Open now")).click()
    expect(page.get_by_text("11 roles and access of 5 accounts")).to_be_visible()
    page.get_by_label("Last day to answer").fill((clock.now() + timedelta(days=30)).date().isoformat())
    page.get_by_role("button", name="Yes, open it").click()
    expect(page.get_by_text("is open. Who has to answer gets a mail.")).to_be_visible()
    return ReviewCampaign.objects.get()


def answers_with_keys(page: Page, campaign: ReviewCampaign) -> None:
    """The lead answers all of one account: keep it, remove the role, keep the code; each is saved at once."""
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    assert violations(page) == []
    mona = page.get_by_role("region", name="Mona Manager", exact=True)
    chooses(page, "Does the account holder still require access to IQCS? (Mona Manager)", "Yes, keep")
    expect(mona.get_by_text("Saved. 2 questions not answered yet")).to_be_visible()
    mona.locator("li[data-line]").nth(1).press("r")
    page.keyboard.press("e")
    expect(mona.get_by_text("Saved. Ready to submit")).to_be_visible()


def submits_after_a_change(page: Page, campaign: ReviewCampaign, people: Agencies) -> None:
    """A representative answers otherwise, and a code is given: both are said beside their lines first."""
    answers(people.fws_representative, campaign, people.fws_person, clock.now(), account_manager="keep")
    iqcs.gives_access(people.fws_person, "FWS-R6", at=clock.now())
    page.get_by_role("region", name="Mona Manager", exact=True).locator("button[value=submit]").click()
    expect(page.get_by_text("Rita Representative answered Keep since you saw it.")).to_be_visible()
    assert violations(page) == []
    assert Grant.objects.get(account=people.fws_person).closed_at is None
    chooses(page, "Account Manager (Mona Manager)", "Remove")
    page.locator("button[value=submit]").click()
    confirms_removal(page)
    expect(page.get_by_text("It was given since you saw the account.")).to_be_visible()
    chooses(page, "FWS Mountain-Prairie Region (FWS-R6) (Mona Manager)", "Keep")
    page.locator("button[value=submit]").click()
    confirms_removal(page)
    expect(page.get_by_text("Mona Manager submitted: 3 kept, 1 removed.")).to_be_visible()
    assert Grant.objects.get(account=people.fws_person).closed_at is not None


def reads_what_was_submitted(page: Page, campaign: ReviewCampaign) -> None:
    """A submitted account says by whom, for which organization and when, and has nothing to press."""
    page.goto(f"/iqcs/reviews/{campaign.public_id}/?show=done")
    mona = page.get_by_role("region", name="Mona Manager", exact=True)
    expect(mona.get_by_text("Submitted by Lena Lead for Benton Lake Refuge")).to_be_visible()
    expect(mona.get_by_role("button")).to_have_count(0)
    assert violations(page) == []


def loses_who_changes_employer(page: Page, campaign: ReviewCampaign) -> None:
    """The former agency's lead sees who is employed elsewhere now, and that their account is answered there."""
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    gone = page.get_by_role("region", name="Employed elsewhere now")
    expect(gone.get_by_text("went to Air Combat Command")).to_be_visible()
    assert violations(page) == []
    gone.get_by_role("link", name="Bo Both").click()
    expect(page.get_by_text("Went to Air Combat Command on").first).to_be_visible()
    assert violations(page) == []


def answers_when_overdue(page: Page, campaign: ReviewCampaign, people: Agencies) -> None:
    """The other agency's lead answers about who came, and takes the agency's own code away."""
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    assert violations(page) == []
    expect(page.get_by_text("Mona Manager")).to_have_count(0)
    bo = page.get_by_role("region", name="Bo Both", exact=True)
    expect(bo.get_by_text("Came from Benton Lake Refuge on").first).to_be_visible()
    chooses(page, "Does the account holder still require access to IQCS? (Bo Both)", "Yes, keep")
    chooses(page, "Account Manager (Bo Both)", "Keep")
    chooses(page, "Air Combat Command (USAF-ACC) (Bo Both)", "Remove")
    expect(bo.get_by_text("Saved. Ready to submit")).to_be_visible()
    bo.locator("button[value=submit]").click()
    confirms_removal(page)
    expect(page.get_by_text("Bo Both submitted: 2 kept, 1 removed.")).to_be_visible()
    assert Access.objects.get(account=people.both, organization__code="USAF-ACC").closed_at is not None


def finds_it_closed(lead: Page, stella: Page, campaign: ReviewCampaign) -> None:
    """Who answered finds the review closed; the steward sees who did not answer."""
    lead.goto(f"/iqcs/reviews/{campaign.public_id}/")
    expect(lead.get_by_text("This review is closed")).to_be_visible()
    assert violations(lead) == []
    lead.goto("/iqcs/reviews/")
    expect(lead.get_by_role("heading", name="Earlier reviews")).to_be_visible()
    assert violations(lead) == []
    stella.goto(f"/iqcs/reviews/{campaign.public_id}/progress/")
    expect(stella.get_by_text("Closed on")).to_be_visible()
    expect(stella.get_by_role("link", name="Close it early")).to_have_count(0)
    assert violations(stella) == []


def reads_the_final_report(page: Page, campaign: ReviewCampaign) -> None:
    """The lead's report is final: what was removed, by whom; what came from where; and what nobody answered."""
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    page.get_by_role("link", name="User Audit Report").click()
    expect(page.get_by_text("its reports are final")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name=f"Show the final report of {iqcs.place('FWS').name}", exact=True).click()
    expect(page.get_by_text("Final", exact=True)).to_be_visible()
    assert violations(page) == []
    bo = page.get_by_role("row").filter(has_text="Bo Both")
    expect(bo).to_contain_text("Removed by the review")
    expect(bo).to_contain_text("(remove, by Ulf Lead")
    expect(bo).to_contain_text("came from Benton Lake Refuge: Air Combat Command employs them since")
    expect(bo).to_contain_text("Not answered, kept")
    mona = page.get_by_role("row").filter(has_text="Mona Manager")
    expect(mona).to_contain_text("Removed by the review")
    expect(mona).to_contain_text("(remove, by Lena Lead")
    silent = page.get_by_role("region", name="Who did not answer")
    rita = silent.get_by_role("row").filter(has_text="Rita Representative")
    expect(rita).to_contain_text("submitted nothing")


@pytest.mark.requirement("IQCS-12", "IQCS-13")
@every_way
def test_an_audit_of_two_agencies_with_an_absent_reviewer_changes_and_a_removal_from_opening_to_final_report(
    site: Site, open_page: OpenPage, until: LetPass, way: Way
) -> None:
    del site
    opening = way.opening()
    people = agencies(clock.now() - timedelta(days=2))
    stella = signed(steward(clock.now() - timedelta(days=2)))
    campaign = opened_by(open_page(stella, **opening))
    lead = open_page(signed(people.fws_lead), **opening)
    answers_with_keys(lead, campaign)
    submits_after_a_change(lead, campaign, people)
    reads_what_was_submitted(lead, campaign)
    # In the middle of it another agency employs Bo. Its lead is absent: he answers nothing until he is escalated to.
    until(campaign.due_at - timedelta(days=20))
    iqcs.employed(people.both, "USAF-ACC", at=clock.now())
    until(campaign.due_at - timedelta(days=13))
    assert told("review-reminder") >= {"Ulf Lead", "Lena Lead"}
    loses_who_changes_employer(open_page(signed(people.fws_lead), **opening), campaign)
    until(campaign.due_at + timedelta(hours=1))
    assert told("review-overdue") == set()
    until(campaign.due_at + timedelta(days=3, hours=1))
    assert "Ulf Lead" in told("review-overdue")
    answers_when_overdue(open_page(signed(people.usaf_lead), **opening), campaign, people)
    until(campaign.closes_at - timedelta(hours=1))
    assert ReviewCampaign.objects.filter(closed_at=None).exists()
    until(campaign.closes_at)
    assert not ReviewCampaign.objects.filter(closed_at=None).exists()
    # What nobody answered is kept and reported.
    assert items(campaign, people.both)["FWS-R6-BNR"].outcome == ReviewItem.Outcome.UNANSWERED
    assert items(campaign, people.both)[MANAGER].outcome == ReviewItem.Outcome.KEPT
    assert Access.objects.get(account=people.both, organization__code="FWS-R6-BNR").closed_at is None
    lead = open_page(signed(people.fws_lead), **opening)
    finds_it_closed(lead, open_page(stella, **opening), campaign)
    reads_the_final_report(lead, campaign)


@pytest.mark.requirement("IQCS-12")
@pytest.mark.parametrize("how", ["mouse", "keys"])
def test_submitting_while_an_answer_is_still_being_saved_submits_it_too(
    site: Site, open_page: OpenPage, how: str
) -> None:
    del site
    people = agencies(clock.now() - timedelta(days=2))
    campaign = opened(clock.now(), due_on=(clock.now() + timedelta(days=30)).date())
    answers(people.fws_lead, campaign, people.fws_person, clock.now(), account="keep", account_manager="keep")
    page = open_page(signed(people.fws_lead))
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")

    def late(route: Route) -> None:
        if route.request.headers.get("accept") == "application/json":
            page.wait_for_timeout(700)
        route.continue_()

    page.route("**/reviews/**", late)
    mona = page.get_by_role("region", name="Mona Manager", exact=True)
    if how == "mouse":
        chooses(page, "Benton Lake Refuge (FWS-R6-BNR) (Mona Manager)", "Keep")
        mona.locator("button[value=submit]").click()
    else:
        mona.locator("li[data-line]").last.press("e")
        page.keyboard.press("s")
    expect(page.get_by_text("Mona Manager submitted: everything kept.")).to_be_visible()
    assert items(campaign, people.fws_person)["FWS-R6-BNR"].outcome == ReviewItem.Outcome.KEPT
