"""`rolebook reviews`: open, list, show and close, as text and as JSON."""

import json
from datetime import datetime, timedelta

import pytest
from click.testing import CliRunner, Result

from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.cli.server.reviews import reviews
from rolebook.governance.importing import day_of, first_instant
from rolebook.governance.models import Grant, ReviewCampaign, ReviewItem
from rolebook.governance.queries import review_campaigns
from tests.support import grants, people
from tests.support.iqcs import PROGRAM
from tests.support.people import LATELY
from tests.support.reviews import AUDIT, Agencies, agencies, answers, opened, submits

pytestmark = pytest.mark.requirement("IQCS-12")


@pytest.fixture
def both_agencies(db: None) -> Agencies:
    """Two agencies since half a year: commands go by the machine's clock."""
    return agencies(LATELY)


def run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(reviews, arguments, input=typed)


def told(*arguments: str) -> dict[str, object]:
    """What a command prints as JSON, which is all that it prints."""
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert isinstance(found, dict)
    return found


def some_day(days: int = 30) -> str:
    return (clock.now() + timedelta(days=days)).date().isoformat()


def under_way() -> ReviewCampaign:
    """An audit that opened an hour ago."""
    at = clock.now() - timedelta(hours=1)
    return opened(at, due_on=(at + timedelta(days=30)).date())


@pytest.mark.usefixtures("both_agencies")
def test_a_dry_run_says_how_much_it_would_ask_about_and_opens_nothing() -> None:
    before = Event.objects.count()
    due = some_day()
    preview = told("open", PROGRAM, AUDIT, "--due", due, "--dry-run")
    assert preview == {"accounts": 5, "items": 11, "due_on": due}
    text = run("open", PROGRAM, AUDIT, "--due", due, "--dry-run").output
    assert f"would ask about 11 roles and access of 5 accounts, due {due}." in text
    assert (ReviewCampaign.objects.count(), Event.objects.count()) == (0, before)


@pytest.mark.usefixtures("both_agencies")
def test_the_operator_opens_a_campaign_with_a_due_day_and_is_told_its_id() -> None:
    made = told("open", PROGRAM, AUDIT, "--due", some_day())
    campaign = ReviewCampaign.objects.get()
    assert made["campaign_id"] == str(campaign.public_id)
    assert (made["review"], made["accounts"], made["items"]) == (AUDIT, 5, 11)
    assert made["closed_at"] is None
    assert datetime.fromisoformat(str(made["due_at"])) == campaign.due_at
    [event] = Event.objects.filter(tag="review:opened")
    assert (json.loads(event.content)["origin"]["via"], event.actor_id) == ("command", None)
    again = run("open", PROGRAM, AUDIT, "--due", some_day(), "--json")
    assert again.exit_code != 0
    assert "open" in again.output
    assert ReviewCampaign.objects.count() == 1


@pytest.mark.usefixtures("both_agencies")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((PROGRAM, "nothing"), f"see 'rolebook reviews list {PROGRAM}'"),
        ((PROGRAM, AUDIT, "--due", "soon"), "expected a day like 2026-12-31"),
        ((PROGRAM, AUDIT, "--due", "2020-01-01"), "before today"),
        (("nowhere", AUDIT), "nowhere"),
    ],
)
def test_what_cannot_be_opened_is_said_and_opens_nothing(arguments: tuple[str, ...], expected: str) -> None:
    refused = run("open", *arguments)
    assert refused.exit_code == 2
    assert expected in refused.output
    assert not ReviewCampaign.objects.exists()


def test_a_campaign_without_a_due_day_is_open_for_as_long_as_declared(qpp: str) -> None:
    cedar = people.practice()
    grants.placed(grants.user("Sam Staff"), grants.STAFF, cedar)
    _, book = rolebook_in_force(qpp, clock.now())
    due = day_of(clock.now(), book) + timedelta(days=29)
    assert told("open", qpp, "yearly_review", "--dry-run")["due_on"] == due.isoformat()
    made = told("open", qpp, "yearly_review")
    assert datetime.fromisoformat(str(made["due_at"])) == first_instant(due + timedelta(days=1), book)


@pytest.mark.usefixtures("both_agencies")
def test_the_list_has_what_is_declared_and_every_campaign_the_newest_first() -> None:
    assert json.loads(run("list", PROGRAM, "--json").output) == []
    assert f"{AUDIT}  IQCS Annual User Audit: opens next on" in run("list", PROGRAM).output
    campaign = under_way()
    [row] = json.loads(run("list", PROGRAM, "--json").output)
    assert (row["campaign_id"], row["closed_at"]) == (str(campaign.public_id), None)
    assert f"{campaign.public_id}  {campaign.title}  5 accounts  open, due" in run("list", PROGRAM).output


@pytest.mark.usefixtures("both_agencies")
def test_a_list_of_organizations_that_is_cut_says_so_and_json_has_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = str(under_way().public_id)
    everywhere = told("show", PROGRAM, campaign)["organizations"]
    assert isinstance(everywhere, list)
    assert "These are the first" not in run("show", PROGRAM, campaign).output
    monkeypatch.setattr(review_campaigns, "MOST_PLACES", 2)
    cut = run("show", PROGRAM, campaign).output
    assert cut.count(" left of ") == 2
    assert f"These are the first 2 of {len(everywhere)} organizations; --json has all." in cut
    assert told("show", PROGRAM, campaign)["organizations"] == everywhere


def test_a_campaign_is_shown_with_how_far_it_is_and_who_has_most_left(both_agencies: Agencies) -> None:
    campaign, lead, person = under_way(), both_agencies.fws_lead, both_agencies.fws_person
    at = clock.now()
    answers(lead, campaign, person, at, account="keep", account_manager="remove", FWS_R6_BNR="keep")
    submits(lead, campaign, person, at)
    shown = told("show", PROGRAM, str(campaign.public_id))
    told_of = {name: shown[name] for name in ("asked", "settled", "removed", "accounts_left")}
    assert told_of == {"asked": 11, "settled": 2, "removed": 1, "accounts_left": 4}
    places = shown["organizations"]
    assert isinstance(places, list)
    here = {"organization": "FWS-R6-BNR", "asked": 4, "settled": 2, "removed": 1, "accounts_left": 1}
    assert here in places
    text = run("show", PROGRAM, str(campaign.public_id)).output
    assert (
        "2 of 11 roles and access settled (18 %), 1 removed by an answer; 4 questions about accounts left besides"
        in text
    )
    assert (
        "2 left of         4  Benton Lake Refuge (FWS-R6-BNR); 1 question about an account left besides"
        in text
    )
    unknown = run("show", PROGRAM, "019e2f9e-6c1f-7000-8000-5d0d0c4b7a11", "--json")
    assert (unknown.exit_code, "found no campaign" in unknown.output) == (2, True)


@pytest.mark.usefixtures("both_agencies")
def test_a_campaign_is_closed_after_a_yes_and_only_once() -> None:
    campaign = under_way()
    name = str(campaign.public_id)
    asked = run("close", PROGRAM, name, typed="n\n")
    assert asked.exit_code == 1
    told_of = (
        "11 roles and access not answered will be kept and reported; 5 questions about accounts left besides."
    )
    assert told_of in asked.output
    campaign.refresh_from_db()
    assert campaign.closed_at is None
    closed = told("close", PROGRAM, name, "--yes")
    done = ReviewCampaign.objects.get()
    assert datetime.fromisoformat(str(closed["closed_at"])) == done.closed_at
    assert done.closed_by is None
    assert set(ReviewItem.objects.values_list("outcome", flat=True)) == {"unanswered"}
    assert not Grant.objects.exclude(closed_at=None).exists()
    again = run("close", PROGRAM, name, "--yes", "--json")
    assert again.exit_code == 2
    assert "closed" in again.output
    assert f"{name}  {campaign.title}  5 accounts  closed" in run("list", PROGRAM).output
