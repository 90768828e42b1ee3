"""The mail by which a supervisor authorizes an account request: a page with a button, whose link works once."""

import uuid
from datetime import datetime

from rolebook.accounts.queries import rolebook_in_force
from rolebook.governance.instants import instant_in_words
from rolebook.governance.queries.account_requests import changes_of_word
from rolebook.governance.supervisor_links import SendSupervisorMail, SupervisorMail
from rolebook.notices.access_words import asks_for
from rolebook.notices.facts import contact_line, link
from rolebook.notices.letter import Button, Letter, one_line, write
from rolebook.notices.message import message_id
from rolebook.notices.models import Notice

KIND = "supervisor-authorization"


def supervisor_mails(at: datetime) -> SendSupervisorMail:
    """Return what flows take as ``send``: puts a supervisor's mail into the outbox at ``at``, in their transaction."""

    def send(mail: SupervisorMail) -> None:
        written = write(_letter(mail, at))
        form = mail.word.form
        Notice.objects.create(
            recipient=None,
            name=one_line(form.supervisor_name)[:150],
            kind=KIND,
            address=form.supervisor_email,
            # The link is a secret: the words are erased once the mail is sent.
            holds_code=True,
            subject=written.subject,
            text=written.text,
            html=written.html,
            message_id=message_id(uuid.uuid4().hex),
            next_attempt_at=at,
            created_at=at,
        )

    return send


def _letter(mail: SupervisorMail, at: datetime) -> Letter:
    form, request = mail.word.form, mail.word.form.request
    _, book = rolebook_in_force(request.program_id, at)
    changes, dates = changes_of_word(mail.word, at)
    person = request.beneficiary.name
    short = book.program.short_name
    asked_by = request.requester
    return Letter(
        subject=f"{short}: Please authorize the account request of {person}",
        first_line=f"{asks_for(request, f'{short} access')}, and names you as supervisor. Do you authorize it?",
        facts=(
            ("For", f"{person} ({form.work_email})"),
            ("Asked by", asked_by.name if asked_by.pk != request.beneficiary_id else ""),
            *(("Asked", change) for change in changes[:20]),
            ("And", f"{len(changes) - 20} more" if len(changes) > 20 else ""),
            ("Temporary", dates),
            ("Comments", form.comments[:600]),
            ("Answer until", instant_in_words(mail.word.expires_at, book.program.zone)),
        ),
        paragraphs=(
            "Opening the page decides nothing: it has a button for each answer. The link works once. "
            "With an account at this address, you can sign in and answer there instead.",
        ),
        button=Button("Open the authorization", link(f"/{request.program_id}/supervisor/{mail.token}/")),
        whom_to_ask=contact_line(book),
        reason_for_mail="You get this because the form names you as supervisor. If that is wrong, say so on the page.",
    )
