"""The User Audit Report: whom it lists, what it says, who may have it, and that a final one stays (IQCS-13)."""

import io
import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from openpyxl import load_workbook

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.cli.server.review_report import report as report_command
from rolebook.governance.flows import record_sign_in
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.making_report_files import write_report
from rolebook.governance.making_reports import ask_for_report, make_report, make_reports
from rolebook.governance.models import ReviewCampaign, ReviewReport, ReviewReportPart
from rolebook.governance.queries.review_quality import quality_of
from rolebook.governance.queries.review_reports import (
    find_report,
    records_in,
    reportable,
    subject_for,
)
from rolebook.governance.refusals import NotFound
from rolebook.governance.review_report import Record
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import clocks, grants, iqcs
from tests.support.iqcs import PROGRAM, place
from tests.support.people import COMMAND, WEB
from tests.support.reviews import (
    CLOSES,
    MEANWHILE,
    OPENED,
    Agencies,
    agencies,
    answers,
    becomes,
    opened,
    steward,
    submits,
)

pytestmark = pytest.mark.requirement("IQCS-13")
LATER = CLOSES + timedelta(days=30)


@pytest.fixture
def people(db: None) -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()


def told(
    campaign: ReviewCampaign, code: str | None, at: object = MEANWHILE
) -> tuple[ReviewReport, dict[str, Record]]:
    """A report, made now, with its records by the accounts' names."""
    where = None if code is None else place(code)
    report = ask_for_report(acting_user=None, campaign=campaign, organization=where, at=at)  # type: ignore[arg-type]
    make_report(report.pk, at)  # type: ignore[arg-type]
    report = ReviewReport.objects.get(pk=report.pk)
    return report, {record["name"]: record for record in records_in(report)}


def answered(campaign: ReviewCampaign, people: Agencies) -> None:
    """Both agencies answer about Bo, whose code of the Air Force goes."""
    answers(people.usaf_lead, campaign, people.both, USAF_ACC="remove")
    submits(people.usaf_lead, campaign, people.both)
    answers(people.fws_lead, campaign, people.both, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(people.fws_lead, campaign, people.both)


def test_it_lists_every_account_of_any_agency_with_access_to_the_agencys_codes(people: Agencies) -> None:
    campaign = opened()
    _, air_force = told(campaign, "USAF")
    # Bo is employed by FWS; Lena and Mona have no access to the Air Force's codes.
    assert set(air_force) == {"Ulf Lead", "Bo Both"}
    assert air_force["Bo Both"]["employer"] == "Benton Lake Refuge"
    late = iqcs.holder(iqcs.MANAGER, "USAF-ACC-1", "Late Comer", at=MEANWHILE)
    _, again = told(campaign, "USAF", MEANWHILE + timedelta(hours=1))
    assert "Late Comer" in again
    assert late.name not in told(campaign, "FWS", MEANWHILE + timedelta(hours=1))[1]


def test_who_is_deactivated_or_closed_is_listed_with_that_and_with_what_they_still_hold(
    people: Agencies,
) -> None:
    before = OPENED - timedelta(days=1)
    becomes(people.fws_person, "deactivated", before)
    becomes(people.both, "closed", before)
    _, records = told(opened(), "FWS")
    mona, bo = records["Mona Manager"], records["Bo Both"]
    assert (mona["status"], bo["status"]) == ("deactivated", "closed")
    assert {one["asked"] for one in (mona["account"], *mona["items"])} == {True}
    assert {one["asked"] for one in (bo["account"], *bo["items"])} == {False}
    assert {one["code"] for one in bo["items"]} == {None, "FWS-R6-BNR", "USAF-ACC"}


def test_it_says_roles_access_last_sign_in_and_the_answers_by_whom_and_when(people: Agencies) -> None:
    campaign = opened()
    signed_in = MEANWHILE - timedelta(days=2)
    record_sign_in(acting_user=people.both, program_id=PROGRAM, at=signed_in, origin=WEB)
    before, early = told(campaign, "USAF")
    assert not before.is_final
    [access] = [one for one in early["Bo Both"]["items"] if one["code"] == "USAF-ACC"]
    assert access["outcome"] == ""
    answered(campaign, people)
    report, records = told(campaign, "USAF", MEANWHILE + timedelta(hours=1))
    bo = records["Bo Both"]
    assert bo["last_signed_in_at"] == signed_in.isoformat()
    by_code = {one["code"] or one["title"]: one for one in bo["items"]}
    gone = by_code["USAF-ACC"]
    assert (gone["answer"], gone["answered_by"], gone["outcome"]) == ("remove", "Ulf Lead", "removed")
    assert gone["ended_at"] == MEANWHILE.isoformat()
    assert by_code["Account Manager"]["answered_by"] == "Lena Lead"
    assert bo["account"]["answer"] == "keep"
    assert report.summary["removed"] == 1
    assert {row["name"]: row["answers"] for row in report.summary["reviewers"]} == {"Ulf Lead": 1}


def test_the_final_report_is_frozen_at_closing_whatever_changes_afterwards(people: Agencies) -> None:
    campaign = opened()
    answered(campaign, people)
    campaign = close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=CLOSES, origin=COMMAND
    )
    # Nobody has made it yet, and much changes before somebody does.
    record_sign_in(
        acting_user=people.usaf_lead, program_id=PROGRAM, at=CLOSES + timedelta(days=1), origin=WEB
    )
    iqcs.holder(iqcs.MANAGER, "USAF-ACC", "Late Comer", at=CLOSES + timedelta(days=1))
    make_reports(CLOSES + timedelta(days=2))
    final = ReviewReport.objects.get(campaign=campaign, organization=place("USAF"))
    assert (final.is_final, final.as_of) == (True, CLOSES)
    records = {record["name"]: record for record in records_in(final)}
    assert set(records) == {"Ulf Lead", "Bo Both"}
    assert records["Ulf Lead"]["last_signed_in_at"] is None
    assert final.summary["unanswered_places"]
    contents = list(ReviewReportPart.objects.filter(report=final).values_list("content", flat=True))
    Account.objects.filter(pk=people.both.pk).update(name="Somebody Else")
    make_reports(LATER)
    assert make_report(final.pk, LATER) is False
    same = ask_for_report(
        acting_user=people.usaf_lead, campaign=campaign, organization=place("USAF"), at=LATER
    )
    assert same.pk == final.pk
    assert list(ReviewReportPart.objects.filter(report=final).values_list("content", flat=True)) == contents
    [event] = Event.objects.filter(tag="review:reported", organization_id=place("USAF").public_id)
    assert json.loads(event.content)["new"]["digest"] == final.digest


def test_the_database_refuses_to_rewrite_or_to_take_away_a_final_report(people: Agencies) -> None:
    campaign = opened()
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=CLOSES, origin=COMMAND
    )
    make_reports(CLOSES)
    final = ReviewReport.objects.filter(campaign=campaign, is_final=True)
    parts = ReviewReportPart.objects.filter(report__in=final)
    attempts: list[Callable[[], object]] = [
        lambda: final.update(summary={}),
        lambda: parts.update(content="[]"),
        parts.delete,
        final.delete,
    ]
    for attempt in attempts:
        with pytest.raises((DatabaseError, ProtectedError)), transaction.atomic():
            attempt()


@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1)
def test_an_agencys_report_is_for_who_answers_for_all_of_it_and_for_the_steward(people: Agencies) -> None:
    campaign = opened()
    report, _ = told(campaign, "FWS")

    def may(viewer: Account, code: str | None) -> bool:
        where = None if code is None else place(code).public_id
        try:
            subject_for(viewer, PROGRAM, campaign.public_id, where, MEANWHILE)
        except NotFound:
            return False
        return True

    stella = steward()
    assert [may(people.fws_lead, one) for one in ("FWS", "FWS-R6", "USAF", None)] == [
        True,
        True,
        False,
        False,
    ]
    assert [may(people.fws_representative, one) for one in ("FWS", "FWS-R6", None)] == [False, True, False]
    assert [may(stella, one) for one in ("FWS", "USAF", None)] == [True, True, True]
    assert not any(may(people.both, one) for one in ("FWS", "FWS-R6", "FWS-R6-BNR", "USAF", None))
    assert find_report(people.fws_lead, PROGRAM, report.public_id, MEANWHILE) == report
    for other in (people.usaf_lead, people.fws_representative, people.both):
        with pytest.raises(NotFound):
            find_report(other, PROGRAM, report.public_id, MEANWHILE)
    _, places = reportable(people.fws_representative, PROGRAM, campaign.public_id, MEANWHILE)
    assert [one.code for one in places] == ["FWS-R6"]
    with pytest.raises(NotFound):
        reportable(people.both, PROGRAM, campaign.public_id, MEANWHILE)


def test_at_opening_and_at_closing_leads_and_representatives_get_a_link_and_no_data(
    people: Agencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks.it_is(monkeypatch, MEANWHILE)
    campaign = opened()
    while derive_notices(now=MEANWHILE):
        pass
    mails = Notice.objects.filter(kind="review-report")
    assert set(mails.values_list("recipient__name", flat=True)) == {
        "Lena Lead",
        "Rita Representative",
        "Ulf Lead",
    }
    for mail in mails:
        assert f"/iqcs/reviews/{campaign.public_id}/reports/" in mail.text
        assert "Bo Both" not in mail.text


def test_how_people_answered_is_for_the_steward_only(people: Agencies) -> None:
    campaign = opened()
    answers(people.fws_lead, campaign, people.both, MEANWHILE, account="keep")
    answers(people.fws_lead, campaign, people.both, MEANWHILE + timedelta(seconds=4), account_manager="keep")
    answers(people.fws_lead, campaign, people.both, MEANWHILE + timedelta(seconds=6), FWS_R6_BNR="remove")
    [lena] = quality_of(steward(), PROGRAM, campaign, MEANWHILE).rows
    assert (lena.name, lena.answers, lena.removals, lena.keeps, lena.seconds) == ("Lena Lead", 3, 1, 2, 3.0)
    with pytest.raises(NotFound):
        quality_of(people.fws_lead, PROGRAM, campaign, MEANWHILE)


@pytest.mark.invariant("I14")
@pytest.mark.fault(49)
def test_its_files_have_typed_cells_no_formulas_and_a_tagged_pdf(people: Agencies) -> None:
    Account.objects.filter(pk=people.both.pk).update(name="=1+1 王")
    campaign = opened()
    report, _ = told(campaign, "USAF")
    with tempfile.TemporaryFile() as target:
        write_report(report, "xlsx", target, lambda done, total: None)
        target.seek(0)
        book = load_workbook(io.BytesIO(target.read()))
    assert book.sheetnames == ["About", "Accounts", "Not answered", "Reviewers"]
    names = [row[0] for row in book["Accounts"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in names} == {"s"}
    assert "=1+1 王" in {cell.value for cell in names}
    with tempfile.TemporaryFile() as target:
        write_report(report, "pdf", target, lambda done, total: None)
        target.seek(0)
        paper = target.read()
    assert paper.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in paper


@pytest.mark.parametrize("ending", ["csv", "xlsx", "pdf", "json"])
def test_the_operator_makes_it_as_a_file(
    people: Agencies, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clocks.it_is(monkeypatch, MEANWHILE)
    campaign = opened()
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/report.{ending}"
        done = CliRunner().invoke(
            report_command,
            [
                PROGRAM,
                str(campaign.public_id),
                "--organization",
                "USAF",
                "--format",
                ending,
                "-o",
                file,
                "--json",
            ],
        )
        assert done.exit_code == 0, done.output
        assert json.loads(done.output) | {"standing": "preliminary", "accounts": 2} == json.loads(done.output)
        content = Path(file).read_bytes()
    assert content
    assert ending not in ("csv", "json") or b"Bo Both" in content


def test_everybody_of_the_program_is_in_the_stewards_report(people: Agencies) -> None:
    grants.user("Nora New", PROGRAM)
    _, records = told(opened(), None)
    assert {"Lena Lead", "Rita Representative", "Ulf Lead", "Mona Manager", "Bo Both"} <= set(records)
    assert "Nora New" not in records
