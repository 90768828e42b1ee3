"""What reviews asked and what became of it agrees with the log; whoever writes past the flows is found (I11)."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from rolebook.audit import triggers
from rolebook.governance.flows import close_review as closing
from rolebook.governance.flows.close_review import close_review
from rolebook.governance.models import Grant, ReviewCampaign, ReviewItem, ReviewPlace
from rolebook.governance.replaying import compare_with_log
from rolebook.governance.review_digests import answers_hash
from tests.support import iqcs
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import COMMAND
from tests.support.reviews import (
    CLOSES,
    MEANWHILE,
    OPENED,
    Agencies,
    agencies,
    answers,
    becomes,
    items,
    opened,
    submits,
)

pytestmark = [
    pytest.mark.requirement("IQCS-12"),
    pytest.mark.invariant("I11"),
    pytest.mark.fault(28),
    pytest.mark.usefixtures("world"),
]
type Tamper = Callable[[ReviewCampaign, Agencies], str]
"""Writes past the flows, and returns what must be said of it."""


@pytest.fixture
def world(db: None) -> Iterator[Agencies]:
    """Two agencies; what a test writes afterwards is refused by nothing."""
    people = agencies()
    yield people
    if connection.needs_rollback is False:
        for app_label in ("audit", "accounts", "governance"):
            triggers.install(app_label)


@pytest.fixture
def campaign(world: Agencies) -> ReviewCampaign:
    """An audit in which Mona was submitted, and somebody came in later."""
    found = opened()
    answers(
        world.fws_lead, found, world.fws_person, account="keep", account_manager="remove", FWS_R6_BNR="keep"
    )
    submits(world.fws_lead, found, world.fws_person)
    iqcs.holder(MANAGER, "USAF-ACC", "Late Comer", at=MEANWHILE - timedelta(days=1))
    answers(world.usaf_lead, found, world.both, USAF_ACC="keep")
    submits(world.usaf_lead, found, world.both)
    return found


def closed(campaign: ReviewCampaign) -> ReviewCampaign:
    """The audit, closed when its time came."""
    return close_review(
        acting_user=None, program_id=PROGRAM, campaign_id=campaign.public_id, at=CLOSES, origin=COMMAND
    )


def explanations() -> list[str]:
    return [finding.explanation for finding in compare_with_log().findings]


def item(campaign: ReviewCampaign, people: Agencies, what: str) -> ReviewItem:
    """What a campaign asks about Bo: "account", the role, or a code."""
    return items(campaign, people.both)[what]


def change(one: ReviewItem, **values: object) -> None:
    ReviewItem.objects.filter(pk=one.pk).update(**values)


def edited_place(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, "USAF-ACC")
    change(one, place=ReviewPlace.objects.get(campaign=campaign, organization=iqcs.place("FWS-R6-BNR")))
    return f"item {one.pk} (access {one.access.public_id if one.access else ''} of "


def edited_grant(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, MANAGER)
    other = Grant.objects.get(account=iqcs.holder(MANAGER, "FWS-R6", "Newer", at=MEANWHILE))
    change(one, grant=other)
    return f"item {one.pk} (grant {other.public_id} of "


def edited_instant(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, MANAGER)
    change(one, added_at=OPENED + timedelta(days=1))
    return f"item {one.pk} (grant {one.grant.public_id if one.grant else ''}): added_at: found 2026-11-02"


def deleted(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, "USAF-ACC")
    one.delete()
    assert one.access is not None
    return f"access {one.access.public_id} of {people.both.user_id}: found no item about it"


def deleted_account(campaign: ReviewCampaign, people: Agencies) -> str:
    item(campaign, people, "account").delete()
    return f"account {people.both.user_id}: found no item about it"


def inserted(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, "USAF-ACC")
    late = iqcs.gives_access(people.both, "USAF-ACC-1", at=MEANWHILE)
    more = ReviewItem.objects.create(
        program_id=PROGRAM, campaign=campaign, reviewed=one.reviewed, place=one.place, about="access",
        access=late, added_at=campaign.opened_at,
    )  # fmt: skip
    return f"item {more.pk} (access {late.public_id} of {people.both.user_id}): found what was not held"


@pytest.mark.parametrize(
    "tamper", [edited_place, edited_grant, edited_instant, deleted, deleted_account, inserted]
)
def test_an_item_that_was_written_past_the_flows_is_named(
    campaign: ReviewCampaign, world: Agencies, tamper: Tamper
) -> None:
    assert explanations() == []
    triggers.drop_all()
    expected = tamper(campaign, world)
    # One that was submitted and is gone is told of by that event, too.
    told, *more = explanations()
    assert len(more) == (tamper is deleted)
    assert f"review {campaign.public_id}: found other items than those that event" in told
    assert expected in told


@pytest.mark.parametrize("tamper", [edited_place, deleted])
def test_an_item_about_a_deactivated_account_is_judged_as_the_others(world: Agencies, tamper: Tamper) -> None:
    becomes(world.both, "deactivated", OPENED - timedelta(days=1))
    found = opened()
    triggers.drop_all()
    expected = tamper(found, world)
    [told] = explanations()
    assert expected in told


def outcome_edited(campaign: ReviewCampaign, people: Agencies) -> str:
    one = items(campaign, people.fws_person)[MANAGER]
    change(one, outcome="kept", answer="keep")
    return f"item {one.pk} (grant {one.grant.public_id if one.grant else ''} of "


def answer_invented(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, "account")
    change(one, outcome="kept", answer="keep")
    return f"item {one.pk} (the account {people.both.user_id}): found kept with the answer keep, expected no"


def answered_by_another(campaign: ReviewCampaign, people: Agencies) -> str:
    one = items(campaign, people.fws_person)[MANAGER]
    change(one, answered_by=people.fws_representative)
    by = f"found an answer by {people.fws_representative.public_id}, expected one by {people.fws_lead.public_id}"
    return f"item {one.pk} (grant {one.grant.public_id if one.grant else ''} of {people.fws_person.user_id}): {by}"


def late_item_deleted(campaign: ReviewCampaign, people: Agencies) -> str:
    late = ReviewItem.objects.filter(campaign=campaign, added_at__gt=campaign.opened_at)
    late.exclude(about="account").delete()
    return "rows were written anew"


@pytest.mark.parametrize("tamper", [outcome_edited, answer_invented, answered_by_another, late_item_deleted])
def test_what_became_of_an_item_is_what_was_submitted(
    campaign: ReviewCampaign, world: Agencies, tamper: Tamper
) -> None:
    closed(campaign)
    assert explanations() == []
    triggers.drop_all()
    expected = tamper(campaign, world)
    [told] = explanations()
    assert "found other answers than those that event" in told
    assert expected in told


def kept_by_nobody(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, MANAGER)
    change(
        one, answer="keep", answered_by=people.usaf_lead, answered_at=MEANWHILE, outcome="kept",
        settled_at=MEANWHILE, submitted_by=people.usaf_lead, version=1,
    )  # fmt: skip
    return f"item {one.pk} (grant {one.grant.public_id if one.grant else ''} of {people.both.user_id}): found kept with"


def ended_by_nothing(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, MANAGER)
    change(one, outcome="ended", settled_at=MEANWHILE)
    return f"of {people.both.user_id}): found ended, expected no such outcome while it was held"


def unanswered_too_early(campaign: ReviewCampaign, people: Agencies) -> str:
    one = item(campaign, people, MANAGER)
    change(one, outcome="unanswered", settled_at=MEANWHILE)
    return (
        f"of {people.both.user_id}): found unanswered with the answer none, expected no outcome by an answer"
    )


def submitted_by_another(campaign: ReviewCampaign, people: Agencies) -> str:
    one = items(campaign, people.fws_person)[MANAGER]
    change(one, submitted_by=people.fws_representative)
    return f"{people.fws_representative.public_id}, expected by {people.fws_lead.public_id}"


@pytest.mark.parametrize(
    "tamper",
    [kept_by_nobody, ended_by_nothing, unanswered_too_early, submitted_by_another, outcome_edited],
)
def test_what_no_event_of_a_submission_tells_is_found_while_the_campaign_is_open(
    campaign: ReviewCampaign, world: Agencies, tamper: Tamper
) -> None:
    assert explanations() == []
    triggers.drop_all()
    expected = tamper(campaign, world)
    [told] = explanations()
    assert expected in told


@pytest.mark.parametrize("tamper", [kept_by_nobody, ended_by_nothing])
def test_what_was_forged_before_the_closing_made_its_digest_over_it_is_found_afterwards(
    campaign: ReviewCampaign, world: Agencies, tamper: Tamper
) -> None:
    triggers.drop_all()
    expected = tamper(campaign, world)
    closed(campaign)
    [told] = explanations()
    assert expected in told


def test_a_campaign_that_closed_with_a_digest_without_who_answered_is_compared_with_that(
    campaign: ReviewCampaign, world: Agencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "answers_hash", partial(answers_hash, who=False))
    closed(campaign)
    assert explanations() == []
    triggers.drop_all()
    expected = outcome_edited(campaign, world)
    [told] = explanations()
    assert expected in told


def test_a_campaign_that_no_event_opened_or_closed_is_found(campaign: ReviewCampaign) -> None:
    triggers.drop_all()
    ReviewCampaign.objects.filter(pk=campaign.pk).update(closed_at=CLOSES, due_at=CLOSES)
    due, ended = explanations()
    assert "due_at: found 2027-01-15T07:00:00.000000Z, expected 2027-01-01T07:00:00.000000Z" in due
    assert "found it closed, expected open, as no event closed it" in ended
    seen = compare_with_log(program_id=PROGRAM)
    assert (seen.campaigns, seen.items) == (1, 11)
    assert compare_with_log(program_id="qpp").campaigns == 0
