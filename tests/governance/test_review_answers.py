"""Whose answers stand for what a review removes, and what its reviewer must have seen of it (IQCS-12)."""

import json
from datetime import timedelta

import pytest

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.governance.authority import standing_of
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Access, Participation
from rolebook.governance.queries.review_work import one_account
from rolebook.governance.refusals import Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_reach import reviewer_in
from tests.support import iqcs
from tests.support.grants import codes
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import COMMAND
from tests.support.reviews import (
    CLOSES,
    MEANWHILE,
    Agencies,
    answers,
    items,
    opened,
    seen,
    steward,
    submits,
)


@pytest.mark.requirement("IQCS-12")
@pytest.mark.invariant("I11")
def test_nobodys_keep_becomes_a_remove_in_their_name_when_the_account_is_needed_no_longer(
    both_agencies: Agencies,
) -> None:
    campaign, person = opened(), both_agencies.fws_person
    lead, rita = both_agencies.fws_lead, both_agencies.fws_representative
    later = MEANWHILE + timedelta(hours=1)
    answers(rita, campaign, person, account_manager="keep")
    answers(lead, campaign, person, later, account="remove")
    submits(lead, campaign, person, later + timedelta(minutes=1))
    rows = items(campaign, person)
    assert {(one.answer, one.answered_by, one.answered_at) for one in rows.values()} == {
        ("remove", lead, later)
    }
    [event] = Event.objects.filter(tag="review:submitted")
    told = json.loads(event.content)["new"]["answers"]
    assert {(what, answer, by) for what, _, answer, by, _ in told} == {
        (what, "remove", str(lead.public_id)) for what in ("account", "role", "access")
    }
    assert len({when for *_, when in told}) == 1
    close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=CLOSES, origin=COMMAND
    )
    assert not compare_with_log().findings


@pytest.mark.requirement("IQCS-12")
def test_who_answered_to_remove_stands_beside_it_also_where_the_account_goes(both_agencies: Agencies) -> None:
    campaign, person = opened(), both_agencies.fws_person
    lead, rita = both_agencies.fws_lead, both_agencies.fws_representative
    answers(rita, campaign, person, account_manager="remove")
    answers(lead, campaign, person, account="remove")
    submits(lead, campaign, person)
    assert items(campaign, person)[MANAGER].answered_by == rita
    assert items(campaign, person)["FWS-R6-BNR"].answered_by == lead


@pytest.mark.requirement("IQCS-12")
def test_an_account_needed_no_longer_takes_nothing_along_that_its_reviewer_did_not_see_as_it_is(
    both_agencies: Agencies,
) -> None:
    campaign, person = opened(), both_agencies.fws_person
    lead = both_agencies.fws_lead
    answers(lead, campaign, person, account="remove")
    saw = seen(campaign, person)
    answers(both_agencies.fws_representative, campaign, person, account_manager="keep")
    with pytest.raises(Refused) as refusal:
        submits(lead, campaign, person, saw=saw)
    assert codes(refusal) == ["review_changed_meanwhile"]
    saw = seen(campaign, person)
    iqcs.gives_access(person, "FWS-R6", at=MEANWHILE)
    later = MEANWHILE + timedelta(hours=1)
    with pytest.raises(Refused) as refusal:
        submits(lead, campaign, person, later, saw=saw)
    assert codes(refusal) == ["review_changed_meanwhile"]
    assert Access.objects.filter(account=person, closed_at=None).count() == 2
    assert Participation.objects.get(account=person).status == "active"
    # Shown as it is now, it needs no answer of its own.
    assert submits(lead, campaign, person, later).account_closed
    assert not Access.objects.filter(account=person, closed_at=None).exists()


@pytest.mark.requirement("IQCS-12")
def test_what_was_asked_about_last_time_is_not_new_since_then(both_agencies: Agencies) -> None:
    last, lead, person = opened(), both_agencies.fws_lead, both_agencies.fws_person
    iqcs.gives_access(person, "FWS-R6", at=MEANWHILE)
    tend_reviews(MEANWHILE)
    answers(lead, last, person, FWS_R6="keep", FWS_R6_BNR="keep", account="keep", account_manager="keep")
    submits(lead, last, person)
    close_review(acting_user=None, program_id=PROGRAM, campaign_id=last.public_id, at=CLOSES, origin=COMMAND)
    iqcs.gives_access(person, "FWS", at=CLOSES)
    at = CLOSES + timedelta(days=30)
    campaign = opened(at, due_on=at.date() + timedelta(days=30), by=steward())
    reviewer = reviewer_in(standing_of(lead, PROGRAM, at), campaign)
    assert reviewer is not None
    told = one_account(reviewer, person.public_id)
    assert told is not None
    lines = {line.title.partition("(")[2][:-1]: line for line in told.lines if line.about == "access"}
    assert lines["FWS-R6"].earlier == "Kept by Lena Lead"
    assert [code for code, line in lines.items() if line.is_new] == ["FWS"]


@pytest.mark.fault(14)
@pytest.mark.invariant("I6")
def test_nobody_answers_about_an_account_that_was_merged_into_theirs(both_agencies: Agencies) -> None:
    campaign, lead, person = opened(), both_agencies.fws_lead, both_agencies.fws_person
    mine = reviewer_in(standing_of(lead, PROGRAM, MEANWHILE), campaign)
    assert mine is not None
    assert mine.theirs().filter(reviewed__account=person).count() == 3
    Account.objects.filter(pk=person.pk).update(merged_into=lead, status="closed")
    with pytest.raises(Refused) as refusal:
        answers(lead, campaign, person, account="keep")
    assert codes(refusal) == ["review_own"]
    with pytest.raises(Refused) as refusal:
        submits(lead, campaign, person)
    assert codes(refusal) == ["review_own"]
    # Nor is it on their list: it is another's to answer.
    assert not mine.theirs().filter(reviewed__account=person).exists()
    answers(both_agencies.fws_representative, campaign, person, account="keep")
