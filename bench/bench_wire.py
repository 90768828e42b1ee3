"""Over HTTP beside Cerbos: each server on one core, wrk on another, the same world and the same questions.

Single questions on 1 to 128 connections, 100 questions in one request, and 2,000 requests a second offered; medians of
interleaved rounds, processor time of the server (which other work on the machine disturbs least), and memory. Every
question that is sent is asked before the rounds and again after them, and every answer compared with the right one.
Ours has tokens, request ids, revisions and usage on.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.engines import load_rolebook
from bench.wire_engines import (
    BATCH,
    OURS,
    TOKEN,
    Server,
    cerbos_binary,
    start_cerbos,
    start_rolebook,
    write_policies,
)
from bench.world import PRIVILEGES, Question, World, make_world
from bench.wrk import (
    SERVER_CORE,
    Load,
    Measured,
    free_port,
    measure,
    memory,
    middle,
    rate_at,
    require_wrk,
)

USERS, ASKED, BATCHES = 10_000, 2_000, 100
CONNECTIONS, BATCH_CONNECTIONS = (1, 8, 32, 128), (8, 32)
ROUNDS, SECONDS = int(os.environ.get("BENCH_ROUNDS", "5")), int(os.environ.get("BENCH_SECONDS", "3"))
OFFERED, PAUSE_MS = 2_000, 30
START_SECONDS = 60
JSON = {"Content-Type": "application/json"}
ROLES, SCOPED = "cerbos, roles alone", "cerbos, scoped"
type Rounds = dict[str, Measured]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs: its process, and what it is sent in each part."""

    server: Server
    pid: int
    single: Load
    batch: Load


def main() -> None:
    """Print the tables."""
    require_wrk()
    world = make_world(USERS)
    with tempfile.TemporaryDirectory() as name, running(world, Path(name)) as servers:
        folder = Path(name)
        check_answers(world, servers)
        print(
            f"\n{USERS:,} users, {3 * USERS:,} grants, one core a server; medians of {ROUNDS} rounds of {SECONDS} s"
        )
        single = singly(servers, folder)
        batch = in_batches(servers, folder)
        offered = at_a_rate(servers, folder)
        check_answers(world, servers)
        print(
            f"\nall answers right, before and after: {ASKED:,} questions, {BATCHES} x {BATCH} in batches, each server"
        )
        summarize(single, batch, offered)


@contextmanager
def running(world: World, folder: Path) -> Iterator[list[Running]]:
    """Start ours and Cerbos, which has both policies, and end them."""
    ours, cerbos = free_port(), free_port()
    write_policies(world, folder / "policies")
    binary = cerbos_binary(Path(__file__).parents[1] / "var" / "bench")
    rolebook = {**JSON, "Authorization": f"Bearer {TOKEN}", "X-Request-ID": "bench"}
    check = "/api/check/resources"
    processes = [start_rolebook(USERS, ours, SERVER_CORE), start_cerbos(binary, folder, cerbos, SERVER_CORE)]
    try:
        yield [
            _loaded(world, server, process.pid)
            for server, process in (
                (Server(OURS, ours, "/bench/access/v1/evaluation", rolebook, scoped=True), processes[0]),
                (Server(SCOPED, cerbos, check, JSON, scoped=True), processes[1]),
                (Server(ROLES, cerbos, check, JSON, scoped=False), processes[1]),
            )
        ]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def batches(world: World) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return users with a hundred questions about each."""
    random = Random(5)
    users, places = list(world.users), [node_id for node_id, _, _ in world.nodes]
    return [
        (
            random.choice(users),
            [(f"privilege-{random.randrange(PRIVILEGES)}", random.choice(places)) for _ in range(BATCH)],
        )
        for _ in range(BATCHES)
    ]


def _loaded(world: World, server: Server, pid: int) -> Running:
    bodies = [server.body(world, each) for each in world.questions(ASKED, seed=3)]
    many = [server.batch(world, user_id, asked) for user_id, asked in batches(world)]
    path = server.path + "s" if server.name == OURS else server.path
    return Running(
        server,
        pid,
        Load(server.port, server.path, server.headers, bodies),
        Load(server.port, path, server.headers, many),
    )


def check_answers(world: World, servers: list[Running]) -> None:
    """Wait until every server answers, and refuse to measure one that answers anything wrongly."""
    ask = load_rolebook(world)
    for each in servers:
        _wait(each)
        for question, body in zip(world.questions(ASKED, seed=3), each.single.bodies, strict=True):
            _require(each.server, world, ask, [question], body)
        for (user_id, asked), body in zip(batches(world), each.batch.bodies, strict=True):
            _require(each.server, world, ask, [(user_id, *one) for one in asked], body)


def _require(
    server: Server,
    world: World,
    ask: Callable[[Question], bool],
    questions: list[Question],
    body: dict[str, object],
) -> None:
    right = [server.right(world, ask, question) for question in questions]
    if server.said(body) != right:
        raise SystemExit(f"{server.name} answers wrongly: {body}")


def _wait(each: Running) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            each.server.said(each.single.bodies[0])
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def rounds_of(
    servers: list[Running], of: Callable[[Running], Load], folder: Path, connections: int, pause_ms: int = 0
) -> Rounds:
    """Measure in interleaved rounds; return the medians."""
    scripts = {
        each.server.name: of(each).write(folder / f"{each.server.name}.lua", pause_ms) for each in servers
    }
    rounds: dict[str, list[Measured]] = {name: [] for name in scripts}
    for _ in range(ROUNDS):
        for each in servers:
            name = each.server.name
            rounds[name].append(measure(of(each), scripts[name], [each.pid], connections, SECONDS))
    return {name: middle(found) for name, found in rounds.items()}


def singly(servers: list[Running], folder: Path) -> dict[int, Rounds]:
    """Single questions as fast as they go."""
    print(f"{'connections':>11}  {'server':<20} {'requests/s':>11} {'ours is':>8}", end=" ")
    print(f"{'p50 ms':>7} {'p99 ms':>7} {'CPU µs':>7} {'ours is':>8}")
    found = {}
    for connections in CONNECTIONS:
        found[connections] = rounds_of(servers, lambda each: each.single, folder, connections)
        ours = found[connections][OURS]
        for name, one in found[connections].items():
            print(
                f"{connections:>11}  {name:<20} {one.rate:>11,.0f} {ours.rate / one.rate:>7.1f}x "
                f"{one.p50:>7.2f} {one.p99:>7.2f} {one.cpu:>7.1f} {one.cpu / ours.cpu:>7.1f}x"
            )
    return found


def in_batches(servers: list[Running], folder: Path) -> dict[int, Rounds]:
    """A hundred questions about one user in one request, as fast as they go."""
    print(f"\n{BATCH} questions about one user in a request")
    print(
        f"{'connections':>11}  {'server':<20} {'decisions/s':>11} {'ours is':>8} {'p50 ms':>7} {'p99 ms':>7}"
    )
    found = {}
    for connections in BATCH_CONNECTIONS:
        found[connections] = rounds_of(servers, lambda each: each.batch, folder, connections)
        ours = found[connections][OURS]
        for name, one in found[connections].items():
            print(
                f"{connections:>11}  {name:<20} {one.rate * BATCH:>11,.0f} {ours.rate / one.rate:>7.1f}x "
                f"{one.p50:>7.2f} {one.p99:>7.2f} {one.cpu / BATCH:>7.2f} {one.cpu / ours.cpu:>7.1f}x"
            )
    return found


def at_a_rate(servers: list[Running], folder: Path) -> Rounds:
    """Single questions as they come, and the memory of each server after all of it."""
    connections = round(OFFERED / rate_at(1, PAUSE_MS, 0.5))
    found = rounds_of(servers, lambda each: each.single, folder, connections, PAUSE_MS)
    print(f"\n{OFFERED:,} requests a second offered on {connections} connections")
    print(
        f"{'server':<20} {'requests/s':>11} {'p50 ms':>7} {'p99 ms':>7} {'% of a core':>12} {'memory MiB':>11}"
    )
    for each in servers:
        one = found[each.server.name]
        print(
            f"{each.server.name:<20} {one.rate:>11,.0f} {one.p50:>7.2f} {one.p99:>7.2f} "
            f"{one.rate * one.cpu / 1e4:>12.1f} {memory(each.pid, 'VmRSS'):>11.0f}"
        )
    return found


def summarize(single: dict[int, Rounds], batch: dict[int, Rounds], offered: Rounds) -> None:
    """Print each bound beside what was found."""
    at_32, many = single[32], batch[32]
    for what, ratio, bound in (
        ("requests/s at 32 connections, by roles alone", at_32[OURS].rate / at_32[ROLES].rate, 8),
        ("the same, scoped", at_32[OURS].rate / at_32[SCOPED].rate, 15),
        ("99th percentile there, by roles alone", at_32[ROLES].p99 / at_32[OURS].p99, 5),
        ("the same, scoped", at_32[SCOPED].p99 / at_32[OURS].p99, 5),
        (f"batches of {BATCH}, by roles alone", many[OURS].rate / many[ROLES].rate, 15),
        ("the same, scoped", many[OURS].rate / many[SCOPED].rate, 80),
        (f"CPU at {OFFERED:,}/s, by roles alone", offered[ROLES].cpu / offered[OURS].cpu, 10),
        ("the same, scoped", offered[SCOPED].cpu / offered[OURS].cpu, 10),
    ):
        print(f"{what:<46} {ratio:>8.1f}x  wanted ≥ {bound}x{'' if ratio >= bound else '  MISSED'}")


if __name__ == "__main__":
    main()
