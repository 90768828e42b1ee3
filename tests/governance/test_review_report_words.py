"""What a review's report says in words: the same on its page and in its files (IQCS-13)."""

from datetime import datetime, timedelta

import pytest

from rolebook.governance.files.review_lines import outcome_words
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import ReviewCampaign, ReviewReport
from rolebook.governance.queries.review_reports import records_in
from rolebook.governance.review_report import Record
from tests.support.iqcs import PROGRAM, place
from tests.support.people import COMMAND
from tests.support.reviews import CLOSES, MEANWHILE, Agencies, agencies, answers, opened

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-13")]
LATER = MEANWHILE + timedelta(days=1)


@pytest.fixture
def people() -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()


def told(campaign: ReviewCampaign, code: str | None, at: datetime) -> tuple[ReviewReport, dict[str, Record]]:
    """A report, made then, with its records by the accounts' names."""
    where = None if code is None else place(code)
    report = ask_for_report(acting_user=None, campaign=campaign, organization=where, at=at)
    make_report(report.pk, at)
    report = ReviewReport.objects.get(pk=report.pk)
    return report, {record["name"]: record for record in records_in(report)}


def became(record: Record) -> dict[str, str]:
    """What became of each of an account's roles and access, in words, by title or code."""
    return {one["code"] or one["title"]: outcome_words(one) for one in record["items"]}


def test_an_answer_that_was_never_submitted_is_not_called_unanswered(people: Agencies) -> None:
    campaign = opened()
    answers(people.fws_lead, campaign, people.both, account_manager="keep", FWS_R6_BNR="remove")
    _, before = told(campaign, "FWS", LATER)
    yet = "Answered, not submitted yet"
    assert became(before["Bo Both"]) == {
        "Account Manager": yet, "FWS-R6-BNR": yet, "USAF-ACC": "Not answered yet",
    }  # fmt: skip
    people.both.accesses.filter(organization__code="FWS-R6-BNR").update(closed_at=LATER)
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=CLOSES, origin=COMMAND
    )
    _, after = told(ReviewCampaign.objects.get(), "FWS", CLOSES)
    assert became(after["Bo Both"]) == {
        "Account Manager": "Answered, never submitted; kept",
        "FWS-R6-BNR": "Answered, ended before it was submitted",
        "USAF-ACC": "Not answered, kept",
    }
