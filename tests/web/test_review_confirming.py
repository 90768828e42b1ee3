"""What ends with a submission is named, and asked about once, before it is submitted; with scripts and without."""

import re
from dataclasses import replace

import pytest
from django.utils.html import strip_tags

from rolebook.audit import clock
from rolebook.governance.models import Grant, Participation, ReviewCampaign
from tests.support import iqcs, rolebooks
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import LATELY
from tests.support.reviews import Agencies, agencies, answers, items, opened
from tests.web.reading import text
from tests.web.test_review_pages import at_page, browser, form, open_an_hour_ago

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Agencies:
    """Two agencies whose people the audit asks about."""
    return agencies(LATELY)


@pytest.fixture
def campaign(world: Agencies) -> ReviewCampaign:
    """The audit of both agencies, open since an hour ago."""
    return open_an_hour_ago()


def words(answer: object) -> str:
    """What a page says."""
    return " ".join(strip_tags(text(answer)).split())


def confirming(answer: object) -> dict[str, str]:
    """What the form of a confirmation sends."""
    card = text(answer).split('class="card"')[1]
    return dict(re.findall(r'name="([^"]+)"\s+value="([^"]*)"', card))


@pytest.mark.requirement("IQCS-12")
def test_submitting_no_to_an_account_names_what_ends_with_it_and_asks_once(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    mona = world.fws_person
    client, address = browser(world.fws_lead), at_page("review-account", campaign, mona.public_id)
    asked = client.post(
        address, {**form(campaign, mona, account="remove", account_manager="keep"), "do": "submit"}
    )
    assert asked.status_code == 200
    said = words(asked)
    assert "Submit Mona Manager? The account in IQCS is closed, as the answer is No." in said
    assert "2 roles and access end at once." in said
    assert "Ends with the account: Account Manager" in said
    assert "Ends with the account: Benton Lake Refuge (FWS-R6-BNR)" in said
    assert "autofocus>No, Cancel Action" in text(asked)
    assert Participation.objects.get(account=mona).status == "active"
    assert items(campaign, mona)["account"].answer == "remove"
    for _ in range(2):  # Who presses twice is told nothing else.
        assert client.post(address, confirming(asked)).status_code == 303
    assert Participation.objects.get(account=mona).status == "closed"


def test_where_yes_means_that_an_account_is_needed_no_longer_its_confirmation_says_yes(
    world: Agencies,
) -> None:
    book = rolebooks.in_force(PROGRAM, clock.now())
    [audit] = book.reviews
    turned = [replace(one, yes_means="remove") if one.about == "account" else one for one in audit.questions]
    rolebooks.put_in_force(replace(book, reviews=(replace(audit, questions=tuple(turned)),)), clock.now())
    campaign, mona = opened(clock.now()), world.fws_person
    asked = browser(world.fws_lead).post(
        at_page("review-account", campaign, mona.public_id),
        {**form(campaign, mona, account="remove", account_manager="keep"), "do": "submit"},
    )
    assert "The account in IQCS is closed, as the answer is Yes." in words(asked)


@pytest.mark.requirement("IQCS-12")
def test_a_role_is_removed_after_a_confirmation_that_says_whose_answer_it_is(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    mona = world.fws_person
    answers(world.fws_representative, campaign, mona, clock.now(), account_manager="remove", account="keep")
    client, address = browser(world.fws_lead), at_page("review-account", campaign, mona.public_id)
    asked = client.post(address, {**form(campaign, mona, FWS_R6_BNR="keep"), "do": "submit"})
    assert "1 role or access ends at once." in words(asked)
    assert "Remove Account Manager (Rita Representative)" in words(asked)
    assert client.post(address, confirming(asked)).status_code == 303
    assert Grant.objects.get(account=mona).closed_at is not None


@pytest.mark.requirement("IQCS-12")
def test_what_changes_while_the_confirmation_is_read_is_said_and_nothing_is_submitted(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    mona = world.fws_person
    client, address = browser(world.fws_lead), at_page("review-account", campaign, mona.public_id)
    chosen = form(campaign, mona, account="keep", account_manager="remove", FWS_R6_BNR="keep")
    asked = client.post(address, {**chosen, "do": "submit"})
    answers(world.fws_representative, campaign, mona, clock.now(), account="remove")
    late = client.post(address, confirming(asked))
    assert late.status_code == 409
    assert "Rita Representative answered Remove since you saw it." in words(late)
    assert not items(campaign, mona)[MANAGER].outcome
    assert Participation.objects.get(account=mona).status == "active"


@pytest.mark.requirement("IQCS-12")
def test_what_was_given_before_the_confirmation_is_said_after_it_and_nothing_is_submitted(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    mona = world.fws_person
    client, address = browser(world.fws_lead), at_page("review-account", campaign, mona.public_id)
    chosen = form(campaign, mona, account="keep", account_manager="remove", FWS_R6_BNR="keep")
    iqcs.gives_access(mona, "FWS-R6", at=clock.now())
    late = client.post(address, confirming(client.post(address, {**chosen, "do": "submit"})))
    assert late.status_code == 409
    assert "It was given since you saw the account." in words(late)
    assert Grant.objects.get(account=mona).closed_at is None


def test_what_is_not_answered_yet_is_said_before_anything_is_asked(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    mona = world.fws_person
    client, address = browser(world.fws_lead), at_page("review-account", campaign, mona.public_id)
    early = client.post(address, {**form(campaign, mona, account_manager="remove"), "do": "submit"})
    assert early.status_code == 409
    assert "Not submitted 2 not answered yet." in words(early)


def test_the_confirmation_of_many_says_which_accounts_are_closed(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    answers(world.fws_lead, campaign, world.fws_person, clock.now(), account="remove", account_manager="keep")
    asked = browser(world.fws_lead).post(at_page("submit-answered", campaign), {})
    said = words(asked)
    assert "Submit 1 account | IQCS" in said
    assert "1 account is closed, as the answer is No. 2 roles and access end at once." in said
    assert "Ends with the account: Account Manager" in said
