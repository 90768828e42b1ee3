"""Who changes employing agency while an audit is open is asked about at the new one, and nothing is written anew."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from rolebook.accounts.models import Account
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import (
    Access,
    Grant,
    ReviewCampaign,
    ReviewItem,
    ReviewMove,
    ReviewPlace,
    ReviewReport,
)
from rolebook.governance.queries.review_card import AccountLines
from rolebook.governance.queries.review_reports import records_in
from rolebook.governance.queries.review_waiting import reviews_for
from rolebook.governance.queries.review_work import gone_elsewhere, one_account
from rolebook.governance.refusals import NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_digests import items_hash
from rolebook.governance.review_reach import Reviewer, reviewer_in
from tests.support import iqcs
from tests.support.grants import codes
from tests.support.iqcs import MANAGER, PROGRAM, place
from tests.support.people import COMMAND
from tests.support.reviews import (
    CLOSES,
    MEANWHILE,
    Agencies,
    agencies,
    answers,
    items,
    opened,
    seen,
    steward,
    submits,
)

pytestmark = pytest.mark.requirement("IQCS-12")
SOON = MEANWHILE + timedelta(hours=1)
THEN = MEANWHILE + timedelta(days=1)


@pytest.fixture
def people(db: None) -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()


@pytest.fixture
def campaign(people: Agencies) -> ReviewCampaign:
    """An audit that was open for a while when the Air Force employs Bo, of the Fish and Wildlife Service before."""
    found = opened()
    iqcs.employed(people.both, "USAF-ACC", at=MEANWHILE)
    return found


def reviewer(account: Account, campaign: ReviewCampaign) -> Reviewer:
    found = reviewer_in(standing_of(account, PROGRAM, SOON), campaign)
    assert found is not None
    return found


def card(by: Account, campaign: ReviewCampaign, about: Account) -> AccountLines | None:
    """What somebody's page says of an account."""
    return one_account(reviewer(by, campaign), about.public_id)


def numbers(campaign: ReviewCampaign, code: str) -> tuple[int, int]:
    found = ReviewPlace.objects.get(campaign=campaign, organization=place(code))
    return found.questions, found.settled


def asked_at(item: ReviewItem) -> str:
    """The code of the organization that answers an item now."""
    last = item.moves.order_by("-pk").first()
    where = item.place if last is None else last.place
    return "" if where.organization is None else where.organization.code


def test_what_is_not_answered_goes_to_the_agency_that_employs_the_person_and_codes_stay_where_they_are(
    people: Agencies, campaign: ReviewCampaign
) -> None:
    tend_reviews(SOON)
    assert {name: asked_at(item) for name, item in items(campaign, people.both).items()} == {
        "account": "USAF-ACC", MANAGER: "USAF-ACC", "FWS-R6-BNR": "FWS-R6-BNR", "USAF-ACC": "USAF-ACC",
    }  # fmt: skip
    answers(
        people.usaf_lead,
        campaign,
        people.both,
        THEN,
        account="keep",
        account_manager="remove",
        USAF_ACC="keep",
    )
    done = submits(people.usaf_lead, campaign, people.both, THEN)
    assert (done.kept, done.removed) == (2, 1)
    assert Grant.objects.get(account=people.both).closed_at == THEN
    answers(people.fws_lead, campaign, people.both, THEN, FWS_R6_BNR="keep")
    assert submits(people.fws_lead, campaign, people.both, THEN).kept == 1


def test_the_former_agency_answers_no_more_of_it_and_is_told_who_does(
    people: Agencies, campaign: ReviewCampaign
) -> None:
    tend_reviews(SOON)
    with pytest.raises(Refused) as refusal:
        answers(people.fws_lead, campaign, people.both, THEN, account="keep")
    assert codes(refusal) == ["review_moved"]
    assert refusal.value.violations[0].params == {"name": "Bo Both", "organization": "Air Combat Command"}
    assert items(campaign, people.both)["account"].answer == ""
    # Who never answered for it is told nothing of it.
    rita_of_the_blm = iqcs.holder(iqcs.LEAD, "BLM-MT", "Bea Lead")
    with pytest.raises(NotFound):
        answers(rita_of_the_blm, campaign, people.both, THEN, account="keep")


def test_what_was_submitted_stays_where_it_was_answered(people: Agencies) -> None:
    campaign = opened()
    answers(
        people.fws_lead,
        campaign,
        people.fws_person,
        account="keep",
        account_manager="keep",
        FWS_R6_BNR="keep",
    )
    submits(people.fws_lead, campaign, people.fws_person)
    iqcs.employed(people.fws_person, "USAF-ACC", at=SOON)
    tend_reviews(THEN)
    rows = items(campaign, people.fws_person)
    assert {name: asked_at(item) for name, item in rows.items()} == dict.fromkeys(rows, "FWS-R6-BNR")
    assert {item.answered_by for item in rows.values()} == {people.fws_lead}
    assert not ReviewMove.objects.exists()


def test_the_numbers_of_both_agencies_are_right_at_once_and_after_an_answer(
    people: Agencies, campaign: ReviewCampaign
) -> None:
    before = numbers(campaign, "FWS-R6-BNR"), numbers(campaign, "USAF-ACC")
    assert before == ((6, 0), (1, 0))
    tend_reviews(SOON)
    assert (numbers(campaign, "FWS-R6-BNR"), numbers(campaign, "USAF-ACC")) == ((4, 0), (3, 0))
    assert reviews_for(people.usaf_lead, PROGRAM, SOON).left == 3
    answers(
        people.usaf_lead, campaign, people.both, THEN, account="keep", account_manager="keep", USAF_ACC="keep"
    )
    submits(people.usaf_lead, campaign, people.both, THEN)
    assert (numbers(campaign, "FWS-R6-BNR"), numbers(campaign, "USAF-ACC")) == ((4, 0), (3, 3))
    tend_reviews(THEN)
    assert (numbers(campaign, "FWS-R6-BNR"), numbers(campaign, "USAF-ACC")) == ((4, 0), (3, 3))


def test_who_comes_back_is_asked_about_at_the_first_agency_again(
    people: Agencies, campaign: ReviewCampaign
) -> None:
    tend_reviews(SOON)
    iqcs.employed(people.both, "BLM-MT", at=THEN)
    tend_reviews(THEN)
    assert asked_at(items(campaign, people.both)["account"]) == "BLM-MT"
    iqcs.employed(people.both, "FWS-R6-BNR", at=THEN + timedelta(hours=1))
    tend_reviews(THEN + timedelta(hours=2))
    assert asked_at(items(campaign, people.both)["account"]) == "FWS-R6-BNR"
    assert (numbers(campaign, "FWS-R6-BNR"), numbers(campaign, "USAF-ACC"), numbers(campaign, "BLM-MT")) == (
        (6, 0), (1, 0), (0, 0),
    )  # fmt: skip
    answers(people.fws_lead, campaign, people.both, THEN + timedelta(days=1), account="keep")
    with pytest.raises(Refused) as refusal:
        answers(people.usaf_lead, campaign, people.both, THEN + timedelta(days=1), account_manager="keep")
    assert codes(refusal) == ["review_moved"]


def test_who_had_no_employer_on_record_goes_from_the_steward_to_the_agency(people: Agencies) -> None:
    stray = iqcs.holder(MANAGER, None, "Stray Manager")
    campaign = opened()
    assert asked_at(items(campaign, stray)["account"]) == ""
    iqcs.employed(stray, "USAF-ACC", at=MEANWHILE)
    tend_reviews(SOON)
    answers(people.usaf_lead, campaign, stray, THEN, account="keep", account_manager="keep")
    assert submits(people.usaf_lead, campaign, stray, THEN).kept == 2
    told = card(people.usaf_lead, campaign, stray)
    assert told is not None
    assert {line.moved for line in told.lines} == {
        "Came from the steward on Nov 10, 2026: Air Combat Command employs them since then."
    }


@pytest.mark.invariant("I11")
def test_what_was_asked_at_the_opening_stays_as_its_digest_has_it(campaign: ReviewCampaign) -> None:
    tend_reviews(SOON)
    assert items_hash(campaign)[2] == campaign.items_hash
    assert not compare_with_log().findings


@pytest.mark.invariant("I11")
def test_the_database_refuses_to_rewrite_or_to_take_away_a_move(
    people: Agencies, campaign: ReviewCampaign
) -> None:
    tend_reviews(SOON)
    move = ReviewMove.objects.filter(item__reviewed__account=people.both)
    for change in (lambda: move.update(moved_at=THEN), move.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


@pytest.mark.invariant("I13")
def test_a_submission_of_the_former_agency_finds_at_its_lock_that_the_person_left(people: Agencies) -> None:
    campaign = opened()
    answers(people.fws_lead, campaign, people.both, account="remove")
    saw = seen(campaign, people.both)
    iqcs.employed(people.both, "USAF-ACC", at=MEANWHILE)
    # No job has run: the submission itself brings the account up to date, and is refused.
    with pytest.raises(Refused) as refusal:
        submits(people.fws_lead, campaign, people.both, SOON, saw=saw)
    assert codes(refusal) == ["review_moved"]
    assert Grant.objects.get(account=people.both).closed_at is None
    assert Access.objects.filter(account=people.both, closed_at=None).count() == 2
    # What they had meant to remove is asked anew of those who employ the person.
    answers(
        people.usaf_lead, campaign, people.both, THEN, account="keep", account_manager="keep", USAF_ACC="keep"
    )
    assert submits(people.usaf_lead, campaign, people.both, THEN).kept == 3


@pytest.mark.invariant("I13")
def test_an_answer_of_the_former_agency_is_not_saved_once_another_employs_the_person_though_no_job_has_run(
    people: Agencies, campaign: ReviewCampaign
) -> None:
    with pytest.raises(Refused) as refusal:
        answers(people.fws_lead, campaign, people.both, SOON, account="remove", FWS_R6_BNR="keep")
    assert codes(refusal) == ["review_moved"]
    assert {item.answer for item in items(campaign, people.both).values()} == {""}
    # What the refusal told is so from then on, for both sides.
    assert asked_at(items(campaign, people.both)["account"]) == "USAF-ACC"
    assert numbers(campaign, "USAF-ACC") == (3, 0)
    answers(people.fws_lead, campaign, people.both, SOON, FWS_R6_BNR="keep")


def test_each_agency_sees_where_it_came_from_or_went(people: Agencies, campaign: ReviewCampaign) -> None:
    tend_reviews(SOON)
    ulf, lena = (card(one, campaign, people.both) for one in (people.usaf_lead, people.fws_lead))
    assert ulf is not None
    assert lena is not None
    assert ulf.employer == "Air Combat Command"
    came = {line.about: line.moved for line in ulf.lines}
    assert came["account"] == (
        "Came from Benton Lake Refuge on Nov 10, 2026: Air Combat Command employs them since then."
    )
    went = {line.about: (line.moved, line.mine) for line in lena.lines}
    assert went["account"] == (
        "Went to Air Combat Command on Nov 10, 2026, which employs them since then.",
        False,
    )
    assert went["access"] == ("", True)
    [gone] = gone_elsewhere(reviewer(people.fws_lead, campaign))
    assert (gone.name, gone.to, gone.on) == ("Bo Both", "Air Combat Command", MEANWHILE)
    assert gone_elsewhere(reviewer(people.usaf_lead, campaign)) == ()


@pytest.mark.requirement("IQCS-13")
def test_the_report_says_from_where_it_came_and_that_the_new_agency_did_not_answer(
    people: Agencies, campaign: ReviewCampaign
) -> None:
    tend_reviews(SOON)
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=CLOSES, origin=COMMAND
    )
    campaign.refresh_from_db()

    def made(code: str) -> ReviewReport:
        report = ask_for_report(acting_user=None, campaign=campaign, organization=place(code), at=CLOSES)
        make_report(report.pk, CLOSES)
        return ReviewReport.objects.get(pk=report.pk)

    report = made("USAF")
    silent = {row["code"]: row["unanswered"] + row["accounts"] for row in report.summary["unanswered_places"]}
    assert silent == {"USAF": 3, "USAF-ACC": 3}
    [bo] = [record for record in records_in(report) if record["name"] == "Bo Both"]
    assert bo["account"]["asked_of"] == "Air Combat Command"
    assert bo["account"]["moved"] == {
        "asked_first_of": "Benton Lake Refuge",
        "from": "Benton Lake Refuge",
        "employed_since": MEANWHILE.isoformat(),
    }
    former = {
        row["code"]: row["unanswered"] + row["accounts"] for row in made("FWS").summary["unanswered_places"]
    }
    assert former["FWS-R6-BNR"] == 4


@pytest.mark.invariant("I12")
def test_a_closing_lets_everything_go_first_however_many_pieces_that_takes(
    people: Agencies, campaign: ReviewCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    iqcs.employed(people.fws_person, "USAF-ACC", at=MEANWHILE)
    monkeypatch.setattr("rolebook.governance.review_moving.MOST_MOVED", 1)
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=THEN, origin=COMMAND
    )
    for account in (people.both, people.fws_person):
        asked = {name: asked_at(item) for name, item in items(campaign, account).items()}
        assert (asked["account"], asked[MANAGER], asked["FWS-R6-BNR"]) == (
            "USAF-ACC",
            "USAF-ACC",
            "FWS-R6-BNR",
        )
    assert not compare_with_log().findings


def test_after_the_closing_nothing_goes_anywhere(people: Agencies) -> None:
    campaign = opened()
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=MEANWHILE, origin=COMMAND
    )
    iqcs.employed(people.both, "USAF-ACC", at=SOON)
    tend_reviews(THEN)
    with pytest.raises(Refused) as refusal:
        answers(people.fws_lead, campaign, people.both, THEN, account="keep")
    assert codes(refusal) == ["review_closed"]
    assert not ReviewMove.objects.exists()


@pytest.mark.invariant("I1")
def test_an_account_that_others_submitted_is_not_there_for_a_foreign_agency(people: Agencies) -> None:
    campaign = opened()
    answers(
        people.fws_lead,
        campaign,
        people.fws_person,
        account="keep",
        account_manager="keep",
        FWS_R6_BNR="keep",
    )
    submits(people.fws_lead, campaign, people.fws_person)
    assert card(people.usaf_lead, campaign, people.fws_person) is None
    assert card(people.fws_representative, campaign, people.fws_person) is not None


def test_many_moves_are_asked_of_the_database_and_give_the_same(
    people: Agencies, campaign: ReviewCampaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    tend_reviews(SOON)

    def theirs() -> dict[str, set[int]]:
        return {
            one.name: set(reviewer(one, campaign).theirs().values_list("pk", flat=True))
            for one in (people.fws_lead, people.usaf_lead, people.fws_representative)
        }

    before = theirs()
    monkeypatch.setattr("rolebook.governance.review_moves.MOST_LISTED", 1)
    assert theirs() == before


def test_a_steward_finds_what_is_about_a_lead_who_changed_agency(people: Agencies) -> None:
    stella, campaign = steward(), opened()
    iqcs.employed(people.fws_lead, "USAF-ACC", at=MEANWHILE)
    tend_reviews(SOON)
    answers(stella, campaign, people.fws_lead, THEN, account="keep", agency_lead="keep", FWS="keep")
    assert submits(stella, campaign, people.fws_lead, THEN).kept == 3
    # It is theirs as little as before; and who left the agency left its office with it (decision 45).
    with pytest.raises(NotFound):
        answers(people.fws_lead, campaign, people.fws_lead, THEN, account="keep")
    with pytest.raises(NotFound):
        answers(people.fws_lead, campaign, people.fws_person, THEN, account="keep")
