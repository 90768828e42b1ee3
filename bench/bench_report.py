"""The User Audit Report over 20,000 accounts on PostgreSQL: made, and written as CSV, XLSX and PDF; time and memory.

Loads the made-up IQCS of the benchmark of reviews, opens a campaign and makes the report of all of it, as the worker
does. Prints one table. Nobody else's product is compared: none reads a database of ours.
"""

import argparse
import os
import subprocess
import sys
import tempfile

ACCOUNTS, REPORT_SECONDS = 20_000, 30


def main() -> None:
    """Measure in a process of its own, beside a server of its own."""
    from tests.support.cluster import running_cluster

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=int(os.environ.get("BENCH_PEOPLE", ACCOUNTS)))
    people = parser.parse_known_args(sys.argv[2:])[0].people
    with running_cluster() as cluster, tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "ROLEBOOK_DATABASE": cluster.url("postgres"),
            "ROLEBOOK_HOME": home,
            "ROLEBOOK_SECRET_KEY": "bench-" + "k" * 60,
            "DJANGO_SETTINGS_MODULE": "rolebook.server.settings",
        }
        subprocess.run(
            [sys.executable, "-m", "bench.report_process", str(people)], env=environment, check=True
        )
