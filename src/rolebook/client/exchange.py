"""How long to wait for an answer, and when to ask again: without a network, so that threads and loops share it."""

import random
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from rolebook.client.errors import Unavailable
from rolebook.client.wire import Call, Reply

_LATER = frozenset({429, 502, 503, 504})
"""Statuses after which the same question may get an answer: not up to date, restarting, or nothing behind a proxy."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long somebody waits for one decision.

    Every question only reads, so that asking it again changes nothing; it is asked again when nobody answered, or
    when the answer says "later".

    Attributes:
        seconds: from the question to the decision, repetitions included.
        attempts: how often to ask at most.
        pause: seconds before the second time; twice as long before each further one. ``Retry-After`` goes before it.
    """

    seconds: float = 2.0
    attempts: int = 3
    pause: float = 0.05

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.attempts < 1 or self.pause < 0:
            raise ValueError(
                f"found {self}, expected some seconds, one attempt or more, and no pause below zero"
            )


@dataclass(frozen=True, slots=True)
class Send:
    """Send this call, and answer with its `Reply` or `Failure` within so many seconds."""

    call: Call
    seconds: float


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds; answer with None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """There was no reply."""

    why: str


type Conversation = Generator[Send | Pause, Reply | Failure | None, Reply]
"""Yields what to do next, takes what came of it, and returns the reply that counts."""


def converse(
    call: Call,
    patience: Patience,
    *,
    now: Callable[[], float] = time.monotonic,
    jitter: Callable[[], float] = random.random,
) -> Conversation:
    """Ask until there is a reply that says more than "later". Raises Unavailable when patience is at its end."""
    until = now() + patience.seconds
    attempt = 1
    while True:
        came = yield Send(call, max(until - now(), 0.001))
        if isinstance(came, Reply) and came.status not in _LATER:
            return came
        pause = patience.pause * 2 ** (attempt - 1) * (0.5 + jitter())
        why = "it did not reply"
        if isinstance(came, Reply):
            pause = max(pause, _retry_after(came))
            why = f"it answered {came.status}"
        elif isinstance(came, Failure):
            why = came.why
        if attempt == patience.attempts or now() + pause >= until:
            times = "once" if attempt == 1 else f"{attempt} times"
            raise Unavailable(f"no decision after asking {times}: {why}")
        yield Pause(pause)
        attempt += 1


def _retry_after(reply: Reply) -> float:
    """Seconds that the decision point asks to wait; 0 where it says none, or a date."""
    said = reply.headers.get("retry-after", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0.0
