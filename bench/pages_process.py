"""What `bench_pages` measures, in a process that has its database in the environment; starts the server beside it."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from bench.bench_pages import PAGE_MILLISECONDS, ROUNDS, STATEMENTS
from bench.pages_world import IQIES, QPP, World, load  # first of those below: sets Django up

# isort: split
from django.conf import settings
from django.test import Client

from bench.bench_review import seconds
from bench.browsing import browser, statements
from bench.pages_listed import Asked, pages
from bench.wrk import free_port

START_SECONDS = 120
MARK = "!"
"""Stands beside what is over a bound."""


def main(people: int) -> None:
    """Make the world, start the server, look at every page, print the table."""
    took, world = seconds(lambda: load(people))
    print(f"{people:,} people, {world.events:,} events: made in {took:,.0f} s")
    for program_id, imported in world.imports.items():
        print(f"import of {people // 2:,} organizations, {program_id}: {imported:,.1f} s")
    listed = pages(world)
    programs = {"of_state": (IQIES,), "steward": (QPP, IQIES)}
    browsers = {
        who: browser(getattr(world, who), *programs.get(who, (QPP,))) for who in {one.who for one in listed}
    }
    made = {one: _counted(one, browsers[one.who]) for one in listed}
    with _server() as port:
        timed = _timed(listed, browsers, port)
    _print(world, listed, made, timed)


def _counted(one: Asked, client: Client) -> int:
    """Return how many statements a page makes, asked for again."""
    client.get(one.address)
    made, answer = statements(partial(client.get, one.address))
    if answer.status_code != 200:
        raise SystemExit(f"{one.who}, {one.what}, {one.address}: {answer.status_code}")
    return len(made)


@contextmanager
def _server() -> Iterator[int]:
    """Run `rolebook serve`, without its worker; give its port."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("rolebook")), "serve", "--port", str(port), "--no-worker"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        began = time.monotonic()
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=30):
                    break
            except OSError:
                if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                    raise SystemExit("the server does not answer") from None
                time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait()


@dataclass(slots=True)
class Found:
    """What was measured of a page: milliseconds of each round, to the first byte and of processors; and bytes."""

    took: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    size: int = 0


def _worked() -> float:
    """Return the processor milliseconds of the server and of PostgreSQL's connections so far, from the scheduler."""
    told = 0
    for name in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = name.read_bytes()
            if b"granian" in command or command.startswith(b"postgres: rolebook"):
                told += sum(int(one.read_text().split()[0]) for one in name.parent.glob("task/*/schedstat"))
    return told / 1_000_000


def _timed(listed: Sequence[Asked], browsers: dict[str, Client], port: int) -> dict[Asked, Found]:
    """Return what was measured of each page.

    A round asks for every page once, so that whatever else the machine does meets all of them alike.
    """
    cookies = {
        who: client.cookies[settings.SESSION_COOKIE_NAME].OutputString(attrs=[])
        for who, client in browsers.items()
    }
    connection = HTTPConnection("127.0.0.1", port)
    found = {one: Found() for one in listed}
    for number in range(ROUNDS + 1):
        for one in listed:
            before, began = _worked(), time.perf_counter()
            connection.request("GET", one.address, headers={"Cookie": cookies[one.who]})
            answer = connection.getresponse()
            took = 1_000 * (time.perf_counter() - began)
            found[one].size = len(answer.read())
            if answer.status != 200:
                raise SystemExit(f"{one.address}: {answer.status}")
            if number:  # the first round warms up
                found[one].took.append(took)
                found[one].worked.append(_worked() - before)
    connection.close()
    return found


def _print(world: World, listed: Sequence[Asked], made: dict[Asked, int], timed: dict[Asked, Found]) -> None:
    print(f"\n{'page':<52}{'first byte, ms':>15}{'fastest':>9}{'processor':>11}{'statements':>12}{'kB':>6}")
    over, who = 0, ""
    for one in listed:
        if one.who != who:
            who = one.who
            print(f"-- {getattr(world, who).name}")
        found, middle = timed[one], median(timed[one].took)
        slow, many = middle > PAGE_MILLISECONDS, made[one] > STATEMENTS
        over += slow or many
        print(
            f"{one.what[:51]:<52}{middle:>14,.0f}{MARK if slow else ' '}{min(found.took):>9,.0f}"
            f"{median(found.worked):>11,.0f}{made[one]:>11}{MARK if many else ' '}{found.size / 1_000:>6,.0f}"
        )
    every = [median(found.took) for found in timed.values()]
    print(
        f"{len(listed)} pages, {ROUNDS} rounds: median {median(every):,.0f} ms, slowest {max(every):,.0f} ms; "
        f"{over} over {PAGE_MILLISECONDS} ms or {STATEMENTS} statements"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
