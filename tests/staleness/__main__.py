"""`python -m tests.staleness --removals 20000`: exit 1 for a stale yes, or when too little was removed to say."""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.races.decision_points import DecisionPointProcess
    from tests.staleness.database import Server
    from tests.staleness.people import World


def main() -> int:
    """Run decision points, disturb them, and say what was seen."""
    parser = argparse.ArgumentParser(prog="python -m tests.staleness", description=__doc__)
    parser.add_argument("--removals", type=int, default=20_000)
    parser.add_argument("--points", type=int, default=4)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--readers", type=int, default=6)
    parser.add_argument("--lease", type=float, default=1.0, help="seconds")
    parser.add_argument("--seconds", type=float, default=3600.0, help="how long at most")
    parser.add_argument(
        "--mutant", choices=["lease"], help="take the protection out: a stale yes must be found"
    )
    chosen = parser.parse_args()
    from tests.staleness.database import Server

    server = Server()
    try:
        with tempfile.TemporaryDirectory(prefix="rolebook-home-") as home:
            os.environ |= {
                "ROLEBOOK_DATABASE": server.url,
                "ROLEBOOK_HOME": home,
                "ROLEBOOK_LEASE_SECONDS": str(chosen.lease),
                "DJANGO_SETTINGS_MODULE": "rolebook.server.settings",
            }
            return run(chosen, server, Path(home))
    finally:
        server.close()


def run(chosen: argparse.Namespace, server: "Server", home: Path) -> int:
    """Make the world, start everything, wait, and print the table."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests.races.decision_points import DecisionPointProcess, free_port
    from tests.staleness.disturbing import Disturber, start, watch
    from tests.staleness.people import World
    from tests.support import people

    call_command("migrate", verbosity=0)
    people.activate()
    points: list[DecisionPointProcess] = []
    world = World(points, chosen.removals)
    world.set_up(chosen.writers)
    environment = {"ROLEBOOK_TEST_MUTANT": chosen.mutant or ""}
    for _ in range(chosen.points):
        point = DecisionPointProcess(free_port(), None, world.token)  # type: ignore[arg-type]
        start(point, home, environment)
        points.append(point)
    try:
        for point in points:
            point.says(_about_an_official(world))
        disturber = Disturber(world, server, home, environment, chosen.lease)
        watch(world, disturber, world.in_threads(chosen.readers), chosen.seconds)
        agree = all(_answers_rightly(point, world) for point in points)
    finally:
        for point in points:
            point.signal(9)
            point.process.wait()
            point.close()
    for what, times in (world.counted + disturber.done).most_common():
        print(f"{times:>10,}  {what}")
    if world.confirmed_after:
        after = sorted(world.confirmed_after)
        middle, late = statistics.median(after), after[int(len(after) * 0.99)]
        print(
            f"{len(after):>10,}  removals confirmed: half within {middle * 1000:,.0f} ms, 99 % within {late:.2f} s"
        )
    print(f"{len(world.stale):>10,}  stale yes", *world.stale[:3], sep="\n            ")
    print(
        "all decision points answer at the end"
        if agree
        else "a decision point does not answer rightly at the end"
    )
    return 0 if not world.stale and world.removals >= chosen.removals and agree else 1


def _about_an_official(world: "World") -> dict[str, Any]:
    """Return a question that gets a yes all the time."""
    practice = world.practices[0]
    return practice.may(practice.official)


def _answers_rightly(point: "DecisionPointProcess", world: "World") -> bool:
    try:
        return point.says(_about_an_official(world))
    except (AssertionError, TimeoutError) as wrong:
        print(f"port {point.port}: {wrong}")
        return False


if __name__ == "__main__":
    sys.exit(main())
