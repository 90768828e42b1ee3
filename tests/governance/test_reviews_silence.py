"""What follows from silence where the rolebook declares that what is unanswered is removed (IQCS-12)."""

import json
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from rolebook.audit.models import Event
from rolebook.governance.flows import close_review as closing
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Access, Grant, Participation, ReviewCampaign, ReviewItem
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_course import bring_up_to_date
from rolebook.governance.review_digests import answers_hash
from rolebook.policy.reviews import REMOVE_UNANSWERED
from tests.support import iqcs, rolebooks
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import COMMAND
from tests.support.reviews import (
    CLOSES,
    MEANWHILE,
    OPENED,
    OVERDUE,
    Agencies,
    agencies,
    answers,
    items,
    opened,
    submits,
)

pytestmark = pytest.mark.requirement("IQCS-12")


@pytest.fixture
def world(db: None) -> Agencies:
    """Two agencies, in a program that removes what nobody answers in its audit."""
    told = agencies()
    book = rolebooks.in_force(PROGRAM)
    [review] = book.reviews
    removing = replace(review, overdue=replace(review.overdue, then=REMOVE_UNANSWERED))
    rolebooks.put_in_force(replace(book, reviews=(removing,)))
    return told


def closes(campaign: ReviewCampaign, at: object = CLOSES) -> ReviewCampaign:
    return close_review(
        acting_user=None,
        program_id=PROGRAM,
        campaign_id=campaign.public_id,
        at=at,  # type: ignore[arg-type]
        origin=COMMAND,
    )


def lapsed() -> list[dict[str, object]]:
    """What the log says of accounts of which something unanswered was removed."""
    events = Event.objects.filter(tag="review:lapsed").order_by("sequence")
    return [{"who": one.beneficiary_id, **json.loads(one.content)["new"]} for one in events]


def still_held() -> int:
    return sum(kind.objects.filter(closed_at=None).count() for kind in (Grant, Access))


def test_what_nobody_answered_is_removed_at_closing_through_the_ledger_with_the_review_as_cause(
    world: Agencies,
) -> None:
    campaign, person = opened(), world.fws_person
    answers(world.fws_lead, campaign, person, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    submits(world.fws_lead, campaign, person)
    # Saved and not submitted counts as not answered.
    answers(world.fws_lead, campaign, world.both, account="keep", account_manager="keep", FWS_R6_BNR="keep")
    tend_reviews(CLOSES)
    assert not Grant.objects.filter(account=world.both, closed_at=None).exists()
    assert not Access.objects.filter(account=world.both, closed_at=None).exists()
    assert Grant.objects.get(account=person).closed_at is None
    assert Access.objects.get(account=person).closed_at is None
    causes = {
        json.loads(one.content)["new"]["cause"]
        for one in Event.objects.filter(tag__in=("grant:closed", "access:closed"), occurred_at=CLOSES)
    }
    assert causes == {"review"}
    told = [one for one in lapsed() if one["who"] == world.both.public_id]
    assert [(one["removed"], one["roles"]) for one in told] == [(3, [MANAGER])]
    assert not compare_with_log().findings


def test_an_account_itself_is_not_closed_by_silence_and_its_question_is_reported_as_not_answered(
    world: Agencies,
) -> None:
    campaign = opened()
    tend_reviews(CLOSES)
    assert not Participation.objects.filter(status=Participation.Status.CLOSED).exists()
    outcomes = {name: item.outcome for name, item in items(campaign, world.both).items()}
    assert outcomes.pop("account") == "unanswered"
    assert set(outcomes.values()) == {"removed unanswered"}
    campaign.refresh_from_db()
    assert campaign.answers_hash == answers_hash(campaign)
    [event] = Event.objects.filter(tag="review:closed")
    new = json.loads(event.content)["new"]
    # By an answer nothing was removed; what silence removed is among what nobody answered, without the accounts.
    assert (new["removed"], new["unanswered"]) == (0, 11)
    assert sum(place.removed for place in campaign.places.all()) == new["removed"]


def test_a_campaign_closed_before_it_is_due_removes_nothing_that_nobody_answered(world: Agencies) -> None:
    campaign, before = opened(), still_held()
    closes(campaign, MEANWHILE)
    assert still_held() == before
    assert set(ReviewItem.objects.values_list("outcome", flat=True)) == {"unanswered"}
    assert lapsed() == []


def test_what_was_given_after_the_due_instant_is_not_removed_by_silence(world: Agencies) -> None:
    campaign = opened()
    iqcs.gives_access(world.fws_person, "FWS-R6", at=MEANWHILE)
    late = iqcs.gives_access(world.usaf_lead, "USAF-ACC", at=OVERDUE)
    tend_reviews(CLOSES)
    assert items(campaign, world.fws_person)["FWS-R6"].outcome == "removed unanswered"
    assert "USAF-ACC" not in items(campaign, world.usaf_lead)
    assert Access.objects.get(pk=late.pk).closed_at is None


def test_a_rolebook_that_changes_while_a_campaign_is_open_does_not_change_what_silence_means(
    world: Agencies,
) -> None:
    del world
    before = still_held()
    campaign = opened()
    book = rolebooks.in_force(PROGRAM)
    [review] = book.reviews
    keeping = replace(review, overdue=replace(review.overdue, then="keep and report"))
    rolebooks.put_in_force(replace(book, reviews=(keeping,)), OPENED + timedelta(days=1))
    closes(campaign)
    assert (still_held(), before > 0) == (before - 11, True)


def test_a_closing_that_was_cut_short_goes_on_where_it_stopped_and_removes_nothing_twice(
    world: Agencies,
) -> None:
    del world
    campaign = opened()
    whole, calls = closing._lapse, 0

    def cut_short(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise ConnectionError("cut short")
        whole(*arguments)  # type: ignore[arg-type]

    with patch.object(closing, "_lapse", cut_short), pytest.raises(ConnectionError):
        closes(campaign)
    campaign.refresh_from_db()
    assert (campaign.closed_at, len(lapsed())) == (None, 2)
    tend_reviews(CLOSES + timedelta(minutes=5))
    campaign.refresh_from_db()
    assert campaign.closed_at == CLOSES + timedelta(minutes=5)
    told = lapsed()
    assert len({one["who"] for one in told}) == len(told) == 5
    assert not Grant.objects.filter(closed_at=None, role_id=MANAGER).exists()
    assert not compare_with_log().findings


def test_what_ended_while_a_closing_was_under_way_was_not_removed_by_it(world: Agencies) -> None:
    campaign, person = opened(), world.both
    whole, calls = bring_up_to_date, 0

    def late(*arguments: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        # Somebody takes the access away right after the first look, before the person is locked.
        found = whole(*arguments, **named)  # type: ignore[arg-type]
        if calls == 1:
            Access.objects.filter(account=person, organization__code="USAF-ACC").update(closed_at=CLOSES)
        return found

    with patch.object(closing, "bring_up_to_date", late):
        closes(campaign)
    assert items(campaign, person)["USAF-ACC"].outcome == "ended"
    assert items(campaign, person)[MANAGER].outcome == "removed unanswered"
