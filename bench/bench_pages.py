"""Every listing page with 100,000 people, 10,000 pending requests and 50,000 organizations on PostgreSQL.

Starts a PostgreSQL and a `rolebook serve` of its own in a temporary folder, makes the demo's organizations and people
in the thousands (`pages_world`), and asks for each page over HTTP as a steward, an official of one practice with nine
tenths of all people, an official of 500 practices, an official of a state and somebody with no office do. Prints a
table: the median time to the first byte over interleaved rounds, the statements and the size of each page. Nobody
else's product is compared: none shows a world of ours. BENCH_PEOPLE is another number of people.
"""

import argparse
import os
import subprocess
import sys
import tempfile

PEOPLE = 100_000
PAGE_MILLISECONDS, STATEMENTS = 150, 12
ROUNDS = 15


def main() -> None:
    """Measure in a process of its own, beside servers of its own."""
    from tests.support.cluster import running_cluster

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=int(os.environ.get("BENCH_PEOPLE", PEOPLE)))
    people = parser.parse_known_args(sys.argv[2:])[0].people
    with running_cluster() as cluster, tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "ROLEBOOK_DATABASE": cluster.url("postgres"),
            "ROLEBOOK_HOME": home,
            "ROLEBOOK_SECRET_KEY": "bench-" + "k" * 60,
            "ROLEBOOK_HOSTS": "testserver,127.0.0.1",
            "DJANGO_SETTINGS_MODULE": "rolebook.server.settings",
        }
        subprocess.run(
            [sys.executable, "-m", "bench.pages_process", str(people)], env=environment, check=True
        )
