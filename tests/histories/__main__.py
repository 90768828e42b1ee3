"""`python -m tests.histories --runs 2000 --steps 40`: histories on a database in memory; exit 1 on a difference."""

import argparse
import os
import sys
import time


def main() -> int:
    """Run the histories, new ones each time, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.histories", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--mutant", help="put a fault in first; see tests/histories/mutants.py")
    chosen = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "rolebook.server.settings"
    import django

    django.setup()
    from django.db import connection, transaction

    from tests.histories.mutants import MUTANTS, sabotaged
    from tests.histories.running import run_histories
    from tests.histories.world import World

    if chosen.mutant and chosen.mutant not in MUTANTS:
        parser.error(f"found the mutant {chosen.mutant!r}, expected one of: {', '.join(sorted(MUTANTS))}")
    connection.creation.create_test_db(verbosity=0)
    began = time.perf_counter()
    whole = transaction.atomic()
    # Flows refuse to run inside a transaction; this one is a test's.
    whole._from_testcase = True  # type: ignore[attr-defined]
    with whole, sabotaged(chosen.mutant):
        world = World()
        for done in range(0, chosen.runs, 100):
            some = min(100, chosen.runs - done)
            try:
                run_histories(world, runs=some, steps=chosen.steps)
            except (AssertionError, ExceptionGroup) as difference:
                print("".join(getattr(difference, "__notes__", ())) or repr(difference))
                print(difference)
                return 1
            print(f"{done + some:,} histories agree ({time.perf_counter() - began:,.0f} s)", flush=True)
    took = time.perf_counter() - began
    print(f"{chosen.runs:,} histories of {chosen.steps} steps agree; {took:,.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
