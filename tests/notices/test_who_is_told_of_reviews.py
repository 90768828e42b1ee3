"""Mails of reviews find whoever has to answer: the stewards, too, where nobody else can (IQCS-12)."""

from datetime import datetime

import pytest

from rolebook.accounts.models import Organization
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.notices.derivation import derive_notices
from rolebook.notices.models import Notice
from tests.support import grants, iqcs
from tests.support.iqcs import LEAD, MANAGER, REPRESENTATIVE
from tests.support.people import COMMAND
from tests.support.reviews import MEANWHILE, OPENED, OVERDUE, agencies, opened, steward

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]


def told(kind: str, at: datetime = MEANWHILE) -> list[str]:
    """Who was told so far by a kind of notice."""
    while derive_notices(now=at):
        pass
    return sorted(str(notice.recipient) for notice in Notice.objects.filter(kind=kind))


def employed(role_id: str, code: str, name: str) -> None:
    """Let somebody hold a role and be employed where it is held."""
    iqcs.employed(iqcs.holder(role_id, code, name), code)


def test_the_steward_is_told_of_a_review_that_asks_about_a_practices_only_official(
    qpp: object, practice: Organization
) -> None:
    grants.official(practice, "Olga Official")
    grants.steward("Stella Steward")
    open_review(acting_user=None, program_id="qpp", review_id="yearly_review", at=OPENED, origin=COMMAND)
    assert told("review-opened") == ["Stella Steward"]


def test_the_steward_is_told_and_reminded_of_what_is_asked_about_those_who_answer() -> None:
    agencies()
    steward()
    campaign = opened()
    assert "Stella Steward" in told("review-opened")
    tend_reviews(campaign.due_at)
    assert "Stella Steward" in told("review-reminder", campaign.due_at)


def test_a_steward_for_whom_nothing_waits_gets_no_mail_of_a_review() -> None:
    iqcs.begin()
    employed(MANAGER, "FWS", "Mona Manager")
    steward()
    # No role answers anything here, so the only accounts asked about are not the steward's to answer.
    opened()
    assert told("review-opened") == []


def test_what_is_overdue_where_nobody_holds_the_role_it_goes_to_is_put_before_the_steward() -> None:
    iqcs.begin()
    steward()
    employed(LEAD, "FWS", "Lena Lead")
    employed(MANAGER, "FWS-R6", "Mona Manager")
    employed(REPRESENTATIVE, "USAF", "Rita Representative")
    employed(MANAGER, "USAF-ACC", "Max Manager")
    opened()
    tend_reviews(OVERDUE.replace(day=4))
    assert told("review-overdue", OVERDUE.replace(day=4)) == ["Lena Lead", "Stella Steward"]


def test_what_is_overdue_where_nobody_answers_at_all_is_put_before_the_steward() -> None:
    iqcs.begin()
    steward()
    employed(MANAGER, "USAF-ACC", "Max Manager")
    opened()
    tend_reviews(OVERDUE.replace(day=4))
    assert told("review-overdue", OVERDUE.replace(day=4)) == ["Stella Steward"]


def test_what_is_overdue_where_every_agency_has_its_lead_is_not_put_before_the_steward() -> None:
    agencies()
    steward()
    opened()
    tend_reviews(OVERDUE.replace(day=4))
    assert told("review-overdue", OVERDUE.replace(day=4)) == ["Lena Lead", "Ulf Lead"]
