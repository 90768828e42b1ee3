"""Answers kept for a day, so that a call that is repeated with its Idempotency-Key does nothing a second time.

A call is noted before it is carried out, and its answer afterwards. One that broke off in between is carried out again
once ``BROKEN_OFF`` has passed: flows refuse, or find done, what was done already.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from rolebook.accounts.models import Account
from rolebook.accounts.personal_tokens import KEPT_ANSWERS
from rolebook.accounts.token_models import KeptAnswer

BROKEN_OFF = timedelta(seconds=60)
"""From then on a call without an answer counts as broken off."""


class KeyOfAnother(ValueError):
    """The key was used for another call."""


class StillRunning(Exception):
    """The same call is being carried out at this moment."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A noted call. ``answer`` is what it was answered before; None where it is to be carried out now."""

    row: KeptAnswer
    answer: KeptAnswer | None


def begin(account: Account, key: str, call: bytes, at: datetime) -> Begun:
    """Note a call with a key; ``call`` is what tells it from another. Raises KeyOfAnother and StillRunning."""
    key_hash, call_hash = hashlib.sha256(key.encode()).hexdigest(), hashlib.sha256(call).hexdigest()
    try:
        with transaction.atomic():
            row = KeptAnswer.objects.create(
                account=account, key_hash=key_hash, call_hash=call_hash, began_at=at
            )
    except IntegrityError:
        return _repeated(KeptAnswer.objects.get(account=account, key_hash=key_hash), call_hash, at)
    return Begun(row, None)


def _repeated(row: KeptAnswer, call_hash: str, at: datetime) -> Begun:
    old = row.began_at <= at - KEPT_ANSWERS
    if row.call_hash != call_hash and not old:
        raise KeyOfAnother
    if row.status is not None and not old:
        return Begun(row, row)
    if row.status is None and row.began_at > at - BROKEN_OFF:
        raise StillRunning
    # Of two that take a broken one over, one finds it as it stood.
    taken = KeptAnswer.objects.filter(pk=row.pk, began_at=row.began_at, status=row.status)
    if not taken.update(began_at=at, call_hash=call_hash, status=None, location="", body=""):
        raise StillRunning
    row.began_at, row.status = at, None
    return Begun(row, None)


def finish(begun: Begun, *, status: int, location: str, body: str) -> None:
    """Keep what the call was answered."""
    mine = KeptAnswer.objects.filter(pk=begun.row.pk, began_at=begun.row.began_at)
    mine.update(status=status, location=location, body=body)


def forget(begun: Begun) -> None:
    """Forget a call that was refused: nothing was done, and a repetition is a new attempt."""
    KeptAnswer.objects.filter(pk=begun.row.pk, began_at=begun.row.began_at).delete()
