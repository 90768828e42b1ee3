"""A report made long after the closing says what was so then: names, and where organizations stood (IQCS-13)."""

from datetime import timedelta

import pytest

from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.edit_organization import edit_organization
from rolebook.governance.flows.move_organization import move_organization
from rolebook.governance.making_report_files import title_of
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import ReviewCampaign, ReviewReport
from rolebook.governance.organization_record import Typed
from rolebook.governance.queries.review_reports import records_in
from rolebook.governance.review_report import Record
from tests.support.iqcs import PROGRAM, place
from tests.support.people import COMMAND
from tests.support.reviews import CLOSES, Agencies, agencies, opened

pytestmark = pytest.mark.requirement("IQCS-13")
DAY = timedelta(days=1)


@pytest.fixture
def people(db: None) -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()


@pytest.fixture
def campaign(people: Agencies) -> ReviewCampaign:
    """The audit, closed with nothing answered."""
    return close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=opened().public_id, at=CLOSES, origin=COMMAND
    )


def final(campaign: ReviewCampaign, code: str) -> tuple[ReviewReport, dict[str, Record]]:
    """The final report of an organization, made a month later, with its records by the accounts' names."""
    later = CLOSES + 30 * DAY
    report = ask_for_report(acting_user=None, campaign=campaign, organization=place(code), at=later)
    assert make_report(report.pk, later)
    report = ReviewReport.objects.select_related("organization", "campaign__rolebook_version").get(
        pk=report.pk
    )
    return report, {record["name"]: record for record in records_in(report)}


def test_a_final_report_made_later_calls_organizations_as_they_were_called_at_the_closing(
    campaign: ReviewCampaign,
) -> None:
    edit_organization(
        acting_user=None,
        program_id=PROGRAM,
        organization_id=place("FWS-R6-BNR").public_id,
        typed=Typed("Renamed Refuge", "FWS-R6-NEW"),
        at=CLOSES + DAY,
        origin=COMMAND,
    )
    report, records = final(campaign, "FWS-R6-NEW")
    mona = records["Mona Manager"]
    assert mona["employer"] == "Benton Lake Refuge"
    assert [one["asked_of"] for one in (mona["account"], *mona["items"])] == ["Benton Lake Refuge"] * 3
    assert [(one["organization"], one["code"]) for one in mona["items"] if one["code"]] == [
        ("Benton Lake Refuge", "FWS-R6-BNR")
    ]
    [silent] = report.summary["unanswered_places"]
    assert (silent["organization"], silent["code"]) == ("Benton Lake Refuge", "FWS-R6-BNR")
    assert title_of(report).endswith("Benton Lake Refuge")


def test_a_final_report_made_later_lists_what_stood_below_its_organization_at_the_closing(
    campaign: ReviewCampaign,
) -> None:
    move_organization(
        acting_user=None,
        program_id=PROGRAM,
        organization_id=place("FWS-R6-BNR").public_id,
        parent_id=place("USAF-ACC").public_id,
        at=CLOSES + DAY,
        origin=COMMAND,
    )
    fws, left = final(campaign, "FWS")
    assert {"Mona Manager", "Bo Both", "Lena Lead"} <= set(left)
    assert {row["code"] for row in fws.summary["unanswered_places"]} == {"FWS", "FWS-R6", "FWS-R6-BNR"}
    assert [row["name"] for row in fws.summary["reviewers"]] == ["Lena Lead", "Rita Representative"]
    usaf, came = final(campaign, "USAF")
    assert set(came) == {"Ulf Lead", "Bo Both"}
    assert {row["code"] for row in usaf.summary["unanswered_places"]} == {"USAF", "USAF-ACC"}
    assert [row["name"] for row in usaf.summary["reviewers"]] == ["Ulf Lead"]
    # Who got access through lower levels above the old place is in the report of that place, as then.
    _, refuge = final(campaign, "FWS-R6-BNR")
    assert {"Mona Manager", "Bo Both", "Lena Lead", "Rita Representative"} == set(refuge)
