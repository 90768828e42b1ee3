"""Mails to the address on a record that somebody registers for: the code, or that somebody tried (IQCS-01)."""

import uuid
from datetime import datetime

from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.instants import instant_in_words
from rolebook.governance.own_records import RecordMail, SendRecordMail
from rolebook.notices.facts import contact_line, link
from rolebook.notices.letter import Button, Letter, one_line, write
from rolebook.notices.message import message_id
from rolebook.notices.models import Notice

KIND = "own-record"


def record_mails(at: datetime) -> SendRecordMail:
    """Return what flows take as ``send``: puts a mail about a record into the outbox, in their transaction."""

    def send(mail: RecordMail) -> None:
        written = write(_letter(mail, at))
        Notice.objects.create(
            recipient=None,
            name=one_line(mail.record.name)[:150],
            kind=KIND,
            address=mail.record.email,
            # The code is a secret: the words are erased once the mail is sent.
            holds_code=True,
            subject=written.subject,
            text=written.text,
            html=written.html,
            message_id=message_id(uuid.uuid4().hex),
            next_attempt_at=at,
            created_at=at,
        )

    return send


def _letter(mail: RecordMail, at: datetime) -> Letter:
    made = mail.registration
    _, book = rolebook_in_force(made.program_id, at)
    short, title = book.program.short_name, "record" if book.records is None else book.records.title.lower()
    if mail.code:
        subject = f"{short}: The code for your {title}"
        first = f"Somebody says that the {title} {mail.record.identifier} is theirs. Type this code if it was you."
        on = "Was it not you? Then tell nobody the code, and nothing changes."
    else:
        subject = f"{short}: Somebody tried to register for your {title}"
        first = f"Somebody says that the {title} {mail.record.identifier} is theirs. It is yours already."
        on = "Nothing was changed. If it was not you in another account, tell us."
    return Letter(
        subject=subject,
        first_line=first,
        facts=(
            ("Code", mail.code),
            ("Asked in the account of", mail.account.name),
            ("Type it until", instant_in_words(made.expires_at, book.program.zone) if mail.code else ""),
        ),
        paragraphs=(on,),
        button=Button("Open the page", link(f"/{made.program_id}/own-record/")) if mail.code else None,
        whom_to_ask=contact_line(book),
        reason_for_mail=f"You get this because your address stands on the {title}.",
    )
