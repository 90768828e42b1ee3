"""The check of a snapshot, as closures over its tables: what plain Python does quickest.

It answers what `rolebook.decision.check.check` answers and nothing else; reasons come from the one walk (see
`Snapshot.decide`). The agreement suite holds the two together, on every case and every generated world.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rolebook.decision.columns import ACCESS_LOWER, FIRST_ROLE, Columns
from rolebook.decision.tables import (
    ANY_RECORD,
    EVERYWHERE,
    GONE,
    LOWER,
    OWN_SHIFT,
    SAME,
    THROUGH_ACCESS,
    Tables,
)

CLOSED = 0
FLAT = 1
CHANGED = 2
"""Status of an account: closed, with its rows in the flat columns, or with its rows in the overlay."""


class Check(Protocol):
    """May this subject do this there, at this microsecond? Unknown names of any sort get no."""

    def __call__(
        self,
        subject_id: str,
        action: str,
        organization_id: str | None,
        at_micros: int,
        record_id: str | None = None,
        /,
    ) -> bool: ...


@dataclass(frozen=True, slots=True)
class Changed:
    """An account of the overlay: all its rows, in place of those in the flat arrays."""

    columns: Columns


@dataclass(frozen=True, slots=True)
class Store:
    """The holding side of a snapshot.

    Attributes:
        accounts: subject id to account number; numbers are never used again.
        states: CLOSED, FLAT or CHANGED, by account number.
        first: the first row of each account in the flat columns, and one more entry for the end.
        columns: the flat rows.
        changed: accounts whose rows stand in the overlay, by account number.
        records: the own record of the accounts that have one, by account number.
    """

    accounts: dict[str, int]
    states: bytearray
    first: "array[int]"
    columns: Columns
    changed: dict[int, Changed]
    records: dict[int, str]


def make_check(tables: Tables, store: Store, newest: Callable[[], Check]) -> Check:
    """Return the check for a program that gives access with each role, or for one that holds it apart.

    Args:
        tables: what rows are compared with.
        store: the rows; they may be given codes that are newer than these tables.
        newest: returns the check of the newest tables, which a reader overtaken by such a row asks instead.
    """
    if any(role.through_access for role in tables.program.roles.values()):
        return _check_apart(tables, store, newest)
    return _check_with_role(tables, store, newest)


def _check_with_role(tables: Tables, store: Store, newest: Callable[[], Check]) -> Check:
    """Return a check whose names are all cells of the closure; a third quicker than attributes."""
    find, states, first, changed, records = (
        store.accounts.get,
        store.states,
        store.first,
        store.changed,
        store.records,
    )
    flat_roles, flat_organizations = store.columns.roles, store.columns.organizations
    flat_starts, flat_ends = store.columns.starts, store.columns.ends
    powers, positions, valid = tables.powers, tables.positions, tables.valid
    low, high, kinds = tables.low, tables.high, tables.kinds

    def check(
        subject_id: str,
        action: str,
        organization_id: str | None,
        at_micros: int,
        record_id: str | None = None,
        /,
    ) -> bool:
        account = find(subject_id)
        flags_of = powers.get(action)
        position = positions.get(organization_id)
        if account is None or flags_of is None or position is None:
            return False
        state = states[account]
        if state == FLAT:
            row, end = first[account], first[account + 1]
            roles, organizations, starts, ends = flat_roles, flat_organizations, flat_starts, flat_ends
        elif state == CHANGED:
            columns = changed[account].columns
            row, end = 0, len(columns.roles)
            roles, organizations = columns.roles, columns.organizations
            starts, ends = columns.starts, columns.ends
        else:
            return False
        try:
            for at_row in range(row, end):
                flags = flags_of[roles[at_row]]
                if flags > ANY_RECORD:
                    own = record_id is not None and records.get(account) == record_id
                    flags = (flags | flags >> OWN_SHIFT if own else flags) & ANY_RECORD
                if flags and starts[at_row] <= at_micros < ends[at_row]:
                    code = organizations[at_row]
                    if (
                        (flags & LOWER and low[code] <= position < high[code])
                        or flags & EVERYWHERE
                        or (flags & SAME and position == low[code])
                    ) and valid[roles[at_row]][kinds[code]]:
                        return True
        except IndexError:
            return newest()(subject_id, action, organization_id, at_micros, record_id)
        return False

    return check


def rows_of(store: Store, account: int) -> tuple[Columns, int, int]:
    """Return the columns with an account's rows, whatever its status, the first row and the end."""
    changed = store.changed.get(account)
    if changed is not None:
        return changed.columns, 0, len(changed.columns.roles)
    return store.columns, store.first[account], store.first[account + 1]


def _check_apart(tables: Tables, store: Store, newest: Callable[[], Check]) -> Check:
    """Return a check for access apart from roles: a role AND an access that covers the place."""
    powers, positions, valid = tables.powers, tables.positions, tables.valid
    low, high, kinds = tables.low, tables.high, tables.kinds

    def check(
        subject_id: str,
        action: str,
        organization_id: str | None,
        at_micros: int,
        record_id: str | None = None,
        /,
    ) -> bool:
        account = store.accounts.get(subject_id)
        flags_of = powers.get(action)
        position = positions.get(organization_id)
        if account is None or flags_of is None or position is None or store.states[account] == CLOSED:
            return False
        columns, row, end = rows_of(store, account)
        try:
            wanted = 0
            accesses = []
            for at_row in range(row, end):
                if not (columns.starts[at_row] <= at_micros < columns.ends[at_row]):
                    continue
                role, code = columns.roles[at_row], columns.organizations[at_row]
                if role < FIRST_ROLE:
                    accesses.append((low[code], high[code] if role == ACCESS_LOWER else GONE))
                    continue
                flags = flags_of[role]
                if flags > ANY_RECORD:
                    own = record_id is not None and store.records.get(account) == record_id
                    flags = (flags | flags >> OWN_SHIFT if own else flags) & ANY_RECORD
                if not (flags and valid[role][kinds[code]]):
                    continue
                if flags & THROUGH_ACCESS:
                    wanted |= flags
                elif (flags & LOWER and low[code] <= position < high[code]) or (
                    flags & SAME and position == low[code]
                ):
                    return True
                if flags & EVERYWHERE:
                    return True
        except IndexError:
            return newest()(subject_id, action, organization_id, at_micros, record_id)
        if not wanted:
            return False
        below = wanted & LOWER
        return any(position == lo or (below and lo <= position < hi) for lo, hi in accesses)

    return check
