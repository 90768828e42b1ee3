"""Whom a search asks about: too many perhaps, never too few, through every change."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from rolebook.authzen.loading import Version
from rolebook.authzen.state import ProgramState
from rolebook.decision.compiled import ACT_PREFIX
from rolebook.decision.evaluation import Holding
from rolebook.decision.instants import micros
from tests.agreement.worlds import START, make_world
from tests.authzen.made import plain_state, state_of
from tests.support.changing import changed

NOW = micros(START) + 1


def questions(program: ProgramState) -> Iterator[tuple[str, str | None, str | None]]:
    """Every action at every organization and at none, about no record and about somebody's."""
    tables = program.snapshot.tables
    for action in tables.program.actions:
        for place in (*tables.tree, None):
            if not action.startswith(ACT_PREFIX):
                yield from ((action, place, record) for record in (None, *program.subject_ids[:2]))


def require_nobody_missing(program: ProgramState) -> int:
    """Compare what windows of every size lead to with asking everybody; return how often candidates were known."""
    known = 0
    for action, place, record in questions(program):
        everybody = [name for name in program.subject_ids if program.check(name, action, place, NOW, record)]
        for most in (1, 2, 5, 1000):
            found: list[str] = []
            after: str | None = ""
            while after is not None:
                window = program.holders.candidates(
                    action, place, of_record=record is not None, after=after, most=most
                )
                if window is None:
                    break
                names, rest = window
                assert len(names) <= most
                assert names == sorted(set(names))
                assert all(after < name <= (rest or name) for name in names)
                assert rest is None or rest > after
                found += [name for name in names if program.check(name, action, place, NOW, record)]
                after = rest
            else:
                known += 1
                assert found == everybody, (action, place, record, most)
    return known


@pytest.mark.invariant("I10")
def test_nobody_who_may_is_missing_from_those_who_are_asked_about() -> None:
    known = [require_nobody_missing(state_of(Random(seed))) for seed in range(25)]
    assert sum(1 for number in known if number) > len(known) // 2


@pytest.mark.invariant("I10")
@pytest.mark.parametrize("seed", range(15))
def test_nobody_is_missing_after_accounts_rolebooks_and_trees_have_changed(seed: int) -> None:
    random = Random(seed)
    program, other = state_of(random), make_world(random, people=3)
    roles, places = sorted(program.snapshot.tables.program.roles), list(program.snapshot.tables.tree)
    for number in range(12):
        name = random.choice([*program.subject_ids, f"new-{number}"])
        held = Holding(f"n-{number}", random.choice(roles), random.choice((*places, None)), START)
        program.change(accounts=[changed(program.snapshot, name, active=True, opened=[held])])
    require_nobody_missing(program)
    # Roles of the same names that are held elsewhere: rows have to stand where the new rolebook wants them.
    program.change(versions=[Version(0, other.program)])
    assert program.holders.fits()
    require_nobody_missing(program)
    program.change(tree=other.tree)
    require_nobody_missing(program)


def test_a_rolebook_that_takes_its_turn_by_the_clock_lets_everybody_be_asked_until_the_next_change() -> None:
    program = plain_state(Random(0))
    (version,) = [Version(0, program.snapshot.tables.program)]
    official = version.program.roles["official"]
    national = replace(
        version.program,
        roles={**version.program.roles, "official": replace(official, needs_organization=False)},
    )
    program.change(versions=[version, Version(NOW + 1, national)])
    assert program.holders.candidates("view", "here", of_record=False, after="", most=9) == (["yes"], None)
    program.check("yes", "view", "here", NOW + 1, None)
    assert program.holders.candidates("view", "here", of_record=False, after="", most=9) is None
    program.change(accounts=[changed(program.snapshot, "no", active=True)])
    assert program.holders.fits()


def test_those_who_hold_nothing_there_are_not_asked_about() -> None:
    program = plain_state(Random(0))
    assert program.holders.candidates("view", "there", of_record=False, after="", most=9) == (["no"], None)
    assert program.holders.candidates("edit", "there", of_record=False, after="", most=9) == ([], None)
