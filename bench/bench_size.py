"""A decision point with 10,000 to 1,000,000 accounts from PostgreSQL: loading, memory, searches, changes, speed.

Starts a server of its own in a temporary folder (as the tests do), loads a made-up iQIES by SQL (three grants an
account, an organization for ten), and runs the processes of `rolebook decide`. Each bound stands beside its figure, and
docs/figures/cost-of-size.svg is drawn from the table when all three sizes were measured. BENCH_ACCOUNTS is the largest
size. Nobody else's product is compared: none follows a database of ours.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from random import Random
from typing import Any

import psycopg

from bench.plot import Panel, draw
from bench.wrk import (
    SERVER_CORE,
    Load,
    free_port,
    measure,
    memory,
    middle,
    rate_at,
    require_wrk,
)

PROGRAM = "iqies"
SIZES = (10_000, 100_000, 1_000_000)
QUESTIONS, COMPARED = 20_000, 1_000
CONNECTIONS, ROUNDS, SECONDS, PAUSE_MS = 32, 3, 3, 8
PROCESSES, THROUGH = 4, 12
START_SECONDS = 600
FIGURE = Path(__file__).parents[1] / "docs" / "figures" / "cost-of-size.svg"
FIGURES = (
    ("load", "load in one process, s", 30),
    ("memory", "memory of one process, MiB", 500),
    ("peak", "the most while loading, MiB", 500),
    ("together", f"{PROCESSES} processes together (PSS), MiB", 1.2 * 1024),
    ("search", "who can do this here: first page, median, ms", None),
    ("search_worst", "who can do this here: slowest of 300, ms", 20),
    ("change", "a grant change applies, median, ms", None),
    ("change_late", "a grant change applies, 99 of 100, ms", 5),
    ("move_worst", "a tree move applies, slowest of 5, ms", 1000),
    ("rate", "single checks a second, one core", None),
    ("cpu", "processor time a check, µs", None),
    ("half", "checks a second offered: half of that", None),
    ("p99", "99th percentile at half the rate, ms", 1),
)
type Question = tuple[str, str, str]


def main() -> None:
    """Measure every size, print the table, and draw the plot."""
    require_wrk()
    largest = int(os.environ.get("BENCH_ACCOUNTS", SIZES[-1]))
    sizes = [size for size in SIZES if size <= largest] or [largest]
    found = {size: of_size(size) for size in sizes}
    print(f"\n{'':<46}" + "".join(f"{size:>12,}" for size in sizes) + "  bound")
    for name, title, bound in FIGURES:
        values = "".join(
            f"{found[size][name]:>12,.{0 if found[size][name] >= 100 else 2}f}" for size in sizes
        )
        print(f"{title:<46}{values}" + ("" if bound is None else f"  < {bound:,.0f}"))
    if len(sizes) == len(SIZES):
        panels = [
            Panel(title, [(size, found[size][name]) for size in sizes], bound)
            for name, title, bound in FIGURES
            if name not in ("half", "search", "change")
        ]
        FIGURE.parent.mkdir(exist_ok=True)
        FIGURE.write_text(
            draw("What accounts cost: one decision point, 3 grants an account", panels), "utf-8"
        )
        print(f"drawn: {FIGURE.relative_to(Path.cwd()) if FIGURE.is_relative_to(Path.cwd()) else FIGURE}")


def of_size(accounts: int) -> dict[str, float]:
    """Measure one size in a database of its own."""
    from tests.support.cluster import running_cluster

    with running_cluster() as cluster, tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "ROLEBOOK_DATABASE": cluster.url("postgres"),
            "ROLEBOOK_HOME": home,
            "ROLEBOOK_SECRET_KEY": "bench-" + "k" * 60,
            "DJANGO_SETTINGS_MODULE": "rolebook.server.settings",
        }
        began = time.monotonic()
        token = _run("bench.size_world", [str(accounts)], environment).strip()
        print(f"{accounts:,} accounts made in {time.monotonic() - began:.0f} s", flush=True)
        questions, subjects = _questions(str(cluster.socket_folder))
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token}",
            "X-Request-ID": "b",
        }
        said, found = _alone(questions, headers, environment, Path(home))
        found["together"] = _together(subjects, headers, environment)
        # Last, since it changes the database.
        inside: dict[str, Any] = json.loads(
            _run("bench.size_process", [], environment, json.dumps(questions[:COMPARED]))
        )
        if said != inside.pop("answers"):
            raise SystemExit("the wire and the walk answer differently")
        return {**found, **inside}


def _run(module: str, arguments: list[str], environment: dict[str, str], given: str = "") -> str:
    command = [sys.executable, "-m", module, *arguments]
    ran = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(ran.stderr)
    return ran.stdout


def _questions(socket_folder: str) -> tuple[list[Question], list[str]]:
    """Return questions of which a third are about where somebody holds something, and every account's id."""
    random = Random(2)
    with psycopg.connect(host=socket_folder, user="rolebook", dbname="postgres") as connection:
        held = connection.execute(
            "SELECT a.public_id::text, o.public_id::text FROM (SELECT * FROM governance_grant "
            "WHERE organization_id IS NOT NULL ORDER BY md5(id::text) LIMIT %s) g JOIN accounts_account a "
            "ON a.id = g.account_id JOIN accounts_organization o ON o.id = g.organization_id",
            [QUESTIONS],
        ).fetchall()
        subjects = [name for (name,) in connection.execute("SELECT public_id::text FROM accounts_account")]
    from rolebook import load

    actions = [name for name in load(PROGRAM).program.actions if ":" not in name]
    places = [place for _, place in held]
    return [
        (subject, random.choice(actions), place if random.random() < 1 / 3 else random.choice(places))
        for subject, place in held
    ], subjects


def _body(question: Question) -> dict[str, Any]:
    subject, action, place = question
    return {
        "subject": {"type": "user", "id": subject},
        "action": {"name": action},
        "resource": {"type": "organization", "id": place},
    }


@contextmanager
def _decide(
    environment: dict[str, str], *options: str, core: int | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """Run a decision point; give its process, its port, and how long it took until it answers."""
    port = free_port()
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    command = [*pinned, sys.executable, "-m", "rolebook.authzen.process", "127.0.0.1", str(port), *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment)
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                    break
            except OSError:
                if process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                    raise SystemExit("the decision point does not answer") from None
                time.sleep(0.05)
        yield process, port, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def _alone(
    questions: list[Question],
    headers: dict[str, str],
    environment: dict[str, str],
    folder: Path,
) -> tuple[list[bool], dict[str, float]]:
    """Measure one process on a core of its own; return also what it said to the first questions."""
    path = f"/{PROGRAM}/access/v1/evaluation"
    with _decide(environment, core=SERVER_CORE) as (process, port, took):
        found = {"load": took, "memory": memory(process.pid, "VmRSS"), "peak": memory(process.pid, "VmHWM")}
        connection = HTTPConnection("127.0.0.1", port)
        said = []
        for question in questions[:COMPARED]:
            connection.request("POST", path, json.dumps(_body(question)), headers)
            said.append(json.load(connection.getresponse())["decision"])
        connection.close()
        load = Load(port, path, headers, [_body(question) for question in questions])
        script = load.write(folder / "fast.lua")
        rounds = [measure(load, script, [process.pid], CONNECTIONS, SECONDS) for _ in range(ROUNDS)]
        fast = middle(rounds)
        paused = load.write(folder / "half.lua", PAUSE_MS)
        connections = round(CONNECTIONS * fast.rate / 2 / rate_at(CONNECTIONS, PAUSE_MS, 0.2))
        half = middle([measure(load, paused, [process.pid], connections, SECONDS) for _ in range(ROUNDS)])
        return said, found | {"rate": fast.rate, "cpu": fast.cpu, "half": half.rate, "p99": half.p99}


def _together(subjects: list[str], headers: dict[str, str], environment: dict[str, str]) -> float:
    """Return the memory of several processes after questions about everybody, on connections to all of them."""
    with _decide(environment, "--processes", str(PROCESSES)) as (process, port, _):
        connections = [HTTPConnection("127.0.0.1", port) for _ in range(THROUGH)]
        action = {"name": "view_provider"}
        for begin in range(0, len(subjects), 1000):
            items = [{"subject": {"type": "user", "id": name}} for name in subjects[begin : begin + 1000]]
            asked = {"action": action, "resource": {"type": "organization", "id": "x"}, "evaluations": items}
            raw = json.dumps(asked)
            for connection in connections:
                connection.request("POST", f"/{PROGRAM}/access/v1/evaluations", raw, headers)
                if len(json.load(connection.getresponse())["evaluations"]) != len(items):
                    raise SystemExit("questions were not answered")
        for connection in connections:
            connection.close()
        told = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if len(told) != PROCESSES:
            raise SystemExit(f"found {len(told)} processes, expected {PROCESSES}")
        return sum(memory(pid, "Pss") for pid in (process.pid, *map(int, told)))


if __name__ == "__main__":
    main()
