"""The one place that talks SMTP: one message, one recipient, and what the server's answer means for it.

Django's own mail sending hides that a server refused some of several recipients, and which code it gave;
here every message has one recipient and every answer one meaning.
"""

import smtplib
import socket
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

SECONDS = 20.0
"""How long any one answer of the server is waited for."""

_SHUTTING_DOWN = 421


class MailSettingsError(ValueError):
    """ROLEBOOK_MAIL cannot be used; the message says what was found and what was expected."""


class Refused(Exception):
    """The server will never take this message for this recipient (a 5xx answer to RCPT or to the message)."""


class NotNow(Exception):
    """The server did not take this message now, and is otherwise well (a 4xx answer to RCPT or to the
    message).
    """


class ServerDown(Exception):
    """The server cannot be used now, whatever the message: not reachable, stalled, gone, or refusing us
    as sender.
    """


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. ``security`` is "none", "starttls" or "tls"."""

    host: str
    port: int
    security: str = "none"
    user: str = ""
    password: str = ""


def mail_server(url: str) -> MailServer:
    """Return the server of an address: ``smtp://host:25``, ``smtp+starttls://user:password@host:587``,
    ``smtps://host``.

    Raises MailSettingsError for any other address.
    """
    parts = urlsplit(url)
    forms = {"smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}
    try:
        security, usual_port = forms[parts.scheme]
        port = parts.port or usual_port
    except (KeyError, ValueError):
        security, port = "", 0
    if not security or not parts.hostname:
        shown = url.rsplit("@", 1)[-1]
        raise MailSettingsError(
            f"ROLEBOOK_MAIL: found {shown!r}, expected smtp://host:port, "
            "smtp+starttls://user:password@host:port or smtps://user:password@host:port"
        )
    return MailServer(
        parts.hostname, port, security, unquote(parts.username or ""), unquote(parts.password or "")
    )


class Transport:
    """A connection to the mail server, opened at the first message and used for the next ones."""

    def __init__(self, server: MailServer, *, seconds: float = SECONDS) -> None:
        """Remember the server; nothing is opened yet. ``seconds``: how long each answer is waited for."""
        self._server = server
        self._seconds = seconds
        self._connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, *, sender: str, recipient: str, message: bytes) -> None:
        """Hand over one message from the bare address ``sender`` to the bare address ``recipient``.

        Returns when the server has answered that it took it. Raises Refused, NotNow or ServerDown. After
        ServerDown the server may have taken the message all the same (it hung up after the data): a copy
        sent later must carry the same Message-ID.
        """
        connection = self._open()
        try:
            connection.sendmail(sender, [recipient], message)
        except smtplib.SMTPRecipientsRefused as refused:
            raise self._meaning(*next(iter(refused.recipients.values()))) from None
        except smtplib.SMTPSenderRefused as refused:
            self._forget()
            raise ServerDown(_said(refused.smtp_code, refused.smtp_error)) from None
        except smtplib.SMTPDataError as refused:
            raise self._meaning(refused.smtp_code, refused.smtp_error) from None
        except smtplib.SMTPNotSupportedError as refused:
            raise Refused(str(refused)) from None
        except (smtplib.SMTPException, OSError) as broken:
            self._forget()
            raise ServerDown(_described(broken)) from None
        except UnicodeError:
            raise Refused("the address cannot be written in SMTP") from None

    def greet(self) -> None:
        """Open the connection as for sending, TLS and signing in included, and send nothing. Raises ServerDown."""
        self._open()

    def close(self) -> None:
        """Say good-bye and close; never raises."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.quit()
        except (smtplib.SMTPException, OSError):
            connection.close()

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _meaning(self, code: int, answer: bytes | str) -> Refused | NotNow | ServerDown:
        if 500 <= code < 600:
            return Refused(_said(code, answer))
        if code == _SHUTTING_DOWN:
            self._forget()
            return ServerDown(_said(code, answer))
        return NotNow(_said(code, answer))

    def _open(self) -> smtplib.SMTP:
        if self._connection is not None:
            return self._connection
        server = self._server
        try:
            self._connection = self._connected(server)
        except (smtplib.SMTPException, OSError) as broken:
            self._forget()
            raise ServerDown(_described(broken)) from None
        return self._connection

    def _connected(self, server: MailServer) -> smtplib.SMTP:
        name = _own_name()
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host,
                server.port,
                local_hostname=name,
                timeout=self._seconds,
                context=ssl.create_default_context(),
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=self._seconds)
        try:
            if server.security == "starttls":
                connection.starttls(context=ssl.create_default_context())
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection


def _own_name() -> str:
    """Return what to greet with. Never smtplib's own guess: it asks the name server, which can take many
    seconds.
    """
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _said(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:300]


def _described(broken: Exception) -> str:
    if isinstance(broken, smtplib.SMTPResponseException):
        return _said(broken.smtp_code, broken.smtp_error)
    return f"{type(broken).__name__}: {broken}"[:300]
