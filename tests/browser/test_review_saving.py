"""Answers are saved as they are given, whoever else answers, and whether or not the network or the session lasts.

What nobody saw is never submitted under somebody's name, and what is not saved is not lost without a word.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest
from playwright.sync_api import Dialog, Locator, Page, Route, expect

from rolebook.audit import clock
from rolebook.governance.models import Grant, ReviewCampaign, ReviewItem
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.browser.test_review import chooses, signed
from tests.support.iqcs import MANAGER
from tests.support.reviews import Agencies, agencies, answers, items, opened

pytestmark = pytest.mark.browser
ROLE = "Account Manager (Mona Manager)"
CODE = "Benton Lake Refuge (FWS-R6-BNR) (Mona Manager)"


class Reviewing(NamedTuple):
    """A lead who looks at Mona, whose account and code are answered with Keep."""

    page: Page
    people: Agencies
    campaign: ReviewCampaign

    @property
    def role(self) -> ReviewItem:
        """What the database has about her role."""
        return items(self.campaign, self.people.fws_person)[MANAGER]

    def colleague_answers(self, **given: str) -> None:
        """The representative answers about her in the meantime."""
        answers(self.people.fws_representative, self.campaign, self.people.fws_person, clock.now(), **given)

    def the_next_save(self, act: Callable[[Route], None]) -> None:
        """Do something with the next request that saves, and with it alone."""
        self.page.route(re.compile(r"/reviews/.+/accounts/"), act, times=1)


@pytest.fixture
def reviewing(site: Site, open_page: OpenPage) -> Reviewing:
    """Lena has Mona open, whose role alone is not answered yet."""
    del site
    people = agencies(clock.now() - timedelta(days=2))
    campaign = opened(clock.now(), due_on=(clock.now() + timedelta(days=30)).date())
    answers(people.fws_lead, campaign, people.fws_person, clock.now(), account="keep", FWS_R6_BNR="keep")
    page = open_page(signed(people.fws_lead))
    page.goto(f"/iqcs/reviews/{campaign.public_id}/")
    return Reviewing(page, people, campaign)


def mona(page: Page) -> Locator:
    """The card of the account."""
    return page.get_by_role("region", name="Mona Manager", exact=True)


def lost(route: Route) -> None:
    """The network has just gone away."""
    route.abort()


def is_chosen(page: Page, question: str, answer: str) -> None:
    """One answer of a question is the one that is chosen."""
    expect(
        page.get_by_role("group", name=question).get_by_role("radio", name=answer, exact=True)
    ).to_be_checked()


@pytest.mark.requirement("IQCS-12")
@pytest.mark.fault(14)
def test_a_colleagues_remove_that_nobody_here_saw_is_not_submitted_with_ones_own_keep(
    reviewing: Reviewing,
) -> None:
    page = reviewing.page

    def late(route: Route) -> None:
        page.wait_for_timeout(500)
        route.continue_()

    reviewing.colleague_answers(account_manager="remove")
    reviewing.the_next_save(late)
    line = mona(page).locator("li[data-line]").nth(1)
    line.press("e")
    page.keyboard.press("s")
    expect(mona(page).get_by_text("Rita Representative answered Remove since you saw it.")).to_be_visible()
    expect(mona(page).get_by_role("status")).to_contain_text("Not submitted.")
    expect(line).to_be_focused()
    assert violations(page) == []
    assert not reviewing.role.outcome
    assert Grant.objects.get(account=reviewing.people.fws_person).closed_at is None


@pytest.mark.requirement("IQCS-12")
def test_what_changed_beside_another_line_is_looked_at_before_the_account_is_submitted(
    reviewing: Reviewing,
) -> None:
    page = reviewing.page
    reviewing.colleague_answers(account_manager="remove")
    chooses(page, CODE, "Remove")
    expect(mona(page).get_by_text("Rita Representative answered Remove since you saw it.")).to_be_visible()
    mona(page).locator("button[value=submit]").click()
    expect(mona(page).get_by_role("status")).to_contain_text("Not submitted: something changed.")
    expect(mona(page).locator("li[data-line]").nth(1)).to_be_focused()
    assert not reviewing.role.outcome


@pytest.mark.requirement("IQCS-12")
def test_who_answers_the_changed_line_again_by_mouse_has_seen_it_and_submits_at_once(
    reviewing: Reviewing,
) -> None:
    page = reviewing.page
    reviewing.colleague_answers(account_manager="remove")
    # On the round itself: it has the focus already when it is pressed again.
    keep = page.get_by_role("group", name=ROLE).get_by_role("radio", name="Keep", exact=True)
    keep.click()
    expect(mona(page).get_by_text("Rita Representative answered Remove since you saw it.")).to_be_visible()
    keep.click()
    expect(mona(page).get_by_role("status")).to_have_text("Saved. Ready to submit")
    expect(mona(page).get_by_text("since you saw it")).to_have_count(0)
    mona(page).locator("button[value=submit]").click()
    expect(page.get_by_text("Mona Manager submitted: everything kept.")).to_be_visible()


@pytest.mark.requirement("IQCS-12")
def test_what_was_chosen_while_a_save_was_under_way_is_not_written_over_by_its_answer(
    reviewing: Reviewing,
) -> None:
    page = reviewing.page

    def late(route: Route) -> None:
        reviewing.colleague_answers(account_manager="keep")
        told = route.fetch()
        chooses(page, ROLE, "Remove")
        reviewing.the_next_save(keep)
        route.fulfill(response=told)

    later: list[Route] = []

    # A function: the browser's driver cannot note anything on a list's own method.
    def keep(route: Route) -> None:
        later.append(route)

    reviewing.the_next_save(late)
    chooses(page, CODE, "Remove")
    for _ in range(200):  # however slow the machine is
        page.wait_for_timeout(100)
        if later:
            break
    is_chosen(page, ROLE, "Remove")
    # Sent from the version that was seen, it takes nobody's place, and the colleague's answer is told.
    later[0].continue_()
    expect(mona(page).get_by_text("Rita Representative answered Keep since you saw it.")).to_be_visible()
    is_chosen(page, ROLE, "Keep")
    assert reviewing.role.answer == "keep"


@pytest.mark.requirement("IQCS-12")
def test_a_line_names_who_answered_it_last_as_soon_as_that_is_saved(reviewing: Reviewing) -> None:
    page = reviewing.page
    reviewing.colleague_answers(account_manager="keep")
    page.reload()
    line = mona(page).locator("li[data-line]").nth(1)
    expect(line.locator("[data-by]")).to_contain_text("Rita Representative,")
    chooses(page, ROLE, "Remove")
    expect(line.locator("[data-by]")).to_contain_text("Lena Lead, just now")


@pytest.mark.requirement("IQCS-12")
def test_an_answer_that_could_not_be_saved_is_tried_again_by_itself_and_by_hand(reviewing: Reviewing) -> None:
    page = reviewing.page
    reviewing.the_next_save(lost)
    chooses(page, ROLE, "Keep")
    expect(mona(page).get_by_text("Not saved. It is tried again by itself.")).to_be_visible()
    assert violations(page) == []
    expect(mona(page).get_by_text("Saved. Ready to submit")).to_be_visible()
    expect(mona(page).get_by_role("button", name="Try again")).to_be_hidden()
    page.clock.install()
    reviewing.the_next_save(lambda route: route.fulfill(status=503))
    chooses(page, ROLE, "Remove")
    mona(page).get_by_role("button", name="Try again").click()
    expect(mona(page).get_by_text("Saved. Ready to submit")).to_be_visible()
    assert reviewing.role.answer == "remove"


@pytest.mark.requirement("IQCS-12")
@pytest.mark.parametrize("how", ["mouse", "keys"])
def test_the_same_answer_once_more_saves_what_could_not_be_saved(reviewing: Reviewing, how: str) -> None:
    page = reviewing.page
    page.clock.install()
    reviewing.the_next_save(lost)
    for _ in range(2):
        if how == "mouse":
            chooses(page, ROLE, "Keep")
        else:
            mona(page).locator("li[data-line]").nth(1).press("e")
        expect(mona(page).get_by_role("status")).not_to_have_text(re.compile("Saving"))
    expect(mona(page).get_by_text("Saved. Ready to submit")).to_be_visible()
    assert reviewing.role.answer == "keep"


@pytest.mark.requirement("IQCS-12")
def test_who_leaves_while_an_answer_is_not_saved_is_warned(reviewing: Reviewing) -> None:
    page = reviewing.page
    asked: list[str] = []

    def stays(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.clock.install()
    page.on("dialog", stays)
    reviewing.the_next_save(lost)
    chooses(page, ROLE, "Keep")
    expect(mona(page).get_by_text("Not saved.")).to_be_visible()
    page.get_by_role("link", name="Reviews", exact=True).first.click()
    expect(mona(page)).to_be_visible()
    assert asked == ["beforeunload"]
    mona(page).get_by_role("button", name="Try again").click()
    expect(mona(page).get_by_text("Saved. Ready to submit")).to_be_visible()
    page.get_by_role("link", name="Reviews", exact=True).first.click()
    expect(page.get_by_role("heading", name="Reviews", exact=True)).to_be_visible()
    assert asked == ["beforeunload"]


@pytest.mark.requirement("IQCS-12")
def test_who_was_signed_out_is_told_so_and_comes_back_after_signing_in(reviewing: Reviewing) -> None:
    page = reviewing.page
    page.context.clear_cookies(name="rolebook")
    chooses(page, ROLE, "Keep")
    expect(
        mona(page).get_by_text("Not saved. You are signed out: sign in, and answer again.")
    ).to_be_visible()
    assert violations(page) == []
    mona(page).get_by_role("link", name="Sign in").click()
    expect(page).to_have_url(
        re.compile(rf"sign-in/\?next=%2Fiqcs%2Freviews%2F{reviewing.campaign.public_id}")
    )
    assert not reviewing.role.answer
