"""Where reports of rejected mail arrive, as the operator sets it: an address of a mailbox."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from rolebook.notices.transport import MailSettingsError


@dataclass(frozen=True, slots=True)
class ReportMailbox:
    """Where reports of rejected mail arrive. ``security`` is "none", "starttls" or "tls"."""

    host: str
    port: int
    security: str
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


def report_mailbox(url: str) -> ReportMailbox:
    """Return the mailbox of an address: ``imaps://user:password@host/INBOX``, or ``imap+starttls://…``.

    Plain ``imap://`` is for this machine alone: the password would be read on the way. Raises MailSettingsError.
    """
    forms = {"imaps": ("tls", 993), "imap+starttls": ("starttls", 143), "imap": ("none", 143)}
    try:
        parts = urlsplit(url)
        security, usual_port = forms[parts.scheme]
        port = parts.port or usual_port
    except (KeyError, ValueError):
        raise _wrong(url) from None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    folder = unquote(parts.path.lstrip("/")) or "INBOX"
    unusable = not parts.hostname or not user or not f"{user}{password}{folder}".isprintable()
    if unusable or (security == "none" and not _this_machine(parts.hostname or "")):
        raise _wrong(url)
    return ReportMailbox(parts.hostname or "", port, security, user, password, folder)


def _this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(url: str) -> MailSettingsError:
    shown = url.rsplit("@", 1)[-1]
    return MailSettingsError(
        f"ROLEBOOK_BOUNCE_MAILBOX: found {shown!r}, expected imaps://user:password@host/INBOX "
        "or imap+starttls://user:password@host/INBOX"
    )
