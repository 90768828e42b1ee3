"""What a review asks about and reports besides what was there at its opening: new roles, and roles without a code."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rolebook.governance.files.review_lines import lines_of
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import ReviewCampaign, ReviewReport
from rolebook.governance.queries.review_reports import records_in
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_report import Record
from tests.support import grants, iqcs, rolebooks
from tests.support.iqcs import MANAGER, PROGRAM, SECURITY, place
from tests.support.reviews import MEANWHILE, Agencies, agencies, items, opened

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def people() -> Agencies:
    """Two agencies with their leads, and people whom the audit asks about."""
    return agencies()


def told(campaign: ReviewCampaign, code: str) -> dict[str, Record]:
    """The records of an organization's report, made two days later, by the accounts' names."""
    at = MEANWHILE + 2 * DAY
    report = ask_for_report(acting_user=None, campaign=campaign, organization=place(code), at=at)
    make_report(report.pk, at)
    return {record["name"]: record for record in records_in(ReviewReport.objects.get(pk=report.pk))}


@pytest.mark.requirement("IQCS-12")
def test_a_role_that_a_rolebook_version_adds_meanwhile_is_asked_about_and_called_by_its_title(
    people: Agencies,
) -> None:
    campaign = opened()
    book = rolebooks.in_force(PROGRAM)
    manager = book.role(MANAGER)
    assert manager is not None
    new = replace(manager, id="fire_analyst", title="Fire Analyst", other_names=())
    rolebooks.put_in_force(replace(book, roles=(*book.roles, new)), MEANWHILE - DAY)
    grants.placed(people.fws_person, "fire_analyst", None, program_id=PROGRAM, at=MEANWHILE)
    tend_reviews(MEANWHILE + timedelta(minutes=5))
    assert "fire_analyst" in items(campaign, people.fws_person)
    lines = {one["title"]: one["asked"] for one in told(campaign, "FWS")["Mona Manager"]["items"]}
    assert lines["Fire Analyst"] is True
    assert not [one for one in compare_with_log().findings if "item" in one.explanation]


@pytest.mark.requirement("IQCS-12")
def test_a_review_of_certain_roles_asks_about_no_role_that_a_later_version_adds(people: Agencies) -> None:
    book = rolebooks.in_force(PROGRAM)
    [review] = book.reviews
    manager = book.role(MANAGER)
    assert manager is not None
    narrow = replace(review, role_ids=(MANAGER,))
    rolebooks.put_in_force(replace(book, reviews=(narrow,)))
    campaign = opened()
    new = replace(manager, id="fire_analyst", title="Fire Analyst", other_names=())
    later = replace(book, roles=(*book.roles, new), reviews=(narrow,))
    rolebooks.put_in_force(later, MEANWHILE - DAY)
    grants.placed(people.fws_person, "fire_analyst", None, program_id=PROGRAM, at=MEANWHILE)
    tend_reviews(MEANWHILE + timedelta(minutes=5))
    assert set(items(campaign, people.fws_person)) == {"account", MANAGER, "FWS-R6-BNR"}


@pytest.mark.requirement("IQCS-13")
def test_who_reaches_every_code_without_one_is_in_each_agencys_report_and_marked_so(
    people: Agencies,
) -> None:
    iqcs.holder(SECURITY, None, "Sid Security")
    campaign = opened()
    for code in ("FWS", "USAF", "FWS-R6-BNR"):
        [line] = told(campaign, code)["Sid Security"]["items"]
        assert (line["everywhere"], line["code"]) == (True, None)
    record = told(campaign, "USAF")["Sid Security"]
    assert "IQCS Security, reaches every code" in [line[7] for line in lines_of([record])]
    assert not any(one["everywhere"] for one in told(campaign, "USAF")["Bo Both"]["items"])
