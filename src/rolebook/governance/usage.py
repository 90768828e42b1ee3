"""The only writer of uses: what decision points saw, merged over processes and days (docs/decisions/0027).

Telling the same use twice is the same as telling it once, in any order: a row has the latest day that anybody told.
It changes no authority, so that it stands in no event.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from django.db import connection, transaction

from rolebook.accounts.models import Account, Client
from rolebook.governance.models import UsageSpan

AT_ONCE = 500
"""Rows of one transaction: on SQLite everybody else who writes waits for it."""

type Use = tuple[str, str, date]
"""An account's public id, a privilege, and the day in the program's zone."""


def keep_uses(program_id: str, uses: Iterable[Use]) -> None:
    """Write uses of a program's privileges; what names no account is passed over."""
    told = sorted(set(uses))
    for first in range(0, len(told), AT_ONCE):
        part = told[first : first + AT_ONCE]
        ids = _account_ids({subject_id for subject_id, _, _ in part})
        # In one order, so that two processes never wait for each other.
        rows = sorted((ids[who], privilege, day) for who, privilege, day in part if who in ids)
        if rows:
            _upsert_uses(program_id, rows)


def keep_span(program_id: str, day: date, at: datetime) -> None:
    """Write that uses of a program are kept on a day, and that this was told at ``at``."""
    span, begun = UsageSpan.objects.get_or_create(
        program_id=program_id, defaults={"since_on": day, "until_at": at}
    )
    if not begun and span.until_at < at:
        UsageSpan.objects.filter(program_id=program_id, until_at__lt=at).update(until_at=at)


def keep_client_uses(uses: Iterable[tuple[str, date]]) -> None:
    """Write on which day clients were last heard, by the digests of their tokens."""
    latest: dict[str, date] = {}
    for token_hash, day in uses:
        latest[token_hash] = max(day, latest.get(token_hash, day))
    ids = dict(Client.objects.filter(token_hash__in=latest).values_list("token_hash", "pk"))
    rows = sorted((ids[token_hash], day) for token_hash, day in latest.items() if token_hash in ids)
    if not rows:
        return
    _write(
        "INSERT INTO governance_clientuse (client_id, last_on) VALUES %VALUES% "
        "ON CONFLICT (client_id) DO UPDATE SET last_on = excluded.last_on "
        "WHERE governance_clientuse.last_on < excluded.last_on",
        rows,
    )


def _account_ids(public_ids: Iterable[str]) -> dict[str, int]:
    """Return the internal ids of accounts by their public ids; what is none is not there."""
    known = Account.objects.filter(public_id__in=list(_uuids(public_ids)))
    return {str(public_id): pk for public_id, pk in known.values_list("public_id", "pk")}


def _uuids(texts: Iterable[str]) -> Iterator[uuid.UUID]:
    for text in texts:
        try:
            yield uuid.UUID(text)
        except ValueError:
            continue


def _upsert_uses(program_id: str, rows: Sequence[tuple[int, str, date]]) -> None:
    # Several days of one pair come one after the other: a statement may meet each row only once.
    days = sorted({day for _, _, day in rows})
    for day in days:
        values = [(program_id, account, privilege, on, 1) for account, privilege, on in rows if on == day]
        _write(
            "INSERT INTO governance_privilegeuse (program_id, account_id, privilege_id, last_on, days) "
            "VALUES %VALUES% ON CONFLICT (program_id, account_id, privilege_id) "
            "DO UPDATE SET last_on = excluded.last_on, days = governance_privilegeuse.days + 1 "
            "WHERE governance_privilegeuse.last_on < excluded.last_on",
            values,
        )


def _write(statement: str, rows: Sequence[Sequence[str | int | date]]) -> None:
    """Run one statement, with rows in place of ``%VALUES%``, in a transaction of its own."""
    adapt = connection.ops.adapt_datefield_value
    row = "(" + ", ".join(["%s"] * len(rows[0])) + ")"
    values = [adapt(value) if isinstance(value, date) else value for row in rows for value in row]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.replace("%VALUES%", ", ".join([row] * len(rows))), values)
