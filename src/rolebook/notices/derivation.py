"""From the audit log to notices: a reader that follows the gap-free sequence and words each event once.

The log is the outbox (design: "The audit log"): a flow only commits its events, and whatever happens to
the mail server, to this reader or to the machine, the notices follow from the log. Reading and wording
happen outside of any transaction; the notices and the reader's place in the log are then written
together, the place by a conditional update, so that of two workers one writes and the other's work is
dropped.
"""

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

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
_MOST_OF_AN_ACT = 500
"""Events that one transaction may write (design: "The audit log")."""

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
    events += _rest_of_act(events[-1])
    notices: list[Notice] = []
    postponed: list[PostponedEvent] = []
    for _, act in groupby(events, key=_act):
        worded, failed = notices_of_act(list(act), now)
        notices += worded
        for event, error in failed:
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
    """Return the notices that follow from one event by itself, worded and not yet stored."""
    facts = Facts(event, now)
    return [
        _notice(telling, [facts], account)
        for telling in tellings_of(event.tag)
        for account in telling.who(facts)
    ]


def notices_of_act(
    events: Sequence[Event], now: datetime
) -> tuple[list[Notice], list[tuple[Event, Exception]]]:
    """Return the notices that follow from the events of one act, and the events that could not be worded.

    Whom several of them tell the same kind of thing gets one letter about all of them, where the table has words for
    several: somebody who decides forty requests with one press, somebody who has to decide forty parts of one request.
    """
    failed: list[tuple[Event, Exception]] = []
    together: dict[tuple[int, str, str, int | None], tuple[Telling, Account, list[Facts]]] = {}
    for event in events:
        facts = Facts(event, now)
        try:
            told = [(telling, one) for telling in tellings_of(event.tag) for one in telling.who(facts)]
        except Exception as error:  # One event in an unforeseen state must not stop everybody's mail.
            _log.exception("event %s could not be worded", event.sequence)
            failed.append((event, error))
            continue
        for telling, account in told:
            alone = None if telling.several else event.sequence
            key = (account.pk, telling.kind, event.tag, alone)
            together.setdefault(key, (telling, account, []))[2].append(facts)
    notices: list[Notice] = []
    for telling, account, about in together.values():
        try:
            notices.append(_notice(telling, about, account))
        except Exception as error:
            _log.exception("event %s could not be worded", about[0].event.sequence)
            # Each is told by itself when it is tried again; whom another event told already is not told twice.
            failed += [(facts.event, error) for facts in about]
    return notices, list({event.sequence: (event, error) for event, error in failed}.values())


def _notice(telling: Telling, about: Sequence[Facts], account: Account) -> Notice:
    facts = about[0]
    several = telling.several if len(about) > 1 else None
    written = write(several(about) if several is not None else telling.words(facts))
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


def _act(event: Event) -> tuple[object, ...]:
    """Return what the events of one act have in common, which are committed together and follow each other."""
    return (event.actor_id, event.occurred_at)


def _rest_of_act(last: Event) -> list[Event]:
    """Return the events of the same act that come after a batch's last one, so that no act is told in two parts."""
    rest = Event.objects.filter(
        sequence__gt=last.sequence, actor_id=last.actor_id, occurred_at=last.occurred_at
    )
    return _contiguous(last.sequence, list(rest.order_by("sequence")[:_MOST_OF_AN_ACT]))


def _contiguous(place: int, events: list[Event]) -> list[Event]:
    """Return the events up to the first gap: past a gap nothing is read, so that nothing can be passed
    over.
    """
    return [event for expected, event in enumerate(events, place + 1) if event.sequence == expected]


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
