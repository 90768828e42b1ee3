"""The one order in which flows lock: people, organizations, requests, each sorted by id; the log comes last (I13).

PostgreSQL locks the rows themselves (``FOR NO KEY UPDATE``, which lets other transactions still refer to them).
READ COMMITTED then gives every later statement the state that the holder before left behind: what a flow judges, it
reads after locking. SQLite has one writer: a transaction begins IMMEDIATE and is alone already.

The people are the beneficiary and whoever acts. With the actor's own row locked, taking somebody's office away and
that person's deciding cannot pass each other, wherever the office comes from.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, models
from django.db.models import QuerySet

from rolebook.accounts.models import Account, Organization
from rolebook.governance.models import Request


class LocksMissing(RuntimeError):
    """A change of authority was tried without the locks that it needs: a defect of the flow."""


@dataclass(frozen=True, slots=True)
class Held:
    """The rows that the present transaction holds, by their ids; the ledger asks for it."""

    accounts: frozenset[int]
    organizations: frozenset[int]
    requests: frozenset[int]

    def require(self, account_id: int, organization_id: int | None) -> None:
        """Raise LocksMissing unless the person, and the organization if there is one, are held."""
        if account_id not in self.accounts:
            raise LocksMissing("the beneficiary is not locked")
        if organization_id is not None and organization_id not in self.organizations:
            raise LocksMissing("the organization is not locked")


def lock(*, accounts: Iterable[int], organizations: Iterable[int] = (), requests: Iterable[int] = ()) -> Held:
    """Lock rows by internal id until the transaction ends, in the one order; call it once in a transaction.

    Raises LocksMissing outside of a transaction.
    """
    held = Held(frozenset(accounts), frozenset(organizations), frozenset(requests))
    if not connection.in_atomic_block:
        raise LocksMissing("locks need a transaction")
    lock_rows(Account, held.accounts)
    lock_rows(Organization, held.organizations)
    lock_rows(Request, held.requests)
    return held


def lock_rows(model: type[models.Model], ids: frozenset[int]) -> None:
    """Lock the rows of one table in the order of their ids."""
    if not ids or not connection.features.has_select_for_no_key_update:
        return
    rows: QuerySet[models.Model] = QuerySet(model).filter(pk__in=sorted(ids)).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))
