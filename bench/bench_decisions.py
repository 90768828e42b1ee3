"""Single checks beside pycasbin, cedarpy and vakt on the same world and questions; bulk; a million accounts.

Processor time: medians of interleaved rounds in this process; load time and memory of each engine in a process of its
own.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.engines import ENGINES, Ask
from bench.world import Question, make_world

SIZES = (1_000, 100_000)
ROUNDS = 5
AGREE_ON = 200


def main() -> None:
    """Print the tables."""
    for size in SIZES:
        compare(size)
    million()


def compare(size: int) -> None:
    """Print one size's table."""
    world = make_world(size)
    asks = {name: engine.load(world) for name, engine in ENGINES.items()}
    agree(asks, world.questions(AGREE_ON, seed=1))
    rates: dict[str, list[float]] = {name: [] for name in ENGINES}
    for round_number in range(ROUNDS):
        for name, engine in ENGINES.items():
            # Who went before has emptied the processor's caches: every engine is warmed up, uncounted.
            rate(asks[name], world.questions(engine.questions, seed=ROUNDS + round_number))
            asked = world.questions(engine.questions, seed=round_number)
            rates[name].append(rate(asks[name], asked))
    del asks
    ours = statistics.median(rates["rolebook"])
    print(f"\n{size:,} users, {3 * size:,} grants, 1,055 organizations, 20 roles x 60 privileges")
    print(f"{'engine':<10} {'checks/s':>12} {'ours is':>9} {'load s':>8} {'MB':>7}  note")
    for name, engine in ENGINES.items():
        median = statistics.median(rates[name])
        loaded = in_a_process_of_its_own("engine", name, str(size))
        print(
            f"{name:<10} {median:>12,.0f} {ours / median:>8,.0f}x {loaded['seconds']:>8.1f} "
            f"{loaded['megabytes']:>7.0f}  {engine.note}"
        )


def agree(asks: dict[str, Ask], asked: list[Question]) -> None:
    """Refuse to measure engines that answer differently."""
    answers = {name: [ask(question) for question in asked] for name, ask in asks.items()}
    for name, given in answers.items():
        if given != answers["rolebook"]:
            different = sum(one != other for one, other in zip(given, answers["rolebook"], strict=True))
            raise SystemExit(f"{name} answers {different} of {len(asked)} questions differently")


def rate(ask: Ask, asked: list[Question]) -> float:
    """Return questions a second."""
    began = time.process_time()
    for question in asked:
        ask(question)
    return len(asked) / (time.process_time() - began)


def million() -> None:
    """Print what the snapshot needs and does with a million accounts."""
    found = in_a_process_of_its_own("million")
    print("\n1,000,000 accounts, 3,000,000 grants: the snapshot alone")
    print(f"load                         {found['seconds']:>12.1f} s")
    print(f"memory                       {found['megabytes']:>12.0f} MB")
    print(f"single checks                {found['single']:>12,.0f} /s")
    print(f"bulk, names looked up before {found['bulk']:>12,.0f} /s  {found['bulk'] / found['single']:.0f}x")
    print(
        f"bulk, names looked up each   {found['named']:>12,.0f} /s  {found['named'] / found['single']:.1f}x"
    )
    print(f"one account changed          {found['changed']:>12,.0f} /s")


def in_a_process_of_its_own(*arguments: str) -> dict[str, float]:
    """Run `bench.measured` and return what it found."""
    ran = subprocess.run(
        [sys.executable, "-m", "bench.measured", *arguments],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(ran.stderr)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


if __name__ == "__main__":
    main()
