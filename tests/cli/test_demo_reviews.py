"""The demo's reviews: last year's audit is closed with its final reports, this year's is half done."""

import pytest

from rolebook.cli.server.demo_world.build import build_world
from rolebook.governance.models import ReviewCampaign, ReviewItem, ReviewReport
from rolebook.governance.queries.review_reports import records_in
from rolebook.governance.replaying import compare_with_log
from tests.support.databases import CommittedDatabase
from tests.support.people import START

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.requirement("IQCS-12", "IQCS-13")]


def test_the_demo_has_last_years_audit_with_its_final_reports_and_this_years_half_done(
    committed_db: CommittedDatabase,
) -> None:
    build_world(now=START, practices=8, connected=3, waiting=2)
    last, present = ReviewCampaign.objects.order_by("opened_at")
    assert (last.title, last.closed_at is None) == ("IQCS Annual User Audit 2025", False)
    assert (present.title, present.closed_at) == ("IQCS Annual User Audit 2026", None)
    outcomes = set(ReviewItem.objects.filter(campaign=last).values_list("outcome", flat=True))
    assert outcomes >= {"kept", "removed", "unanswered"}
    settled = ReviewItem.objects.filter(campaign=present).exclude(settled_at=None).count()
    assert 0 < settled < ReviewItem.objects.filter(campaign=present).count()
    reports = ReviewReport.objects.filter(campaign=last)
    assert set(reports.values_list("is_final", "state")) == {(True, "made")}
    report = reports.get(organization__code="FWS")
    [floyd] = [record for record in records_in(report) if record["user_id"] == "floyd.ames"]
    [gone] = [item for item in floyd["items"] if item["code"] == "FWS-R6-CMR"]
    assert (gone["answer"], gone["outcome"]) == ("remove", "removed")
    assert not compare_with_log(program_id="iqcs").findings
