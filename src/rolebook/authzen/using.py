"""Which account uses which privilege, and which client asks: gathered in memory, written by a thread (0027).

An answer only looks a pair up; what is new that day is put on a list, and the thread writes the list from time to time.
At a crash the uses of one interval are lost; at an orderly end none. While the database is away the list grows up to
MOST_WAITING, and what comes then is counted as dropped, and told in the log of the process.
"""

import logging
import threading
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import Error, connections

from rolebook.audit import clock
from rolebook.decision.instants import NEVER, instant, micros
from rolebook.governance.usage import keep_client_uses, keep_span, keep_uses

MOST_WAITING: Final = 100_000
"""Uses of a program that wait to be written."""
MOST_SEEN: Final = 100_000
"""Pairs that a program remembers as told already; when there are more it begins anew, and tells some twice."""
_STOP_SECONDS = 5.0
_SPAN_SECONDS = 3600.0

_log = logging.getLogger(__name__)

type Use = tuple[str, str, date]
"""An account's public id, a privilege, and the day in the program's zone."""


def day_of(at_micros: int, zone: str) -> tuple[date, int]:
    """Return the day of a microsecond in a zone, and the first microsecond of the next one."""
    here = ZoneInfo(zone)
    today = instant(at_micros).astimezone(here).date()
    following = today + timedelta(days=1)
    return today, micros(datetime(following.year, following.month, following.day, tzinfo=here))


class ProgramUses:
    """What was used of one program, as far as it is not written yet.

    Attributes:
        seen: by action, who was seen to use it on the day at hand; only ever asked and added to, so that a reader
            needs no lock.
    """

    __slots__ = ("_day", "_lock", "_size", "_turn_micros", "_waiting", "dropped", "seen")

    def __init__(self) -> None:
        self.seen: defaultdict[str, set[str]] = defaultdict(set)
        self._turn_micros = -NEVER
        self.dropped = 0
        self._day = date.min
        self._size = 0
        self._waiting: list[Use] = []
        self._lock = threading.Lock()

    def begin(self, at_micros: int, zone: str) -> None:
        """Begin the day of a microsecond, unless it has begun; whoever asks `seen` calls this after each midnight."""
        with self._lock:
            self._begin(at_micros, zone)

    def _begin(self, at_micros: int, zone: str) -> None:
        if at_micros >= self._turn_micros:
            self._day, self._turn_micros = day_of(at_micros, zone)
            self._forget()

    def add(self, subject_id: str, action: str, at_micros: int, zone: str) -> None:
        """Note a use that `seen` does not have."""
        with self._lock:
            self._begin(at_micros, zone)
            if subject_id in self.seen[action]:
                return
            if len(self._waiting) >= MOST_WAITING:
                self.dropped += 1
                return
            if self._size >= MOST_SEEN:
                self._forget()
            self.seen[action].add(subject_id)
            self._size += 1
            self._waiting.append((subject_id, action, self._day))

    def _forget(self) -> None:
        self.seen, self._size = defaultdict(set), 0

    def take(self) -> tuple[list[Use], int]:
        """Return what waits to be written, and how many uses were dropped since the last time."""
        with self._lock:
            taken, self._waiting = self._waiting, []
            dropped, self.dropped = self.dropped, 0
            return taken, dropped

    def give_back(self, uses: list[Use]) -> None:
        """Let uses that could not be written wait again; those that find no room are dropped."""
        with self._lock:
            room = max(MOST_WAITING - len(self._waiting), 0)
            self.dropped += max(len(uses) - room, 0)
            self._waiting = uses[:room] + self._waiting


class Uses:
    """All uses that one process saw, and the thread that writes them.

    Args:
        interval_seconds: how long a use waits at most before it is written.
    """

    def __init__(self, interval_seconds: float) -> None:
        self._interval_seconds = interval_seconds
        self._programs: dict[str, ProgramUses] = {}
        self._zones: dict[str, str] = {}
        self._clients: dict[str, date] = {}
        self._lock = threading.Lock()
        self._spans: dict[str, float] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def of(self, program_id: str, zone: str) -> ProgramUses:
        """Return where a program's uses are noted: one and the same through every load of the program."""
        with self._lock:
            self._zones[program_id] = zone
            return self._programs.setdefault(program_id, ProgramUses())

    def client(self, token_hash: str, day: date) -> None:
        """Note that a client's token was accepted on a day."""
        with self._lock:
            self._clients[token_hash] = day

    def start(self) -> None:
        """Start to write, in a daemon thread of this process."""
        self._thread = threading.Thread(target=self._run, name="rolebook uses", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what there is, and end the thread; do not wait for a database that is away."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        ended = False
        while not ended:
            ended = self._stopping.wait(self._interval_seconds)
            try:
                self.flush()
            except Exception as failure:
                # What could not be written waits for the next time.
                level = logging.WARNING if isinstance(failure, Error) else logging.ERROR
                _log.log(level, "cannot write uses: %s", failure, exc_info=not isinstance(failure, Error))
                connections.close_all()
        connections.close_all()

    def flush(self) -> None:
        """Write everything that waits. Raises what the database raises; nothing is lost by that."""
        with self._lock:
            programs, (clients, self._clients) = dict(self._programs), (self._clients, {})
        try:
            keep_client_uses(clients.items())
        except BaseException:
            with self._lock:
                self._clients = clients | self._clients
            raise
        for program_id, uses in programs.items():
            self._flush_program(program_id, uses)

    def _flush_program(self, program_id: str, uses: ProgramUses) -> None:
        taken, dropped = uses.take()
        if dropped:
            _log.warning(
                "%d uses of %s were dropped: more waited than there is room for", dropped, program_id
            )
        try:
            keep_uses(program_id, taken)
            # That nobody used anything is known, too: now and then it is told without a use.
            if taken or clock.boottime() >= self._spans.get(program_id, 0.0):
                at = clock.now()
                keep_span(program_id, at.astimezone(ZoneInfo(self._zones[program_id])).date(), at)
                self._spans[program_id] = clock.boottime() + _SPAN_SECONDS
        except BaseException:
            uses.give_back(taken)
            raise
