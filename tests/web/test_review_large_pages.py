"""Pages of reviews with much on them: more lines than other forms have, more reports than a list shows."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils.html import strip_tags

from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.flows.submit_review import MOST_REMOVED, named
from rolebook.governance.models import ReviewCampaign, ReviewItem
from rolebook.governance.refusals import Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.web.review_reports import pages as report_pages
from rolebook.web.reviews import answering, campaigns
from tests.support import grants
from tests.support.iqcs import PROGRAM, place
from tests.support.people import LATELY
from tests.support.reviews import Agencies, agencies, answers, opened, steward, submits
from tests.web.reading import text
from tests.web.test_review_pages import at_page, browser

pytestmark = pytest.mark.django_db
LINES = 600


@pytest.fixture
def world() -> Agencies:
    """Two agencies whose people the audit asks about."""
    return agencies(LATELY)


def audit() -> ReviewCampaign:
    at = clock.now() - timedelta(hours=1)
    return opened(at, due_on=(at + timedelta(days=30)).date())


@pytest.mark.requirement("IQCS-12")
@pytest.mark.invariant("I12")
def test_an_account_with_600_answered_lines_is_saved_submitted_and_confirmed_with_its_page(
    world: Agencies,
) -> None:
    mona = world.fws_person
    for _ in range(LINES):
        grants.placed(mona, "training_officer", None, program_id=PROGRAM, at=LATELY)
    campaign = audit()
    asked = ReviewItem.objects.filter(campaign=campaign, reviewed__account=mona)
    told = {"shown_at": clock.now().isoformat(), "do": "save"}
    for item in asked.select_related("grant", "access"):
        holding = item.grant or item.access
        key = f"{item.about}.{mona.public_id if holding is None else holding.public_id}"
        told |= {f"seen-{key}": "0", f"answer-{key}": "keep"}
    client = browser(world.fws_lead)
    address = at_page("review-account", campaign, mona.public_id)
    assert client.post(address, told).status_code == 303
    assert asked.filter(answer="keep").count() == LINES + 3
    # The page's summary names the same lines once more, before anything takes effect.
    page = text(client.post(at_page("submit-answered", campaign)))
    assert page.count('name="seen-') == LINES + 3
    sure = {name: "1" for name in told if name.startswith("seen-")} | {"sure": "yes"}
    done = client.post(at_page("submit-answered", campaign), sure | {"account": str(mona.public_id)})
    assert done.status_code == 303
    assert asked.filter(outcome="kept").count() == LINES + 3
    # One event of the log does not hold so many answers, and its verification reads all of them.
    submitted = Event.objects.filter(tag="review:submitted", beneficiary_id=mona.public_id)
    told_of = [json.loads(one.content)["new"] for one in submitted.order_by("sequence")]
    assert [len(one["answers"]) for one in told_of] == [250, 250, 103]
    assert sum(one["kept"] for one in told_of) == LINES + 3
    assert not [one for one in compare_with_log().findings if "item" in one.explanation]


@pytest.mark.requirement("IQCS-12")
def test_an_account_with_300_lines_that_is_needed_no_longer_loses_all_of_them(world: Agencies) -> None:
    mona = world.fws_person
    for _ in range(300):
        grants.placed(mona, "training_officer", None, program_id=PROGRAM, at=LATELY)
    campaign = audit()
    answers(world.fws_lead, campaign, mona, clock.now(), account="remove")
    asked = ReviewItem.objects.filter(campaign=campaign, reviewed__account=mona)
    saw = {named(one): one.version for one in asked.select_related("reviewed__account", "grant", "access")}
    done = submits(world.fws_lead, campaign, mona, clock.now(), saw=saw)
    assert (done.removed, done.account_closed) == (303, True)
    submitted = Event.objects.filter(tag="review:submitted", beneficiary_id=mona.public_id)
    told = [json.loads(one.content)["new"] for one in submitted.order_by("sequence")]
    assert [one["account_closed"] for one in told] == [True, False]
    assert sum(len(one["grants"]) + len(one["accesses"]) for one in told) == 302


@pytest.mark.invariant("I12")
def test_a_submission_that_ends_more_than_one_unit_of_work_holds_is_refused_in_words_and_keeps_the_answers(
    world: Agencies,
) -> None:
    mona = world.fws_person
    for _ in range(MOST_REMOVED + 1):
        grants.placed(mona, "training_officer", None, program_id=PROGRAM, at=LATELY)
    campaign = audit()
    answers(world.fws_lead, campaign, mona, clock.now(), account="remove")
    asked = ReviewItem.objects.filter(campaign=campaign, reviewed__account=mona)
    saw = {named(one): one.version for one in asked.select_related("reviewed__account", "grant", "access")}
    with pytest.raises(Refused) as refused:
        submits(world.fws_lead, campaign, mona, clock.now(), saw=saw)
    assert [one.code for one in refused.value.violations] == ["review_removes_too_many"]
    assert not asked.exclude(settled_at=None).exists()
    assert asked.get(about="account").answer == "remove"


@pytest.mark.invariant("I12")
def test_a_form_with_more_lines_than_any_page_has_is_refused(world: Agencies) -> None:
    campaign, client = audit(), browser(world.fws_lead)
    address = at_page("review-account", campaign, world.fws_person.public_id)
    for many in (2_001, 5_000):
        told = {f"seen-role.{uuid4()}": "0" for _ in range(many)}
        assert client.post(address, told).status_code == 400


def test_a_confirmation_holds_no_more_lines_than_one_form_and_says_that_others_come_next(
    world: Agencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "MOST_LINES", 4)
    campaign = audit()
    for account in (world.fws_person, world.both):
        answers(
            world.fws_lead,
            campaign,
            account,
            clock.now(),
            account="keep",
            account_manager="keep",
            FWS_R6_BNR="keep",
        )
    page = text(browser(world.fws_lead).post(at_page("submit-answered", campaign)))
    assert "Submit 1 account?" in page
    assert "1 other account of the page" in page
    assert page.count('name="account"') == 1


@pytest.mark.requirement("IQCS-12")
def test_who_was_confirmed_and_is_not_ready_any_more_is_told_of(world: Agencies) -> None:
    campaign, client = audit(), browser(world.fws_lead)
    for account in (world.fws_person, world.both):
        answers(
            world.fws_lead,
            campaign,
            account,
            clock.now(),
            account="keep",
            account_manager="keep",
            FWS_R6_BNR="keep",
        )
    page = client.post(at_page("submit-answered", campaign))
    sure: dict[str, object] = dict(_hidden(page))
    # Meanwhile a colleague takes an answer back.
    answers(world.fws_representative, campaign, world.both, clock.now(), FWS_R6_BNR="")
    sure["account"] = [str(world.fws_person.public_id), str(world.both.public_id)]
    back = client.post(at_page("submit-answered", campaign), sure, follow=True)
    assert "1 submitted." in text(back)
    assert "1 changed while you were looking, and were not submitted by you." in text(back)


def _hidden(page: object) -> list[tuple[str, str]]:
    return re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text(page))


@pytest.mark.requirement("IQCS-13")
def test_a_list_of_reports_that_is_cut_says_so_and_the_search_finds_the_others(
    world: Agencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_pages, "MOST_LISTED", 1)
    campaign, client = audit(), browser(steward(LATELY))
    address = at_page("review-reports", campaign)
    page = text(client.get(address))
    assert "These are the first 1; the search finds the others." in page
    assert "The whole campaign" in page
    assert [str(place(code).public_id) in page for code in ("FWS", "USAF")].count(True) <= 1
    for words in ("usaf", "U.S. air"):
        found = text(client.get(address, {"search": words}))
        assert str(place("USAF").public_id) in found
        assert str(place("FWS").public_id) not in found
    none = text(client.get(address, {"search": "nowhere"}))
    assert "No organization with a report of its own has that" in none


@pytest.mark.requirement("IQCS-12")
@pytest.mark.usefixtures("world")
def test_a_list_of_who_answers_that_is_cut_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    client, address = browser(steward(LATELY)), at_page("review-progress", audit())
    whole = text(client.get(address))
    assert "These are the first" not in whole
    monkeypatch.setattr(campaigns, "MOST_PLACES", 2)
    cut = text(client.get(address))
    assert "These are the first 2." in cut
    assert whole.count('data-label="Left"') > cut.count('data-label="Left"') == 2


@pytest.mark.requirement("IQCS-13")
@pytest.mark.invariant("I12")
@pytest.mark.usefixtures("world")
def test_who_did_not_answer_is_a_table_with_what_is_left_a_page_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report_pages, "SILENT_AT_ONCE", 2)
    campaign, client = audit(), browser(steward(LATELY))
    made = client.post(at_page("review-reports", campaign), {"organization": str(place("FWS").public_id)})

    def listed(number: int) -> list[str]:
        page = text(client.get(made["Location"], {"silent": number}))
        card = page[page.index('id="silent-title"') : page.index('id="accounts-title"')]
        assert "3 places. 2 reviewers submitted nothing." in strip_tags(card)
        assert f"Page {number} of 3" in card
        assert ("Next page" in card) == (number < 3)
        assert ("Back to the first page" in card) == (number > 1)
        rows = card[card.index("<tbody>") :].split("<tr>")[1:]
        return [" ".join(strip_tags(row.split("</tr>")[0]).split()) for row in rows]

    assert [listed(number) for number in (1, 2, 3)] == [
        ["Benton Lake Refuge FWS-R6-BNR 4 2", "FWS Mountain-Prairie Region FWS-R6 2 1"],
        ["U.S. Fish and Wildlife Service FWS 2 1", "Lena Lead submitted nothing"],
        ["Rita Representative submitted nothing"],
    ]


@pytest.mark.invariant("I1")
def test_a_search_among_reports_finds_nothing_that_is_not_the_viewers(world: Agencies) -> None:
    campaign, client = audit(), browser(world.fws_lead)
    found = text(client.get(at_page("review-reports", campaign), {"search": "usaf"}))
    assert str(place("USAF").public_id) not in found
    assert "No organization with a report of its own has that" in found
