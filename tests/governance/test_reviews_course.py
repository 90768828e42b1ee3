"""An open review besides answers: reopening, imports and merges, and to whom it is escalated (IQCS-12)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import import_grants
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Access, Grant, Participation, ReviewCampaign, ReviewItem
from rolebook.governance.queries.review_campaigns import places_of
from rolebook.governance.queries.review_waiting import reviews_for
from rolebook.governance.queries.review_work import Asked, Show, one_account, worklist
from rolebook.governance.refusals import Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_reach import has_to_answer, reviewer_in
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.policy.reviews import REMOVE_UNANSWERED
from tests.support import grants, iqcs, rolebooks
from tests.support.iqcs import MANAGER, PROGRAM, REPRESENTATIVE
from tests.support.people import COMMAND
from tests.support.reviews import (
    CLOSES,
    MEANWHILE,
    OPENED,
    OVERDUE,
    Agencies,
    agencies,
    answers,
    becomes,
    items,
    opened,
    seen,
    steward,
    submits,
)

pytestmark = pytest.mark.requirement("IQCS-12")
SOON = timedelta(minutes=5)
DAY = timedelta(days=1)
OLD = "user_id,role,organization,approved_on,approved_by,source,starts_on,ends_on\n"


@pytest.fixture
def people(db: None) -> Agencies:
    """Two agencies."""
    return agencies()


def declare(**changed: object) -> None:
    """Put the audit into force with other answers to who answers, or to silence."""
    book = rolebooks.in_force(PROGRAM)
    [review] = book.reviews
    altered = replace(review, **changed)  # type: ignore[arg-type]
    rolebooks.put_in_force(replace(book, reviews=(altered,)))


def told(kind: str, at: object) -> set[str]:
    """Who got a mail of a kind."""
    while derive_notices(now=at):  # type: ignore[arg-type]
        pass
    return {one.recipient.name for one in Notice.objects.filter(kind=kind) if one.recipient is not None}


def left(account: Account, at: datetime) -> int:
    """How much waits for somebody, as the navigation says it."""
    return reviews_for(account, PROGRAM, at).left


def added(campaign: ReviewCampaign) -> set[int]:
    """What came in after the opening."""
    rows = ReviewItem.objects.filter(campaign=campaign, added_at__gt=campaign.opened_at)
    return set(rows.values_list("pk", flat=True))


def test_who_is_closed_and_reopened_is_still_asked_about(people: Agencies) -> None:
    campaign, person = opened(), people.fws_person
    becomes(person, "closed", MEANWHILE)
    tend_reviews(MEANWHILE + SOON)
    becomes(person, "active", MEANWHILE + DAY)
    tend_reviews(MEANWHILE + DAY + SOON)
    assert {one.settled_at for one in items(campaign, person).values()} == {None}
    at = MEANWHILE + 2 * DAY
    answers(people.fws_lead, campaign, person, at, account_manager="keep", FWS_R6_BNR="keep")
    with pytest.raises(Refused):
        submits(people.fws_lead, campaign, person, at)
    answers(people.fws_lead, campaign, person, at, account="keep")
    submits(people.fws_lead, campaign, person, at)
    assert items(campaign, person)["account"].outcome == "kept"


def test_nobody_is_reminded_of_a_closed_account_and_its_question_has_ended_when_the_review_closes(
    people: Agencies,
) -> None:
    person = iqcs.holder(MANAGER, "USAF-ACC", "Ann Air")
    iqcs.employed(person, "USAF-ACC")
    campaign = opened()
    answers(people.usaf_lead, campaign, people.both, USAF_ACC="keep")
    submits(people.usaf_lead, campaign, people.both)
    lead = standing_of(people.usaf_lead, PROGRAM, MEANWHILE)
    assert has_to_answer(lead, campaign)
    tend_reviews(MEANWHILE)
    assert left(people.usaf_lead, MEANWHILE) == 3
    becomes(person, "closed", MEANWHILE)
    for kind in (Grant, Access):
        kind.objects.filter(account=person).update(closed_at=MEANWHILE)
    tend_reviews(MEANWHILE + SOON)
    outcomes = {name: one.outcome for name, one in items(campaign, person).items()}
    assert outcomes == {"account": "", MANAGER: "ended", "USAF-ACC": "ended"}
    assert not has_to_answer(lead, campaign)
    # Of what waits for the lead it is as little as of what the campaign counts as left there.
    assert left(people.usaf_lead, MEANWHILE + SOON) == 0
    [acc] = [one for one in places_of(campaign) if one.code == "USAF-ACC"]
    assert (acc.numbers.open, acc.numbers.accounts_open, acc.numbers.percent) == (0, 0, 100)
    becomes(person, "active", MEANWHILE + DAY)
    tend_reviews(MEANWHILE + DAY + SOON)
    assert left(people.usaf_lead, MEANWHILE + DAY + SOON) == 1
    becomes(person, "closed", MEANWHILE + 2 * DAY)
    tend_reviews(CLOSES)
    assert items(campaign, person)["account"].outcome == "ended"


def test_a_closed_account_that_holds_nothing_is_not_left_to_do_and_stands_among_all(people: Agencies) -> None:
    person = people.fws_person
    campaign = opened()
    becomes(person, "closed", MEANWHILE)

    def listed(show: Show) -> set[str]:
        reviewer = reviewer_in(standing_of(people.fws_lead, PROGRAM, MEANWHILE + SOON), campaign)
        assert reviewer is not None
        return {one.name for one in worklist(reviewer, Asked(show=show)).rows}

    # What it holds still can be answered.
    assert person.name in listed("todo")
    for kind in (Grant, Access):
        kind.objects.filter(account=person).update(closed_at=MEANWHILE)
    tend_reviews(MEANWHILE + SOON)
    assert listed("todo") == {"Rita Representative", "Bo Both"}
    assert listed("all") == {"Rita Representative", "Bo Both", person.name}
    becomes(person, "active", MEANWHILE + SOON)
    assert person.name in listed("todo")


def test_what_a_closed_account_still_holds_is_submitted_without_an_answer_about_the_account(
    people: Agencies,
) -> None:
    campaign, person = opened(), people.fws_person
    becomes(person, "closed", MEANWHILE)
    at = MEANWHILE + SOON
    answers(people.fws_lead, campaign, person, at, account_manager="keep")
    reviewer = reviewer_in(standing_of(people.fws_lead, PROGRAM, at), campaign)
    assert reviewer is not None
    card = one_account(reviewer, person.public_id)
    assert card is not None
    assert (card.left, card.ready) == (1, False)
    with pytest.raises(Refused):
        submits(people.fws_lead, campaign, person, at)
    answers(people.fws_lead, campaign, person, at, FWS_R6_BNR="keep")
    card = one_account(reviewer, person.public_id)
    assert card is not None
    assert (card.left, card.ready) == (0, True)
    submits(people.fws_lead, campaign, person, at)
    outcomes = {name: one.outcome for name, one in items(campaign, person).items()}
    assert outcomes == {"account": "", MANAGER: "kept", "FWS-R6-BNR": "kept"}
    with pytest.raises(Refused):
        submits(people.fws_lead, campaign, person, at)


@pytest.mark.usefixtures("people")
def test_what_is_imported_with_earlier_days_after_the_due_instant_is_not_asked_about() -> None:
    campaign = opened()
    tend_reviews(OVERDUE)
    before = added(campaign)
    new = grants.user("Ivy Import", PROGRAM)
    data = f"{OLD}{new.user_id},{MANAGER},,2020-01-01,Ada,old,2020-01-01,\n"
    import_grants(
        program_id=PROGRAM, data=data.encode(), file="old.csv", reason="x", at=OVERDUE + DAY, origin=COMMAND
    )
    tend_reviews(OVERDUE + DAY + SOON)
    assert Grant.objects.filter(account=new, closed_at=None).exists()
    assert added(campaign) == before


def test_who_is_reopened_after_the_due_instant_loses_nothing_by_silence(people: Agencies) -> None:
    becomes(people.fws_person, "closed", OPENED - DAY)
    [review] = rolebooks.in_force(PROGRAM).reviews
    declare(overdue=replace(review.overdue, then=REMOVE_UNANSWERED))
    campaign = opened()
    tend_reviews(OVERDUE)
    becomes(people.fws_person, "active", CLOSES - SOON)
    tend_reviews(CLOSES)
    assert items(campaign, people.fws_person) == {}
    assert Grant.objects.filter(account=people.fws_person, closed_at=None).exists()
    # What was given in time is asked about, however late the campaign was looked at.
    assert items(campaign, people.both)[MANAGER].outcome == "removed unanswered"


def test_what_a_deactivated_account_holds_is_asked_about_since_it_counts_again_with_the_reactivation(
    people: Agencies,
) -> None:
    person = people.fws_person
    becomes(person, "deactivated", OPENED - DAY)
    campaign = opened()
    assert set(items(campaign, person)) == {"account", MANAGER, "FWS-R6-BNR"}
    assert left(people.fws_lead, MEANWHILE) == 9
    answers(people.fws_lead, campaign, person, account="keep", account_manager="remove", FWS_R6_BNR="keep")
    submits(people.fws_lead, campaign, person)
    becomes(person, "active", MEANWHILE + DAY)
    held = Grant.objects.filter(account=person, closed_at=None)
    assert (held.exists(), Access.objects.filter(account=person, closed_at=None).exists()) == (False, True)
    assert not compare_with_log().findings


def test_a_deactivated_account_that_is_needed_no_longer_is_closed_and_one_closed_before_is_not_asked_about(
    people: Agencies,
) -> None:
    becomes(people.fws_person, "deactivated", OPENED - DAY)
    becomes(people.both, "closed", OPENED - DAY)
    campaign = opened()
    assert items(campaign, people.both) == {}
    answers(people.fws_lead, campaign, people.fws_person, account="remove")
    assert submits(people.fws_lead, campaign, people.fws_person).account_closed
    assert Participation.objects.get(account=people.fws_person).status == "closed"


@pytest.mark.usefixtures("people")
def test_campaigns_of_one_year_are_told_apart_by_their_day_in_their_titles_and_mails() -> None:
    again = MEANWHILE + 10 * DAY
    for at in (OPENED, again):
        campaign = opened(at)
        assert told("review-opened", at)
        close_review(
            acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=at + DAY, origin=COMMAND
        )
    titles = list(ReviewCampaign.objects.order_by("pk").values_list("title", flat=True))
    assert titles == ["IQCS Annual User Audit 2026", "IQCS Annual User Audit, November 20, 2026"]
    subjects = set(Notice.objects.filter(kind="review-opened").values_list("subject", flat=True))
    assert {title for title in titles for one in subjects if f": {title} is open" in one} == set(titles)


@pytest.mark.usefixtures("people")
def test_a_review_with_the_longest_title_that_a_rolebook_may_give_opens_again_in_the_same_year() -> None:
    [review] = rolebooks.in_force(PROGRAM).reviews
    declare(title=(review.title * 10)[:200])
    campaign = opened()
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=MEANWHILE, origin=COMMAND
    )
    again = opened(MEANWHILE)
    assert [one.title[-5:] for one in (campaign, again)] == [" 2026", " 2026"]
    assert max(len(campaign.title), len(again.title)) <= 200
    assert again.title.endswith(", November 10, 2026")


def test_the_role_to_which_a_review_is_escalated_is_told_and_answers_from_then_on(people: Agencies) -> None:
    steward()
    declare(answered_by=(REPRESENTATIVE,))
    campaign = opened()
    lead = standing_of(people.fws_lead, PROGRAM, OVERDUE)
    assert reviewer_in(lead, campaign) is None
    at = campaign.due_at + 3 * DAY + SOON
    tend_reviews(at)
    assert people.fws_lead.name in told("review-overdue", at)
    answers(
        people.fws_lead,
        campaign,
        people.fws_person,
        at,
        account="keep",
        account_manager="keep",
        FWS_R6_BNR="keep",
    )
    assert submits(people.fws_lead, campaign, people.fws_person, at).kept == 3


@pytest.mark.fault(14)
def test_an_answer_saved_by_who_turns_out_to_be_the_person_counts_for_nothing(people: Agencies) -> None:
    kate = iqcs.holder(MANAGER, "FWS-R6-BNR", "Kate Kept")
    iqcs.employed(kate, "FWS-R6-BNR")
    campaign = opened()
    rita = people.fws_representative
    answers(rita, campaign, kate, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    answers(rita, campaign, people.fws_person, account="keep")
    at = MEANWHILE + DAY
    merge_accounts(
        acting_user=None, program_id=PROGRAM, kept_id=kate.public_id, closed_id=rita.public_id, shown=None,
        reason="The same person.", at=at, origin=COMMAND,
    )  # fmt: skip
    saw = seen(campaign, kate)
    with pytest.raises(Refused) as refusal:
        submits(people.fws_lead, campaign, kate, at + SOON, saw=saw)
    assert [one.code for one in refusal.value.violations] == ["review_changed_meanwhile"]
    assert {one.answer for one in items(campaign, kate).values()} == {""}
    assert {one.answered_by for one in items(campaign, kate).values()} == {None}
    # What the person had answered about others stays.
    assert items(campaign, people.fws_person)["account"].answered_by == rita
    assert not compare_with_log().findings
