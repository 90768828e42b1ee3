"""What is to be mailed about an account itself; the words and the outbox belong to the layers above."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rolebook.accounts.models import Account

type MailKind = Literal[
    "confirm-email",
    "already-registered",
    "sign-in-code",
    "reset-password",
    "confirm-new-email",
    "email-changed",
    "email-is-new",
    "password-changed",
    "second-factor-changed",
    "token-made",
    "recovery-code",
    "recovery-asked",
    "recovery-vouched",
    "recovery-finished",
]


@dataclass(frozen=True, slots=True)
class AccountMail:
    """One mail about an account.

    Attributes:
        kind: which words.
        name: whom to greet.
        account: whose stored address it goes to; None while there is no account.
        address: where it goes instead: an address being proved, or the one before a change. Empty otherwise.
        code: the code in it; the words are erased once sent.
        what: what changed, for the kinds that tell it.
        path: the private path that its button opens; the words are erased once sent.
        cancel_path: the private path that stops what the mail tells of.
        since, until: when the button leads on.
    """

    kind: MailKind
    name: str
    account: Account | None = None
    address: str = ""
    code: str = ""
    what: str = ""
    path: str = ""
    cancel_path: str = ""
    since: datetime | None = None
    until: datetime | None = None


type SendMail = Callable[[AccountMail], None]
"""Puts a mail into the outbox within the flow's transaction; never sends it itself."""
