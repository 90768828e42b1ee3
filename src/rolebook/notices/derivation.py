"""From the audit log to notices: a reader that follows the gap-free sequence and words each event once.

The log is the outbox (design: "The audit log"): a flow only commits its events, and whatever happens to
the mail server, to this reader or to the machine, the notices follow from the log. Reading and wording
happen outside of any transaction; the notices and the reader's place in the log are then written
together, the place by a conditional update, so that of two workers one writes and the other's work is
dropped.
"""

import hashlib
import logging
from datetime import datetime, timedelta

from django.db import transaction

from rolebook.accounts.models import Account
from rolebook.audit.models import Event
from rolebook.notices.facts import Facts
from rolebook.notices.letter import write
from rolebook.notices.message import message_id
from rolebook.notices.models import Cursor, Notice, PostponedEvent
from rolebook.notices.table import Telling, tellings_of

BATCH = 200
"""Events in one step; the transaction that writes their notices stays short."""
CURSOR = "notices"
_LONGEST_WAIT = timedelta(hours=6)

_log = logging.getLogger(__name__)


def derive_notices(*, now: datetime, batch: int = BATCH) -> int:
    """Derive the notices of the next ``batch`` events at most; return how many events were read (0: at
    the tip).

    ``now`` is the instant at which it is judged who is told. An event that cannot be worded is put aside,
    tried again by ``derive_postponed``, and holds nobody else's mail up.
    """
    Cursor.objects.get_or_create(name=CURSOR)
    place = Cursor.objects.values_list("sequence", flat=True).get(name=CURSOR)
    events = _contiguous(place, list(Event.objects.filter(sequence__gt=place).order_by("sequence")[:batch]))
    if not events:
        return 0
    notices: list[Notice] = []
    postponed: list[PostponedEvent] = []
    for event in events:
        try:
            notices += notices_of(event, now)
        except Exception as error:  # One event in an unforeseen state must not stop everybody's mail.
            _log.exception("event %s could not be worded", event.sequence)
            postponed.append(
                PostponedEvent(
                    sequence=event.sequence,
                    next_attempt_at=now + timedelta(minutes=1),
                    last_error=_described(error),
                )
            )
    with transaction.atomic():
        if not Cursor.objects.filter(name=CURSOR, sequence=place).update(sequence=events[-1].sequence):
            return 0
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        PostponedEvent.objects.bulk_create(postponed, ignore_conflicts=True)
    return len(events)


def skip_to_tip() -> None:
    """Tell nobody about anything that is in the log now: for a log whose people were told elsewhere, or never lived."""
    last = Event.objects.order_by("-sequence").values_list("sequence", flat=True).first()
    Cursor.objects.update_or_create(name=CURSOR, defaults={"sequence": last or 0})


def derive_postponed(*, now: datetime, limit: int = 20) -> int:
    """Try events again that could not be worded; return for how many it worked."""
    worked = 0
    for row in PostponedEvent.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at")[:limit]:
        event = Event.objects.get(sequence=row.sequence)
        try:
            notices = notices_of(event, now)
        except Exception as error:
            _log.exception("event %s could still not be worded", event.sequence)
            wait = min(timedelta(minutes=1) * 2 ** min(row.attempts, 12), _LONGEST_WAIT)
            PostponedEvent.objects.filter(pk=row.pk, attempts=row.attempts).update(
                attempts=row.attempts + 1, next_attempt_at=now + wait, last_error=_described(error)
            )
            continue
        with transaction.atomic():
            Notice.objects.bulk_create(notices, ignore_conflicts=True)
            PostponedEvent.objects.filter(pk=row.pk).delete()
        worked += 1
    return worked


def notices_of(event: Event, now: datetime) -> list[Notice]:
    """Return the notices that follow from one event, worded and not yet stored."""
    facts = Facts(event, now)
    return [
        _notice(telling, facts, account)
        for telling in tellings_of(event.tag)
        for account in telling.who(facts)
    ]


def _notice(telling: Telling, facts: Facts, account: Account) -> Notice:
    written = write(telling.words(facts))
    named = f"{facts.event.sequence}/{bytes(facts.event.hash).hex()}/{account.public_id}/{telling.kind}"
    return Notice(
        event_sequence=facts.event.sequence,
        recipient=account,
        kind=telling.kind,
        subject=written.subject,
        text=written.text,
        html=written.html,
        message_id=message_id(f"{facts.event.sequence}.{hashlib.sha256(named.encode()).hexdigest()[:24]}"),
        next_attempt_at=facts.now,
        created_at=facts.now,
    )


def _contiguous(place: int, events: list[Event]) -> list[Event]:
    """Return the events up to the first gap: past a gap nothing is read, so that nothing can be passed
    over.
    """
    return [event for expected, event in enumerate(events, place + 1) if event.sequence == expected]


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
