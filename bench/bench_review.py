"""A review campaign over 200,000 participations with 1,000,000 items on PostgreSQL: opening, pages, closing.

Starts a server of its own in a temporary folder (as the tests do), loads a made-up IQCS with ten agencies by SQL, and
goes through the same flows and pages as people do. Prints one table. Nobody else's product is compared: none opens a
campaign from a database of ours.
"""

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.beside_postgres import asked_people, measured

AGENCIES = ("FWS", "BLM", "NPS", "BIA", "TNC", "USFS", "USAF", "ARMY", "BOR", "DOI-EM")
REGIONS, UNITS = 10, 10
PEOPLE = 200_000
OPENING_SECONDS, PAGE_MILLISECONDS, STATEMENTS = 60, 150, 12
ROUNDS = 15


def main() -> None:
    """Measure in a process of its own, beside a database of its own."""
    measured("bench.review_process", asked_people(__doc__, PEOPLE))


def row(what: str, value: str, bound: str = "") -> None:
    """Print a line of the table."""
    print(f"{what:<58} {value:>16}  {bound}", flush=True)


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return how long a call took, and its answer."""
    began = time.perf_counter()
    answer = call()
    return time.perf_counter() - began, answer


def peak() -> float:
    """Return the most megabytes that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def processor_seconds(backend: int) -> float:
    """Return the processor time of this process and its PostgreSQL backend so far, whatever else the machine does."""
    fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def timed(call: Callable[[], object]) -> float:
    """Return the median of ROUNDS calls in milliseconds, after one to warm up."""
    call()
    return 1_000 * median(seconds(call)[0] for _ in range(ROUNDS))
