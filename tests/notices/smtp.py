"""A real SMTP server for tests, that can misbehave in the ways that real ones do."""

import asyncio
import email
import email.policy
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Received:
    """One message that the server took in full, whatever it answered afterwards."""

    to: str
    message: EmailMessage

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


@dataclass
class Server:
    """What the server does, changed by the test while it runs; and what it got.

    Attributes:
        refused: recipient address -> the answer it gets to RCPT.
        after_data: the answer to the message itself; None hangs up without one.
        stalls: whether it goes silent in front of the answer to DATA.
    """

    received: list[Received] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    after_data: Callable[[], str | None] = lambda: "250 OK"
    stalls: bool = False
    connections: int = 0
    url: str = ""

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        (to,) = envelope.rcpt_tos
        parsed: Any = email.message_from_bytes(content, policy=email.policy.default)
        self.received.append(Received(to, parsed))
        if self.stalls:
            await asyncio.sleep(3600)
        answer = self.after_data()
        if answer is None:
            assert server.transport is not None
            server.transport.close()
            return "421 gone"
        return answer


@contextmanager
def smtp_server() -> Iterator[Server]:
    """Run a server on a free port of this machine."""
    server = Server()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    server.url = f"smtp://127.0.0.1:{port}"
    try:
        yield server
    finally:
        controller.stop(no_assert=True)
