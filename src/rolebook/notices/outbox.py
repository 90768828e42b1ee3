"""Mails about the account itself, with codes in them: into the same outbox as every other notice."""

import uuid
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings

from rolebook.accounts.models import Account
from rolebook.notices.letter import Letter, write
from rolebook.notices.models import Notice


def enqueue_account_mail(
    *,
    kind: str,
    letter: Letter,
    at: datetime,
    recipient: Account | None,
    address: str = "",
    holds_code: bool = True,
) -> Notice:
    """Put a mail about an account into the outbox, in the caller's transaction if there is one; the
    worker sends it.

    ``kind`` is a word of the caller's ("confirm-email", "sign-in-code"). ``address`` is given only for an
    address that is being proved or warned; without it the recipient's stored confirmed address is read at
    sending (I9). Where ``holds_code``, the words are erased once sent. Raises ValueError when there is
    nobody to send it to.
    """
    if recipient is None and not address:
        raise ValueError("an account mail needs a recipient or an address")
    written = write(letter)
    return Notice.objects.create(
        recipient=recipient,
        kind=kind,
        address=address,
        holds_code=holds_code,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=message_id(uuid.uuid4().hex),
        next_attempt_at=at,
        created_at=at,
    )


def message_id(unique: str) -> str:
    """Return the Message-ID (without angle brackets) of the mail that ``unique`` names, at this site's
    host.
    """
    host = urlsplit(settings.ROLEBOOK.site_url).hostname or "rolebook.invalid"
    return f"{unique}@{host}"
