"""What a report says before its accounts: numbers that the closing and its mail tell, too, and who did not answer."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from unittest.mock import patch

import pytest
from django.db import connection
from django.db.migrations import RunSQL
from django.test.utils import CaptureQueriesContext

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.governance.flows import change_participation_status
from rolebook.governance.flows import close_review as closing
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.making_report_files import facts_of, paper_of
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import Grant, ReviewCampaign, ReviewPlace, ReviewReport
from rolebook.governance.queries.review_campaigns import numbers_of
from rolebook.governance.queries.review_reports import records_in
from rolebook.governance.review_report import Record, Subject, report_places
from rolebook.governance.review_summary import summary_of
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from rolebook.policy.reviews import KEEP_AND_REPORT, REMOVE_UNANSWERED, Silence
from tests.support import iqcs, rolebooks
from tests.support.iqcs import PROGRAM, REPRESENTATIVE, place
from tests.support.people import COMMAND
from tests.support.reviews import (
    CLOSES,
    MEANWHILE,
    OPENED,
    Agencies,
    agencies,
    answers,
    opened,
    steward,
    submits,
)

pytestmark = pytest.mark.requirement("IQCS-13")
DAY = timedelta(days=1)


@pytest.fixture
def people(db: None) -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()


def closes(campaign: ReviewCampaign, at: datetime = CLOSES) -> ReviewCampaign:
    """The campaign, closed when its time has come."""
    return close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=at, origin=COMMAND
    )


def told(campaign: ReviewCampaign, code: str | None, at: object) -> tuple[ReviewReport, dict[str, Record]]:
    """A report, made then, with its records by the accounts' names."""
    where = None if code is None else place(code)
    report = ask_for_report(acting_user=None, campaign=campaign, organization=where, at=at)  # type: ignore[arg-type]
    make_report(report.pk, at)  # type: ignore[arg-type]
    report = ReviewReport.objects.get(pk=report.pk)
    return report, {record["name"]: record for record in records_in(report)}


def event_of_closing() -> Mapping[str, object]:
    """What the log says of the closing."""
    return dict(json.loads(Event.objects.get(tag="review:closed").content)["new"])


def about_mona(people: Agencies, campaign: ReviewCampaign) -> None:
    """Lena keeps Mona's account and code, and removes her role."""
    answers(
        people.fws_lead,
        campaign,
        people.fws_person,
        account="keep",
        account_manager="remove",
        FWS_R6_BNR="keep",
    )
    submits(people.fws_lead, campaign, people.fws_person)


def consequence(then: Silence) -> None:
    """The audit does this from now on with what nobody answered."""
    book = rolebooks.in_force(PROGRAM)
    [review] = book.reviews
    changed = replace(review, overdue=replace(review.overdue, then=then))
    rolebooks.put_in_force(replace(book, reviews=(changed,)))


def status(who: Account, word: str) -> None:
    """An account's part in the program gets another status, a day before the opening."""
    change_participation_status(
        acting_user=None,
        program_id=PROGRAM,
        beneficiary_id=who.public_id,
        status=word,
        reason="They left.",
        at=OPENED - DAY,
        origin=COMMAND,
    )


def test_the_report_the_log_and_the_mail_of_the_closing_tell_the_same_numbers(people: Agencies) -> None:
    steward()
    campaign = opened()
    about_mona(people, campaign)
    campaign = closes(campaign)
    report, _ = told(campaign, None, CLOSES + DAY)
    names = ("kept", "removed", "ended", "unanswered")
    assert {name: report.summary[name] for name in names} == {
        "kept": 1,
        "removed": 1,
        "ended": 0,
        "unanswered": 9,
    }
    event = event_of_closing()
    assert {name: event[name] for name in names} == {name: report.summary[name] for name in names}
    while derive_notices(now=CLOSES):
        pass
    mail = Notice.objects.get(kind="review-closed").text
    assert "Kept: 1\n" in mail
    assert "Removed by an answer: 1\n" in mail
    assert "Not answered, and kept: 9\n" in mail
    assert f"/reviews/{campaign.public_id}/progress/" in mail


@pytest.mark.requirement("IQCS-12")
@pytest.mark.parametrize("then", [KEEP_AND_REPORT, REMOVE_UNANSWERED])
def test_the_pages_and_the_command_line_count_what_the_report_counts_before_and_after_the_closing(
    people: Agencies, then: Silence
) -> None:
    consequence(then)
    campaign = opened()
    about_mona(people, campaign)
    for at in (MEANWHILE, CLOSES + DAY):
        if at > CLOSES:
            campaign = closes(campaign)
        report, _ = told(campaign, None, at)
        found = numbers_of(campaign)
        names = ("items", "removed", "unanswered")
        assert (found.holdings, found.removed, found.open) == tuple(report.summary[name] for name in names)
        assert (found.accounts_open, found.percent) == (4, 18)


def test_an_upgrade_counts_the_places_of_earlier_campaigns_as_they_are_counted_since(
    people: Agencies,
) -> None:
    campaign = opened()
    about_mona(people, campaign)
    iqcs.employed(people.both, "USAF-ACC", at=MEANWHILE)
    closes(campaign)
    columns = ("pk", "settled", "holdings", "holdings_settled", "removed")
    places = ReviewPlace.objects.order_by("pk")
    counted = list(places.values_list(*columns))
    places.update(holdings=0, holdings_settled=0)
    places.filter(questions__gt=0).update(settled=3, removed=5)
    migration = import_module("rolebook.governance.migrations.0019_review_places_count_holdings").Migration
    [count] = [one for one in migration.operations if isinstance(one, RunSQL)]
    with connection.cursor() as cursor:
        cursor.execute(str(count.sql))
    assert list(places.values_list(*columns)) == counted
    assert sum(row[2] for row in counted) == 11


def test_what_was_removed_for_want_of_an_answer_is_counted_once(people: Agencies) -> None:
    consequence(REMOVE_UNANSWERED)
    campaign = opened()
    about_mona(people, campaign)
    campaign = closes(campaign)
    report, _ = told(campaign, None, CLOSES + DAY)
    found = report.summary
    assert found["kept"] + found["removed"] + found["ended"] + found["unanswered"] == found["items"] == 11
    assert (found["removed"], found["unanswered"], found["removed_unanswered"]) == (1, 9, 9)
    assert dict(facts_of(report))["Not answered, and removed"] == 9


def test_who_did_not_answer_adds_up_to_what_was_not_answered_and_says_how_many_accounts_besides(
    people: Agencies,
) -> None:
    campaign = opened()
    about_mona(people, campaign)
    report, _ = told(closes(campaign), None, CLOSES + DAY)
    rows = report.summary["unanswered_places"]
    assert sum(row["unanswered"] for row in rows) == report.summary["unanswered"]
    assert sum(row["accounts"] for row in rows) == 4
    told_of = "Benton Lake Refuge: 2 roles and access and 1 question about an account not answered"
    assert told_of in paper_of(report).silent


def test_nobody_is_said_to_have_submitted_nothing_to_whom_nothing_was_left(people: Agencies) -> None:
    gone = iqcs.holder(REPRESENTATIVE, "FWS-R6", "Gone Representative")
    iqcs.employed(gone, "FWS-R6")
    status(gone, "closed")
    campaign = opened()
    about_mona(people, campaign)
    silent, _ = told(campaign, "FWS-R6-BNR", MEANWHILE)
    assert silent.summary["reviewers"] == [
        {"name": "Rita Representative", "answers": 0},
        {"name": "Lena Lead", "answers": 3},
    ]
    answers(people.fws_lead, campaign, people.both, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(people.fws_lead, campaign, people.both)
    report, _ = told(closes(campaign), "FWS-R6-BNR", CLOSES + DAY)
    assert report.summary["unanswered_places"] == []
    assert report.summary["reviewers"] == [{"name": "Lena Lead", "answers": 6}]


@pytest.mark.requirement("IQCS-12")
@pytest.mark.parametrize("cut_short", [False, True], ids=["at once", "cut short before"])
def test_a_silent_reviewer_whose_office_the_closing_removes_is_among_who_did_not_answer(
    people: Agencies, cut_short: bool
) -> None:
    consequence(REMOVE_UNANSWERED)
    campaign = opened()
    about_mona(people, campaign)
    if cut_short:
        failing = patch.object(closing, "count_places", side_effect=ConnectionError)
        with failing, pytest.raises(ConnectionError):
            closes(campaign)
    closes(campaign, CLOSES + DAY)
    assert not Grant.objects.filter(account=people.usaf_lead, closed_at=None).exists()
    report, _ = told(ReviewCampaign.objects.get(), None, CLOSES + 2 * DAY)
    silent = [row["name"] for row in report.summary["reviewers"] if not row["answers"]]
    assert silent == ["Rita Representative", "Ulf Lead"]
    # Her organization has its report, as it had before the closing removed her office there.
    codes = [one.code for one in report_places(ReviewCampaign.objects.get(), CLOSES + 2 * DAY)]
    assert "FWS-R6" in codes


@pytest.mark.invariant("I12")
def test_who_did_not_answer_is_told_in_as_many_statements_for_many_as_for_few(people: Agencies) -> None:
    campaign = opened()
    made: dict[int, int] = {}
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            rows = summary_of(Subject(campaign, None, MEANWHILE))["reviewers"]
        made[len(rows)] = len(statements)
        for number in range(4):
            iqcs.holder(REPRESENTATIVE, "FWS-R6", f"Representative {number}")
    assert made == {3: made[3], 7: made[3]}


@pytest.mark.fault(14)
def test_nobody_is_said_to_have_submitted_nothing_to_whom_only_their_own_account_was_left(
    people: Agencies,
) -> None:
    campaign = opened()
    about_mona(people, campaign)
    answers(people.fws_lead, campaign, people.both, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(people.fws_lead, campaign, people.both)
    report, _ = told(closes(campaign), None, CLOSES + DAY)
    # Rita answers for her region, of which only what is about herself is left, and Lena answers that. Bo's code of the
    # Air Force waited for Ulf.
    rows = [(row["name"], row["answers"]) for row in report.summary["reviewers"]]
    assert rows == [("Ulf Lead", 0), ("Lena Lead", 6)]
    assert "FWS-R6" in [row["code"] for row in report.summary["unanswered_places"]]
