"""The check of a snapshot, as closures over its tables: what plain Python does quickest.

It answers what `rolebook.decision.check.check` answers and nothing else; reasons come from the one walk (see
`Snapshot.decide`). The agreement suite holds the two together, on every case and every generated world.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Protocol

from rolebook.decision.columns import ACCESS_LOWER, DATED, FIRST_ROLE, PLACE_SHIFT, ROLE, WIDTH, Columns
from rolebook.decision.evaluation import Decision
from rolebook.decision.instants import instant
from rolebook.decision.leads import IN_OVERLAY, ROW_SHIFT
from rolebook.decision.tables import (
    EVERYWHERE,
    EXTENTS,
    GIVES,
    GONE,
    LAST,
    LOWER,
    OWN,
    OWN_SHIFT,
    SAME,
    VOID,
    Tables,
)


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
class Store:
    """The holding side of a snapshot.

    Attributes:
        accounts: subject id to the lead to the account's rows; see `rolebook.decision.leads`.
        columns: the flat rows, as loaded.
        overlay: rows of accounts that changed since; only appended to, so that readers need no lock.
        records: the own record of the subjects that have one with an id other than their own.
    """

    accounts: dict[str, int]
    columns: Columns
    overlay: Columns
    records: dict[str, str]

    def rows(self, lead: int) -> tuple[Columns, int]:
        """Return the columns that a value of `accounts` leads to, and the first row there."""
        return self.overlay if lead & IN_OVERLAY else self.columns, lead >> ROW_SHIFT

    def owns(self, subject_id: str, record_id: str | None) -> bool:
        """Return whether a record is the own record of a subject that there is."""
        return record_id is not None and self.record(subject_id) == record_id

    def record(self, subject_id: str) -> str | None:
        """Return the own record of a subject that there is, or None."""
        columns, row = self.rows(self.accounts[subject_id])
        return subject_id if columns.owns_subject(row) else self.records.get(subject_id)


def make_check(tables: Tables, store: Store, newest: Callable[[], Check]) -> Check:
    """Return the check for a program that gives access with each role, or for one that holds it apart.

    Args:
        tables: what rows are compared with.
        store: the rows; they may be given codes that are newer than these tables.
        newest: returns the check of the newest tables, which a reader asks instead who was overtaken: by a row with
            a newer code, or by a change of the very account.
    """
    if any(tables.through):
        return _check_apart(tables, store, newest)
    return _check_with_role(tables, store, newest)


def narrowed(quick: Check, conditions: Container[str], decide: Callable[..., Decision]) -> Check:
    """Return the check of a program with conditions: what depends on one is decided by the walk, about nothing but
    what is known without being told.

    Args:
        quick: the check without conditions, whose no is a no.
        conditions: the actions that depend on any.
        decide: `Snapshot.decide`.
    """

    def check(
        subject_id: str,
        action: str,
        organization_id: str | None,
        at_micros: int,
        record_id: str | None = None,
        /,
    ) -> bool:
        if not quick(subject_id, action, organization_id, at_micros, record_id):
            return False
        if action not in conditions:
            return True
        return decide(subject_id, action, organization_id, instant(at_micros), record_id=record_id).allowed

    return check


def _check_with_role(tables: Tables, store: Store, newest: Callable[[], Check]) -> Check:
    """Return a check whose names are all cells of the closure; a third quicker than attributes."""
    accounts, flat, overlay = store.accounts, store.columns.cells, store.overlay.cells
    settled = store.columns.settled
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
        try:
            lead = accounts[subject_id]
            mask, flags_of = powers[action]
            if not lead & mask:
                return False
            position = positions[organization_id]
        except KeyError:
            return False
        cells = overlay if lead & IN_OVERLAY else flat
        row = lead >> ROW_SHIFT
        try:
            while True:
                cell = cells[row]
                flags = flags_of[cell & ROLE]
                if flags & GIVES and (
                    (not cell & DATED and at_micros >= settled)
                    or cells[row + 1] <= at_micros < cells[row + 2]
                ):
                    if flags & OWN and store.owns(subject_id, record_id):
                        flags |= flags >> OWN_SHIFT & EXTENTS
                    code = cell >> PLACE_SHIFT
                    if (
                        (flags & LOWER and low[code] <= position < high[code])
                        or (flags & SAME and position == low[code])
                        or flags & EVERYWHERE
                    ) and valid[(cell & ROLE) >> 1][kinds[code]]:
                        return True
                if flags >= LAST:
                    break
                row += WIDTH
        except IndexError:
            return newest()(subject_id, action, organization_id, at_micros, record_id)
        if flags & VOID:
            return newest()(subject_id, action, organization_id, at_micros, record_id)
        return False

    return check


def _check_apart(tables: Tables, store: Store, newest: Callable[[], Check]) -> Check:
    """Return a check for access apart from roles: a role AND an access that covers the place."""
    powers, positions = tables.powers, tables.positions

    def check(
        subject_id: str,
        action: str,
        organization_id: str | None,
        at_micros: int,
        record_id: str | None = None,
        /,
    ) -> bool:
        try:
            lead = store.accounts[subject_id]
            mask, flags_of = powers[action]
            if not lead & mask:
                return False
            position = positions[organization_id]
        except KeyError:
            return False
        columns, row = store.rows(lead)
        own = store.owns(subject_id, record_id)
        try:
            answer = _role_and_access(tables, columns, row, flags_of, position, at_micros, own=own)
            if flags_of[columns.cells[row] & ROLE] & VOID:
                return newest()(subject_id, action, organization_id, at_micros, record_id)
            return answer
        except IndexError:
            return newest()(subject_id, action, organization_id, at_micros, record_id)

    return check


def _role_and_access(  # one question, taken apart
    tables: Tables,
    columns: Columns,
    row: int,
    flags_of: tuple[int, ...],
    position: int,
    at_micros: int,
    *,
    own: bool,
) -> bool:
    """Go through an account's rows once, collecting accesses in force and what roles in force want of them."""
    low, high = tables.low, tables.high
    wanted = 0
    accesses: list[tuple[int, int]] = []
    if not columns.active(row):
        return False
    cells = columns.cells
    for at_row in columns.rows(row):
        if not cells[at_row + 1] <= at_micros < cells[at_row + 2]:
            continue
        role, code = columns.role(at_row), columns.organization(at_row)
        if role < FIRST_ROLE:
            accesses.append((low[code], high[code] if role == ACCESS_LOWER else GONE))
            continue
        flags = flags_of[cells[at_row] & ROLE]
        extents = (flags | flags >> OWN_SHIFT if own else flags) & EXTENTS
        if not (extents and tables.valid[role][tables.kinds[code]]):
            continue
        if extents & EVERYWHERE:
            return True
        if tables.through[role]:
            wanted |= extents
        elif (extents & LOWER and low[code] <= position < high[code]) or position == low[code]:
            return True
    if not wanted:
        return False
    below = wanted & LOWER
    return any(position == first or (below and first <= position < last) for first, last in accesses)
