"""A folder of mails as they came in: what the demo's mail server keeps, and what its mailbox page shows.

One file a mail, numbered in the order of arrival; a file appears whole or not at all.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Lock


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: its number in the mailbox, and what a list shows of it. ``sent_at`` is its Date header
    (aware).
    """

    number: int
    to_name: str
    to_address: str
    subject: str
    sent_at: datetime | None
    message_id: str


@dataclass(frozen=True, slots=True)
class OpenedMail:
    """One mail with its words."""

    mail: Mail
    text: str
    html: str


class Mailbox:
    """The mails in a folder. One process adds, any number read."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; it is made at the first mail."""
        self._folder = folder
        self._lock = Lock()

    def add(self, message: bytes) -> int:
        """Keep a mail; return its number (from 1)."""
        with self._lock:
            self._folder.mkdir(parents=True, exist_ok=True)
            number = max(self._numbers(), default=0) + 1
            unfinished = self._folder / f"{number:06}.part"
            unfinished.write_bytes(message)
            unfinished.replace(self._file(number))
        return number

    def newest(self, *, limit: int, to_address: str = "", below: int | None = None) -> list[Mail]:
        """Return at most ``limit`` mails, newest first: to one address, and numbered below ``below``, if
        given.
        """
        found: list[Mail] = []
        for number in sorted(self._numbers(), reverse=True):
            if len(found) >= limit:
                break
            if below is not None and number >= below:
                continue
            mail = _listed(number, self._parsed(number, headers_only=True))
            if not to_address or mail.to_address.casefold() == to_address.casefold():
                found.append(mail)
        return found

    def people(self) -> list[tuple[str, str]]:
        """Return (address, name) of everybody who got mail, by name."""
        mails = (_listed(number, self._parsed(number, headers_only=True)) for number in self._numbers())
        names = {mail.to_address: mail.to_name or mail.to_address for mail in mails}
        return sorted(names.items(), key=lambda pair: (pair[1].casefold(), pair[0]))

    def read(self, number: int) -> OpenedMail | None:
        """Return one mail with its words, or None when there is none with that number."""
        if not self._file(number).is_file():
            return None
        message = self._parsed(number, headers_only=False)
        return OpenedMail(_listed(number, message), _part(message, "plain"), _part(message, "html"))

    def _numbers(self) -> Iterator[int]:
        if not self._folder.is_dir():
            return
        for entry in os.scandir(self._folder):
            stem, dot, kind = entry.name.partition(".")
            if dot and kind == "eml" and stem.isdecimal():
                yield int(stem)

    def _file(self, number: int) -> Path:
        return self._folder / f"{number:06}.eml"

    def _parsed(self, number: int, *, headers_only: bool) -> EmailMessage:
        parser: BytesParser[EmailMessage] = BytesParser(policy=policy.default)
        with self._file(number).open("rb") as file:
            return parser.parse(file, headersonly=headers_only)


def _listed(number: int, message: EmailMessage) -> Mail:
    to = message["To"].addresses[0] if message["To"] is not None and message["To"].addresses else None
    date = message["Date"]
    return Mail(
        number=number,
        to_name=to.display_name if to is not None else "",
        to_address=to.addr_spec if to is not None else "",
        subject=str(message["Subject"] or "").strip(),
        sent_at=parsedate_to_datetime(str(date)) if date is not None else None,
        message_id=str(message["Message-ID"] or ""),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""
