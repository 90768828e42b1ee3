"""How reports of rejected mail come in, read from environment variables (docs/settings.md, "Rejected mail")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from rolebook.notices.report_mailbox import ReportMailbox, report_mailbox

PROVIDERS = ("brevo", "mailgun", "postmark")
"""Whose events name the Message-ID of a mail that was handed to them over SMTP."""
SHORTEST_SECRET = 16
_BASIC = re.compile(r"[^\s:]+:[^\s:]+")


@dataclass(frozen=True, slots=True)
class BounceSettings:
    """Each way is used where it is set.

    Attributes:
        address: the bare address to which mail servers send reports; empty: that of the sender.
        mailbox: the mailbox that the worker reads.
        provider: the mail provider whose events are taken.
        secret: what the provider's events are proved with: name:password, or its signing key.
    """

    address: str = ""
    mailbox: ReportMailbox | None = None
    provider: str = ""
    secret: str = field(default="", repr=False)

    @property
    def anymail(self) -> dict[str, Any]:
        """The setting ANYMAIL of django-anymail."""
        if self.provider == "mailgun":
            return {"MAILGUN_WEBHOOK_SIGNING_KEY": self.secret}
        return {"WEBHOOK_SECRET": self.secret}


def read_bounce_settings(variables: Mapping[str, str]) -> BounceSettings:
    """Return the settings that ``variables`` give. Raises ValueError for one that cannot be used."""
    url = variables.get("ROLEBOOK_BOUNCE_MAILBOX", "")
    provider = variables.get("ROLEBOOK_MAIL_EVENTS", "")
    if provider and provider not in PROVIDERS:
        expected = ", ".join(PROVIDERS)
        raise ValueError(f"ROLEBOOK_MAIL_EVENTS: found {provider!r}, expected one of {expected}")
    return BounceSettings(
        address=_address(variables.get("ROLEBOOK_BOUNCE_ADDRESS", "")),
        mailbox=report_mailbox(url) if url else None,
        provider=provider,
        secret=_secret(provider, variables.get("ROLEBOOK_MAIL_EVENTS_SECRET", "")),
    )


def _address(address: str) -> str:
    local, _, domain = address.rpartition("@")
    usable = address.isascii() and address.isprintable() and parseaddr(address) == ("", address)
    if address and not (usable and local and domain):
        raise ValueError(
            f"ROLEBOOK_BOUNCE_ADDRESS: found {address!r}, expected an address such as bounces@example.org"
        )
    return address


def _secret(provider: str, secret: str) -> str:
    if not provider and not secret:
        return ""
    found = f"{len(secret)} characters"
    if len(secret) < SHORTEST_SECRET or not (secret.isascii() and secret.isprintable()):
        raise ValueError(
            f"ROLEBOOK_MAIL_EVENTS_SECRET: found {found}, expected at least {SHORTEST_SECRET} printable ones"
        )
    if not provider:
        raise ValueError(
            f"ROLEBOOK_MAIL_EVENTS_SECRET: found {found}, expected none without ROLEBOOK_MAIL_EVENTS"
        )
    if provider != "mailgun" and not _BASIC.fullmatch(secret):
        raise ValueError(f"ROLEBOOK_MAIL_EVENTS_SECRET: found {found}, expected name:password for {provider}")
    return secret
