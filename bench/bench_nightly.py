"""The nightly run over 1,000,000 participations on PostgreSQL: inactivity (1 % due) and ends that are near (1 %).

Starts a server of its own in a temporary folder (as the tests do), loads a made-up IQCS by SQL, and runs what the job
runs. The bound on memory is shown by a second world of a tenth: the peak must not follow the number. Nobody else's
product is compared: none closes accounts in a database of ours.
"""

import argparse
import os
import subprocess
import sys
import tempfile

PEOPLE = 1_000_000
BOUND_SECONDS = 60
BOUND_MEGABYTES = 30


def main() -> None:
    """Measure a tenth and the whole, each in a process and a database of its own."""
    from tests.support.cluster import running_cluster

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=int(os.environ.get("BENCH_PEOPLE", PEOPLE)))
    people = parser.parse_known_args(sys.argv[2:])[0].people
    print(f"{'nightly run':<46} {'participations':>16} {'result':>16}  bound")
    peaks = [_measured(number, running_cluster) for number in (people // 10, people)]
    grown = peaks[1] - peaks[0]
    print(f"{'peak memory: ten times as many cost':<46} {'':>16} {grown:>13.1f} MB  ≤ {BOUND_MEGABYTES} MB")


def _measured(number: int, running_cluster: object) -> float:
    """Run one world, let it print its lines, and return the megabytes that the run took."""
    with running_cluster() as cluster, tempfile.TemporaryDirectory() as home:  # type: ignore[operator]
        environment = {
            **os.environ,
            "ROLEBOOK_DATABASE": cluster.url("postgres"),
            "ROLEBOOK_HOME": home,
            "ROLEBOOK_SECRET_KEY": "bench-" + "k" * 60,
            "DJANGO_SETTINGS_MODULE": "rolebook.server.settings",
        }
        command = [sys.executable, "-m", "bench.nightly_process", str(number)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    *lines, last = done.stdout.splitlines()
    print("\n".join(lines), flush=True)
    return float(last)
