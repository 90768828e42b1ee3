"""Verification finds every edit, deletion, insertion and swap, and names the first bad event."""

import json
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rolebook.audit import canonical, triggers
from rolebook.audit.erasure import erase_personal_data
from rolebook.audit.feed import Revision, tip_revision
from rolebook.audit.models import Event, PersonalData
from rolebook.audit.verification import verify
from tests.audit.events import JOB, NORA, OTTO, START, register, sign_in, some_days
from tests.support.databases import CommittedDatabase

EVENTS = 18
COLUMNS = ("tag", "program_id", "actor_id", "beneficiary_id", "organization_id", "request_id", "occurred_at")


@pytest.fixture
def damaged(db: None) -> Iterator[None]:
    """A log whose protection has been taken off, as somebody who owns the database can."""
    some_days()
    triggers.drop_all()
    yield
    if connection.needs_rollback is False:
        triggers.install("audit")


def problems() -> list[str]:
    return [finding.problem for finding in verify().findings]


@pytest.mark.django_db
@pytest.mark.invariant("I11")
def test_an_untouched_log_verifies_and_tells_its_last_revision() -> None:
    some_days()
    seen = verify()
    assert seen.findings == []
    assert seen.events == EVENTS
    assert seen.tip == tip_revision()
    assert verify(program_id="qpp").program_events == 12


@pytest.mark.django_db
def test_an_empty_log_verifies() -> None:
    assert verify().findings == []
    assert verify(expect=[verify().tip]).findings == []


@pytest.mark.django_db
def test_verifying_reads_in_bounded_pieces(django_assert_max_num_queries: Any) -> None:
    some_days(60)
    with django_assert_max_num_queries(6):
        assert verify().events == 180


def edit_column(row: Event, column: str) -> None:
    value = {"tag": "grant:closed", "program_id": "other", "occurred_at": START.replace(year=2001)}.get(
        column, NORA
    )
    if getattr(row, column) == value:
        value = OTTO
    Event.objects.filter(pk=row.pk).update(**{column: value})


def edit_content(row: Event, rehash: bool) -> None:
    content = json.loads(row.content)
    content["tag"] = "grant:closed"
    text = canonical.serialize(content)
    row_hash = canonical.content_hash(text) if rehash else bytes(row.hash)
    Event.objects.filter(pk=row.pk).update(content=text, tag="grant:closed", hash=row_hash)


def reformat(row: Event) -> None:
    text = json.dumps(json.loads(row.content), indent=1)
    Event.objects.filter(pk=row.pk).update(content=text, hash=canonical.content_hash(text))


def flip(row: Event, column: str) -> None:
    value = bytearray(getattr(row, column))
    value[7] ^= 1
    Event.objects.filter(pk=row.pk).update(**{column: bytes(value)})


def delete(row: Event) -> None:
    PersonalData.objects.filter(event=row).delete()
    Event.objects.filter(pk=row.pk).delete()


def insert_after(row: Event) -> None:
    """Make room and insert an event that is right in itself."""
    for later in Event.objects.filter(sequence__gt=row.sequence).order_by("-sequence"):
        Event.objects.filter(pk=later.pk).update(sequence=later.sequence + 1)
    content = {
        **json.loads(row.content),
        "sequence": row.sequence + 1,
        "previous_hash": bytes(row.hash).hex(),
    }
    content["personal"] = {}
    text = canonical.serialize(content)
    if Event.objects.filter(previous_hash=row.hash).exists():
        Event.objects.filter(previous_hash=row.hash).update(previous_hash=uuid.uuid4().bytes * 2)
    row.pk = None
    row.sequence, row.previous_hash = row.sequence + 1, row.hash
    row.content, row.hash = text, canonical.content_hash(text)
    row.save(force_insert=True)


def swap(row: Event, other: Event, columns: tuple[str, ...]) -> None:
    """Exchange what two events say, all of it or the place only."""
    first, second = ({name: getattr(event, name) for name in columns} for event in (row, other))
    away = {"sequence": -1, "hash": b"a" * 32, "previous_hash": b"b" * 32}
    Event.objects.filter(pk=row.pk).update(**{name: away.get(name, first[name]) for name in columns})
    Event.objects.filter(pk=other.pk).update(**first)
    Event.objects.filter(pk=row.pk).update(**second)


WHOLE = ("sequence", "previous_hash", "hash", "content", "event_version", *COLUMNS)


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, int, int, str]:
    """A way to damage the log, as a function of its rows."""
    number = draw(st.integers(0, EVENTS - 1))
    other = draw(st.integers(0, EVENTS - 1).filter(lambda n: n != number))
    kind = draw(
        st.sampled_from(
            ["column", "content", "rehashed", "reformat", "hash", "previous", "delete", "insert", "swap", "place",
             "version", "sequence", "value", "salt", "half erased", "missing", "added", "swap people"]
        )
    )  # fmt: skip
    column = draw(st.sampled_from(COLUMNS))
    return kind, number, other, column


def damage(kind: str, number: int, other: int, column: str) -> None:
    rows = list(Event.objects.order_by("sequence"))
    row, second = rows[number], rows[other]
    values = list(PersonalData.objects.order_by("id"))
    value, another = values[number % len(values)], values[(number + 1 + other) % len(values)]
    of_value = PersonalData.objects.filter(pk=value.pk)
    match kind:
        case "column":
            edit_column(row, column)
        case "content" | "rehashed":
            edit_content(row, rehash=kind == "rehashed")
        case "reformat":
            reformat(row)
        case "hash" | "previous":
            flip(row, "hash" if kind == "hash" else "previous_hash")
        case "delete":
            delete(row)
        case "insert":
            # An event forged after the last one, chain and all, looks like any other: see verification.py.
            insert_after(row if number < EVENTS - 1 else rows[0])
        case "swap":
            swap(row, second, tuple(name for name in WHOLE if name not in ("sequence", "previous_hash")))
        case "place":
            swap(row, second, ("sequence",))
        case "version":
            Event.objects.filter(pk=row.pk).update(event_version=2)
        case "sequence":
            Event.objects.filter(pk=row.pk).update(sequence=row.sequence + 1000)
        case "value":
            of_value.update(value=f"{value.value} ")
        case "salt":
            of_value.update(salt=bytes(16))
        case "half erased":
            of_value.update(value=None)
        case "missing":
            of_value.delete()
        case "added":
            PersonalData.objects.create(event=row, field="added", salt=bytes(16), value="x")
        case "swap people":
            of_value.update(field="moved")
            PersonalData.objects.filter(pk=another.pk).update(field="moved too")


@pytest.mark.invariant("I11")
@pytest.mark.fault(28)
@pytest.mark.usefixtures("damaged")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(mutations())
def test_every_mutation_up_to_the_kept_revision_is_found(mutation: tuple[str, int, int, str]) -> None:
    with transaction.atomic():
        kept = tip_revision()
        assert verify(expect=[kept]).findings == []
        damage(*mutation)
        assert verify(expect=[kept]).findings != []
        transaction.set_rollback(True)


@pytest.mark.usefixtures("damaged")
@pytest.mark.parametrize("number", [0, 5, EVENTS - 1])
def test_the_first_bad_event_is_named_with_what_is_wrong(number: int) -> None:
    row = Event.objects.get(sequence=number + 1)
    edit_content(row, rehash=False)
    first = verify().findings[0]
    assert (first.sequence, first.problem) == (number + 1, "hash")
    assert first.explanation == f"event {number + 1}: its content does not have its hash"


@pytest.mark.usefixtures("damaged")
def test_deleted_events_are_named_as_a_gap() -> None:
    for row in Event.objects.filter(sequence__in=[4, 5]):
        delete(row)
    first = verify().findings[0]
    assert (first.sequence, first.problem, first.explanation) == (4, "gap", "event 4 to 5: missing")


@pytest.mark.fault(28)
@pytest.mark.usefixtures("damaged")
def test_a_cut_off_end_is_found_with_a_revision_kept_outside_only() -> None:
    kept = tip_revision()
    delete(Event.objects.get(sequence=EVENTS))
    assert problems() == []
    assert [found.problem for found in verify(expect=[kept]).findings] == ["expectation"]


@pytest.mark.fault(29, 30)
@pytest.mark.usefixtures("damaged")
def test_a_log_written_anew_is_found_with_a_revision_kept_outside_only() -> None:
    kept = tip_revision()
    before = canonical.GENESIS_HASH
    for row in Event.objects.order_by("sequence"):
        content = {**json.loads(row.content), "previous_hash": before.hex(), "actor_id": str(OTTO)}
        text = canonical.serialize(content)
        new_hash = canonical.content_hash(text)
        Event.objects.filter(pk=row.pk).update(
            previous_hash=before, hash=new_hash, content=text, actor_id=OTTO
        )
        before = new_hash
    assert problems() == []
    assert [found.problem for found in verify(expect=[kept]).findings] == ["expectation"]
    assert verify(expect=[Revision(0, canonical.GENESIS_HASH)]).findings == []


@pytest.mark.django_db
@pytest.mark.fault(34)
def test_erasing_a_person_leaves_a_log_that_verifies_and_nothing_of_the_person() -> None:
    register()
    sign_in(NORA)
    register("Otto", OTTO)
    erased = erase_personal_data(account_id=NORA, acting_account_id=OTTO, at=START, origin=JOB)
    assert erased == 4
    assert verify().findings == []
    left = " ".join(value.value or "" for value in PersonalData.objects.all())
    assert "Otto" in left
    assert "Nora" not in left
    event = Event.objects.order_by("sequence").last()
    assert event is not None
    assert event.tag == "account:erased"
    assert json.loads(event.content)["new"] == {"values": 4, "through_sequence": 3}
    assert erase_personal_data(account_id=NORA, acting_account_id=None, at=START, origin=JOB) == 0


def run_verify(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rolebook.cli.main", "audit", "verify", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_leaves_with_0_when_all_is_well_and_with_1_when_not(
    committed_db: CommittedDatabase,
) -> None:
    some_days(1)
    well = run_verify(committed_db.environment)
    assert (well.returncode, well.stderr) == (0, "")
    assert well.stdout == (
        f"3 events read, and 0 grants compared with them: nothing is wrong\nlast event: {tip_revision()}\n"
    )
    assert run_verify(committed_db.environment, "--expect", str(tip_revision())).returncode == 0
    triggers.drop_all()
    Event.objects.filter(sequence=2).update(tag="grant:opened")
    wrong = run_verify(committed_db.environment, "--json")
    assert wrong.returncode == 1
    told = json.loads(wrong.stdout)
    assert told["verified"] is False
    assert told["findings"][0]["sequence"] == 2
    assert "audit_event_no_update" in told["protections_missing"]
    assert "expected a sequence, a colon" in run_verify(committed_db.environment, "--expect", "12").stderr


@pytest.mark.fault(28)
def test_a_row_inserted_with_a_sequence_that_is_taken_is_found(committed_db: CommittedDatabase) -> None:
    """Somebody who can drop the unique constraint, too."""
    if connection.vendor != "sqlite":
        return
    some_days(1)
    connection.close()
    with sqlite3.connect(committed_db.folder / "rolebook.sqlite3") as raw:
        raw.execute("CREATE TABLE copy AS SELECT * FROM audit_event")
        raw.execute("DROP TABLE audit_event")
        raw.execute("ALTER TABLE copy RENAME TO audit_event")
        raw.execute("INSERT INTO audit_event SELECT * FROM audit_event WHERE sequence = 2")
    raw.close()
    assert problems()[0] == "sequence"
