"""From the words of a mail to the bytes that go over the wire (RFC 5322)."""

from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from urllib.parse import urlsplit

from django.conf import settings

from rolebook.notices.letter import Written, one_line


class _Wire(EmailPolicy):
    """As mail goes over the wire; an address in List-Unsubscribe stands on one line.

    The library would turn one longer than a line into encoded words, which mail programs do not read as an address.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """Return a header as it is sent."""
        if name == "List-Unsubscribe":
            return f"{name}: {value}\r\n".encode("ascii")
        return super().fold_binary(name, value)


_WIRE = _Wire(linesep="\r\n")
POSTMARK_METADATA = "rolebook"
"""Under which name Postmark, which gives mails ids of its own, tells our Message-ID back."""


def compose(
    written: Written,
    *,
    message_id: str,
    name: str,
    address: str,
    mail_from: str,
    sent_at: datetime,
    unsubscribe_url: str = "",
) -> bytes:
    """Return the message: plain text first, then HTML; no header takes more than one line of what people
    typed.

    ``name`` and ``address`` are the recipient's, ``message_id`` stands without angle brackets,
    ``mail_from`` is a whole From header. With ``unsubscribe_url`` (digests only) mail programs offer to
    stop such mails: List-Unsubscribe (RFC 2369), and with one press (RFC 8058, which wants https) where
    the address allows it. Raises ValueError for an address that is none.
    """
    message = EmailMessage(policy=_WIRE)
    message["From"] = _mailbox(*parseaddr(mail_from))
    message["To"] = _mailbox(one_line(name), address)
    message["Subject"] = one_line(written.subject)
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = f"<{message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if settings.ROLEBOOK.bounces.provider == "postmark":
        message[f"X-PM-Metadata-{POSTMARK_METADATA}"] = message_id
    if unsubscribe_url:
        message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        if unsubscribe_url.startswith("https:"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(written.text)
    if written.html:
        message.add_alternative(written.html, subtype="html")
    return message.as_bytes()


def bare_address(mail_from: str) -> str:
    """Return the address of a From header without the name: "Rolebook <a@b>" gives "a@b"."""
    return parseaddr(mail_from)[1]


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    try:
        if not local or not domain:
            raise ValueError("no local part or no domain")
        return Address(name, local, domain if domain.isascii() else domain.encode("idna").decode("ascii"))
    except (ValueError, IndexError, MessageError) as wrong:
        raise ValueError(f"found {address!r}, expected an e-mail address: {wrong}") from None


def message_id(unique: str) -> str:
    """Return the Message-ID (without angle brackets) of the mail that ``unique`` names, at this site's
    host.
    """
    host = urlsplit(settings.ROLEBOOK.site_url).hostname or "rolebook.invalid"
    return f"{unique}@{host}"
