"""Review campaigns: what is asked, who answers, what follows (IQCS-12)."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator

from rolebook.audit.models import Event
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Access, Grant, Participation, ReviewCampaign, ReviewItem
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_digests import answers_hash, items_hash
from tests.support import grants, iqcs
from tests.support.grants import codes
from tests.support.iqcs import MANAGER, PROGRAM, SECURITY
from tests.support.people import COMMAND, WEB
from tests.support.reviews import (
    AUDIT,
    CLOSES,
    MEANWHILE,
    OPENED,
    OVERDUE,
    Agencies,
    answers,
    items,
    opened,
    seen,
    steward,
    submits,
)


@pytest.mark.requirement("IQCS-12")
def test_a_campaign_asks_once_about_an_account_and_once_about_each_grant_and_access(
    both_agencies: Agencies,
) -> None:
    campaign = opened()
    assert sorted(items(campaign, both_agencies.both)) == [
        "FWS-R6-BNR", "USAF-ACC", "account", "account_manager",
    ]  # fmt: skip
    assert (campaign.accounts, campaign.items) == (5, 11)
    [event] = Event.objects.filter(tag="review:opened")
    assert campaign.items_hash in event.content
    assert items_hash(campaign) == (5, 11, campaign.items_hash)


@pytest.mark.requirement("IQCS-12")
def test_each_agency_answers_for_its_own_codes_and_the_employing_one_for_account_and_roles(
    both_agencies: Agencies,
) -> None:
    campaign, both = opened(), both_agencies.both
    answers(both_agencies.usaf_lead, campaign, both, USAF_ACC="keep")
    for mine in ({"account": "keep"}, {MANAGER: "keep"}, {"FWS_R6_BNR": "keep"}):
        with pytest.raises(NotFound):
            answers(both_agencies.usaf_lead, campaign, both, **mine)
    answers(both_agencies.fws_representative, campaign, both, account="keep", FWS_R6_BNR="keep")
    with pytest.raises(NotFound):
        answers(both_agencies.fws_lead, campaign, both, USAF_ACC="remove")


@pytest.mark.fault(14)
@pytest.mark.invariant("I6")
def test_nobody_answers_about_themselves(both_agencies: Agencies) -> None:
    campaign, lead = opened(), both_agencies.fws_lead
    with pytest.raises(Refused) as refusal:
        answers(lead, campaign, lead, account="keep")
    assert codes(refusal) == ["review_own"]
    with pytest.raises(Refused) as refusal:
        submits(lead, campaign, lead)
    assert codes(refusal) == ["review_own"]
    assert Event.objects.filter(tag="attempt:refused:review", actor_id=lead.public_id).count() == 2
    # The steward answers about those who answer themselves.
    stella = steward()
    answers(stella, campaign, lead, account="keep", agency_lead="keep", FWS="keep")
    assert submits(stella, campaign, lead).kept == 3


@pytest.mark.requirement("IQCS-12")
def test_an_answer_takes_effect_when_the_account_is_submitted_and_not_before(both_agencies: Agencies) -> None:
    campaign, lead, person = opened(), both_agencies.fws_lead, both_agencies.fws_person
    answers(lead, campaign, person, account="keep", FWS_R6_BNR="keep")
    answers(lead, campaign, person, account_manager="remove")
    grant = Grant.objects.get(account=person)
    assert grant.closed_at is None
    done = submits(lead, campaign, person)
    grant = Grant.objects.get(account=person)
    assert (done.kept, done.removed, grant.closed_at) == (2, 1, MEANWHILE)
    [closed] = Event.objects.filter(tag="grant:closed", beneficiary_id=person.public_id)
    assert '"cause":"review"' in closed.content
    assert not compare_with_log().findings
    assert items(campaign, person)[MANAGER].outcome == "removed"


def test_an_account_is_not_submitted_before_everything_of_it_is_answered(both_agencies: Agencies) -> None:
    campaign, lead, person = opened(), both_agencies.fws_lead, both_agencies.fws_person
    answers(lead, campaign, person, account="keep")
    with pytest.raises(Refused) as refusal:
        submits(lead, campaign, person)
    assert codes(refusal) == ["review_incomplete"]


@pytest.mark.requirement("IQCS-12")
def test_an_account_needed_no_longer_is_closed_and_another_agencys_access_stays_with_that_agency(
    both_agencies: Agencies,
) -> None:
    campaign, lead, both = opened(), both_agencies.fws_lead, both_agencies.both
    answers(lead, campaign, both, account="remove")
    done = submits(lead, campaign, both)
    assert done.account_closed
    assert Participation.objects.get(account=both).status == "closed"
    open_access = [one.organization.code for one in Access.objects.filter(account=both, closed_at=None)]
    assert open_access == ["USAF-ACC"]
    assert not Grant.objects.filter(account=both, closed_at=None).exists()
    answers(both_agencies.usaf_lead, campaign, both, USAF_ACC="remove")
    submits(both_agencies.usaf_lead, campaign, both)
    assert not Access.objects.filter(account=both, closed_at=None).exists()
    assert not compare_with_log().findings


@pytest.mark.requirement("IQCS-12")
def test_the_second_reviewer_is_told_who_answered_and_what(both_agencies: Agencies) -> None:
    campaign, person = opened(), both_agencies.fws_person
    before = items(campaign, person)["account"]
    answers(both_agencies.fws_lead, campaign, person, account="remove")
    from rolebook.governance.flows.answer_review import Answered, answer_review
    from rolebook.governance.flows.submit_review import named

    late = answer_review(
        acting_user=both_agencies.fws_representative,
        program_id=PROGRAM,
        campaign_id=campaign.public_id,
        answers=[Answered(*named(before), "keep", before.version)],
        at=MEANWHILE,
        origin=WEB,
    )
    [told] = late.not_saved
    assert (late.saved, told.by, told.answer) == (0, "Lena Lead", "remove")
    assert items(campaign, person)["account"].answer == "remove"


def test_an_account_answered_by_another_since_it_was_seen_is_not_submitted(both_agencies: Agencies) -> None:
    campaign, person = opened(), both_agencies.fws_person
    answers(
        both_agencies.fws_lead, campaign, person, account="keep", account_manager="keep", FWS_R6_BNR="keep"
    )
    saw = seen(campaign, person)
    answers(both_agencies.fws_representative, campaign, person, account_manager="remove")
    with pytest.raises(Refused) as refusal:
        submits(both_agencies.fws_lead, campaign, person, saw=saw)
    assert codes(refusal) == ["review_changed_meanwhile"]
    assert Grant.objects.get(account=person).closed_at is None


@pytest.mark.requirement("IQCS-12")
def test_what_is_given_until_the_due_day_is_asked_about_and_what_ends_meanwhile_is_settled(
    both_agencies: Agencies,
) -> None:
    campaign, lead, person = opened(), both_agencies.fws_lead, both_agencies.fws_person
    answers(lead, campaign, person, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    iqcs.gives_access(person, "FWS-R6", at=MEANWHILE)
    with pytest.raises(Refused) as refusal:
        submits(lead, campaign, person, MEANWHILE + timedelta(hours=1))
    assert codes(refusal) == ["review_changed_meanwhile"]
    tend_reviews(MEANWHILE + timedelta(hours=2))
    added = items(campaign, person)["FWS-R6"]
    assert added.added_at == MEANWHILE + timedelta(hours=1)
    assert items_hash(campaign)[2] == campaign.items_hash
    security = iqcs.holder(SECURITY, None, "Sid Security")
    from rolebook.governance.flows import remove_access

    remove_access(
        acting_user=security,
        program_id=PROGRAM,
        organization_id=iqcs.place("FWS-R6").public_id,
        beneficiary_id=person.public_id,
        at=MEANWHILE + timedelta(hours=3),
        origin=WEB,
    )
    done = submits(lead, campaign, person, MEANWHILE + timedelta(hours=4))
    assert (done.kept, done.removed) == (3, 0)
    assert items(campaign, person)["FWS-R6"].outcome == "ended"
    iqcs.gives_access(person, "FWS-R6", at=OVERDUE)
    tend_reviews(OVERDUE + timedelta(hours=1))
    assert items(campaign, person)["FWS-R6"].outcome == "ended"


@pytest.mark.requirement("IQCS-12")
@pytest.mark.invariant("I11")
def test_what_came_in_is_there_to_be_answered_after_the_refusal_and_without_a_job(
    both_agencies: Agencies,
) -> None:
    campaign, lead, person = opened(), both_agencies.fws_lead, both_agencies.fws_person
    answers(lead, campaign, person, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    iqcs.gives_access(person, "FWS-R6", at=MEANWHILE)
    before = Event.objects.count()
    refused_at = MEANWHILE + timedelta(hours=1)
    with pytest.raises(Refused) as refusal:
        submits(lead, campaign, person, refused_at)
    assert codes(refusal) == ["review_changed_meanwhile"]
    added = items(campaign, person)["FWS-R6"]
    assert (added.added_at, added.settled_at) == (refused_at, None)
    assert added.place.questions == ReviewItem.objects.filter(place=added.place).count()
    # The refusal is all that is told: what was given is on record where it was given.
    [told] = Event.objects.order_by("sequence")[before:]
    assert told.tag == "attempt:refused:review"
    assert items(campaign, person)[MANAGER].settled_at is None
    answers(lead, campaign, person, FWS_R6="remove")
    assert (submits(lead, campaign, person).kept, submits(lead, campaign, person).sequence) == (3, None)
    assert Access.objects.get(account=person, organization__code="FWS-R6").closed_at is not None
    assert not compare_with_log().findings


@pytest.mark.requirement("IQCS-12")
def test_a_refusal_after_the_closing_brings_nothing_in(both_agencies: Agencies) -> None:
    campaign, lead, person = opened(), both_agencies.fws_lead, both_agencies.fws_person
    saw = seen(campaign, person)
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=MEANWHILE, origin=COMMAND
    )
    iqcs.gives_access(person, "FWS-R6", at=MEANWHILE)
    with pytest.raises(Refused) as refusal:
        submits(lead, campaign, person, MEANWHILE + timedelta(hours=1), saw=saw)
    assert codes(refusal) == ["review_closed"]
    assert "FWS-R6" not in items(campaign, person)
    campaign.refresh_from_db()
    assert campaign.answers_hash == answers_hash(campaign)


@pytest.mark.requirement("IQCS-12")
def test_a_removal_never_reopens_what_was_submitted(both_agencies: Agencies) -> None:
    campaign, lead, person = opened(), both_agencies.fws_lead, both_agencies.fws_person
    answers(lead, campaign, person, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(lead, campaign, person)
    before = ReviewItem.objects.filter(reviewed__account=person).order_by("pk").values()
    told = list(before)
    answers(lead, campaign, both_agencies.both, account="remove")
    submits(lead, campaign, both_agencies.both)
    tend_reviews(MEANWHILE + timedelta(days=1))
    assert list(before.all()) == told
    # Submitted twice: nothing more happens.
    assert submits(lead, campaign, person).sequence is None


@pytest.mark.requirement("IQCS-12")
def test_the_audit_opens_on_the_first_of_november_and_closes_two_weeks_after_the_year(
    both_agencies: Agencies,
) -> None:
    tend_reviews(OPENED - timedelta(days=2))
    assert not ReviewCampaign.objects.exists()
    tend_reviews(OPENED)
    tend_reviews(OPENED + timedelta(minutes=1))
    [campaign] = ReviewCampaign.objects.all()
    assert (campaign.closes_at, campaign.opened_on.isoformat()) == (CLOSES, "2026-11-01")
    tend_reviews(CLOSES - timedelta(seconds=1))
    campaign.refresh_from_db()
    assert campaign.closed_at is None
    assert campaign.escalated_at is not None
    tend_reviews(CLOSES)
    campaign.refresh_from_db()
    assert campaign.closed_at == CLOSES
    assert campaign.answers_hash == answers_hash(campaign)
    # Kept and reported: nobody lost anything.
    assert not Grant.objects.exclude(closed_at=None).exists()
    assert set(ReviewItem.objects.values_list("outcome", flat=True)) == {"unanswered"}
    with pytest.raises(Refused) as refusal:
        answers(both_agencies.fws_lead, campaign, both_agencies.fws_person, CLOSES, account="keep")
    assert codes(refusal) == ["review_closed"]


def test_reminders_are_recorded_once_a_declared_day_however_late(both_agencies: Agencies) -> None:
    opened()
    for day in range(70):
        tend_reviews(OPENED + timedelta(days=day))
        tend_reviews(OPENED + timedelta(days=day, minutes=5))
    # 28, 14 and 3 days before; when it is overdue; a week after that.
    assert Event.objects.filter(tag="review:reminded").count() == 5
    assert Event.objects.filter(tag="review:escalated").count() == 1


def test_only_the_steward_opens_and_closes_a_campaign(both_agencies: Agencies) -> None:
    lead = both_agencies.fws_lead
    with pytest.raises(NotFound):
        opened(by=lead)
    stella = steward()
    campaign = opened(by=stella)
    with pytest.raises(Refused) as refusal:
        opened(by=stella)
    assert codes(refusal) == ["review_open_already"]
    with pytest.raises(NotFound):
        close_review(
            acting_user=lead, program_id=PROGRAM, campaign_id=campaign.public_id, at=MEANWHILE, origin=WEB
        )
    closed = close_review(
        acting_user=stella, program_id=PROGRAM, campaign_id=campaign.public_id, at=MEANWHILE, origin=WEB
    )
    assert closed.closed_by == stella


def test_a_reviewer_without_a_second_factor_answers_nothing(both_agencies: Agencies) -> None:
    campaign, lead = opened(), both_agencies.fws_lead
    Authenticator.objects.filter(user=lead).delete()
    with pytest.raises(NotAllowed):
        answers(lead, campaign, both_agencies.fws_person, account="keep")


@pytest.mark.requirement("IQCS-12")
def test_a_qpp_review_opens_on_demand_and_the_only_official_is_answered_about_by_the_steward(
    db: None,
) -> None:
    from tests.support import people

    people.activate("qpp")
    cedar = people.practice()
    olga = grants.official(cedar)
    sam = grants.user("Sam Staff")
    grants.placed(sam, grants.STAFF, cedar)
    stella = grants.steward()
    tend_reviews(OPENED)
    assert not ReviewCampaign.objects.exists()
    campaign = open_review(
        acting_user=stella, program_id="qpp", review_id="yearly_review", at=MEANWHILE, origin=WEB
    )
    assert campaign.items == 2
    # Open for as long as from September 1 to 30, and not until the next September.
    assert campaign.due_at == datetime(2026, 12, 10, 5, tzinfo=UTC)
    answers(olga, campaign, sam, staff_user="remove")
    assert submits(olga, campaign, sam).removed == 1
    with pytest.raises(Refused):
        answers(olga, campaign, olga, security_official="keep")
    answers(stella, campaign, olga, security_official="keep")
    assert submits(stella, campaign, olga).kept == 1
    assert campaign.review_id != AUDIT
    assert COMMAND.via == "command"
