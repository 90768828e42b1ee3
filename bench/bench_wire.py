"""Requests a second over HTTP beside Cerbos: each server on one core, wrk on another, the same world and questions.

Answers are compared first. Medians of interleaved rounds; processor time of the server a request, which other work on
the machine disturbs least.
"""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.wire_engines import TOKEN, Server, cerbos_binary, start_cerbos, start_rolebook, write_policies
from bench.world import World, make_world

USERS, ASKED, AGREE_ON = 10_000, 2_000, 300
CONNECTIONS = (1, 8, 32, 128)
ROUNDS, SECONDS = 3, 3
SERVER_CORE, CLIENT_CORE = 0, 1
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: requests a second, 50th and 99th percentile in ms, processor time of the server a request in µs."""

    rate: float
    p50: float
    p99: float
    cpu: float


def main() -> None:
    """Print the table."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is needed: apt install wrk")
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the servers, one for wrk")
    world = make_world(USERS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, cerbos = free_port(), free_port()
        write_policies(world, folder / "policies")
        binary = cerbos_binary(Path(__file__).parents[1] / "var" / "bench")
        rolebook = {**JSON, "Authorization": f"Bearer {TOKEN}", "X-Request-ID": "bench"}
        check = "/api/check/resources"
        servers = (
            Server("rolebook", ours, "/bench/access/v1/evaluation", rolebook, scoped=True),
            Server("cerbos, scoped", cerbos, check, JSON, scoped=True),
            Server("cerbos, roles alone", cerbos, check, JSON, scoped=False),
        )
        processes = [
            start_rolebook(USERS, ours, SERVER_CORE),
            start_cerbos(binary, folder, cerbos, SERVER_CORE),
        ]
        try:
            for server in servers:
                agree(world, server)
            pids = [processes[0].pid, processes[1].pid, processes[1].pid]
            compare(world, list(zip(servers, pids, strict=True)), folder, wrk)
        finally:
            for process in processes:
                process.kill()
                process.wait()


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def agree(world: World, server: Server) -> None:
    """Wait until a server answers, and refuse to measure one that answers a whole question wrongly."""
    end = time.monotonic() + 60
    while True:
        try:
            server.ask(world, world.questions(1, seed=0)[0])
            break
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
    if server.scoped:
        from bench.engines import load_rolebook

        right = load_rolebook(world)
        wrong = [each for each in world.questions(AGREE_ON, seed=1) if server.ask(world, each) != right(each)]
        if wrong:
            raise SystemExit(f"{server.name} answers {len(wrong)} of {AGREE_ON} questions differently")


def compare(world: World, servers: list[tuple[Server, int]], folder: Path, wrk: str) -> None:
    """Measure in interleaved rounds, and print."""
    for server, _ in servers:
        write_script(world, server, folder)
    print(
        f"\n{USERS:,} users, {3 * USERS:,} grants, one core a server; medians of {ROUNDS} rounds of {SECONDS} s"
    )
    print(f"{'connections':>11}  {'server':<20} {'requests/s':>11} {'ours is':>8}", end=" ")
    print(f"{'p50 ms':>7} {'p99 ms':>7} {'CPU µs':>7} {'ours is':>8}")
    for connections in CONNECTIONS:
        rounds: dict[str, list[Measured]] = {server.name: [] for server, _ in servers}
        for _ in range(ROUNDS):
            for server, pid in servers:
                rounds[server.name].append(measure(server, pid, connections, folder, wrk))
        ours = middle(rounds["rolebook"])
        for server, _ in servers:
            found = middle(rounds[server.name])
            print(
                f"{connections:>11}  {server.name:<20} {found.rate:>11,.0f} {ours.rate / found.rate:>7.1f}x "
                f"{found.p50:>7.2f} {found.p99:>7.2f} {found.cpu:>7.1f} {found.cpu / ours.cpu:>7.1f}x"
            )


def middle(rounds: list[Measured]) -> Measured:
    """Return the medians."""
    return Measured(
        *(statistics.median(getattr(each, name) for each in rounds) for name in ("rate", "p50", "p99", "cpu"))
    )


def write_script(world: World, server: Server, folder: Path) -> None:
    """Write what wrk sends: the questions one after the other."""
    headers = ", ".join(f'["{name}"] = "{value}"' for name, value in server.headers.items())
    bodies = ",\n".join(
        f"[==[{json.dumps(server.body(world, each))}]==]" for each in world.questions(ASKED, seed=3)
    )
    script = f"""
local bodies = {{ {bodies} }}
local requests, at = {{}}, 0
init = function()
  for i = 1, #bodies do requests[i] = wrk.format("POST", "{server.path}", {{ {headers} }}, bodies[i]) end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
"""
    (folder / f"{server.name}.lua").write_text(script, encoding="utf-8")


def measure(server: Server, pid: int, connections: int, folder: Path, wrk: str) -> Measured:
    """Let wrk ask for some seconds."""
    before = cpu_seconds(pid)
    asked = ["-s", str(folder / f"{server.name}.lua"), f"http://127.0.0.1:{server.port}{server.path}"]
    how = ["-t1", f"-c{connections}", f"-d{SECONDS}", "--latency"]
    ran = subprocess.run(
        ["taskset", "-c", str(CLIENT_CORE), wrk, *how, *asked],
        capture_output=True,
        text=True,
        check=True,
    )
    spent = cpu_seconds(pid) - before
    if "Non-2xx" in ran.stdout or "Socket errors" in ran.stdout:
        raise SystemExit(f"{server.name} failed under load:\n{ran.stdout}")
    count = int(re.search(r"(\d+) requests in", ran.stdout)[1])  # type: ignore[index]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)[1])  # type: ignore[index]
    return Measured(rate, latency(ran.stdout, 50), latency(ran.stdout, 99), spent / count * 1e6)


def latency(printed: str, percentile: int) -> float:
    """Return a percentile in milliseconds."""
    found = re.search(rf"\s{percentile}%\s+([\d.]+)(us|ms|s)", printed)
    if found is None:
        raise SystemExit(f"wrk printed no {percentile}th percentile:\n{printed}")
    return float(found[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found[2]]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
