"""`python -m tests.agreement --decisions 5000000`: compare so many decisions; exit 1 on a difference."""

import argparse
import sys
import time
from random import Random

from tests.agreement import mutants


def main() -> int:
    """Run the comparison and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.agreement", description=__doc__)
    parser.add_argument("--decisions", type=int, default=5_000_000)
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the first world; one more for each next one"
    )
    parser.add_argument("--mutant", choices=sorted(mutants.MUTANTS), help="compare with a fault put in")
    chosen = parser.parse_args()
    if chosen.mutant:
        mutants.sabotage(chosen.mutant)
    from tests.agreement.compare import Tally, compare
    from tests.agreement.worlds import make_world

    began = time.perf_counter()
    tally = Tally()
    seed = chosen.seed
    while tally.decisions < chosen.decisions:
        random = Random(seed)
        compare(make_world(random), random, tally=tally)
        if tally.differences:
            print(f"world {seed}: {tally.differences[0]}"[:2000])
            return 1
        seed += 1
    took = time.perf_counter() - began
    worlds = seed - chosen.seed
    print(f"{tally.decisions:,} decisions in {worlds:,} worlds agree; {tally.allowed:,} yes; {took:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
