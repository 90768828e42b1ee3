"""The digest of pending requests, at the cadence that a Security Official chose (QPP-16).

When each one is due next stands in a row that moves on by a conditional update: of two workers one writes the mail,
and hours that were missed while no worker ran give one mail, not many.
"""

import logging
import uuid
from datetime import datetime

from django.db import transaction

from rolebook.accounts.models import Account
from rolebook.accounts.queries import rolebook_in_force
from rolebook.accounts.rejected_addresses import is_rejected
from rolebook.governance.instants import instant_in_words
from rolebook.governance.queries.pending import PendingRow, pending_requests
from rolebook.governance.queries.seeing import one_look, viewer_standing
from rolebook.governance.queries.to_decide import count_to_decide
from rolebook.governance.refusals import NotAllowed
from rolebook.notices.cadence import cadence_in_words, next_due
from rolebook.notices.choosing import stop_url
from rolebook.notices.facts import contact_line, link
from rolebook.notices.letter import Button, Letter, write
from rolebook.notices.message import message_id
from rolebook.notices.models import Notice, Reminder
from rolebook.policy.model import Rolebook

PER_RUN = 200
LISTED = 20
MOST_COUNTED = 1_000

_log = logging.getLogger(__name__)


def send_reminders(now: datetime, *, limit: int = PER_RUN) -> int:
    """Put the digests that are due into the outbox, ``limit`` people at most; return how many were written.

    Nobody gets one for whom nothing waits, who is no longer active, or for whom the one before still waits to be sent.
    """
    due = Reminder.objects.filter(due_at__lte=now).order_by("due_at", "pk")
    due = due.select_related("participation__account")
    written = 0
    for reminder in due[:limit]:
        try:
            written += _remind(reminder, now)
        except Exception:  # One person's digest in an unforeseen state must not stop the others'.
            _log.exception("the reminder %s could not be written", reminder.pk)
    return written


def _remind(reminder: Reminder, now: datetime) -> int:
    account, program_id = reminder.participation.account, reminder.participation.program_id
    _, book = rolebook_in_force(program_id, now)
    following = next_due(
        reminder.cadence, weekday=reminder.weekday, hour=reminder.hour, zone=book.program.zone, after=now
    )
    letter = _digest(reminder, account, book, now)
    written = None if letter is None else write(letter)
    with transaction.atomic():
        moved = Reminder.objects.filter(
            pk=reminder.pk, due_at=reminder.due_at, changed_at=reminder.changed_at
        ).update(due_at=following)
        if not moved or written is None or is_rejected(account) or _waits_to_be_sent(account, program_id):
            return 0
        Notice.objects.create(
            recipient=account,
            kind=kind_of(program_id),
            subject=written.subject,
            text=written.text,
            html=written.html,
            unsubscribe_url=stop_url(account, program_id),
            message_id=message_id(uuid.uuid4().hex),
            next_attempt_at=now,
            created_at=now,
        )
    return 1


def kind_of(program_id: str) -> str:
    """Return the kind of notice that a program's digests are."""
    return f"reminder:{program_id}"


def _waits_to_be_sent(account: Account, program_id: str) -> bool:
    waiting = Notice.objects.filter(recipient=account, kind=kind_of(program_id), state=Notice.State.WAITING)
    return waiting.exists()


def _digest(reminder: Reminder, account: Account, book: Rolebook, now: datetime) -> Letter | None:
    """Return the digest of what an official must decide, or None where there is nothing to say."""
    program = book.program
    with one_look():
        try:
            standing = viewer_standing(account, program.id, now)
        except NotAllowed:
            return None
        page = pending_requests(account, program.id, now, show="to decide", limit=LISTED)
        if not page.rows:
            return None
        number = count_to_decide(standing, MOST_COUNTED)
    since = instant_in_words(page.rows[0].opened_at, program.zone)
    waits = waiting_in_words(number)
    more = number - len(page.rows)
    return Letter(
        subject=f"{program.short_name}: {waits}",
        first_line=f"{waits}, the oldest since {since}.",
        facts=tuple(_line(row, program.zone) for row in page.rows),
        paragraphs=(
            f"And {more:,} more; Manage Access lists them all." if more > 0 else "",
            "Others who can decide may have been reminded too; one decision is enough.",
        ),
        button=Button("Open Manage Access", link(f"/{program.id}/manage-access/")),
        whom_to_ask=contact_line(book),
        reason_for_mail=(
            f"You get this {cadence_in_words(reminder.cadence, reminder.weekday, reminder.hour)}, because you chose "
            f"to be reminded while requests wait for you. To change that, or to stop it: {settings_url(program.id)}"
        ),
    )


def _line(row: PendingRow, zone: str) -> tuple[str, str]:
    where = f" at {row.organization_name}" if row.organization_name else ""
    return instant_in_words(
        row.opened_at, zone
    ), f"{row.beneficiary_name}: {', '.join(row.role_titles)}{where}"


def waiting_in_words(number: int) -> str:
    """Return how many requests wait: "1 request waits for you", "1,000+ requests wait for you"."""
    if number == 1:
        return "1 request waits for you"
    return f"{number:,}{'+' if number >= MOST_COUNTED else ''} requests wait for you"


def settings_url(program_id: str) -> str:
    """Return the absolute address of the notice settings."""
    return link(f"/{program_id}/notices/")
