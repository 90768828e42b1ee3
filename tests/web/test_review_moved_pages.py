"""What the pages of a review say of who changes employer meanwhile, and of those among many alike that are to go."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils.html import strip_tags

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Participation, ReviewCampaign
from tests.support import iqcs
from tests.support.iqcs import MANAGER
from tests.support.people import LATELY
from tests.support.reviews import Agencies, agencies, answers, items, opened
from tests.web.test_review_pages import at_page, browser, form

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]


@pytest.fixture
def world() -> Agencies:
    """Two agencies."""
    return agencies(LATELY)


@pytest.fixture
def campaign(world: Agencies) -> ReviewCampaign:
    """An audit that opened an hour ago."""
    del world
    at = clock.now() - timedelta(hours=1)
    return opened(at, due_on=(at + timedelta(days=30)).date())


def words(client: Client, address: str) -> str:
    return " ".join(strip_tags(client.get(address).content.decode()).split())


def moves(person: Account) -> None:
    iqcs.employed(person, "USAF-ACC", at=clock.now())


def test_the_new_agencys_page_says_from_where_somebody_came_and_the_formers_that_they_left(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    moves(world.both)
    tend_reviews(clock.now())
    ulf, lena = browser(world.usaf_lead), browser(world.fws_lead)
    shown = words(ulf, at_page("review", campaign))
    assert "Air Combat Command (USAF-ACC) Bo Both" in shown
    assert shown.count("Came from Benton Lake Refuge on") == 2
    assert "Does the account holder still require access to IQCS?" in shown
    assert "Employed elsewhere now" not in shown
    former = words(lena, at_page("review", campaign))
    assert "Employed elsewhere now" in former
    assert "Bo Both went to Air Combat Command on" in former
    card = words(lena, at_page("review-account", campaign, world.both.public_id))
    assert card.count("Went to Air Combat Command on") == 2
    # The code of its own agency is still answered there.
    assert "Benton Lake Refuge (FWS-R6-BNR)" in card


def test_who_came_or_moved_later_stands_under_the_heading_of_their_employer(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    now = clock.now()
    late = iqcs.holder(MANAGER, "FWS-R6-BNR", "Late Comer", at=now)
    moved = iqcs.holder(MANAGER, "USAF-ACC", "Zoe Moved", at=LATELY)
    iqcs.employed(late, "FWS-R6-BNR", at=now)
    iqcs.employed(world.usaf_lead, "FWS-R6-BNR", at=now)
    del moved
    tend_reviews(clock.now())
    page = browser(world.fws_lead).get(at_page("review", campaign)).content.decode()
    headings = re.findall(r'<h2 class="review-place">\s*([^<]+?)\s*<', page)
    assert "Benton Lake Refuge" in headings
    assert len(headings) == len(set(headings))
    there = page.split("Benton Lake Refuge <span")[1].split('<h2 class="review-place">')[0]
    assert [name for name in ("Bo Both", "Mona Manager", "Late Comer", "Ulf Lead") if name in there] == [
        "Bo Both", "Mona Manager", "Late Comer", "Ulf Lead",
    ]  # fmt: skip


def test_a_page_from_before_the_change_is_answered_with_who_is_asked_now(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client = browser(world.fws_lead)
    address = at_page("review-account", campaign, world.both.public_id)
    before = form(campaign, world.both, account="remove", account_manager="keep", FWS_R6_BNR="keep")
    moves(world.both)
    for answer in (
        client.post(address, {**before, "do": "submit"}),
        client.post(address, before, headers={"accept": "application/json"}),
    ):
        assert answer.status_code == 409
        assert "Air Combat Command employs Bo Both meanwhile" in answer.content.decode()
    assert not any(item.answer for item in items(campaign, world.both).values())
    assert Participation.objects.get(account=world.both).status == "active"


def test_an_answer_that_was_saved_before_is_found_again_and_the_new_agencys_page_has_nothing_chosen(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    answers(world.fws_lead, campaign, world.both, clock.now(), account="remove")
    before = form(campaign, world.both, FWS_R6_BNR="keep")
    moves(world.both)
    tend_reviews(clock.now())
    lena, address = browser(world.fws_lead), at_page("review-account", campaign, world.both.public_id)
    shown = words(lena, address)
    assert "Went to Air Combat Command on" in shown
    assert "Lena Lead had answered Remove before; it was not submitted, and counts for nothing." in shown
    # Submitting from a page that still showed the answer closes nothing.
    refused = lena.post(address, {**before, "do": "submit"})
    assert refused.status_code == 409
    assert "Air Combat Command employs Bo Both meanwhile" in refused.content.decode()
    assert Participation.objects.get(account=world.both).status == "active"
    page = browser(world.usaf_lead).get(address).content.decode()
    assert "Lena Lead" not in page
    assert " checked" not in page


def test_among_many_alike_those_that_are_recommended_otherwise_stand_first_with_the_reason(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    # Three managers of the refuge; of one it is known that the role gives nothing, as no code is left.
    nothing = iqcs.holder(MANAGER, None, "Zed Zero", at=LATELY)
    iqcs.employed(nothing, "FWS-R6-BNR", at=LATELY)
    Participation.objects.update(last_signed_in_at=clock.now())
    tend_reviews(clock.now())
    client, address = browser(world.fws_lead), at_page("review-alike", campaign)
    kind = f"role/{MANAGER}//"
    asked = client.post(address, {"kind": kind, "answer": "keep"})
    shown = " ".join(strip_tags(asked.content.decode()).split())
    assert "Answer Keep for 3?" in shown
    assert "For 1 of them, remove is recommended." in shown
    listed = shown.split("Whose it is")[1]
    assert listed.index("Zed Zero") < listed.index("Bo Both")
    assert "Recommended: remove. It gives nothing: they have access to no organization code." in listed
    other = client.post(address, {"kind": kind, "answer": "remove"})
    said = " ".join(strip_tags(other.content.decode()).split())
    assert "of them, keep is recommended" not in said
    assert "It gives nothing" in said
