"""What `bench_size` measures inside of one process that has loaded: searches, changes and moves; prints JSON.

Reads [subject id, action, organization id] questions from standard input, and answers them by the walk, so that the
answers of the wire can be compared.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402 - Django is set up before anything of ours is imported

from bench.bench_size import PROGRAM  # noqa: E402
from rolebook.audit import clock  # noqa: E402
from rolebook.audit.feed import FeedEvent  # noqa: E402
from rolebook.authzen.paging import PageTokens  # noqa: E402
from rolebook.authzen.searching import search_subjects  # noqa: E402
from rolebook.authzen.state import ProgramState, State  # noqa: E402
from rolebook.decision.compiled import ACT_PREFIX  # noqa: E402

SEARCHES, CHANGES, MOVES, COMPARED = 300, 200, 5, 3


def milliseconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long a call took, and its answer."""
    began = time.perf_counter()
    answer = call()
    return 1_000 * (time.perf_counter() - began), answer


def searches(program: ProgramState) -> list[float]:
    """Ask who can do something somewhere, at random; compare some first pages with asking everybody."""
    random, tokens, at = Random(1), PageTokens("only for the benchmark"), clock.now_micros()
    tables = program.snapshot.tables
    actions = [name for name in tables.program.actions if not name.startswith(ACT_PREFIX)]
    places = list(tables.tree)
    above = [name for name in places if tables.tree.kind(name) in ("state", "mac_jurisdiction")]
    took = []
    for number in range(SEARCHES):
        action, place = random.choice(actions), random.choice(above if number % 5 == 0 else places)
        body = {"subject": {"type": "user"}, "action": {"name": action}}
        raw = json.dumps(body | {"resource": {"type": "organization", "id": place}}).encode()
        one, answer = milliseconds(lambda raw=raw: search_subjects(program, raw, at, tokens))  # type: ignore[misc]
        took.append(one)
        if number < COMPARED:
            found = [each["id"] for each in json.loads(answer)["results"]]
            asked = (name for name in program.subject_ids if program.check(name, action, place, at, None))
            if found != [name for name, _ in zip(asked, range(100), strict=False)]:
                raise SystemExit(f"the search for {action} at {place} is wrong")
    return took


def changes(state: State) -> list[float]:
    """Close grants, and let the state follow: from the event that was read to the answer that knows it."""
    took = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT g.id, a.public_id, g.public_id FROM governance_grant g JOIN accounts_account a "
            "ON a.id = g.account_id WHERE g.closed_at IS NULL ORDER BY md5(g.id::text) LIMIT %s",
            [CHANGES],
        )
        for number, account_id, grant_id in cursor.fetchall():
            cursor.execute("UPDATE governance_grant SET closed_at = now() WHERE id = %s", [number])
            event = FeedEvent(1, b"", "grant:closed", PROGRAM, account_id, None)
            took.append(milliseconds(lambda event=event: state.apply([event]))[0])  # type: ignore[misc]
            person = state.programs[PROGRAM].snapshot.person(str(account_id))
            held = next(held for held in person.holdings if held.id == str(grant_id)) if person else None
            if held is None or held.closed_at is None:
                raise SystemExit("a closed grant is not closed in the decision point")
    return took


def moves(state: State) -> list[float]:
    """Let states belong to other jurisdictions, and let the state follow."""
    took = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM accounts_organization WHERE kind_id = 'mac_jurisdiction' ORDER BY id")
        jurisdictions = [number for (number,) in cursor.fetchall()]
        cursor.execute("SELECT id, public_id FROM accounts_organization WHERE kind_id = 'state' ORDER BY id")
        for turn, (number, public_id) in enumerate(cursor.fetchmany(MOVES)):
            cursor.execute(
                "UPDATE accounts_organization SET parent_id = %s WHERE id = %s", [jurisdictions[turn], number]
            )
            event = FeedEvent(1, b"", "organization:moved", PROGRAM, None, public_id)
            took.append(milliseconds(lambda event=event: state.apply([event]))[0])  # type: ignore[misc]
    return took


def main() -> None:
    """Load, answer, measure, print."""
    asked = json.load(sys.stdin)
    state = State()
    state.load()
    program, at = state.programs[PROGRAM], clock.now()
    answers = [
        program.snapshot.decide(subject, action, place, at).allowed for subject, action, place in asked
    ]
    found = searches(program), changes(state), moves(state)
    print(
        json.dumps(
            {
                "answers": answers,
                "search": statistics.median(found[0]),
                "search_worst": max(found[0]),
                "change": statistics.median(found[1]),
                "change_late": sorted(found[1])[len(found[1]) * 99 // 100],
                "move": statistics.median(found[2]),
                "move_worst": max(found[2]),
            }
        )
    )


if __name__ == "__main__":
    main()
