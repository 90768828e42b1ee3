"""Rejected mail, for who looks after it: the steward of a program, and the operator on the command line."""

import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from rolebook.accounts.models import Account
from rolebook.accounts.person_models import AddressStanding
from rolebook.accounts.rejected_addresses import rejected_since
from rolebook.governance.models import Participation
from rolebook.governance.queries import paging
from rolebook.governance.queries.paging import Page
from rolebook.governance.queries.stewards import stewards_standing
from rolebook.notices.bounce_models import Bounce, UnusedReport
from rolebook.notices.holding import held
from rolebook.notices.models import Notice

_EFFECTS = {
    "deactivated": "deactivated",
    "waits for more": "not enough rejected mails yet",
    "not declared": "the program deactivates nobody for it",
    "not active": "not active before",
    "address proved": "the address was proved since",
    "only_steward": "not deactivated: the only steward",
}


@dataclass(frozen=True, slots=True)
class BounceLine:
    """One rejected or delayed mail.

    Attributes:
        rejected_since: since when mail to the person's address is held; None while it is not.
        kind: hard, soft or blocked.
        program_id: the program that the mail was about; None for a mail about the account itself.
        effect: what followed, by program, in words; empty where nothing follows.
    """

    bounce_id: int
    account_id: uuid.UUID
    name: str
    user_id: str
    email: str
    rejected_since: datetime | None
    kind: str
    kind_title: str
    status: str
    diagnostic: str
    source: str
    program_id: str | None
    received_at: datetime
    effect: dict[str, str]

    def as_document(self) -> dict[str, Any]:
        """Return it as plain values for JSON."""
        document = asdict(self)
        since = self.rejected_since
        return {
            **document,
            "account_id": str(self.account_id),
            "rejected_since": since.isoformat() if since else None,
            "received_at": self.received_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class UnusedLine:
    """How many reports did nothing, and why."""

    why: str
    number: int
    last_at: datetime


def bounces_of_program(
    viewer: Account,
    program_id: str,
    at: datetime,
    *,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[BounceLine]:
    """Return a program's rejected mail and that about the accounts of its people, the newest first.

    Raises NotFound for who does not administer the program.
    """
    stewards_standing(viewer, program_id, at)
    length = paging.bounded(limit)
    rows = _of_program(program_id)
    key = paging.from_text(after)
    if key is not None:
        rows = rows.filter(pk__lt=key[1])
    found = list(rows.order_by("-pk")[: length + 1])
    return paging.cut(_lines(found), [("", one.pk) for one in found], length)


def number_of_bounces(program_id: str) -> int:
    """Return how many rejected or delayed mails a program has on record; the caller has judged the viewer."""
    return _of_program(program_id).count()


def latest_bounces(
    *, program_id: str | None = None, kind: str | None = None, limit: int
) -> tuple[BounceLine, ...]:
    """Return rejected mail of a program, or (None) of all, the newest first, for the operator."""
    rows = Bounce.objects.all() if program_id is None else _of_program(program_id)
    if kind is not None:
        rows = rows.filter(kind=kind)
    return tuple(_lines(rows.order_by("-pk")[:limit]))


def unused_reports() -> tuple[UnusedLine, ...]:
    """Return how many reports did nothing, by why, for the operator."""
    rows = UnusedReport.objects.filter(number__gt=0).order_by("why")
    return tuple(UnusedLine(row.why, row.number, row.last_at) for row in rows)


def number_held() -> int:
    """Return how many mails are held back because their addresses reject mail."""
    return Notice.objects.filter(held(), state=Notice.State.WAITING).count()


def number_of_rejecting() -> int:
    """Return how many accounts' addresses reject mail."""
    return AddressStanding.objects.filter(rejected_at__isnull=False).count()


def _of_program(program_id: str) -> QuerySet[Bounce]:
    theirs = Participation.objects.filter(account=OuterRef("account"), program_id=program_id)
    about_accounts = Q(program__isnull=True) & Q(Exists(theirs))
    return Bounce.objects.filter(Q(program=program_id) | about_accounts)


def _lines(rows: Iterable[Bounce]) -> list[BounceLine]:
    found = list(rows)
    accounts = Account.objects.in_bulk({one.account_id for one in found})
    since = rejected_since(accounts)
    return [
        BounceLine(
            bounce_id=one.pk,
            account_id=accounts[one.account_id].public_id,
            name=accounts[one.account_id].name,
            user_id=accounts[one.account_id].user_id,
            email=accounts[one.account_id].email,
            rejected_since=since.get(one.account_id),
            kind=one.kind,
            kind_title=Bounce.Kind(one.kind).label,
            status=one.status,
            diagnostic=one.diagnostic,
            source=one.source,
            program_id=one.program_id,
            received_at=one.received_at,
            effect={program: _EFFECTS.get(word, word) for program, word in one.effect.items()},
        )
        for one in found
    ]
