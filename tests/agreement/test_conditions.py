"""Conditions agree with the reference: singly, in a batch, explained, from a snapshot, and on the wire (I10)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolebook.authzen.loading import Version
from rolebook.authzen.state import ProgramState
from rolebook.decision.check import check
from rolebook.decision.compiled import compile_program
from rolebook.decision.explain import explain
from rolebook.decision.instants import micros
from rolebook.policy.model import NO, YES, Condition, Mark, Rolebook
from tests.agreement.compare import RECORDS, compare, snapshot_of
from tests.agreement.worlds import MARKS, World, make_world
from tests.reference.decision import may

type Props = Mapping[str, Mapping[str, Any]]

MEANINGS: dict[str, Callable[[Props], bool]] = {
    "resource.level > 1": lambda it: bool(it["resource"]["level"] > 1),
    'resource.status == "open"': lambda it: bool(it["resource"]["status"] == "open"),
    "has(action.soft) && action.soft": lambda it: it["action"].get("soft", False) is True,
    "resource.level > 1 || action.soft": lambda it: (
        it["action"].get("soft") is True
        or (type(it["resource"].get("level")) is int and it["resource"]["level"] > 1)
    ),
    'context.day in ["mon", "tue"]': lambda it: it["context"]["day"] in ("mon", "tue"),
    "subject.level + 1": lambda it: False,
}
"""Each condition as a function of Python, which asks with an exception for what is not there."""
GIVEN: tuple[dict[str, dict[str, Any]], ...] = (
    {},
    {"resource": {"level": 2, "status": "open"}, "action": {"soft": True}, "context": {"day": "mon"}},
    {"resource": {"level": 1}, "action": {"soft": False}},
    {"resource": {"level": 3, "status": "closed"}, "subject": {"level": 1}},
    {"resource": {"status": "open"}, "action": {"soft": True}, "context": {"day": "sun"}},
)


def reading(given: Props) -> Callable[[str], bool]:
    """What the reference takes a condition for: no where anything that it asks for is missing."""

    def holds(text: str) -> bool:
        whole = {name: given.get(name, {}) for name in ("subject", "action", "resource", "context")}
        try:
            return MEANINGS[text](whole)
        except KeyError:
            return False

    return holds


def conditional(random: Random, people: int) -> World:
    """A made world in which cells and privileges have conditions."""
    world = make_world(random, people=people)
    texts = sorted(MEANINGS)
    marks = tuple(
        Mark(f"if {number}", f"if {number}", text, own_record=random.random() < 0.2, condition=text)
        for number, text in enumerate(random.sample(texts, 4))
    )
    book = spread(random, replace(world.rolebook, marks=(*MARKS, *marks)), marks)
    rules = tuple(
        Condition(f"rule_{number}", text, text, tuple(random.sample([one.id for one in book.privileges], 1)))
        for number, text in enumerate(random.sample(texts, random.choice((0, 0, 1, 2))))
    )
    book = replace(book, conditions=rules)
    return replace(world, rolebook=book, program=compile_program(book))


def spread(random: Random, book: Rolebook, marks: tuple[Mark, ...]) -> Rolebook:
    """The rolebook with some of its cells replaced by conditional ones."""

    def cell(value: str) -> str:
        return random.choice(marks).id if value in (YES, NO) and random.random() < 0.4 else value

    tables = tuple(
        replace(
            table, rows=tuple(replace(row, cells=tuple(cell(one) for one in row.cells)) for row in table.rows)
        )
        for table in book.matrix.tables
    )
    return replace(book, matrix=replace(book.matrix, tables=tables))


def differences(world: World, random: Random) -> tuple[list[object], int]:
    """Every question on which a way of asking differs from the reference, and how often the answer was yes."""
    state = ProgramState("made", [Version(0, world.program)], snapshot_of(world))
    found: list[object] = []
    allowed = 0
    for subject_id, person in world.people.items():
        at, record_id, given_now = random.choice(world.instants), random.choice(RECORDS), random.choice(GIVEN)
        holds = reading(given_now)
        for action in world.program.actions:
            for place in [*world.organizations, None]:
                wanted = may(world.rolebook, world.organizations, person, action, place, at, record_id, holds)
                single = check(
                    world.program,
                    world.tree,
                    person,
                    action,
                    place,
                    at,
                    record_id=record_id,
                    properties=given_now,
                )
                asked = (subject_id, action, place, micros(at), record_id)
                about = state.check_about(*asked, partial(dict, given_now))
                told = explain(
                    world.rolebook, world.program, world.tree, person, action, place, at,
                    record_id=record_id, properties=given_now,
                ).decision  # fmt: skip
                allowed += wanted
                if (single.allowed, about, told) != (wanted, wanted, single):
                    found.append((asked, given_now, wanted, single, about))
    return found, allowed


@pytest.mark.invariant("I10")
@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_conditions_agree_with_the_reference_on_worlds_that_shrink(random: Random) -> None:
    assert differences(conditional(random, 2), random)[0] == []


@pytest.mark.invariant("I10")
def test_conditions_agree_with_the_reference_on_many_worlds() -> None:
    allowed = 0
    for seed in range(20):
        random = Random(seed)
        found, yes = differences(conditional(random, 6), random)
        assert found == [], f"world {seed}"
        allowed += yes
    assert allowed > 300


@pytest.mark.invariant("I10")
@settings(max_examples=25)
@given(st.randoms(use_true_random=False))
def test_without_properties_every_way_of_asking_agrees_with_the_reference(random: Random) -> None:
    world = conditional(random, 2)
    assert compare(world, random, people=2).differences == []


def test_a_condition_never_gives_what_would_not_be_given_without_it() -> None:
    for seed in range(30):
        random = Random(seed)
        world = conditional(random, 4)
        free = replace(
            world.rolebook,
            conditions=(),
            marks=tuple(replace(mark, condition=None) for mark in world.rolebook.marks),
        )
        program = compile_program(free)
        at, given_now = world.instants[1], GIVEN[1]
        for person in world.people.values():
            for action in program.actions:
                for place in world.organizations:
                    narrowed = check(
                        world.program, world.tree, person, action, place, at, properties=given_now
                    ).allowed
                    assert narrowed <= check(program, world.tree, person, action, place, at).allowed
