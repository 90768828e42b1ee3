"""Calls that start together on a database of their own, in many rounds, with locks and with the locks taken out (I13).

A race whose mutant survives proves nothing: what is wrong without the locks must be found.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest

from rolebook.audit.models import Event
from rolebook.audit.recording import UnitOfWork
from rolebook.governance import locks
from tests.support.databases import CommittedDatabase

CONNECTIONS = 8
ROUNDS = int(os.environ.get("ROLEBOOK_RACE_ROUNDS", "24"))
HELD_ROUNDS = 8
MUTANT_ROUNDS = 160
MOMENT = 0.3
"""Seconds for which a call is held, so that without its locks the others come in between."""

type Call = Callable[[], object]


@dataclass
class Round:
    """What meets in one round, what it is about, and how each call ended."""

    calls: Sequence[Call]
    about: dict[str, object] = field(default_factory=dict)
    results: dict[int, object] = field(default_factory=dict)
    judged: Sequence[threading.Event] = field(default_factory=lambda: (threading.Event(), threading.Event()))
    """Set for each of the two calls when it has judged, or has ended."""


_seat = threading.local()
"""Of a thread of a race: its place, and the round that it plays."""


def answer(call: Call) -> object:
    """The result of a call; what it raised is a result too, and judged with the others."""
    try:
        return call()
    except Exception as raised:
        return raised


def run(
    database: CommittedDatabase, prepare: Callable[[int], Callable[[], Round]], rounds: int
) -> list[Round]:
    """Run rounds of two calls that start together, in lanes side by side, one connection a call.

    ``prepare(lane)`` makes what a lane's rounds share, and returns what makes the next round.
    """
    lanes = CONNECTIONS // 2
    next_round = [prepare(lane) for lane in range(lanes)]
    done: list[list[Round]] = [[] for _ in range(lanes)]
    meetings = [threading.Barrier(2, timeout=60) for _ in range(lanes)]

    def seat(lane: int, place: int) -> Callable[[], None]:
        def play() -> None:
            try:
                for _ in range(rounds // lanes):
                    if place == 0:
                        done[lane].append(next_round[lane]())
                    meetings[lane].wait()
                    current = done[lane][-1]
                    _seat.place, _seat.round = place, current
                    current.results[place] = answer(current.calls[place])
                    current.judged[place].set()
                    meetings[lane].wait()
            except BaseException:
                meetings[lane].abort()
                raise

        return play

    database.in_threads([seat(lane, place) for lane in range(lanes) for place in range(2)])
    return [one for lane in done for one in lane]


@contextmanager
def held_before_writing() -> Iterator[None]:
    """Let each of two calls that meet write only when both have judged, or after a moment.

    Without their locks they then judge by the same state, however busy the machine is.
    """
    write = UnitOfWork.write

    def waiting(work: UnitOfWork) -> None:
        if hasattr(_seat, "round"):
            _seat.round.judged[_seat.place].set()
            _seat.round.judged[1 - _seat.place].wait(MOMENT)
        write(work)

    with patch.object(UnitOfWork, "write", waiting):
        yield


@contextmanager
def no_locks() -> Iterator[None]:
    """The mutant: nobody locks a row."""
    with patch.object(locks, "lock_rows", lambda _model, _ids: None):
        yield


def with_and_without_locks(
    database: CommittedDatabase,
    prepare: Callable[[int], Callable[[], Round]],
    wrong: Callable[[Round], str | None],
    without: Callable[[], AbstractContextManager[None]] = no_locks,
) -> None:
    """Nothing is wrong in any round under locks, held or not; something is found `without` them."""
    found = [complaint for one in run(database, prepare, ROUNDS) if (complaint := wrong(one))]
    assert found == []
    with held_before_writing():
        found = [complaint for one in run(database, prepare, HELD_ROUNDS) if (complaint := wrong(one))]
        assert found == []
        with without():
            for _ in range(MUTANT_ROUNDS // HELD_ROUNDS):
                if any(wrong(one) for one in run(database, prepare, HELD_ROUNDS)):
                    return
    pytest.fail("the race found nothing wrong with the locks taken out: it proves nothing")


def counted(call: Callable[[], object], *refusals: type[Exception]) -> Callable[[], str]:
    """Make a call that says "done", or the name of the refusal."""

    def run() -> str:
        try:
            call()
        except refusals as refused:
            return type(refused).__name__
        return "done"

    return run


def slowly(call: Callable[..., Any], planned: threading.Event | None = None) -> Callable[..., Any]:
    """Make a call that takes a moment longer, and says that it has its answer."""

    def run(*arguments: Any, **named: Any) -> Any:
        answer = call(*arguments, **named)
        if planned is not None:
            planned.set()
        time.sleep(MOMENT)
        return answer

    return run


def together(call: Callable[..., Any], callers: int, patience: float) -> Callable[..., Any]:
    """Make a call whose callers wait with their answers until all have theirs, or for ``patience`` seconds."""
    meeting = threading.Barrier(callers)

    def run(*arguments: Any, **named: Any) -> Any:
        answer = call(*arguments, **named)
        with suppress(threading.BrokenBarrierError):
            meeting.wait(patience)
        return answer

    return run


def sequence_of(tag: str, **about: object) -> int | None:
    """The number in the log of the first event with a tag about something, if there is one."""
    return Event.objects.filter(tag=tag, **about).values_list("sequence", flat=True).first()
