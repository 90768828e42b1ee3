"""Who must answer in a review finds it on Home and in the navigation, with its number; nobody else sees an entry."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.audit import clock
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.importing import day_of
from rolebook.governance.models import ReviewCampaign, ReviewedAccount, ReviewItem
from rolebook.governance.queries import review_campaigns, review_waiting
from rolebook.governance.queries.paging import to_text
from rolebook.governance.queries.review_waiting import reviews_for
from rolebook.governance.review_reach import reviewer_in
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import grants, iqcs
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import COMMAND, LATELY
from tests.support.reviews import Agencies, agencies, answers, opened, steward, submits
from tests.web.counted_statements import MOST, statements
from tests.web.test_review_pages import browser
from tests.web.worlds import QPP, World, designate, signed_in, user

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]


@pytest.fixture
def agents() -> Agencies:
    """Two agencies; no audit has been opened."""
    return agencies(LATELY)


def audit() -> ReviewCampaign:
    """An audit that opened an hour ago."""
    at = clock.now() - timedelta(hours=1)
    return opened(at, due_on=(at + timedelta(days=30)).date())


def left(account: Account, program_id: str = PROGRAM) -> int:
    return reviews_for(account, program_id, clock.now()).left


def words(client: Client, name: str, program_id: str = PROGRAM) -> str:
    """The words of a page, without its tags."""
    return words_at(client, reverse(name, args=[program_id]))


def words_at(client: Client, address: str) -> str:
    """The words of the page at an address."""
    return " ".join(strip_tags(client.get(address).content.decode()).split())


def home(client: Client, program_id: str = PROGRAM) -> str:
    return words(client, "home", program_id)


def test_a_lead_finds_what_waits_on_home_and_in_the_navigation_with_its_number(agents: Agencies) -> None:
    client = browser(agents.fws_lead)
    assert "Reviews" not in home(client)
    campaign = audit()
    shown = home(client)
    assert "Reviews waiting for your answers" in shown
    assert f"Questions left Answer by What you can do {campaign.title} 9 " in shown
    assert "Reviews 9 questions to answer" in shown
    at = clock.now()
    answers(agents.fws_lead, campaign, agents.fws_person, at, account="keep", account_manager="keep",
            FWS_R6_BNR="keep")  # fmt: skip
    submits(agents.fws_lead, campaign, agents.fws_person, at)
    assert "Reviews 6 questions to answer" in home(client)


def test_what_is_ones_own_is_not_counted_and_who_answers_nothing_is_shown_nothing(agents: Agencies) -> None:
    audit()
    # The lead of the Air Force answers Bo's code there; all else there is the lead's own.
    assert left(agents.usaf_lead) == 1
    assert left(agents.fws_lead) == 9
    assert "Reviews 1 question to answer" in home(browser(agents.usaf_lead))
    assert not reviews_for(agents.fws_person, PROGRAM, clock.now()).is_there
    assert "Reviews" not in home(browser(agents.fws_person))


def test_after_the_closing_the_entry_leads_to_the_reports_and_counts_nothing(agents: Agencies) -> None:
    campaign = audit()
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=clock.now(), origin=COMMAND
    )
    client = browser(agents.fws_lead)
    shown = home(client)
    assert "Reviews" in shown
    assert "to answer" not in shown
    listed = words(client, "reviews")
    assert "Earlier reviews" in listed
    assert "User Audit Report" in listed
    assert "Reviews" not in home(browser(agents.fws_person))


def test_the_steward_is_told_of_what_nobody_else_answers(agents: Agencies) -> None:
    someone = steward(LATELY)
    # Employed by nobody, and in no agency: who answers about the steward's own account is another steward.
    stray = iqcs.holder(MANAGER, None, "Stray Manager", at=LATELY)
    audit()
    assert stray.name == "Stray Manager"
    # The stray account with its role, and what the answering people hold: three accounts of three items each.
    assert left(someone) == 2 + 9


def test_an_official_finds_a_review_that_opens_on_demand_only(world: World) -> None:
    client = signed_in(world.maria)
    assert "Reviews" not in home(client, QPP)
    open_review(acting_user=None, program_id=QPP, review_id="yearly_review", at=clock.now(), origin=COMMAND)
    assert "Reviews waiting for your answers" in home(client, QPP)
    assert "Reviews" not in home(signed_in(world.uma), QPP)


def listed_for(account: Account, campaign: ReviewCampaign, client: Client | None = None) -> str:
    """The words of the list of a campaign's accounts, as somebody sees it."""
    address = reverse("review", args=[campaign.program_id, campaign.public_id])
    return words_at(client or browser(account), address)


def steward_of_qpp(world: World) -> tuple[Account, Client]:
    """A steward of QPP and their browser."""
    person = user("Sigrid Steward", "sigrid", world.start)
    designate(person, grants.STEWARD, None, world.start)
    return person.account, signed_in(person)


def test_a_steward_finds_a_review_of_a_practice_whose_only_official_answers_about_everybody_else(
    world: World,
) -> None:
    someone, client = steward_of_qpp(world)
    open_review(acting_user=None, program_id=QPP, review_id="yearly_review", at=clock.now(), origin=COMMAND)
    campaign = ReviewCampaign.objects.get()
    # Maria, Owen and Henry answer; each holds one role.
    assert left(someone, QPP) == 3
    assert "Reviews 3 questions to answer" in home(client, QPP)
    assert "0 of 3 questions settled" in words(client, "reviews", QPP)
    assert "0 of 3 questions settled of what is yours to answer (0 %)" in listed_for(
        someone, campaign, client
    )


def test_how_far_one_is_counts_what_is_ones_own_to_answer_and_ends_with_all_of_it(agents: Agencies) -> None:
    campaign, lead, at = audit(), agents.usaf_lead, clock.now()
    assert "0 of 1 question settled of what is yours to answer (0 %)" in listed_for(lead, campaign)
    answers(lead, campaign, agents.both, at, USAF_ACC="keep")
    submits(lead, campaign, agents.both, at)
    assert "mails and reports count roles and access" in listed_for(lead, campaign)
    done = listed_for(lead, campaign)
    assert "1 of 1 question settled of what is yours to answer (100 %)" in done
    assert "You are done" in done
    assert "1 of 1 question settled" in words(browser(lead), "reviews")


def test_who_has_emptied_the_last_page_goes_on_with_the_first_and_is_not_told_that_all_is_done(
    agents: Agencies,
) -> None:
    campaign, client = audit(), browser(agents.fws_lead)
    address = reverse("review", args=[PROGRAM, campaign.public_id])
    last = ReviewedAccount.objects.filter(campaign=campaign).latest("pk")
    gone_on = client.get(address, {"after": to_text(("", last.pk)), "show": "todo"}, follow=True)
    assert gone_on.redirect_chain == [(f"{address}?show=todo", 302)]
    assert "You are done" not in gone_on.content.decode()
    assert gone_on.content.decode().count("data-account") == 3


def test_an_organization_with_nothing_left_says_so_and_so_does_a_list_of_nothing_submitted(
    agents: Agencies,
) -> None:
    campaign, client, lead, at = audit(), browser(agents.fws_lead), agents.fws_lead, clock.now()
    address = reverse("review", args=[PROGRAM, campaign.public_id])
    assert "No account here is submitted" in words_at(client, f"{address}?show=done")
    place = campaign.places.get(organization__code="FWS-R6")
    answers(
        lead,
        campaign,
        agents.fws_representative,
        at,
        account="keep",
        agency_representative="keep",
        FWS_R6="keep",
    )
    submits(lead, campaign, agents.fws_representative, at)
    said = words_at(client, f"{address}?place={place.pk}")
    assert "Nothing is left at this organization" in said
    assert "Try part of a name." not in said


def test_how_far_a_steward_is_counts_what_is_about_those_who_answer(agents: Agencies) -> None:
    someone, campaign, at = steward(LATELY), audit(), clock.now()
    assert "0 of 9 questions settled of what is yours to answer" in listed_for(someone, campaign)
    answers(someone, campaign, agents.usaf_lead, at, account="keep", agency_lead="keep", USAF="keep")
    submits(someone, campaign, agents.usaf_lead, at)
    assert "3 of 9 questions settled of what is yours to answer (33 %)" in listed_for(someone, campaign)
    assert left(someone) == 6


@pytest.mark.usefixtures("agents")
def test_where_more_is_asked_than_is_counted_nothing_is_said_of_the_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    someone, campaign = steward(LATELY), audit()
    monkeypatch.setattr(review_waiting, "MOST_COUNTED", 5)
    monkeypatch.setattr(review_campaigns, "COUNTED_TO", 5)
    assert "At least 0 questions settled and 5 left of what is yours to answer." in listed_for(
        someone, campaign
    )
    assert "at least 0 questions settled and 5 left" in words(browser(someone), "reviews")


def test_the_due_day_of_a_review_on_demand_is_proposed_as_many_days_from_now_as_declared(
    world: World,
) -> None:
    _, client = steward_of_qpp(world)
    _, book = rolebook_in_force(QPP, clock.now())
    due = day_of(clock.now(), book) + timedelta(days=29)
    shown = client.get(reverse("open-review", args=[QPP, "yearly_review"])).content.decode()
    assert f'value="{due.isoformat()}"' in shown


def test_a_program_without_a_hint_about_reviews_says_nothing_in_its_place(world: World) -> None:
    _, client = steward_of_qpp(world)
    shown = words(client, "reviews", QPP)
    assert "Who still needs what they hold." in shown
    assert "None" not in shown


def test_what_others_settled_about_oneself_counts_as_little_as_what_is_open_of_it(agents: Agencies) -> None:
    someone, campaign, at, lead = steward(LATELY), audit(), clock.now(), agents.fws_lead
    assert "0 of 9 questions settled of what is yours to answer" in listed_for(lead, campaign)
    answers(someone, campaign, lead, at, account="keep", agency_lead="keep", FWS="keep")
    submits(someone, campaign, lead, at)
    assert "0 of 9 questions settled of what is yours to answer (0 %)" in listed_for(lead, campaign)
    assert left(lead) == 9


def test_what_a_steward_has_left_is_the_same_counted_with_the_places_and_by_itself(agents: Agencies) -> None:
    someone, campaign, at = steward(LATELY), audit(), clock.now()
    answers(someone, campaign, agents.usaf_lead, at, account="keep", agency_lead="keep", USAF="keep")
    submits(someone, campaign, agents.usaf_lead, at)
    reviewer = reviewer_in(standing_of(someone, PROGRAM, clock.now()), campaign)
    assert reviewer is not None
    assert left(someone) == reviewer.theirs().filter(settled_at=None).count() == 6


@pytest.mark.invariant("I12")
def test_what_was_escalated_to_a_steward_is_counted_with_the_places_and_costs_no_statement_more(
    world: World,
) -> None:
    someone, client = steward_of_qpp(world)
    # About themselves they are not asked.
    grants.placed(someone, grants.STAFF, world.cedar)
    open_review(acting_user=None, program_id=QPP, review_id="yearly_review", at=clock.now(), origin=COMMAND)
    pages = {name: reverse(name, args=[QPP]) for name in ("home", "audit")}
    client.get(pages["home"])
    before = {name: statements(client, address) for name, address in pages.items()}
    ReviewCampaign.objects.update(escalated_at=clock.now())
    reviewer = reviewer_in(standing_of(someone, QPP, clock.now()), ReviewCampaign.objects.get())
    assert reviewer is not None
    assert reviewer.places is None
    number = reviewer.theirs().filter(settled_at=None).count()
    assert left(someone, QPP) == number > 3
    assert number == ReviewItem.objects.exclude(reviewed__account=someone).count()
    assert number < ReviewItem.objects.count()
    assert f"Reviews {number} questions to answer" in home(client, QPP)
    assert {name: statements(client, address) for name, address in pages.items()} == before
    assert max(before.values()) <= MOST, before


@pytest.mark.requirement("IQCS-13")
def test_a_reviews_page_leads_to_its_reports_where_there_is_one_for_who_looks_and_nowhere_else(
    world: World,
) -> None:
    _, stewards = steward_of_qpp(world)
    open_review(acting_user=None, program_id=QPP, review_id="yearly_review", at=clock.now(), origin=COMMAND)
    campaign = ReviewCampaign.objects.get()
    reports = reverse("review-reports", args=[QPP, campaign.public_id])
    address = reverse("review", args=[QPP, campaign.public_id])
    found = {}
    for name, client in (("official", signed_in(world.maria)), ("steward", stewards)):
        linked = reports in client.get(address).content.decode()
        assert linked == (client.get(reports).status_code == 200), name
        found[name] = linked
    assert found == {"official": True, "steward": True}


@pytest.mark.requirement("IQCS-13")
def test_the_official_of_a_practice_has_its_report_at_opening_and_the_final_one_and_no_other(
    world: World,
) -> None:
    open_review(acting_user=None, program_id=QPP, review_id="yearly_review", at=clock.now(), origin=COMMAND)
    campaign, client = ReviewCampaign.objects.get(), signed_in(world.maria)
    while derive_notices(now=clock.now()):
        pass
    mails = Notice.objects.filter(kind="review-report")
    assert set(mails.values_list("recipient__name", flat=True)) == {
        "Maria Alvarez",
        "Owen Brandt",
        "Henry Hill",
    }
    assert all("everybody who holds a role at your organization" in mail.text for mail in mails)
    reports = reverse("review-reports", args=[QPP, campaign.public_id])
    assert world.hilltop.name not in client.get(reports).content.decode()
    assert client.post(reports, {"organization": str(world.hilltop.public_id)}).status_code == 404
    made = client.post(reports, {"organization": str(world.cedar.public_id)})
    listed = client.get(made["Location"]).content.decode()
    assert "Stella Stone" in listed
    assert "Henry Hill" not in listed
    close_review(
        acting_user=None, program_id=QPP, campaign_id=campaign.public_id, at=clock.now(), origin=COMMAND
    )
    assert reports in client.get(reverse("reviews", args=[QPP])).content.decode()
    assert "Show the final report" in words_at(client, reports)


@pytest.mark.requirement("IQCS-13")
def test_a_lead_whose_office_reaches_lower_levels_has_the_link_to_the_reports(agents: Agencies) -> None:
    campaign = audit()
    reports = reverse("review-reports", args=[PROGRAM, campaign.public_id])
    client = browser(agents.fws_lead)
    assert reports in client.get(reverse("review", args=[PROGRAM, campaign.public_id])).content.decode()
    assert client.get(reports).status_code == 200
