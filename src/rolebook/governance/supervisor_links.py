"""The link by which a supervisor without an account gives their word: a secret, kept hashed, used once (I8)."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from rolebook.governance.models import SupervisorWord

LIFETIME = timedelta(days=30)


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


def hash_of(token: str) -> str:
    """Return what is kept of a secret: SHA-256 in hex (it has 256 bits of chance, so no salt is needed)."""
    return hashlib.sha256(token.encode()).hexdigest()
