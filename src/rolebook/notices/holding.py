"""Mail that is held back because its recipient's address rejects mail (IQCS-09), and how long.

What waits about programs is held until the person has proved an address; it is not sent in vain, and not lost. Mails
about the account itself are tried all the same: a warning about a password or a second factor must reach whoever reads
that mailbox, and a flag that somebody brought about must never silence it (docs/decisions/0032).

An account that is closed gets no mail any more, but the one that says so.
"""

from datetime import datetime, timedelta

from django.db.models import Q

from rolebook.accounts.models import Account
from rolebook.notices.models import Notice

HELD_DAYS = 30
STATUS_CHANGED = "status-changed"
"""The kind of the notice that an account was deactivated, reactivated, closed, or merged into another one."""
NEVER_HELD = frozenset(
    {"sign-ins-refused", "recovery-code-used", "accounts-merged", "named-as-same", STATUS_CHANGED}
)
"""Kinds of notices of events that are about the account itself."""
WHY = "held for 30 days: the address rejects mail"


def to_closed() -> Q:
    """Return the condition for notices that are not sent any more, as `is_to_closed` says of one."""
    return Q(recipient__status=Account.Status.CLOSED, address="") & ~Q(kind=STATUS_CHANGED)


def is_to_closed(notice: Notice) -> bool:
    """Return whether a notice, read with its recipient, is for an account that is closed; not the one that says so."""
    recipient = notice.recipient
    closed = recipient is not None and recipient.status == Account.Status.CLOSED
    return closed and not notice.address and notice.kind != STATUS_CHANGED


def held() -> Q:
    """Return the condition for notices that are held back, where they wait."""
    rejected = Q(recipient__address_standing__rejected_at__isnull=False, address="")
    of_a_program = Q(event_sequence__isnull=False) | Q(kind__contains=":")
    return rejected & of_a_program & ~Q(kind__in=NEVER_HELD)


def is_held(notice: Notice) -> bool:
    """Return whether a notice is held back, by rows read now."""
    return Notice.objects.filter(held(), pk=notice.pk).exists()


def give_up_held(now: datetime) -> int:
    """Give up what has been held back for HELD_DAYS; return how many mails."""
    old = Notice.objects.filter(held(), state=Notice.State.WAITING, claim=None)
    old = old.filter(created_at__lt=now - timedelta(days=HELD_DAYS))
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:1_000])
    waiting = Notice.objects.filter(pk__in=ids, state=Notice.State.WAITING, claim=None)
    return waiting.update(state=Notice.State.FAILED, last_error=WHY)
