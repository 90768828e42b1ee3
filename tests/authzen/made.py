"""Programs of the decision point made without a database: small ones by hand, and the agreement suite's odd ones."""

from dataclasses import replace
from random import Random
from typing import Any

from rolebook.authzen.loading import Version
from rolebook.authzen.state import ProgramState
from rolebook.decision.compiled import compile_program
from rolebook.decision.evaluation import Holding, Person
from rolebook.decision.instants import micros
from rolebook.decision.snapshot import SnapshotBuilder
from rolebook.decision.tree import OrganizationTree
from rolebook.policy.model import (
    NO,
    YES,
    Authority,
    Column,
    Matrix,
    MatrixTable,
    Privilege,
    Reach,
    Role,
    Rolebook,
    Row,
)
from tests.agreement.compare import RECORDS, snapshot_of
from tests.agreement.worlds import START, make_rolebook, make_world


def state_of(random: Random, *, plain: bool = False, people: int = 8) -> ProgramState:
    """A program of a made world; or, ``plain``, one in which `yes` views at `here` and `no` does nothing."""
    if plain:
        return plain_state(random)
    world = make_world(random, people=people)
    return ProgramState("made", [Version(0, world.program)], snapshot_of(world))


def plain_rolebook(random: Random) -> Rolebook:
    """One role that views, held at an agency; nobody edits."""
    book = make_rolebook(random)
    rows = (Row(None, "view", (YES,)), Row(None, "edit", (NO,)))
    return replace(
        book,
        access="with each role",
        roles=(Role("official", "Official", "first", "request", Reach("organization")),),
        privileges=(Privilege("view", "View", "view"), Privilege("edit", "Edit", "edit")),
        matrix=Matrix((MatrixTable("T", "T", (Column("official", "official"),), rows),)),
        authority=Authority({}),
    )


def plain_state(random: Random) -> ProgramState:
    """Two agencies, and two people of whom one holds the role at one of them."""
    program = compile_program(plain_rolebook(random))
    builder = SnapshotBuilder(program, OrganizationTree([("here", None, "agency"), ("there", None, "state")]))
    builder.add("yes", active=True, grants=[("g-1", "official", "here", micros(START), None, None)])
    builder.add_person("no", Person(active=True, holdings=(Holding("g-2", "official", "there", START),)))
    return ProgramState("made", [Version(0, program)], builder.build())


def subjects_of(program: ProgramState) -> list[str]:
    """Everybody, and somebody whom nobody knows."""
    return [*program.subject_ids, "unknown"]


def resources_of(program: ProgramState, random: Random) -> list[dict[str, Any]]:
    """Every organization as one, as one of its kind, as one of some other kind, and as a place of something else."""
    tables = program.snapshot.tables
    found: list[dict[str, Any]] = [
        {"type": "organization", "id": "unknown"},
        {"type": "thing", "id": "t"},
        {"type": "thing", "id": "t", "properties": {"organization": 3}},
    ]
    for name in tables.tree:
        found += [
            {"type": "organization", "id": name},
            {"type": tables.tree.kind(name), "id": name},
            {"type": random.choice(sorted(tables.program.kinds)), "id": name},
            {"type": "thing", "id": "t", "properties": {"organization": name}},
        ]
    for resource in found:
        record = random.choice(RECORDS)
        if record is not None:
            resource["properties"] = {**resource.get("properties", {}), "owner": record}
    return found


def questions(random: Random, program: ProgramState, number: int) -> list[dict[str, Any]]:
    """Evaluations of whatever is there, and of what is not."""
    actions = [*program.snapshot.tables.program.actions, "unknown"]
    resources = resources_of(program, random)
    return [
        {
            "subject": {
                "type": random.choice(("user", "user", "user", "robot")),
                "id": random.choice(subjects_of(program)),
            },
            "action": {"name": random.choice(actions)},
            "resource": random.choice(resources),
        }
        for _ in range(number)
    ]
