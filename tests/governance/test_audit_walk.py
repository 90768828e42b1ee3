"""How far a page walks through the log: bounded, complete, and to the right day."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Q

from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.audit.recording import Origin, unit_of_work
from rolebook.governance.queries import audit_walk
from rolebook.governance.queries.audit_walk import BEYOND, bounds, walk_back

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
PLACES = [uuid.UUID(int=number) for number in (1, 2, 3)]


def record(number: int, place: uuid.UUID, at: datetime) -> None:
    with unit_of_work(at=at, origin=Origin("command")) as work:
        for _ in range(number):
            work.record(tags.PARTICIPATION_STARTED, program_id="qpp", organization_id=place)


@pytest.mark.django_db
@pytest.mark.invariant("I12")
def test_walking_page_by_page_meets_every_event_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_walk, "BUDGET", 6)
    monkeypatch.setattr(audit_walk, "_LEAST_SHARE", 2)
    for round_ in range(7):
        for number, place in enumerate(PLACES):
            record(number * round_ % 4 + 1, place, START + timedelta(hours=round_))
    keys = [Q(organization_id=place) for place in PLACES[:2]]
    met: list[int] = []
    before = BEYOND
    while before:
        stretch = walk_back(keys, before=before)
        assert len(stretch.sequences) <= 6
        assert list(stretch.sequences) == sorted(stretch.sequences, reverse=True)
        met += stretch.sequences
        before = stretch.floor
    wanted = Event.objects.filter(organization_id__in=PLACES[:2]).order_by("-sequence")
    assert met == list(wanted.values_list("sequence", flat=True))


@pytest.mark.django_db
def test_walking_along_nothing_finds_nothing() -> None:
    record(1, PLACES[0], START)
    assert walk_back((), before=BEYOND).sequences == ()


def test_walking_along_too_many_keys_is_an_error() -> None:
    with pytest.raises(ValueError, match="51 keys"):
        walk_back([Q()] * 51, before=BEYOND)


@pytest.mark.django_db
@pytest.mark.parametrize("days", [0, 1, 5, 9, 10, 30])
def test_the_bounds_of_days_leave_nothing_of_them_out(days: int) -> None:
    for day in range(10):
        record(2, PLACES[0], START + timedelta(days=day))
    at = START + timedelta(days=days)
    first, _ = bounds(at, None)
    _, beyond = bounds(None, at)
    since, until = Event.objects.filter(occurred_at__gte=at), Event.objects.filter(occurred_at__lt=at)
    assert since.count() == since.filter(sequence__gte=first).count()
    assert until.count() == until.filter(sequence__lt=beyond).count()
    # And they are worth having: what lies more than an hour outside is not walked over.
    assert not Event.objects.filter(occurred_at__lt=at - timedelta(hours=2), sequence__gte=first).exists()
    assert not Event.objects.filter(occurred_at__gt=at + timedelta(hours=2), sequence__lt=beyond).exists()


@pytest.mark.django_db
def test_the_bounds_of_an_empty_log_are_its_beginning() -> None:
    assert bounds(START, START) == (1, 1)
    assert bounds(None, None) == (0, BEYOND)
