"""The head of a benchmark that measures in a process of its own, beside a PostgreSQL of its own."""

import argparse
import os
import subprocess
import sys
import tempfile


def asked_people(description: str | None, people: int) -> int:
    """Return how many people to make: `--people`, or BENCH_PEOPLE, or as many as given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--people", type=int, default=int(os.environ.get("BENCH_PEOPLE", people)))
    asked: int = parser.parse_known_args(sys.argv[2:])[0].people
    return asked


def measured(module: str, people: int, *, told: bool = False, hosts: str = "testserver") -> str:
    """Run a module over so many people on a new database; return what it prints where it is ``told`` here, or "".

    Raises subprocess.CalledProcessError when the module fails.
    """
    from tests.support.cluster import running_cluster

    with running_cluster() as cluster, tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "ROLEBOOK_DATABASE": cluster.url("postgres"),
            "ROLEBOOK_HOME": home,
            "ROLEBOOK_SECRET_KEY": "bench-" + "k" * 60,
            "ROLEBOOK_HOSTS": hosts,
            "DJANGO_SETTINGS_MODULE": "rolebook.server.settings",
        }
        done = subprocess.run(
            [sys.executable, "-m", module, str(people)],
            env=environment,
            check=True,
            stdout=subprocess.PIPE if told else None,
            text=True,
        )
    return done.stdout or ""
