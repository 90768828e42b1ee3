"""What a review's report says in words: the same on its page and in its files (IQCS-13)."""

import csv
import io
import tempfile
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils.html import strip_tags
from pypdf import PdfReader

from rolebook.governance.files.cells import BYTE_ORDER_MARK
from rolebook.governance.files.review_lines import outcome_words
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.making_report_files import csv_of, facts_of, write_report
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import ReviewCampaign, ReviewReport
from rolebook.governance.queries.review_reports import records_in
from rolebook.governance.review_report import Record
from tests.support import grants
from tests.support.iqcs import PROGRAM, place
from tests.support.people import COMMAND
from tests.support.reviews import CLOSES, MEANWHILE, Agencies, agencies, answers, opened, submits
from tests.web.reading import text_at
from tests.web.test_review_pages import browser

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


def in_files(report: ReviewReport) -> tuple[list[dict[str, str]], str]:
    """The lines of a report's CSV, and the text of its PDF."""
    lines = list(csv.DictReader(io.StringIO("".join(csv_of(report)).removeprefix(BYTE_ORDER_MARK))))
    with tempfile.TemporaryFile() as target:
        write_report(report, "pdf", target, lambda done, total: None)
        target.seek(0)
        printed = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(target.read())).pages)
    return lines, " ".join(printed.split())


def test_who_submitted_what_another_answered_stands_on_the_page_and_on_paper(people: Agencies) -> None:
    campaign = opened()
    mona = people.fws_person
    answers(people.fws_representative, campaign, mona, account_manager="keep", FWS_R6_BNR="keep")
    answers(people.fws_lead, campaign, mona, account="keep")
    submits(people.fws_lead, campaign, mona)
    report, _ = told(campaign, "FWS", MEANWHILE)
    page = strip_tags(
        text_at(browser(people.fws_lead), reverse("review-report", args=[PROGRAM, report.public_id]))
    )
    one = "The account: Kept (keep, by Lena Lead, Nov 10, 2026)"
    other = "Account Manager: Kept (keep, by Rita Representative, Nov 10, 2026; submitted by Lena Lead)"
    assert one in page
    assert other in page
    _, printed = in_files(report)
    assert printed.count("Keep, by Rita Representative, 2026-11-10; submitted by Lena Lead") == 2
    assert printed.count("submitted by") == 2


def test_who_did_not_answer_stands_in_the_csv_after_the_accounts(people: Agencies) -> None:
    campaign = opened()
    report, _ = told(campaign, "USAF", LATER)
    lines, printed = in_files(report)
    silent = [line for line in lines if line["About"] in ("organization", "reviewer")]
    assert lines[-len(silent) :] == silent
    words = [(one["Name"] or one["Organization"], one["What became of it"]) for one in silent]
    assert words == [
        ("Air Combat Command", "1 role or access not answered"),
        ("U.S. Air Force", "2 roles and access and 1 question about an account not answered"),
        ("Ulf Lead", "submitted nothing"),
    ]
    assert all(f"{who}: {what}" in printed for who, what in words)


def test_the_numbers_and_the_sentence_below_them_add_up_to_the_lines_of_the_table(people: Agencies) -> None:
    campaign = opened()
    answers(people.usaf_lead, campaign, people.both, USAF_ACC="remove")
    submits(people.usaf_lead, campaign, people.both)
    answers(
        people.fws_lead,
        campaign,
        people.fws_person,
        account="keep",
        account_manager="keep",
        FWS_R6_BNR="keep",
    )
    submits(people.fws_lead, campaign, people.fws_person)
    for _ in range(2):
        grants.placed(people.fws_person, "training_officer", None, program_id=PROGRAM, at=LATER)
    report, records = told(campaign, "FWS", LATER)
    came = {
        "Kept": 2, "Removed by an answer": 0, "Ended meanwhile": 0, "Not answered yet": 6,
    }  # fmt: skip
    besides = "3 more are listed with the accounts: 1 asked of others (1 removed by an answer) and 2 not asked about."
    listed = sum(len(record["items"]) for record in records.values())
    assert listed == 8 + 3
    facts = dict(facts_of(report))
    assert {name: facts[name] for name in came} == came
    assert (facts["Roles and access asked of this organization"], facts["Besides"]) == (8, besides)
    page = strip_tags(
        text_at(browser(people.fws_lead), reverse("review-report", args=[PROGRAM, report.public_id]))
    )
    words = "8: 2 kept; 0 removed by an answer; 0 ended meanwhile; 6 not answered yet"
    assert f"Roles and access asked of this organization {words} Besides {besides}" in " ".join(page.split())
    lines, printed = in_files(report)
    told_of = {line["Name"]: line["What became of it"] for line in lines if line["About"] == "report"}
    assert told_of["Besides"] == besides
    assert told_of["Not answered yet"] == "6"
    assert besides in printed
    assert sum(line["About"] in ("role", "access") for line in lines) == listed
    whole, everybody = told(campaign, None, LATER)
    assert dict(facts_of(whole))["Besides"] == "2 more are listed with the accounts: 2 not asked about."
    assert sum(len(record["items"]) for record in everybody.values()) == whole.summary["items"] + 2


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
