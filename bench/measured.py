"""What is measured in a process of its own: load time and memory of an engine, and the snapshot's million accounts."""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from statistics import median

from bench.engines import ENGINES
from bench.world import (
    EVERYWHERE_ROLES,
    NOW,
    PRIVILEGES,
    ROLES,
    START,
    make_nodes,
    make_world,
    program_of,
    user_id,
)
from rolebook.decision.changes import AccountReplaced
from rolebook.decision.evaluation import Holding
from rolebook.decision.instants import micros
from rolebook.decision.snapshot import Snapshot, SnapshotBuilder

ACCOUNTS, GRANTS = 1_000_000, 3
QUESTIONS = 1_000_000


def resident() -> float:
    """Return the megabytes that the process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def engine(name: str, users: int) -> dict[str, float]:
    """Load an engine; the world, which it need not keep, is counted out."""
    world = make_world(users)
    gc.collect()
    before, began = resident(), time.process_time()
    ask = ENGINES[name].load(world)
    seconds = time.process_time() - began
    gc.collect()
    megabytes = resident() - before
    ask(world.questions(1, seed=0)[0])
    return {"seconds": seconds, "megabytes": megabytes}


def load_million(random: Random, places: list[str]) -> Snapshot:
    """Load a million accounts with three grants each."""
    program, tree = program_of(make_world(1))
    start, at = micros(START), micros(NOW)
    builder = SnapshotBuilder(program, tree, settled=at)
    for number in range(ACCOUNTS):
        roles = [int(random.random() * ROLES) for _ in range(GRANTS)]
        builder.add(
            user_id(number),
            active=True,
            grants=[
                (
                    f"0190aaaa-0000-7000-8000-{number * GRANTS + grant:012x}",
                    f"role-{role}",
                    None if role in EVERYWHERE_ROLES else places[int(random.random() * len(places))],
                    start,
                    at - 1 if random.random() < 0.1 else None,
                    None,
                )
                for grant, role in enumerate(roles)
            ],
        )
    return builder.build()


def million() -> dict[str, float]:
    """Load a million accounts into a snapshot, and ask it singly and in bulk."""
    places = [node_id for node_id, _, _ in make_nodes()]
    random = Random(1)
    at = micros(NOW)
    gc.collect()
    before, began = resident(), time.process_time()
    snapshot = load_million(random, places)
    seconds = time.process_time() - began
    gc.collect()
    megabytes = resident() - before
    asked = [
        (
            user_id(int(random.random() * ACCOUNTS)),
            f"privilege-{int(random.random() * PRIVILEGES)}",
            places[int(random.random() * len(places))],
        )
        for _ in range(QUESTIONS)
    ]
    check = snapshot.check

    def singly() -> None:
        for subject, action, organization in asked[:200_000]:
            check(subject, action, organization, at)

    columns = [list(column) for column in zip(*asked, strict=True)]
    questions = snapshot.encode(*columns)
    single = median(timed(singly, 200_000) for _ in range(5))
    bulk = median(timed(lambda: snapshot.check_many(questions, at), QUESTIONS) for _ in range(5))
    named = median(
        timed(lambda: snapshot.check_many(snapshot.encode(*columns), at), QUESTIONS) for _ in range(3)
    )
    in_bulk = snapshot.check_many(questions, at)[:5_000]
    if [bool(answer) for answer in in_bulk] != [check(*question, at) for question in asked[:5_000]]:
        raise SystemExit("bulk and single checks differ")
    known = [(question[0], person) for question in asked[:5_000] if (person := snapshot.person(question[0]))]
    closings = [AccountReplaced(subject, person) for subject, person in known]
    closings += [
        AccountReplaced(subject, replace(person, holdings=(closed(person.holdings[0]), *person.holdings[1:])))
        for subject, person in known
    ]

    def change() -> None:
        for closing in closings:
            snapshot.apply(closing)

    changed = timed(change, len(closings))
    return {
        "seconds": seconds,
        "megabytes": megabytes,
        "single": single,
        "bulk": bulk,
        "named": named,
        "changed": changed,
    }


def closed(held: Holding) -> Holding:
    """Return a grant as it is once it was closed."""
    return replace(held, closed_at=NOW)


def timed(work: Callable[[], object], count: int) -> float:
    """Return how many of `count` were done a second."""
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    print(json.dumps(million() if what == "million" else engine(rest[0], int(rest[1]))))
