"""What the log tells of some people that questions about the past ask for; read once for all of them."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from rolebook.accounts.models import Account
from rolebook.audit import tags
from rolebook.audit.models import Event
from rolebook.governance.past.statuses import TELLING

CLOSED = (tags.GRANT_CLOSED.name, tags.ACCESS_CLOSED.name)
OPENED = (tags.GRANT_OPENED.name, tags.ACCESS_OPENED.name)


@dataclass(frozen=True, slots=True)
class Told:
    """An event about somebody.

    Attributes:
        account_id: public id of the person that it is about.
        by: who acted, by name; None for the operator, a job or time itself.
        request_id: public id of the request that led to it.
    """

    account_id: uuid.UUID
    tag: str
    occurred_at: datetime
    content: str
    by: str | None
    request_id: uuid.UUID | None


def told_of(program_id: str, account_ids: Collection[uuid.UUID]) -> Sequence[Told]:
    """Return what tells the statuses of some people, and what was opened by a request or closed of theirs, in order.

    Of their accounts and their parts in a program; one statement.
    """
    wanted = Q(tag__in=(*TELLING, *CLOSED)) | Q(tag__in=OPENED, request_id__isnull=False)
    acting = Account.objects.filter(public_id=OuterRef("actor_id")).values("name")[:1]
    rows = (
        Event.objects.filter(wanted, beneficiary_id__in=account_ids)
        .annotate(by=Subquery(acting))
        .order_by("sequence")
    )
    found = rows.values_list(
        "beneficiary_id", "tag", "occurred_at", "content", "by", "request_id", "program_id"
    )
    return [
        Told(account_id, tag, occurred_at, content, by, request_id)
        for account_id, tag, occurred_at, content, by, request_id, where in found
        if account_id is not None and where in (None, program_id)
    ]
