"""What went with its person in a review agrees with the log: whoever writes past the flows is found (I11)."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection

from rolebook.audit import triggers
from rolebook.audit.models import Event
from rolebook.governance import review_moving
from rolebook.governance.flows.tend_reviews import tend_reviews
from rolebook.governance.models import Employment, ReviewCampaign, ReviewMove, ReviewPlace
from rolebook.governance.replaying import compare_with_log
from tests.support import iqcs
from tests.support.iqcs import MANAGER, PROGRAM, place
from tests.support.reviews import MEANWHILE, Agencies, agencies, answers, items, opened

pytestmark = [pytest.mark.requirement("IQCS-12"), pytest.mark.invariant("I11"), pytest.mark.fault(28)]
SOON = MEANWHILE + timedelta(hours=1)
type Tamper = Callable[[ReviewMove], str]
"""Writes past the flows, and returns what must be said of it."""


@pytest.fixture
def people(db: None) -> Iterator[Agencies]:
    """Two agencies; what a test writes afterwards is refused by nothing."""
    yield agencies()
    if connection.needs_rollback is False:
        for app_label in ("audit", "accounts", "governance"):
            triggers.install(app_label)


@pytest.fixture
def campaign(people: Agencies) -> ReviewCampaign:
    """An audit in which what is asked about Bo went with him, an answer left behind; the triggers are gone."""
    found = opened()
    answers(people.fws_lead, found, people.both, account="keep")
    iqcs.employed(people.both, "USAF-ACC", at=MEANWHILE)
    tend_reviews(SOON)
    assert explanations() == []
    triggers.drop_all()
    return found


def explanations() -> list[str]:
    return [finding.explanation for finding in compare_with_log().findings]


def change(move: ReviewMove, **values: object) -> None:
    ReviewMove.objects.filter(pk=move.pk).update(**values)


def deleted(move: ReviewMove) -> str:
    ReviewMove.objects.filter(pk=move.pk).delete()
    account = move.item.reviewed.account
    return f"account {account.public_id}: found no move by the record of employment {move.employment.public_id}, "


def gone_elsewhere(move: ReviewMove) -> str:
    change(move, place=ReviewPlace.objects.get(campaign=move.campaign, organization=place("USAF")))
    return f"move {move.pk} of item {move.item_id}: found it to go to another organization than the one that employs"


def other_answer(move: ReviewMove) -> str:
    change(move, answer="remove")
    return (
        f"move {move.pk} of item {move.item_id}: answer left behind: found remove, expected keep, as event "
    )


def nobody_answered(move: ReviewMove) -> str:
    change(move, answered_by=None)
    return f"move {move.pk} of item {move.item_id}: who had answered: found none, expected "


def later(move: ReviewMove) -> str:
    change(move, moved_at=SOON + timedelta(days=1))
    return f"move {move.pk} of item {move.item_id}: moved_at: found 2026-11-11T19:00:00.000000Z, expected 2026-11-10"


@pytest.mark.parametrize("tamper", [deleted, gone_elsewhere, other_answer, nobody_answered, later])
def test_a_move_that_was_written_to_or_deleted_past_the_flows_is_named(
    people: Agencies, campaign: ReviewCampaign, tamper: Tamper
) -> None:
    expected = tamper(ReviewMove.objects.get(item=items(campaign, people.both)["account"]))
    [told] = explanations()
    assert told.startswith(f"review {campaign.public_id}: ")
    assert expected in told


def test_all_moves_that_are_gone_are_named_one_by_one(people: Agencies, campaign: ReviewCampaign) -> None:
    ReviewMove.objects.filter(campaign=campaign).delete()
    rows = items(campaign, people.both)
    grant = rows[MANAGER].grant
    assert grant is not None
    found = explanations()
    assert len(found) == 2
    assert f"role {grant.public_id}: found no move" in found[0]
    assert f"account {people.both.public_id}: found no move" in found[1]


def test_a_move_that_no_event_tells_is_named(people: Agencies, campaign: ReviewCampaign) -> None:
    item = items(campaign, people.fws_person)["account"]
    employment = Employment.objects.create(
        program_id=PROGRAM,
        participation=item.reviewed.participation,
        organization=place("USAF-ACC"),
        recorded_at=MEANWHILE,
    )
    there = ReviewPlace.objects.get(campaign=campaign, organization=place("USAF-ACC"))
    move = ReviewMove.objects.create(
        program_id=PROGRAM, campaign=campaign, item=item, from_place=item.place, place=there,
        employment=employment, moved_at=SOON,
    )  # fmt: skip
    assert any(
        f"move {move.pk} of item {item.pk}: found a move that no event tells, expected none" in told
        for told in explanations()
    )


def test_many_moves_go_in_several_units_of_work_and_events(
    people: Agencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = opened()
    for one in (people.both, people.fws_person):
        iqcs.employed(one, "USAF-ACC", at=MEANWHILE)
    monkeypatch.setattr(review_moving, "MOST_MOVED", 3)
    monkeypatch.setattr(review_moving, "_TOLD_AT_ONCE", 2)
    told = Event.objects.filter(tag="review:moved")
    for moves, events in ((3, 2), (4, 3), (4, 3)):
        tend_reviews(SOON)
        assert (ReviewMove.objects.filter(campaign=campaign).count(), told.count()) == (moves, events)
    assert explanations() == []
