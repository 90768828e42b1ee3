"""What tests of notices begin with: a mail server, a clock that stands still, and a sender to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.notices.smtp import Server, smtp_server

if TYPE_CHECKING:
    from rolebook.notices.sending import Sender


@dataclass
class Clock:
    """A clock that moves when it is told to."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> None:
        """Let time pass: minutes=5, hours=1, …"""
        self.now += timedelta(**duration)


@pytest.fixture
def smtp() -> Iterator[Server]:
    """A real SMTP server."""
    with smtp_server() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    """A clock at an hour after the tests' people have done what they do."""
    from tests.support.grants import LATER

    return Clock(LATER + timedelta(hours=1))


@pytest.fixture
def sender(smtp: Server, clock: Clock) -> "Sender":
    """A sender to the mail server, that waits half a second for answers."""
    return make_sender(smtp, clock)


def make_sender(smtp: Server, clock: Clock) -> "Sender":
    """Return another sender to the same server, as a second worker has one."""
    from rolebook.notices.sending import Sender
    from rolebook.notices.transport import Transport, mail_server

    transport = Transport(mail_server(smtp.url), seconds=0.5)
    return Sender(transport=transport, mail_from="Rolebook <rolebook@example.org>", clock=clock)
