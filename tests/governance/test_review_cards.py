"""What a reviewer's page tells of an account, and what is no business of theirs."""

from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import Participation, ReviewCampaign, ReviewItem
from rolebook.governance.queries.review_alike import alike_items
from rolebook.governance.queries.review_card import AccountLines, with_notes
from rolebook.governance.queries.review_reports import records_in, reportable
from rolebook.governance.queries.review_work import Asked, gone_elsewhere, one_account, worklist
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.review_reach import Reviewer, reviewer_in
from tests.support import grants, iqcs, people
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import COMMAND
from tests.support.reviews import (
    MEANWHILE,
    OPENED,
    Agencies,
    agencies,
    answers,
    items,
    opened,
    submits,
)

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]
LATER = MEANWHILE + timedelta(days=5)


@pytest.fixture
def two() -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()


def reviewer(account: Account, campaign: ReviewCampaign) -> Reviewer:
    found = reviewer_in(standing_of(account, campaign.program_id, LATER), campaign)
    assert found is not None
    return found


def card(by: Account, campaign: ReviewCampaign, about: Account) -> AccountLines:
    found = one_account(reviewer(by, campaign), about.public_id)
    assert found is not None
    return found


def closes(campaign: ReviewCampaign, at: datetime) -> None:
    close_review(
        acting_user=None,
        program_id=campaign.program_id,
        campaign_id=campaign.public_id,
        at=at,
        origin=COMMAND,
    )


@pytest.mark.invariant("I1")
def test_what_is_held_at_an_organization_is_shown_to_nobody_who_does_not_answer_for_it() -> None:
    people.activate("qpp")
    cedar, birch = people.practice(), people.practice("Birch Clinic")
    olga, sam = grants.official(cedar), grants.user("Sam Staff")
    bert = grants.official(birch, "Bert Birch")
    for place in (cedar, birch):
        grants.placed(sam, grants.STAFF, place)
    campaign = open_review(
        acting_user=None, program_id="qpp", review_id="yearly_review", at=OPENED, origin=COMMAND
    )
    [mine] = card(olga, campaign, sam).lines
    assert "Birch" not in mine.where
    own = ReviewItem.objects.get(grant__organization=birch, grant__account=sam)
    assert [line.key for line in card(bert, campaign, sam).lines] == [f"role.{own.grant.public_id}"]  # type: ignore[union-attr]
    made = ask_for_report(acting_user=None, campaign=campaign, organization=cedar, at=LATER)
    make_report(made.pk, LATER)
    made.refresh_from_db()
    told = {record["name"]: [item["code"] for item in record["items"]] for record in records_in(made)}
    assert told == {"Olga Official": [cedar.code], "Sam Staff": [cedar.code]}


@pytest.mark.invariant("I1")
def test_what_another_agency_held_at_the_last_review_is_told_to_that_agency_alone(two: Agencies) -> None:
    first = opened()
    closes(first, MEANWHILE)
    for code in ("USAF-ACC", "FWS-R6-BNR"):
        two.both.accesses.filter(organization__code=code).update(closed_at=MEANWHILE)
    campaign = opened(MEANWHILE + timedelta(days=1))
    assert card(two.fws_lead, campaign, two.both).gone == (
        "Benton Lake Refuge (FWS-R6-BNR), with lower levels",
    )


def test_who_submitted_what_another_agency_answers_is_not_told_here(two: Agencies) -> None:
    campaign = opened()
    answers(two.fws_lead, campaign, two.both, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(two.fws_lead, campaign, two.both)
    [role] = [line for line in card(two.usaf_lead, campaign, two.both).lines if line.about == "role"]
    assert (role.outcome, role.submitted_by) == ("kept", "")


def test_what_was_submitted_before_the_page_was_made_is_no_news_beside_its_line(two: Agencies) -> None:
    campaign = opened()
    answers(two.fws_lead, campaign, two.both, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(two.fws_lead, campaign, two.both)
    made_before = with_notes(
        card(two.fws_representative, campaign, two.both), {}, MEANWHILE - timedelta(hours=1)
    )
    assert [line.note for line in made_before.lines] == ["Lena Lead submitted it meanwhile."] * 3
    made_after = with_notes(card(two.fws_representative, campaign, two.both), {}, LATER)
    assert [line.note for line in made_after.lines] == [""] * 3


def test_whoever_was_asked_before_a_second_change_of_employer_still_finds_where_the_person_went(
    two: Agencies,
) -> None:
    campaign = opened()
    for days, code in ((1, "USAF-ACC"), (2, "BLM-MT")):
        iqcs.employed(two.both, code, at=MEANWHILE + timedelta(days=days))
        tend_reviews(MEANWHILE + timedelta(days=days))
    [gone] = gone_elsewhere(reviewer(two.fws_lead, campaign))
    [other] = gone_elsewhere(reviewer(two.usaf_lead, campaign))
    assert (gone.name, gone.to) == (other.name, other.to)
    told = {line.about: line.moved for line in card(two.fws_lead, campaign, two.both).lines}
    assert told["account"].startswith(f"Went to {gone.to} on Nov 12, 2026")


def test_a_move_between_two_places_of_one_reviewer_hinders_no_answer_and_is_told_as_what_it_is(
    two: Agencies,
) -> None:
    campaign = opened()
    seen = {line.key: line.version for line in card(two.fws_lead, campaign, two.both).lines}
    iqcs.employed(two.both, "FWS-R6", at=MEANWHILE)
    assert answers(two.fws_lead, campaign, two.both, LATER, account_manager="keep").saved == 1
    tend_reviews(LATER)
    notes = {
        line.about: line.note
        for line in with_notes(card(two.fws_lead, campaign, two.both), seen, LATER).lines
    }
    assert notes["account"].startswith("Came from Benton Lake Refuge")
    assert "took the answer back" not in "".join(notes.values())


def test_among_many_alike_what_is_recommended_about_the_account_counts_for_its_role(two: Agencies) -> None:
    Participation.objects.filter(account=two.both).update(last_signed_in_at=MEANWHILE)
    campaign = opened()
    found = alike_items(reviewer(two.fws_lead, campaign), f"role/{MANAGER}//").items
    advice = {one.name: one.advice and (one.advice.answer, one.advice.reason) for one in found}
    assert advice == {"Mona Manager": ("remove", "They have never signed in."), "Bo Both": None}


def test_an_answer_that_was_never_submitted_is_told_as_that_the_next_time(two: Agencies) -> None:
    first = opened()
    answers(two.fws_lead, first, two.fws_person, account_manager="keep")
    closes(first, MEANWHILE + timedelta(days=1))
    second = opened(MEANWHILE + timedelta(days=2))
    [role] = [line for line in card(two.fws_lead, second, two.fws_person).lines if line.about == "role"]
    assert role.earlier == "answered Keep by Lena Lead, not submitted"


@pytest.mark.requirement("IQCS-13")
def test_who_answers_for_an_organization_with_nothing_below_has_its_report_without_lower_levels(
    two: Agencies,
) -> None:
    campaign = opened()
    elsie = grants.user("Elsie Representative", PROGRAM)
    grants.designated(elsie, REPRESENTATIVE, program_id=PROGRAM)
    iqcs.gives_access(elsie, "FWS-R6-BNR", lower_levels=False)
    _, found = reportable(elsie, PROGRAM, campaign.public_id, MEANWHILE)
    assert [one.code for one in found] == ["FWS-R6-BNR"]
    above = grants.user("Abe Representative", PROGRAM)
    grants.designated(above, REPRESENTATIVE, program_id=PROGRAM)
    iqcs.gives_access(above, "FWS-R6", lower_levels=False)
    with pytest.raises(NotFound):
        reportable(above, PROGRAM, campaign.public_id, MEANWHILE)
    assert items(campaign, two.both)


@pytest.mark.fault(14)
def test_taking_out_what_keeps_reviewers_from_their_own_account_lets_them_answer_about_it(
    two: Agencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = opened()
    with pytest.raises(Refused):
        answers(two.fws_lead, campaign, two.fws_lead, account="keep")
    monkeypatch.setattr("rolebook.governance.flows.answer_review.require_not_own", lambda *_: None)
    with pytest.raises(NotFound):
        answers(two.fws_lead, campaign, two.fws_lead, account="keep")
    monkeypatch.setattr("rolebook.governance.review_reach.own_parts", lambda _: Participation.objects.none())
    assert answers(two.fws_lead, campaign, two.fws_lead, account="keep").saved == 1


@pytest.mark.invariant("I1")
@pytest.mark.parametrize("typed", ["BO BOTH", "o bot", "{user_id}", "{email}"])
def test_a_search_finds_an_account_by_part_of_its_name_user_id_or_address_and_nobody_elses(
    two: Agencies, typed: str
) -> None:
    campaign, about = opened(), two.both
    words = typed.format(user_id=about.user_id[:4], email=about.email.upper())

    def found(by: Account) -> list[str]:
        return [one.name for one in worklist(reviewer(by, campaign), Asked(search=words)).rows]

    assert (found(two.fws_lead), found(two.usaf_lead)) == (["Bo Both"], ["Bo Both"])
    answers(two.usaf_lead, campaign, about, USAF_ACC="keep")
    submits(two.usaf_lead, campaign, about)
    assert (found(two.fws_lead), found(two.usaf_lead)) == (["Bo Both"], [])
