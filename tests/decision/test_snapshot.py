"""The snapshot's columns, and bulk questions with and without numpy."""

import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from unittest import mock

import pytest

from rolebook.decision.changes import TreeSwapped
from rolebook.decision.columns import IdColumn
from rolebook.decision.evaluation import Access, Holding, Person
from rolebook.decision.fast import make_check
from rolebook.decision.instants import EPOCH, instant, micros
from rolebook.decision.library import load
from rolebook.decision.several import make_which
from rolebook.decision.snapshot import SnapshotBuilder
from rolebook.decision.tree import OrganizationTree
from tests.agreement.compare import snapshot_of
from tests.agreement.worlds import make_world
from tests.support.changing import changed

NOW = datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)


def test_ids_come_back_as_they_were_written() -> None:
    column = IdColumn()
    ids = [
        str(uuid.UUID(int=5)),
        str(uuid.UUID(int=2**127 + 5)),
        str(uuid.UUID(int=2**127 + 5)).upper(),
        "17",
        "",
        "-" * 36,
        "é" * 36,
        "0123456-89ab-cdef-0123-456789abcdef0",
        "01234567-89ab-cdef-0123-456789abcde\u0663",
    ]
    for grant_id in ids:
        column.append(grant_id)
    assert [column[row] for row in range(len(column))] == ids


@pytest.mark.parametrize(
    "at", [EPOCH, NOW, datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
)
def test_instants_are_kept_to_the_microsecond(at: datetime) -> None:
    assert instant(micros(at)) == at


@pytest.mark.parametrize("seed", range(15))
def test_a_person_comes_back_with_the_dates_that_count(seed: int) -> None:
    world = make_world(Random(seed))
    snapshot = snapshot_of(world)
    for subject_id, person in world.people.items():
        back = snapshot.person(subject_id)
        assert back is not None
        assert (back.active, back.record_id) == (person.active, person.record_id)
        before: list[Holding | Access] = [*person.holdings, *person.accesses]
        after: list[Holding | Access] = [*back.holdings, *back.accesses]
        for old, new in zip(before, after, strict=True):
            # A closing after the promised end never counts, and is not kept.
            late = old.closed_at is not None and old.ends_at is not None and old.closed_at > old.ends_at
            assert new == (replace(old, closed_at=None) if late else old)


def test_a_subject_is_added_once() -> None:
    world = make_world(Random(1))
    builder = SnapshotBuilder(world.program, world.tree)
    builder.add("ann", active=True)
    with pytest.raises(ValueError, match="subject 'ann' was added before"):
        builder.add("ann", active=True)


def test_an_account_that_nobody_called_active_stays_closed() -> None:
    world = make_world(Random(3))
    snapshot = SnapshotBuilder(world.program, world.tree).build()
    snapshot.apply(changed(snapshot, "ann", opened=[Holding("g", "steward", None, NOW)]))
    assert snapshot.decide("ann", world.program.actions[0], None, NOW).reason.code == "account_closed"
    assert len(snapshot) == 1


@pytest.mark.invariant("I10")
@pytest.mark.parametrize("seed", range(10))
def test_bulk_answers_are_the_same_without_numpy(seed: int) -> None:
    random = Random(seed)
    world = make_world(random)
    snapshot = snapshot_of(world)
    subject_ids = [random.choice([*world.people, "nobody"]) for _ in range(400)]
    actions = [random.choice([*world.program.actions, "unknown"]) for _ in range(400)]
    places = [random.choice([*world.organizations, None, "unknown"]) for _ in range(400)]
    at = micros(world.instants[1])
    quick = snapshot.encode(subject_ids, actions, places)
    assert quick.codes is not None
    with mock.patch.dict(sys.modules, {"numpy": None}):
        plain = snapshot.encode(subject_ids, actions, places)
        assert plain.codes is None
        slow = list(snapshot.check_many(plain, at, "record-1"))
    assert [bool(answer) for answer in snapshot.check_many(quick, at, "record-1")] == slow
    assert len(quick) == len(plain) == 400


@pytest.mark.invariant("I10")
@pytest.mark.fault(27)
def test_questions_looked_up_before_a_change_see_the_change() -> None:
    world = make_world(Random(2))
    program, tree = world.program, world.tree
    builder = SnapshotBuilder(program, tree)
    builder.add("ann", active=False)
    snapshot = builder.build()
    act = next(action for action in program.actions if action.startswith("act:"))
    held = [
        Holding(f"g{number}", role_id, organization_id, NOW)
        for number, (role_id, organization_id) in enumerate(
            (role_id, place) for role_id in program.roles for place in [*tree, None]
        )
    ]
    questions = snapshot.encode(["ann", "ben"], [act, act], [next(iter(tree)), next(iter(tree))])
    for subject_id in ("ann", "ben"):
        for holding in held:
            snapshot.apply(changed(snapshot, subject_id, opened=[holding]))
    snapshot.apply(changed(snapshot, "ann", active=True))
    snapshot.apply(changed(snapshot, "ben", active=True))
    wanted = [snapshot.check(name, act, next(iter(tree)), micros(NOW)) for name in ("ann", "ben")]
    assert list(snapshot.check_many(questions, micros(NOW))) == wanted
    snapshot.apply(TreeSwapped(OrganizationTree([("elsewhere", None, "unit")])))
    assert list(snapshot.check_many(questions, micros(NOW))) == [False, False]


class Overtaken(dict[str, int]):
    """Accounts that change right after a reader looked one up."""

    def __init__(self, accounts: dict[str, int], change: Callable[[], None]) -> None:
        super().__init__(accounts)
        self.change = change

    def __getitem__(self, subject_id: str) -> int:
        row = super().__getitem__(subject_id)
        self.change()
        return row

    def get(self, subject_id: str, default: int) -> int:  # type: ignore[override]
        row = super().get(subject_id, default)
        self.change()
        return row


@pytest.mark.invariant("I7", "I10")
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("several", [False, True])
def test_a_reader_overtaken_by_a_change_of_the_account_answers_as_after_the_change(
    several: bool, apart: bool, closed: bool
) -> None:
    book = load("iqcs" if apart else "qpp")
    tree = OrganizationTree([("1", None, "practice"), ("2", None, "practice")])
    role = next(role for role in book.rolebook.roles if role.reach.scope == "organization")
    action = next(iter(book.rolebook.powers(role.id)))
    builder = SnapshotBuilder(book.program, tree)
    held = Holding("g", role.id, None if apart else "1", NOW)
    accesses = (Access("a", "1", True, NOW), Access("b", "1", True, NOW))
    builder.add_person("ann", Person(True, (held,), accesses if apart else ()))
    snapshot = builder.build()
    question = ("ann", action, "1", micros(NOW))
    assert snapshot.check(*question)
    another = changed(snapshot, "ann", opened=[Holding("h", "steward", None, NOW)])
    change = partial(snapshot.apply, changed(snapshot, "ann", closed_at=NOW) if closed else another)
    store = replace(snapshot.store, accounts=Overtaken(snapshot.store.accounts, change))
    tables = snapshot.tables
    if several:
        ask = make_which(tables, store, lambda: snapshot.check)
        assert ask("ann", [action], ["1"], micros(NOW)) == ([] if closed else [0])
    else:
        assert make_check(tables, store, lambda: snapshot.check)(*question) is not closed


def test_columns_of_unequal_length_are_refused() -> None:
    snapshot = snapshot_of(make_world(Random(0)))
    with pytest.raises(ValueError, match="the columns differ in length"):
        snapshot.encode(["ann"], [], [None])
