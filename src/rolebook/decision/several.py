"""Many questions about one subject: its rows are read once, and each question compares numbers only.

It answers what `Snapshot.check` answers question by question, in little more than half the time where access comes
with each role. The agreement suite holds the two together.
"""

from collections.abc import Callable, Iterable
from itertools import count
from typing import NamedTuple, Protocol

from rolebook.decision.columns import ACCESS_LOWER, FIRST_ROLE, MOVED, PLACE_SHIFT, ROLE, WIDTH
from rolebook.decision.fast import Check, Store
from rolebook.decision.leads import ROW_SHIFT
from rolebook.decision.tables import EVERYWHERE, EXTENTS, GONE, LOWER, Tables


class Which(Protocol):
    """Which of these may this subject do there, at this microsecond? Actions and organizations by their index.

    Returns the indices of those that get a yes, ascending: most questions about somebody get a no.
    """

    def __call__(
        self,
        subject_id: str,
        actions: Iterable[str],
        organization_ids: Iterable[str | None],
        at_micros: int,
        /,
    ) -> list[int]: ...


class _Held(NamedTuple):
    """What counts at an instant of an account's rows.

    Attributes:
        roles: of each role: its bits, whether its extents are those of access, first position of its organization, and
            the one after the last.
        accesses: of each access: its position, and the one after the last that it reaches or `GONE`.
    """

    roles: list[tuple[int, int, int, int]]
    accesses: list[tuple[int, int]]


def one_by_one(check: Callable[[], Check]) -> Which:
    """Return what asks a check for each question; for programs with conditions.

    Args:
        check: returns the check of the moment.
    """

    def ask(
        subject_id: str, actions: Iterable[str], organization_ids: Iterable[str | None], at_micros: int, /
    ) -> list[int]:
        single = check()
        asked = zip(count(), actions, organization_ids, strict=False)
        return [number for number, action, place in asked if single(subject_id, action, place, at_micros)]

    return ask


def make_which(tables: Tables, store: Store, newest: Callable[[], Check]) -> Which:
    """Return what asks several questions of one set of tables.

    Args:
        tables: what rows are compared with.
        store: the rows; they may be given codes that are newer than these tables.
        newest: returns the check of the newest tables, which is asked instead by who was overtaken.
    """
    powers, positions = tables.powers, tables.positions
    overtaken = one_by_one(newest)

    def ask(
        subject_id: str, actions: Iterable[str], organization_ids: Iterable[str | None], at_micros: int, /
    ) -> list[int]:
        lead = store.accounts.get(subject_id, 0)  # without any bit that an action asks for: nobody
        held = _held(tables, store, lead, at_micros) if lead else _Held([], [])
        if held is None:
            return overtaken(subject_id, actions, organization_ids, at_micros)
        roles, accesses = held
        may_give = lead & (1 << ROW_SHIFT) - 1
        found: list[int] = []
        for number, action, organization_id in zip(count(), actions, organization_ids, strict=False):
            try:
                mask, flags_of = powers[action]
                if not may_give & mask:
                    continue
                position = positions[organization_id]
            except KeyError:
                continue
            wanted = 0
            for bits, through, low, high in roles:
                extents = flags_of[bits] & EXTENTS
                if not extents:
                    continue
                if through and not extents & EVERYWHERE:
                    wanted |= extents
                elif extents & EVERYWHERE or (low <= position < high if extents & LOWER else position == low):
                    found.append(number)
                    break
            else:
                if wanted and _reached(accesses, wanted & LOWER, position):
                    found.append(number)
        return found

    return ask


def _held(tables: Tables, store: Store, lead: int, at_micros: int) -> _Held | None:
    """Return what of an account's rows counts at an instant, None where a reader was overtaken: the rows are void by
    now, or have a code that is newer than the tables.
    """
    columns, row = store.rows(lead)
    cells, low, high = columns.cells, tables.low, tables.high
    held = _Held([], [])
    last = 0
    try:
        while not last:
            cell = cells[row]
            bits, code = cell & ROLE, cell >> PLACE_SHIFT
            role, last = bits >> 1, bits & 1
            if role == MOVED:
                return None
            if cells[row + 1] <= at_micros < cells[row + 2]:
                if role <= ACCESS_LOWER:
                    held.accesses.append((low[code], high[code] if role == ACCESS_LOWER else GONE))
                elif role >= FIRST_ROLE and tables.valid[role][tables.kinds[code]]:
                    held.roles.append((bits, tables.through[role], low[code], high[code]))
            row += WIDTH
    except IndexError:
        return None
    return held


def _reached(accesses: list[tuple[int, int]], below: int, position: int) -> bool:
    """Return whether an access covers a position; ``below``: also as one of the lower levels that it includes."""
    return any(position == first or (below and first <= position < last) for first, last in accesses)
