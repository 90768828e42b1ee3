"""The demo's mail server: takes every mail over real SMTP (RFC 5321) on this machine and keeps it in a
mailbox.

It takes mail for anybody, sends nothing on, and listens on loopback only.
"""

import re
import socketserver
import threading
from types import TracebackType
from typing import Self

from rolebook.notices.mailbox import Mailbox

_LONGEST_LINE = 4_096
_LONGEST_MESSAGE = 5_000_000
_IDLE_SECONDS = 60
_ADDRESS = re.compile(r"(?i)(?:MAIL FROM|RCPT TO):\s*<([^<>\s]*)>")


class DemoMailServer:
    """Listens on a free port of 127.0.0.1 while its context is entered."""

    def __init__(self, mailbox: Mailbox) -> None:
        """Keep what comes in ``mailbox``."""
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.mailbox = mailbox
        self._thread = threading.Thread(target=self._server.serve_forever, name="demo mail", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, as ROLEBOOK_MAIL takes it."""
        return f"smtp://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    mailbox: Mailbox


class _Conversation(socketserver.StreamRequestHandler):
    """One client's commands, in the order of RFC 5321, section 4.1.4."""

    server: _Server
    timeout = _IDLE_SECONDS

    def handle(self) -> None:
        """Answer commands until QUIT or until the client goes."""
        self._forget()
        try:
            self._say("220 rolebook demo mail")
            while line := self.rfile.readline(_LONGEST_LINE):
                if not self._command(line.decode("utf-8", "replace").strip()):
                    break
        except OSError:
            return

    def _forget(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _command(self, line: str) -> bool:
        match line.partition(" ")[0].upper():
            case "EHLO":
                self._forget()
                self._say("250-rolebook demo", "250-8BITMIME", "250 SMTPUTF8")
            case "HELO":
                self._forget()
                self._say("250 rolebook demo")
            case "MAIL" if address := _ADDRESS.match(line):
                self._sender = address[1]
                self._say("250 OK")
            case "RCPT" if self._sender is not None and (address := _ADDRESS.match(line)):
                self._recipients.append(address[1])
                self._say("250 OK")
            case "DATA" if self._recipients:
                self._say("354 end with a dot on a line of its own")
                self._data()
            case "RSET":
                self._forget()
                self._say("250 OK")
            case "NOOP":
                self._say("250 OK")
            case "QUIT":
                self._say("221 bye")
                return False
            case "MAIL" | "RCPT" | "DATA":
                self._say("503 not now")
            case _:
                self._say("502 not known here")
        return True

    def _data(self) -> None:
        lines: list[bytes] = []
        length = 0
        while (line := self.rfile.readline()) not in (b".\r\n", b".\n"):
            if not line:
                return
            length += len(line)
            if length <= _LONGEST_MESSAGE:
                lines.append(line[1:] if line.startswith(b".") else line)
        self._forget()
        if length > _LONGEST_MESSAGE:
            self._say("552 too long")
            return
        self.server.mailbox.add(b"".join(lines))
        self._say("250 kept")
