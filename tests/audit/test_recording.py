"""The only writer of the log: events commit together with their change, in a gap-free order, or not at all."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction

from rolebook.audit import canonical, recording, tags
from rolebook.audit.models import Event, Follower, PersonalData
from rolebook.audit.recording import (
    EVENTS_A_UNIT,
    Origin,
    SilentFlow,
    TooManyEvents,
    Undeclared,
    record_refusal,
    unit_of_work,
)
from tests.audit.events import JOB, NORA, OTTO, START, WEB, register, sign_in
from tests.support.databases import CommittedDatabase


def change_something() -> None:
    """Stand in for what a flow changes: any row will do."""
    Follower.objects.create(
        follower_id=NORA, kind="test", name="change", registered_at=START, lease_seconds=1
    )


def change_and_record(divisor: int = 1) -> None:
    """A flow that changes something, records it, and fails for a divisor of 0."""
    with unit_of_work(at=START, origin=JOB) as work:
        change_something()
        work.record(tags.ACCOUNT_SIGNED_OUT)
        assert 1 / divisor


@pytest.mark.django_db
@pytest.mark.invariant("I11")
def test_events_are_numbered_without_a_gap_and_each_points_at_the_one_before_it() -> None:
    register()
    sign_in()
    assert sign_in().sequence == 3
    rows = list(Event.objects.all())
    assert [row.sequence for row in rows] == [1, 2, 3]
    hashes = [canonical.GENESIS_HASH, *(bytes(row.hash) for row in rows)]
    assert [bytes(row.previous_hash) for row in rows] == hashes[:-1]
    assert [canonical.content_hash(row.content) for row in rows] == hashes[1:]


@pytest.mark.django_db
def test_the_content_says_everything_and_holds_no_personal_data_and_no_session() -> None:
    register()
    event = Event.objects.get()
    content = json.loads(event.content)
    assert content["tag"] == "account:registered"
    assert content["occurred_at"] == "2026-03-02T15:00:00.000000Z"
    assert content["new"] == {"status": "active"}
    assert content["origin"]["via"] == "web"
    for secret in ("Nora", "nora@example.org", "192.0.2.7", "browser-1"):
        assert secret not in event.content
    told = {value.field: value.value for value in PersonalData.objects.all()}
    assert told == {"name": "Nora New", "email": "nora@example.org", "origin_address": "192.0.2.7"}
    assert content["personal"].keys() == told.keys()


@pytest.mark.invariant("I11")
@pytest.mark.fault(33)
def test_a_change_without_an_event_is_rolled_back(committed_db: CommittedDatabase) -> None:
    with pytest.raises(SilentFlow), unit_of_work(at=START, origin=JOB):
        change_something()
    assert not Follower.objects.exists()


@pytest.mark.invariant("I11")
@pytest.mark.fault(33)
def test_a_change_is_rolled_back_when_its_event_cannot_be_written(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> tuple[int, bytes]:
        raise OSError("no space left on device")

    monkeypatch.setattr(recording, "tip", full)
    with pytest.raises(OSError, match="no space"):
        change_and_record()
    assert not Follower.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.invariant("I11")
def test_an_event_is_rolled_back_with_its_change(committed_db: CommittedDatabase) -> None:
    with pytest.raises(ZeroDivisionError):
        change_and_record(divisor=0)
    assert not Event.objects.exists()
    assert not Follower.objects.exists()


@pytest.mark.django_db
def test_a_unit_may_say_that_nothing_happened() -> None:
    with unit_of_work(at=START, origin=JOB) as work:
        work.nothing_happened()
    assert work.sequence is None
    assert not Event.objects.exists()


def test_a_unit_cannot_stand_inside_another_transaction(committed_db: CommittedDatabase) -> None:
    with (
        pytest.raises(RuntimeError, match="durable"),
        transaction.atomic(),
        unit_of_work(at=START, origin=JOB),
    ):
        pass
    with (
        pytest.raises(RuntimeError, match="durable"),
        unit_of_work(at=START, origin=JOB),
        unit_of_work(at=START, origin=JOB),
    ):
        pass


@pytest.mark.django_db
@pytest.mark.invariant("I12")
def test_a_unit_holds_the_log_lock_for_a_bounded_number_of_events() -> None:
    with unit_of_work(at=START, origin=JOB) as work:
        for _ in range(EVENTS_A_UNIT):
            work.record(tags.ACCOUNT_SIGNED_OUT)
        with pytest.raises(TooManyEvents):
            work.record(tags.ACCOUNT_SIGNED_OUT)
    assert work.sequence == EVENTS_A_UNIT
    with (
        pytest.raises(canonical.Unrecordable, match="characters"),
        unit_of_work(at=START, origin=JOB) as work,
    ):
        work.record(tags.ORGANIZATION_IMPORTED, new={"created": "x" * 70_000})


@pytest.mark.django_db
def test_a_detail_or_personal_field_that_its_tag_does_not_declare_is_refused_at_once() -> None:
    with unit_of_work(at=START, origin=JOB) as work:
        with pytest.raises(Undeclared, match="'password'"):
            work.record(tags.ACCOUNT_SIGNED_IN, new={"password": "x"})
        with pytest.raises(Undeclared, match="'name'"):
            work.record(tags.ACCOUNT_SIGNED_IN, personal={"name": "x"})
        with pytest.raises(canonical.Unrecordable):
            work.record(tags.ACCOUNT_REGISTERED, personal={"name": "a\0b"})
        work.nothing_happened()


@pytest.mark.django_db
@pytest.mark.fault(32)
def test_text_made_to_look_like_an_entry_stays_inside_its_event() -> None:
    forged = 'x\n{"sequence":2,"tag":"grant:opened"}\u202e\x1b[2J'
    register(name=forged)
    assert Event.objects.count() == 1
    assert PersonalData.objects.get(field="name").value == forged


@pytest.mark.django_db
def test_a_refused_attempt_is_one_event_of_its_own() -> None:
    sequence = record_refusal(
        tags.ATTEMPT_REFUSED_DECIDE,
        at=START,
        origin=WEB,
        actor_id=OTTO,
        program_id="qpp",
        new={"codes": ["own_request"]},
    )
    assert Event.objects.get(sequence=sequence).tag == "attempt:refused:decide"
    with pytest.raises(Undeclared):
        record_refusal(tags.GRANT_OPENED, at=START, origin=WEB, actor_id=OTTO)


@pytest.mark.fault(31)
@pytest.mark.invariant("I11")
def test_flows_that_append_at_once_make_one_chain_without_a_gap(committed_db: CommittedDatabase) -> None:
    def many() -> None:
        for number in range(25):
            with unit_of_work(at=START + timedelta(seconds=number), origin=Origin("api")) as work:
                for _ in range(number % 3 + 1):
                    work.record(tags.ACCOUNT_SIGNED_OUT)

    committed_db.in_threads([many] * 6)
    rows = list(Event.objects.values_list("sequence", "previous_hash", "hash"))
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    assert all(bytes(before[2]) == bytes(after[1]) for before, after in pairwise(rows))


@pytest.mark.postgres
@pytest.mark.fault(31)
def test_without_the_log_lock_flows_that_append_at_once_are_refused(
    committed_db: CommittedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mutant: with the lock taken out, the unique sequence breaks some of the flows instead."""
    from django.db import IntegrityError

    monkeypatch.setattr(recording, "_take_log_lock", lambda: None)

    def many() -> None:
        for _ in range(200):
            with unit_of_work(at=START, origin=JOB) as work:
                work.record(tags.ACCOUNT_SIGNED_OUT)

    with pytest.raises(IntegrityError):
        committed_db.in_threads([many] * 6)


@pytest.mark.postgres
def test_the_log_lock_is_taken_last_so_that_a_slow_flow_keeps_nobody_waiting(
    committed_db: CommittedDatabase,
) -> None:
    with unit_of_work(at=START, origin=JOB) as work:
        change_something()
        work.record(tags.ACCOUNT_SIGNED_OUT)
        assert committed_db.in_threads([lambda: sign_in().sequence]) == [1]
        with connection.cursor() as cursor:
            # Of this database: other tests lock theirs on the same server at the same time.
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
                "WHERE locktype = 'advisory' AND datname = current_database()"
            )
            assert cursor.fetchone() == (0,)
    assert work.sequence == 2


def test_every_tag_follows_the_grammar_and_says_what_it_means() -> None:
    assert len(tags.TAGS) > 20
    for name, tag in tags.TAGS.items():
        assert tags.tag_of(name) is tag
        assert str(tag) == name
        assert tag.meaning
    with pytest.raises(ValueError, match="subject:verb"):
        tags.declare("Grant Opened", "wrong")
    with pytest.raises(ValueError, match="once"):
        tags.declare("grant:opened", "twice")
