"""What happens to decision points and their database while they are asked."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.races.decision_points import DecisionPointProcess, _end_with_parent
from tests.staleness.database import Server
from tests.staleness.people import Standing, World

STEPS = (0, 0, 3600, -3600, 86_400, -86_400 * 30, 86_400 * 365 * 13)
"""Seconds by which a decision point's wall clock is wrong."""


def start(point: DecisionPointProcess, folder: Path, environment: dict[str, str]) -> None:
    """Start a decision point's process, in place of the one that it had."""
    (folder / str(point.port)).mkdir(exist_ok=True)
    (folder / str(point.port) / "stepped-by").write_text("0")
    point.process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.staleness.process",
            folder / str(point.port),
            "127.0.0.1",
            str(point.port),
        ],
        env={**os.environ, **environment},
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - it calls one system call
    )


class Disturber:
    """Does something every second or two, each kind with its weight."""

    def __init__(
        self, world: World, server: Server, folder: Path, environment: dict[str, str], lease_seconds: float
    ) -> None:
        self._world, self._server, self._folder, self._environment = world, server, folder, environment
        self._lease = lease_seconds
        self._chance = random.Random()
        self.done: Counter[str] = Counter()
        self._kinds: list[tuple[str, int, Callable[[], None]]] = [
            ("paused past its lease", 8, self._pause),
            ("killed and started again", 4, self._kill),
            ("clocks stepped", 8, self._step_clock),
            ("connections cut", 4, server.cut_connections),
            ("database restarted", 1, server.restart),
            ("database restored", 1, self._restore),
        ]

    def run(self) -> None:
        """Disturb until it is over."""
        self._world_outside(self._server.back_up)
        weights = [weight for _, weight, _ in self._kinds]
        while not self._world.over.wait(self._chance.uniform(0.5, 2.0)):
            ((name, _, disturb),) = self._chance.choices(self._kinds, weights)
            disturb()
            self.done[name] += 1

    def _point(self) -> DecisionPointProcess:
        return self._chance.choice(self._world.points)

    def _pause(self) -> None:
        point = self._point()
        point.signal(signal.SIGSTOP)
        self._world.over.wait(self._lease * self._chance.uniform(1.2, 2.0))
        point.signal(signal.SIGCONT)

    def _kill(self) -> None:
        point = self._point()
        point.signal(signal.SIGKILL)
        point.process.wait()
        start(point, self._folder, self._environment)

    def _step_clock(self) -> None:
        stepped_by = self._folder / str(self._point().port) / "stepped-by"
        # Put in place whole: a decision point reads it at any moment.
        new = stepped_by.with_suffix(".new")
        new.write_text(str(self._chance.choice(STEPS)))
        new.replace(stepped_by)

    def _restore(self) -> None:
        self._world_outside(self._server.restore)
        if self._chance.random() < 0.5:
            self._world_outside(self._server.back_up)

    def _world_outside(self, change: Callable[[], None]) -> None:
        with self._world.gate.emptied():
            for person in self._world.people:
                person.standing = Standing(removed=False)
            change()


def watch(world: World, disturber: Disturber, threads: list[threading.Thread], seconds: float) -> None:
    """Disturb, say how far it is, and end when enough was removed, a stale yes was found, or time is up.

    The disturbing is done by the thread that calls: Linux ends the processes that a thread started with it.
    """

    def look() -> None:
        began = said = time.monotonic()
        while not world.over.wait(0.2):
            now = time.monotonic()
            if world.stale or now - began > seconds or not all(thread.is_alive() for thread in threads):
                world.over.set()
            if now - said > 30:
                said = now
                print(f"{world.removals:,} removals confirmed ({now - began:,.0f} s)", flush=True)

    looking = threading.Thread(target=look)
    looking.start()
    disturber.run()
    for thread in (looking, *threads):
        thread.join()
