"""Mails about the account itself, most with codes in them: into the same outbox as every other notice."""

import uuid
from datetime import datetime

from rolebook.accounts.mail import AccountMail, SendMail
from rolebook.notices.account_words import account_mail
from rolebook.notices.facts import programs_of
from rolebook.notices.letter import one_line, write
from rolebook.notices.message import message_id
from rolebook.notices.models import Notice


def account_mails(at: datetime) -> SendMail:
    """Return what the flows of accounts take as ``send``: puts a mail into the outbox at ``at``."""

    def send(mail: AccountMail) -> None:
        enqueue_account_mail(mail, at=at)

    return send


def enqueue_account_mail(mail: AccountMail, *, at: datetime) -> Notice:
    """Put a mail about an account into the outbox, in the caller's transaction if there is one; the
    worker sends it.

    It goes to the mail's own address where it names one, else to the account's stored confirmed address
    as it is at sending (I9). The words of a mail with a code are erased once it is sent. Raises
    ValueError when the mail names nobody.
    """
    if mail.account is None and not mail.address:
        raise ValueError(f"the mail {mail.kind!r} names neither an account nor an address")
    written = write(account_mail(mail, books=programs_of(mail.account, at)))
    return Notice.objects.create(
        recipient=mail.account,
        name="" if mail.account is not None else one_line(mail.name)[:150],
        kind=mail.kind,
        address=mail.address,
        holds_code=bool(mail.code or mail.path),
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=message_id(uuid.uuid4().hex),
        next_attempt_at=at,
        created_at=at,
    )
