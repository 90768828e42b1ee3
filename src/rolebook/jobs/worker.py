"""The worker: derives notices, sends mail, runs what is due, until it is told to stop.

Any number of workers may run beside each other: the notices' place in the log, the claims on mails and
the schedule are all moved by conditional updates.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections

from rolebook.jobs.housekeeping import JOBS
from rolebook.jobs.schedule import Job, run_due_jobs
from rolebook.notices.derivation import derive_notices, derive_postponed
from rolebook.notices.sending import Sender

SECONDS_BETWEEN = 1.0
_LONGEST_BETWEEN = 30.0
_BATCHES_A_ROUND = 10

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Worker:
    """One worker process.

    Attributes:
        sender: sends the mail.
        clock: gives the present instant.
        stop: set from outside (a signal) to end after the mail at hand.
        jobs: the recurring jobs.
        seconds_between: how long to wait when there was nothing to do.
    """

    sender: Sender
    clock: Callable[[], datetime]
    stop: threading.Event = field(default_factory=threading.Event)
    jobs: tuple[Job, ...] = JOBS
    seconds_between: float = SECONDS_BETWEEN

    def run(self) -> None:
        """Work until ``stop`` is set. A database that is away is waited for, longer every time."""
        wait = self.seconds_between
        while not self.stop.is_set():
            close_old_connections()
            try:
                busy = self.round()
                wait = self.seconds_between
            except DatabaseError as error:
                _log.warning("the database cannot be used now: %s", error)
                connections.close_all()
                busy, wait = False, min(wait * 2, _LONGEST_BETWEEN)
            if not busy:
                self.stop.wait(wait)
        connections.close_all()

    def round(self) -> bool:
        """Do one round of everything; return whether there is more to do at once."""
        more = self._derive()
        derive_postponed(now=self.clock())
        cycle = self.sender.send_due(stop=self.stop.is_set)
        if cycle.server_down:
            _log.warning("the mail server cannot be used now: %s", cycle.server_down)
        if not self.stop.is_set():
            run_due_jobs(self.jobs, now=self.clock(), clock=self.clock)
        return more

    def _derive(self) -> bool:
        rounds = 0
        while rounds < _BATCHES_A_ROUND and not self.stop.is_set() and derive_notices(now=self.clock()):
            rounds += 1
        return rounds == _BATCHES_A_ROUND
