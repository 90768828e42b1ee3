"""Check = batch = explain = search = snapshot = reference on made worlds (I10); and faults are found."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolebook.decision.changes import AccountReplaced, Change, ProgramSwapped, TreeSwapped
from rolebook.decision.evaluation import Person
from rolebook.decision.instants import micros
from tests.agreement.compare import Tally, compare, snapshot_of
from tests.agreement.mutants import MUTANTS
from tests.agreement.worlds import World, make_person, make_world

CHECKOUT = Path(__file__).parents[2]
DECISIONS = 200_000


@pytest.mark.invariant("I1", "I4", "I10")
@given(st.randoms(use_true_random=False))
def test_every_way_of_asking_agrees_with_the_reference_on_worlds_that_shrink(random: Random) -> None:
    world = make_world(random, people=2)
    assert compare(world, random, people=2).differences == []


@pytest.mark.invariant("I1", "I4", "I10")
def test_every_way_of_asking_agrees_with_the_reference_on_200_000_decisions() -> None:
    tally = Tally()
    seed = 0
    while tally.decisions < DECISIONS and not tally.differences:
        random = Random(seed)
        compare(make_world(random), random, tally=tally)
        seed += 1
    assert tally.differences == [], f"world {seed - 1}"
    # Worlds in which nobody may do anything would agree too easily.
    assert tally.allowed > DECISIONS // 20


@pytest.mark.invariant("I10")
@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_the_comparison_finds(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.agreement", "--decisions", "60000", "--mutant", name],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert ran.stderr == ""
    assert "the reference" in ran.stdout


@pytest.mark.invariant("I10")
@pytest.mark.parametrize("seed", range(40))
def test_a_snapshot_that_followed_changes_answers_as_one_loaded_afresh(seed: int) -> None:
    random = Random(seed)
    before = make_world(random)
    other = make_world(random)
    snapshot = snapshot_of(before)
    overtaken, which_overtaken = snapshot.check, snapshot.which
    # The people become those of the other world by changes in any order that keeps each one's own.
    queues = [
        changes_to(subject_id, before.people.get(subject_id), person)
        for subject_id, person in {**other.people, "newcomer": newcomer(random, other)}.items()
    ]
    queues.append([TreeSwapped(other.tree)])
    queues.append([ProgramSwapped(other.program)])
    while queues:
        queue = random.choice(queues)
        snapshot.apply(queue.pop(0))
        queues = [rest for rest in queues if rest]
    people = {subject_id: snapshot.person(subject_id) for subject_id in [*other.people, "newcomer"]}
    after = World(
        rolebook=other.rolebook,
        program=other.program,
        nodes=other.nodes,
        tree=other.tree,
        people={subject_id: person for subject_id, person in people.items() if person is not None},
        instants=other.instants,
    )
    assert set(after.people) == {*other.people, "newcomer"}
    for subject_id, person in after.people.items():
        if subject_id in other.people:
            wanted = other.people[subject_id]
            assert (person.active, person.record_id) == (wanted.active, wanted.record_id)
            assert [held.id for held in wanted.holdings] == [held.id for held in person.holdings]
    tally = Tally()
    compare(after, random, tally=tally)
    fresh = snapshot_of(after)
    asked = [
        (subject_id, action, place, micros(at), record_id)
        for subject_id in [*after.people, "nobody"]
        for action in after.program.actions
        for place in [*after.organizations, None, "unknown"]
        for at in after.instants[:2]
        for record_id in (None, "record-1")
    ]
    assert [snapshot.check(*question) for question in asked] == [fresh.check(*question) for question in asked]
    for at in after.instants[:2]:
        for record_id in (None, "record-1"):
            columns = list(zip(*[question[:3] for question in asked], strict=True))
            encoded = snapshot.encode(columns[0], columns[1], columns[2])
            singly = [snapshot.check(*question[:3], micros(at), record_id) for question in asked]
            assert list(snapshot.check_many(encoded, micros(at), record_id)) == singly
    # A reader that took the check before all of this gets an answer, too, and no exception.
    assert {overtaken(*question) for question in asked} <= {True, False}
    actions, places = [question[1] for question in asked], [question[2] for question in asked]
    for subject_id in [*after.people, "nobody"]:
        for instant in map(micros, after.instants[:2]):
            assert set(which_overtaken(subject_id, actions, places, instant)) <= set(range(len(actions)))
            pairs = zip(actions, places, strict=True)
            rightly = [n for n, pair in enumerate(pairs) if snapshot.check(subject_id, *pair, instant)]
            assert snapshot.which(subject_id, actions, places, instant) == rightly
    assert tally.differences == []


def newcomer(random: Random, world: World) -> Person:
    """Make somebody whom the first world does not have, with grants that name new organizations."""
    return make_person(random, world.rolebook, ["brand-new", *world.organizations], world.instants)


def changes_to(subject_id: str, before: Person | None, after: Person) -> list[Change]:
    """Return the changes that make one person of another: what was held is closed, then all is as it shall be."""
    last = AccountReplaced(subject_id, after)
    if before is None or not after.holdings:
        return [last, last]
    at = after.holdings[0].starts_at
    closed = replace(
        before,
        holdings=tuple(replace(held, closed_at=at) for held in before.holdings),
        accesses=tuple(replace(held, closed_at=at) for held in before.accesses),
    )
    # The same change twice is the same as once.
    return [AccountReplaced(subject_id, closed), last, last]
