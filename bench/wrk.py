"""The load of the wire benchmarks: wrk on a core of its own, as fast as it can or at an offered rate."""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE, CLIENT_CORE = 0, 1


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: requests a second, 50th and 99th percentile in ms, processor time of the server a request in µs."""

    rate: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent.

    Attributes:
        port: of 127.0.0.1.
        path: of the endpoint.
        headers: of every request.
        bodies: one after the other, and again from the first one.
    """

    port: int
    path: str
    headers: dict[str, str]
    bodies: Sequence[dict[str, object]]

    def write(self, file: Path, pause_ms: int = 0) -> Path:
        """Write wrk's script; each connection waits 0 to ``pause_ms`` milliseconds before each request."""
        headers = ", ".join(f'["{name}"] = "{value}"' for name, value in self.headers.items())
        # Without spaces, as the JSON of browsers, Go, Java and our own client is.
        written = (json.dumps(body, separators=(",", ":")) for body in self.bodies)
        bodies = ",\n".join(f"[==[{body}]==]" for body in written)
        pause = f"delay = function() return math.random(0, {pause_ms}) end" if pause_ms else ""
        file.write_text(
            f"""
local bodies = {{ {bodies} }}
local requests, at = {{}}, 0
init = function()
  for i = 1, #bodies do requests[i] = wrk.format("POST", "{self.path}", {{ {headers} }}, bodies[i]) end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
{pause}
""",
            encoding="utf-8",
        )
        return file


def require_wrk() -> str:
    """Return where wrk is. Raises SystemExit without it, and where there is one core only."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("wrk is needed: apt install wrk")
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("two cores are needed: one for the servers, one for wrk")
    return found


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def measure(load: Load, script: Path, pids: Sequence[int], connections: int, seconds: float) -> Measured:
    """Let wrk send for some seconds. Raises SystemExit when anything but 200 comes back."""
    how = ["-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script)]
    before = sum(map(cpu_seconds, pids))
    ran = subprocess.run(
        ["taskset", "-c", str(CLIENT_CORE), require_wrk(), *how, f"http://127.0.0.1:{load.port}{load.path}"],
        capture_output=True,
        text=True,
        check=True,
    )
    spent = sum(map(cpu_seconds, pids)) - before
    if "Non-2xx" in ran.stdout or "Socket errors" in ran.stdout:
        raise SystemExit(f"port {load.port} failed under load:\n{ran.stdout}")
    count = int(re.search(r"(\d+) requests in", ran.stdout)[1])  # type: ignore[index]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", ran.stdout)[1])  # type: ignore[index]
    return Measured(rate, _latency(ran.stdout, 50), _latency(ran.stdout, 99), spent / count * 1e6)


def middle(rounds: Sequence[Measured]) -> Measured:
    """Return the medians."""
    return Measured(
        *(statistics.median(getattr(each, name) for each in rounds) for name in ("rate", "p50", "p99", "cpu"))
    )


def _latency(printed: str, percentile: int) -> float:
    """Return a percentile in milliseconds."""
    found = re.search(rf"\s{percentile}%\s+([\d.]+)(us|ms|s)", printed)
    if found is None:
        raise SystemExit(f"wrk printed no {percentile}th percentile:\n{printed}")
    return float(found[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found[2]]


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> float:
    """Return MiB of a process: VmRSS now, VmHWM at most, Pss with its share of what others hold as well."""
    file = "smaps_rollup" if name == "Pss" else "status"
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def rate_at(connections: int, pause_ms: int, latency_ms: float) -> float:
    """Return the requests a second that so many connections offer with pauses of 0 to ``pause_ms``."""
    return connections * 1000 / (pause_ms / 2 + latency_ms)
