"""What the parts of an answer cost in process, without HTTP: processor time, best of interleaved rounds.

The figures of docs/decisions/0027 (when a privilege was last used), 0036 (conditions) and 0012 come from here. Best and
not median: other work on the machine only ever adds.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable

from bench.world import NOW, World, make_world, program_of

USERS, QUESTIONS, ROUNDS, BATCH = 10_000, 5_000, 41, 100
IMPORTS = 5
CONDITION = 'resource.status == "open" && (subject.level >= 2 || context.emergency == true)'
type Work = Callable[[], object]
type Row = tuple[str, int, Work, Work]
"""Title, how many are done at a time, what is done before, uncounted, and the work."""


def main() -> None:
    """Print the table."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rolebook.server.settings")
    os.environ.setdefault("ROLEBOOK_SECRET_KEY", "only for the benchmark, and of no use for anything else")
    import django

    django.setup()
    world = make_world(USERS)
    works = [*questions(world), condition()]
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for number, (_, count, begin, work) in enumerate(works):
            begin()
            began = time.process_time()
            work()
            best[number] = min(best[number], (time.process_time() - began) / count * 1e6)
    for (title, *_), micros in zip(works, best, strict=True):
        print(f"{title:<66} {micros:>8.2f} µs")
    print(f"{'importing the library of conditions, once a process':<66} {importing():>8.0f} ms")


def questions(world: World) -> list[Row]:
    """The usual questions, questions that all get yes about somebody else, and a hundred in one call."""
    from rolebook.authzen.evaluation import evaluate
    from rolebook.authzen.evaluations import evaluate_many
    from rolebook.authzen.loading import Version
    from rolebook.authzen.state import ProgramState
    from rolebook.authzen.using import ProgramUses
    from rolebook.decision.instants import micros
    from rolebook.decision.snapshot import SnapshotBuilder, grant_row

    compiled, tree = program_of(world)
    builder = SnapshotBuilder(compiled, tree, settled=micros(NOW))
    for user_id, held in world.users.items():
        builder.add(user_id, active=True, grants=map(grant_row, held))
    at, program = micros(NOW), ProgramState("bench", [Version(0, compiled)], builder.build())
    asked = world.questions(12 * QUESTIONS, seed=7)
    yes = [each for each in asked if program.check(*each, at, None)][:QUESTIONS]
    usual, allowed = ([_body(each) for each in some] for some in (asked[:QUESTIONS], yes))

    def seen() -> None:
        """Begin with uses that have seen everybody who asks: what a day is like but for its first minutes."""
        program.uses = ProgramUses()
        program.uses.begin(at, "UTC")
        for body in (*usual, *allowed):
            evaluate(program, body, at)

    def unseen() -> None:
        program.uses = ProgramUses()
        program.uses.begin(at, "UTC")

    def off() -> None:
        program.uses = None

    def ask(bodies: list[bytes], answer: Callable[..., bytes] = evaluate) -> Work:
        def work() -> None:
            for body in bodies:
                answer(program, body, at)

        return work

    many = [
        b'{"evaluations":[' + b",".join(usual[first : first + BATCH]) + b"]}"
        for first in range(0, QUESTIONS, BATCH)
    ]
    return [
        ("a question (decode, check, answer), no uses kept", len(usual), off, ask(usual)),
        ("    uses kept", len(usual), seen, ask(usual)),
        ("a question that gets yes, no uses kept", len(allowed), off, ask(allowed)),
        ("    uses kept", len(allowed), seen, ask(allowed)),
        ("    uses kept, each the first of its day", len(allowed), unseen, ask(allowed)),
        (f"one of {BATCH} in a call, whole", QUESTIONS, off, ask(many, evaluate_many)),
    ]


def _body(question: tuple[str, str, str]) -> bytes:
    user_id, privilege, organization_id = question
    return json.dumps(
        {
            "subject": {"type": "user", "id": user_id},
            "action": {"name": privilege},
            "resource": {"type": "organization", "id": organization_id},
        }
    ).encode()


def condition() -> Row:
    """One condition, with the properties of a question."""
    from rolebook.policy.conditions import compile_condition

    compiled = compile_condition(CONDITION)
    properties: dict[str, dict[str, object]] = {
        "subject": {"type": "user", "id": "u", "level": 1},
        "action": {"name": "view"},
        "resource": {"type": "record", "id": "r", "status": "open"},
        "context": {"emergency": True},
    }

    def work() -> None:
        for _ in range(QUESTIONS):
            compiled.holds(properties)

    return "a condition, its properties handed over", QUESTIONS, lambda: None, work


def importing() -> float:
    """Return the milliseconds of processor time that importing the library takes, the least of some processes."""
    code = "import time; began = time.process_time(); import cel; print(time.process_time() - began)"
    ran = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(IMPORTS)
    ]
    return 1_000 * min(float(one.stdout) for one in ran)


if __name__ == "__main__":
    main()
