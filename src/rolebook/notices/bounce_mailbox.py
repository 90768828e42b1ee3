"""Reports of rejected mail, read from a mailbox over IMAP (RFC 9051) by the worker.

The mailbox is only looked at: nothing in it is marked, moved or deleted, so that people may read it beside us. How far
it has been read stands with our other places, by the mailbox's UIDVALIDITY; what is read twice is not taken twice.
"""

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from rolebook.notices.bounce_models import Bounce
from rolebook.notices.bounces import TOO_OLD, take_report
from rolebook.notices.delivery_reports import MOST_BYTES
from rolebook.notices.models import Cursor
from rolebook.notices.report_mailbox import ReportMailbox

SECONDS = 20.0
"""How long any one answer of the server is waited for."""
A_RUN = 100
"""Mails read in one run; more wait for the next."""
_NUMBER = re.compile(rb"\d+")


class MailboxDown(Exception):
    """The mailbox cannot be read now: the server is not reachable, stalls, or refuses; the message says which."""


def read_mailbox(
    mailbox: ReportMailbox,
    *,
    now: datetime,
    limit: int = A_RUN,
    seconds: float = SECONDS,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Read the next mails of the mailbox, ``limit`` at most, and take what reports say; return how many were read.

    Raises MailboxDown. What was read until then stands.
    """
    try:
        with _opened(mailbox, seconds) as connection:
            place = Cursor.objects.get_or_create(name=_cursor_name(connection))[0]
            read = 0
            for uid in _new_uids(connection, place.sequence, now)[:limit]:
                if stop():
                    break
                raw = _fetched(connection, uid)
                if raw is not None:
                    take_report(raw, source=Bounce.Source.MAILBOX, at=now)
                # Two workers never run one job, and if a slow one is overtaken, its place does not go back.
                Cursor.objects.filter(name=place.name, sequence__lt=uid).update(sequence=uid)
                read += 1
            return read
    except (imaplib.IMAP4.error, OSError) as broken:
        raise MailboxDown(f"{type(broken).__name__}: {broken}"[:300]) from None


def look_at_mailbox(mailbox: ReportMailbox, *, seconds: float = SECONDS) -> None:
    """Sign in to the mailbox and open its folder, and read nothing. Raises MailboxDown."""
    try:
        with _opened(mailbox, seconds):
            return
    except (imaplib.IMAP4.error, OSError) as broken:
        raise MailboxDown(f"{type(broken).__name__}: {broken}"[:300]) from None


@contextmanager
def _opened(mailbox: ReportMailbox, seconds: float) -> Iterator[imaplib.IMAP4]:
    """Yield a connection with the folder opened for looking only, and end it."""
    connection = _connected(mailbox, seconds)
    try:
        if mailbox.security == "starttls":
            connection.starttls(ssl.create_default_context())
        connection.login(mailbox.user, mailbox.password)
        quoted = '"' + mailbox.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        _said(*connection.select(quoted, readonly=True))
        yield connection
    finally:
        try:
            connection.logout()
        except (imaplib.IMAP4.error, OSError):
            connection.shutdown()


def _connected(mailbox: ReportMailbox, seconds: float) -> imaplib.IMAP4:
    if mailbox.security == "tls":
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=context, timeout=seconds)
    return imaplib.IMAP4(mailbox.host, mailbox.port, timeout=seconds)


def _said(kind: str, data: list[Any]) -> list[Any]:
    if kind != "OK":
        raise imaplib.IMAP4.error(f"the server answered {kind} {data!r}"[:200])
    return data


def _cursor_name(connection: imaplib.IMAP4) -> str:
    """Return under which name it stands how far this mailbox was read: its UIDs begin anew with its UIDVALIDITY."""
    _, data = connection.response("UIDVALIDITY")
    told = data[0] if data and isinstance(data[0], bytes) else b""
    return f"bounces:{(_NUMBER.findall(told) or [b'0'])[0].decode()}"[:40]


def _new_uids(connection: imaplib.IMAP4, after: int, now: datetime) -> list[int]:
    """Return the UIDs of mails after a place, in order; older ones than reports count are left out."""
    since = now - TOO_OLD - timedelta(days=1)
    day = f"{since.day}-{_MONTHS[since.month - 1]}-{since.year}"
    data = _said(*connection.uid("SEARCH", "UID", f"{after + 1}:*", "SINCE", day))
    told = b" ".join(part for part in data if isinstance(part, bytes))
    # "n:*" names the last mail also where its UID is below n.
    return sorted({uid for uid in map(int, _NUMBER.findall(told)) if uid > after})


def _fetched(connection: imaplib.IMAP4, uid: int) -> bytes | None:
    """Return the first MOST_BYTES of a mail, not marking it as read; None where it is gone meanwhile."""
    data = _said(*connection.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
    return next(
        (bytes(part[1])[:MOST_BYTES] for part in data if isinstance(part, tuple) and len(part) > 1), None
    )


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
