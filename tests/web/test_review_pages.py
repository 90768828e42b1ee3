"""The pages of reviews: answers saved as one goes, what changed said beside it, many alike, and the steward's pages."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from rolebook.accounts.models import Account
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance.flows.submit_review import named
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Grant, ReviewCampaign
from tests.support import grants, iqcs
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import LATELY
from tests.support.reviews import (
    Agencies,
    agencies,
    answers,
    approved_access,
    items,
    opened,
    steward,
    submits,
)
from tests.web.reading import text

MOST_STATEMENTS = 12
pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Agencies:
    """Two agencies with an audit that opened an hour ago."""
    return agencies(LATELY)


def open_an_hour_ago() -> ReviewCampaign:
    """The audit, open for a month."""
    at = clock.now() - timedelta(hours=1)
    return opened(at, due_on=(at + timedelta(days=30)).date())


@pytest.fixture
def campaign(world: Agencies) -> ReviewCampaign:
    """The audit of both agencies."""
    return open_an_hour_ago()


def browser(account: Account) -> Client:
    """A browser in which an account's session proved two factors."""
    client = Client()
    client.force_login(account, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["rolebook.signed_in_at"] = session["rolebook.seen_at"] = clock.now().timestamp()
    session["rolebook.assurance"] = "two factors"
    session["rolebook.session"] = "test"
    session.save()
    return client


def at_page(name: str, campaign: ReviewCampaign, *parts: object) -> str:
    """The address of a page of a campaign."""
    return reverse(name, args=[PROGRAM, campaign.public_id, *parts])


def form(campaign: ReviewCampaign, account: Account, /, **given: str) -> dict[str, str]:
    """What the form of an account posts, as it is shown now, with some answers chosen."""
    told = {"shown_at": clock.now().isoformat()}
    for name, item in items(campaign, account).items():
        key = f"{item.about}.{item.reviewed.account.public_id}"
        if holding := item.grant or item.access:
            key = f"{item.about}.{holding.public_id}"
        if name == "USAF-ACC":
            continue
        told[f"seen-{key}"] = str(item.version)
        if answer := given.get(name.replace("-", "_"), item.answer):
            told[f"answer-{key}"] = answer
    return told


@pytest.mark.requirement("IQCS-12")
def test_an_account_is_answered_and_submitted_without_javascript(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client = browser(world.fws_lead)
    page = text(client.get(at_page("review", campaign)))
    assert "Mona Manager" in page
    assert "Does the account holder still require access to IQCS?" in page
    assert "Lena Lead" not in page.split("Last sign-in", 1)[1]
    address = at_page("review-account", campaign, world.fws_person.public_id)
    saved = client.post(address, form(campaign, world.fws_person, account="keep", FWS_R6_BNR="keep"))
    assert saved.status_code == 303
    assert Grant.objects.get(account=world.fws_person).closed_at is None
    chosen = {**form(campaign, world.fws_person, account_manager="remove"), "do": "submit"}
    assert "Yes, submit and remove" in text(client.post(address, chosen))
    assert Grant.objects.get(account=world.fws_person).closed_at is None
    done = client.post(address, {**form(campaign, world.fws_person), "do": "submit", "sure": "yes"})
    assert done.status_code == 303
    assert Grant.objects.get(account=world.fws_person).closed_at is not None
    assert "Mona Manager submitted: 2 kept, 1 removed." in text(client.get(at_page("review", campaign)))


@pytest.mark.requirement("IQCS-12")
def test_what_another_reviewer_answered_meanwhile_is_said_beside_the_line(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client = browser(world.fws_representative)
    address = at_page("review-account", campaign, world.fws_person.public_id)
    shown = form(campaign, world.fws_person, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    answers(world.fws_lead, campaign, world.fws_person, clock.now(), account_manager="remove")
    iqcs.gives_access(world.fws_person, "FWS-R6", at=clock.now())
    late = client.post(address, {**shown, "do": "submit"})
    assert late.status_code == 409
    said = text(late)
    assert "Lena Lead answered Remove since you saw it." in said
    assert items(campaign, world.fws_person)[MANAGER].answer == "remove"
    assert Grant.objects.get(account=world.fws_person).closed_at is None
    as_json = client.post(address, shown, headers={"accept": "application/json"})
    assert as_json.status_code == 409
    assert "Lena Lead answered Remove since you saw it." in as_json.json()["notes"].values()


@pytest.mark.requirement("IQCS-12")
def test_what_another_reviewer_submitted_meanwhile_is_said_beside_the_line_with_what_came_of_it(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client = browser(world.fws_representative)
    address = at_page("review-account", campaign, world.fws_person.public_id)
    shown = form(campaign, world.fws_person, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    answers(
        world.fws_lead,
        campaign,
        world.fws_person,
        clock.now(),
        account="keep",
        account_manager="remove",
        FWS_R6_BNR="keep",
    )
    submits(world.fws_lead, campaign, world.fws_person, clock.now())
    late = client.post(address, shown, headers={"accept": "application/json"})
    assert late.status_code == 409
    told = list(late.json()["notes"].values())
    assert told.count("Lena Lead submitted it meanwhile: it is removed.") == 1
    assert told.count("Lena Lead submitted it meanwhile.") == 2


@pytest.mark.requirement("IQCS-12")
def test_what_was_given_meanwhile_is_said_beside_its_new_line_by_the_answer_that_refuses(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client = browser(world.fws_lead)
    address = at_page("review-account", campaign, world.fws_person.public_id)
    shown = form(campaign, world.fws_person, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    iqcs.gives_access(world.fws_person, "FWS-R6", at=clock.now())
    refused = client.post(address, {**shown, "do": "submit"})
    assert refused.status_code == 409
    assert "It was given since you saw the account." in text(refused)
    [line] = [line for line in refused.context["account"].lines if line.note]
    assert line.key == f"access.{named(items(campaign, world.fws_person)['FWS-R6'])[1]}"


def test_one_answer_for_many_alike_is_counted_confirmed_and_only_saved(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client, address = browser(world.fws_lead), at_page("review-alike", campaign)
    assert "Account Manager" in text(client.get(address))
    asked = client.post(address, {"kind": "role/account_manager//", "answer": "keep"})
    assert "Answer Keep for 2?" in text(asked)
    assert "Bo Both" in text(asked)
    assert not items(campaign, world.both)[MANAGER].answer
    digest = asked.context["digest"]
    # Somebody answers one of the two meanwhile: what was counted is not what is left, so it asks again.
    answers(world.fws_representative, campaign, world.both, clock.now(), account_manager="remove")
    sure = {"kind": "role/account_manager//", "answer": "keep", "digest": digest, "sure": "yes"}
    assert client.post(address, sure).status_code == 200
    assert not items(campaign, world.fws_person)[MANAGER].answer


@pytest.mark.requirement("IQCS-12")
@pytest.mark.fault(11)
def test_what_two_people_approved_for_each_other_is_not_kept_together_with_others_that_are_alike(
    world: Agencies,
) -> None:
    lead = world.usaf_lead
    for person in (world.fws_person, world.both):
        approved_access(person, "USAF-ACC-1", by=lead, at=LATELY)
    approved_access(lead, "FWS-R6", by=world.both, at=LATELY)
    campaign = open_an_hour_ago()
    client, address = browser(lead), at_page("review-alike", campaign)
    told = {"kind": f"access//{iqcs.place('USAF-ACC-1').pk}/", "answer": "keep"}
    flag = "Ulf Lead approved this, and Bo Both approved something for Ulf Lead."
    asked = client.post(address, told)
    assert "Answer Keep for 1?" in text(asked)
    assert flag in text(asked)
    sure = {"digest": asked.context["digest"], "sure": "yes"}
    assert client.post(address, told | sure).status_code == 303
    kept = {one.name: items(campaign, one)["USAF-ACC-1"].answer for one in (world.fws_person, world.both)}
    assert kept == {"Mona Manager": "keep", "Bo Both": ""}
    # What is removed needs no second look.
    answers(lead, campaign, world.fws_person, clock.now(), USAF_ACC_1="")
    asked = client.post(address, told | {"answer": "remove"})
    assert "Answer Remove for 2?" in text(asked)
    assert flag in text(asked)


def test_the_answered_accounts_of_a_page_are_named_before_they_are_submitted_together(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client, address = browser(world.fws_lead), at_page("submit-answered", campaign)
    for person in (world.fws_person, world.both):
        answers(world.fws_lead, campaign, person, clock.now(), account="keep", account_manager="keep",
                FWS_R6_BNR="keep")  # fmt: skip
    asked = client.post(address, {})
    assert "Submit 2 accounts?" in text(asked)
    assert not items(campaign, world.both)[MANAGER].outcome
    seen = {
        f"seen-{line.key}": str(line.version)
        for account in asked.context["ready"]
        for line in account.lines
        if line.mine
    }
    named = [str(account.account_id) for account in asked.context["ready"]]
    confirmed = {**seen, "account": named, "sure": "yes"}
    done = client.post(address, confirmed, follow=True)
    assert items(campaign, world.both)[MANAGER].outcome == "kept"
    assert items(campaign, world.fws_person)[MANAGER].outcome == "kept"
    assert "2 submitted. Removals take effect now." in text(done)
    # Who presses twice is told the same; somebody else, that it was not they who submitted it.
    again = text(client.post(address, confirmed, follow=True))
    assert "2 submitted already." in again
    assert "changed while you were looking" not in again
    others = text(browser(world.fws_representative).post(address, confirmed, follow=True))
    assert "2 changed while you were looking, and were not submitted by you." in others


@pytest.mark.fault(17)
@pytest.mark.parametrize("account", ["keep", "remove"])
def test_who_submits_an_account_twice_with_the_same_answers_is_told_that_it_was_submitted_already(
    world: Agencies, campaign: ReviewCampaign, account: str
) -> None:
    client = browser(world.fws_lead)
    address = at_page("review-account", campaign, world.fws_person.public_id)
    shown = form(campaign, world.fws_person, account=account, account_manager="remove", FWS_R6_BNR="keep")
    first = client.post(address, {**shown, "do": "submit", "sure": "yes"})
    assert first.status_code == 303
    again = client.post(address, {**shown, "do": "submit", "sure": "yes"})
    assert again.status_code == 303
    assert "Mona Manager was submitted already." in text(client.get(at_page("review", campaign)))
    changed = {name: "keep" if value == "remove" else value for name, value in shown.items()}
    assert client.post(address, {**changed, "do": "submit"}).status_code == 409
    assert Event.objects.filter(tag="review:submitted").count() == 1


@pytest.mark.invariant("I1")
def test_a_campaign_is_not_there_for_who_does_not_answer_in_it(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client = browser(world.fws_person)
    assert client.get(reverse("reviews", args=[PROGRAM])).status_code == 404
    for name in ("review", "review-progress", "close-review", "review-alike", "submit-answered"):
        for method in (client.get, client.post):
            assert method(at_page(name, campaign)).status_code in (404, 405)
    foreign = browser(world.usaf_lead)
    assert "Mona Manager" not in text(foreign.get(at_page("review", campaign)))
    address = at_page("review-account", campaign, world.fws_person.public_id)
    assert foreign.get(address).status_code == 404
    assert foreign.post(address, form(campaign, world.fws_person, account="keep")).status_code == 404


@pytest.mark.requirement("IQCS-12")
def test_the_steward_opens_on_demand_after_a_preview_and_closes_after_a_confirmation(world: Agencies) -> None:
    client = browser(steward(LATELY))
    page = text(client.get(reverse("reviews", args=[PROGRAM])))
    assert "IQCS Annual User Audit" in page
    address = reverse("open-review", args=[PROGRAM, "annual_user_audit"])
    assert "11 roles and access of 5 accounts" in text(client.get(address))
    assert client.post(address, {"due_on": "soon"}).status_code == 422
    assert client.post(address, {"due_on": "2020-01-01"}).status_code == 409
    due = (clock.now() + timedelta(days=20)).date().isoformat()
    assert client.post(address, {"due_on": due}).status_code == 303
    campaign = ReviewCampaign.objects.get()
    progress = text(client.get(at_page("review-progress", campaign)))
    assert (
        "0 of 11 roles and access settled (0 %), 0 removed by an answer; 5 questions about accounts"
        in progress
    )
    closing = text(client.get(at_page("close-review", campaign)))
    assert "11 of 11 roles and access have no submitted answer" in closing
    assert "5 questions about accounts have none either" in closing
    client.post(at_page("close-review", campaign))
    campaign.refresh_from_db()
    assert campaign.closed_at is not None
    assert client.post(at_page("close-review", campaign)).status_code == 409


def test_what_came_in_since_the_opening_explains_why_a_review_is_larger_than_it_was_opened_with(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    client, address = browser(steward(LATELY)), at_page("review-progress", campaign)
    page = strip_tags(text(client.get(address)))
    assert "given since" not in page
    assert "4 roles and access and 2 questions about accounts" in page
    grants.placed(world.both, "training_officer", None, program_id=PROGRAM, at=clock.now())
    tend_reviews(clock.now())
    page = strip_tags(text(client.get(address)))
    assert "0 of 12 roles and access settled (0 %)" in page
    assert "with 11 roles and access of 5 accounts. 1 more is asked about that was given since." in page


def test_the_pages_of_reviews_take_few_statements_however_much_there_is(
    world: Agencies, campaign: ReviewCampaign
) -> None:
    at = clock.now()
    submits_first = world.both
    answers(world.fws_lead, campaign, submits_first, at, account="keep", account_manager="keep",
            FWS_R6_BNR="keep")  # fmt: skip
    submits(world.fws_lead, campaign, submits_first, at)
    lead, stella = browser(world.fws_lead), browser(steward(LATELY))
    pages = [
        (lead, reverse("reviews", args=[PROGRAM])),
        (lead, at_page("review", campaign)),
        (lead, at_page("review", campaign) + "?show=done"),
        (lead, at_page("review", campaign) + "?show=all&search=o"),
        (lead, at_page("review-account", campaign, world.fws_person.public_id)),
        (lead, at_page("review-alike", campaign)),
        (stella, reverse("reviews", args=[PROGRAM])),
        (stella, at_page("review-progress", campaign)),
    ]
    for client, address in pages:
        client.get(address)
        with CaptureQueriesContext(connection) as made:
            assert client.get(address).status_code == 200
        told = "\n".join(query["sql"][:150] for query in made.captured_queries)
        assert len(made) <= MOST_STATEMENTS, f"{address}: {len(made)}\n{told}"
