"""The link by which a supervisor without an account gives their word: a secret, kept hashed, used once (I8).

Anybody may be named as supervisor, so how often one address is mailed for one requester is bounded.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolebook.accounts import throttling
from rolebook.accounts.models import Account
from rolebook.accounts.texts import email_key
from rolebook.accounts.throttling import Limit, TooManyAttempts
from rolebook.governance.models import SupervisorWord
from rolebook.governance.refusals import Refused
from rolebook.policy.rules import Violation

LIFETIME = timedelta(days=30)
MAILED = Limit("mails to a supervisor, by requester and address", 60, 24 * 3600)
"""Who asks for many people may name one supervisor for all of them."""
MAILED_AGAIN = Limit("mails that ask a supervisor again, by requester and address", 5, 24 * 3600)


@dataclass(frozen=True, slots=True)
class SupervisorMail:
    """What a supervisor is mailed: the word that is asked, and the secret of its link in clear."""

    word: SupervisorWord
    token: str


type SendSupervisorMail = Callable[[SupervisorMail], None]
"""Puts the mail into the outbox within the flow's transaction; never sends it itself."""


def new_token() -> str:
    """Return a new secret of 43 characters."""
    return secrets.token_urlsafe(32)


def count_mail(requester: Account, address: str, at: datetime, *, again: bool = False) -> None:
    """Count a mail to a supervisor that is about to be sent. Raises Refused where there were too many in a day.

    Within the flow's transaction: only what was sent counts.
    """
    source = f"{requester.pk} {email_key(address)}"
    try:
        throttling.take([(limit, source) for limit in ((MAILED, MAILED_AGAIN) if again else (MAILED,))], at)
    except TooManyAttempts as limit:
        raise Refused([Violation("supervisor_mailed_often")]) from limit


def hash_of(token: str) -> str:
    """Return what is kept of a secret: SHA-256 in hex (it has 256 bits of chance, so no salt is needed)."""
    return hashlib.sha256(token.encode()).hexdigest()
