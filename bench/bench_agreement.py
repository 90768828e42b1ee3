"""Five million made decisions: check = batch = explain = search = snapshot = bulk = the slow reference."""

import os
import subprocess
import sys
from pathlib import Path

DECISIONS = 5_000_000


def main() -> None:
    """Compare in as many processes as there are processors, each with seeds of its own."""
    workers = os.cpu_count() or 1
    command = [
        sys.executable,
        "-m",
        "tests.agreement",
        "--decisions",
        str(DECISIONS // workers + 1),
        "--seed",
    ]
    running = [
        subprocess.Popen([*command, str((worker + 1) * 10_000_000)], cwd=Path(__file__).parents[1])
        for worker in range(workers)
    ]
    codes = [process.wait() for process in running]
    if any(codes):
        raise SystemExit("the answers differ: see above")


if __name__ == "__main__":
    main()
