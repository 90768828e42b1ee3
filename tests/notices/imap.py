"""A real, small IMAP server for tests (of RFC 9051 what a reader of a mailbox needs), that can misbehave."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, override

from rolebook.notices.report_mailbox import ReportMailbox

USER, PASSWORD = "bounces@example.org", 'p"ss word'


@dataclass
class ImapServer:
    """What the server holds and does, changed by the test; and what it was told.

    Attributes:
        mails: each mail by its UID.
        hangs_up_at: a command at which the server closes the connection.
        stalls_at: a command that it never answers.
    """

    mails: dict[int, bytes] = field(default_factory=dict)
    uid_validity: int = 7
    hangs_up_at: str = ""
    stalls_at: str = ""
    commands: list[str] = field(default_factory=list)
    port: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def mailbox(self) -> ReportMailbox:
        return ReportMailbox("127.0.0.1", self.port, "none", USER, PASSWORD)

    def add(self, *mails: bytes) -> None:
        for mail in mails:
            self.mails[max(self.mails, default=0) + 1] = mail


class _Handler(socketserver.StreamRequestHandler):
    @override
    def handle(self) -> None:
        server: ImapServer = self.server.told  # type: ignore[attr-defined]
        self.wfile.write(b"* OK ready\r\n")
        for line in self.rfile:
            tag, _, rest = line.decode().strip().partition(" ")
            name = " ".join(rest.split(" ")[: 2 if rest.upper().startswith("UID ") else 1]).upper()
            server.commands.append(rest)
            if name == server.hangs_up_at:
                return
            if name == server.stalls_at:
                server.stopped.wait(30)
                return
            self.wfile.write(self._answer(server, name, rest) + f"{tag} {self._end(name, rest)}\r\n".encode())
            if name == "LOGOUT":
                return

    def _answer(self, server: ImapServer, name: str, rest: str) -> bytes:
        if name == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1 IMAP4rev2\r\n"
        if name == "EXAMINE":
            return (
                f"* {len(server.mails)} EXISTS\r\n* OK [UIDVALIDITY {server.uid_validity}] valid\r\n".encode()
            )
        if name == "UID SEARCH":
            first = int(re.findall(r"UID (\d+):\*", rest)[0])
            found = [uid for uid in sorted(server.mails) if uid >= first] or sorted(server.mails)[-1:]
            return f"* SEARCH {' '.join(map(str, found))}\r\n".encode()
        if name == "UID FETCH":
            uid, start, length = map(int, re.findall(r"FETCH (\d+) \(BODY.PEEK\[\]<(\d+)\.(\d+)>\)", rest)[0])
            mail = server.mails.get(uid, b"")[start : start + length]
            head = f"* 1 FETCH (UID {uid} BODY[]<{start}> {{{len(mail)}}}\r\n".encode()
            return head + mail + b")\r\n" if uid in server.mails else b""
        return b"* BYE good-bye\r\n" if name == "LOGOUT" else b""

    def _end(self, name: str, rest: str) -> str:
        if name == "LOGIN" and 'p\\"ss word' not in rest:
            return "NO wrong password"
        known = {"CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"}
        return "OK done" if name in known else "BAD not known"


class _Listener(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    told: Any = None


@contextmanager
def imap_server() -> Iterator[ImapServer]:
    """Run a server on a free port of this machine."""
    server = ImapServer()
    with _Listener(("127.0.0.1", 0), _Handler) as listener:
        listener.told = server
        server.port = listener.server_address[1]
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            listener.shutdown()
            thread.join()
