"""What the operator may ask about the outbox: how much waits, and what could not be sent and why."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from rolebook.notices.holding import held, to_closed
from rolebook.notices.models import Notice, PostponedEvent

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Failure:
    """One mail that was given up on: for whom (user ID), of which kind, and what the mail server said."""

    recipient: str
    kind: str
    error: str


@dataclass(frozen=True, slots=True)
class Queue:
    """The outbox at a moment; ``oldest`` is since when the mail has waited that has waited longest and is not held."""

    waiting: int
    oldest: datetime | None
    failed: int
    failures: tuple[Failure, ...]
    postponed_events: int

    def as_document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        document = asdict(self)
        return {**document, "oldest": self.oldest.isoformat() if self.oldest else None}


def queue_now() -> Queue:
    """Return the outbox as it is now, with the newest failures."""
    waiting = Notice.objects.filter(state=Notice.State.WAITING)
    failed = Notice.objects.filter(state=Notice.State.FAILED)
    newest = failed.select_related("recipient").order_by("-pk")[:_SHOWN]
    return Queue(
        waiting=waiting.count(),
        oldest=waiting.exclude(held()).order_by("created_at").values_list("created_at", flat=True).first(),
        failed=failed.count(),
        failures=tuple(
            Failure(n.recipient.user_id if n.recipient else "(nobody yet)", n.kind, n.last_error)
            for n in newest
        ),
        postponed_events=PostponedEvent.objects.count(),
    )


def wait_again(*, now: datetime) -> int:
    """Let failed mails wait to be sent again, at once; return of how many.

    What a closed account would not get, and what has no words any more, stays as it is.
    """
    failed = Notice.objects.filter(state=Notice.State.FAILED).exclude(text="").exclude(to_closed())
    return failed.update(state=Notice.State.WAITING, next_attempt_at=now, created_at=now)
