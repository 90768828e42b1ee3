"""Reviews raced: two reviewers of one account, and a removal by the review against the approval of a request.

Each submission is held for a moment after its locks, so that without them the others come in between. Two reviewers are
kept apart by the locks of the people and by the campaign's, each by itself; on PostgreSQL both are taken out, and then
an account is submitted twice.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from rolebook.audit.models import Event
from rolebook.governance.authority import standing_of
from rolebook.governance.flows import submit_review as submitting_flow
from rolebook.governance.models import Grant, Participation, ReviewCampaign, ReviewItem
from rolebook.governance.refusals import NotAllowed, NotFound, Refused
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_course import bring_up_to_date
from tests.accounts.test_races import counted
from tests.races.test_decisions import no_locks
from tests.support import iqcs
from tests.support.databases import CommittedDatabase
from tests.support.grants import decides, open_stage
from tests.support.iqcs import MANAGER, PROGRAM, SECURITY
from tests.support.reviews import MEANWHILE, agencies, answers, opened, seen, submits

REFUSED = (Refused, NotFound, NotAllowed)


def slowly(call: Callable[..., Any]) -> Callable[..., Any]:
    """Make a call that takes a moment longer."""

    def run(*arguments: Any, **named: Any) -> Any:
        answer = call(*arguments, **named)
        time.sleep(0.2)
        return answer

    return run


def two_reviewers(database: CommittedDatabase, monkeypatch: pytest.MonkeyPatch, role: str) -> str | None:
    """Let two reviewers submit an account, each twice; return what is wrong about what came of it."""
    people = agencies()
    campaign, person = opened(), people.fws_person
    answers(people.fws_lead, campaign, person, account="keep", account_manager=role, FWS_R6_BNR="keep")
    saw = seen(campaign, person)
    monkeypatch.setattr(submitting_flow, "bring_up_to_date", slowly(bring_up_to_date))

    def submit(by: object) -> object:
        return submits(by, campaign, person, saw=saw)  # type: ignore[arg-type]

    reviewers = [people.fws_lead, people.fws_representative] * 2
    calls = [counted(partial(submit, one), *REFUSED, IntegrityError) for one in reviewers]
    ends = database.in_threads(calls)
    submitted = Event.objects.filter(tag="review:submitted").count()
    closed = Event.objects.filter(tag="grant:closed").count()
    came = (ends, submitted, closed, compare_with_log().findings)
    return None if came == (["done"] * 4, 1, int(role == "remove"), []) else f"{came}"


def unlocked_campaign(pk: int) -> ReviewCampaign:
    """The mutant of `hold_campaign`."""
    return ReviewCampaign.objects.select_related("rolebook_version").get(pk=pk)


@pytest.mark.requirement("IQCS-12")
@pytest.mark.invariant("I13")
@pytest.mark.parametrize("role", ["keep", "remove"])
def test_of_two_reviewers_of_an_account_one_submits_it_and_the_removal_is_one(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    assert two_reviewers(committed_db, monkeypatch, role) is None


@pytest.mark.postgres
@pytest.mark.invariant("I13")
@pytest.mark.parametrize("role", ["keep", "remove"])
def test_without_the_locks_of_people_and_campaign_two_reviewers_submit_an_account_twice_or_fail(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    monkeypatch.setattr(submitting_flow, "hold_campaign", unlocked_campaign)
    with no_locks():
        assert two_reviewers(committed_db, monkeypatch, role) is not None


@pytest.mark.requirement("IQCS-12")
@pytest.mark.fault(18)
@pytest.mark.invariant("I13")
def test_a_removal_by_the_review_and_the_approval_of_an_extension_leave_no_power_that_the_review_took(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = agencies()
    security = iqcs.holder(SECURITY, None, "Sid Security")
    campaign, person = opened(), people.fws_person
    asked = MEANWHILE - timedelta(hours=2)
    request = iqcs.asks(person, iqcs.answers({}, ["FWS-R6"]), at=asked)
    decides(people.fws_representative, open_stage(request), at=asked + timedelta(minutes=10))
    answers(people.fws_lead, campaign, person, account="remove")
    monkeypatch.setattr(submitting_flow, "bring_up_to_date", slowly(bring_up_to_date))
    saw = seen(campaign, person)

    def approve() -> object:
        time.sleep(0.1)
        return decides(security, open_stage(request), at=MEANWHILE)

    ends = committed_db.in_threads(
        [
            counted(lambda: submits(people.fws_lead, campaign, person, saw=saw), *REFUSED),
            counted(approve, *REFUSED),
        ]
    )
    assert ends[0] == "done"
    assert Participation.objects.get(account=person).status == "closed"
    old = Grant.objects.get(account=person, role_id=MANAGER)
    assert old.closed_at is not None
    assert not standing_of(person, PROGRAM, MEANWHILE + timedelta(minutes=1)).person.active
    assert not ReviewItem.objects.filter(grant=old, outcome="").exists()
    assert not compare_with_log().findings
