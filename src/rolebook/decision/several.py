"""Many questions about one subject: its rows are read once, and each question compares numbers only.

It answers what `Snapshot.check` answers question by question, in less than half the time, since most questions are
about places where nothing of the subject's reaches. The agreement suite holds the two together.
"""

from bisect import bisect
from collections.abc import Callable, Iterable
from itertools import count, repeat
from typing import Final, NamedTuple, Protocol

from rolebook.decision.columns import ACCESS_LOWER, FIRST_ROLE, MOVED, PLACE_SHIFT, ROLE, WIDTH
from rolebook.decision.fast import Check, Store
from rolebook.decision.leads import ROW_SHIFT
from rolebook.decision.tables import EVERYWHERE, EXTENTS, GONE, LOWER, Power, Tables
from rolebook.decision.tree import NOWHERE

_UNKNOWN: Final = GONE - 1
"""Position of an organization that there is not: before every interval."""
_NO_ACTION: Final[Power] = (0, ())


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
    powers, position_of = tables.powers, tables.positions.get
    overtaken = one_by_one(newest)

    def ask(
        subject_id: str, actions: Iterable[str], organization_ids: Iterable[str | None], at_micros: int, /
    ) -> list[int]:
        lead = store.accounts.get(subject_id, 0)
        if not lead:
            return []
        held = _held(tables, store, lead, at_micros)
        if held is None:
            return overtaken(subject_id, actions, organization_ids, at_micros)
        roles, accesses = held
        may_give = lead & (1 << ROW_SHIFT) - 1
        bounds = _bounds(tables, held)
        places = map(position_of, organization_ids, repeat(_UNKNOWN))
        near = [
            asked for asked in zip(count(), actions, places, strict=False) if bisect(bounds, asked[2]) & 1
        ]
        found: list[int] = []
        for number, action, position in near:
            mask, flags_of = powers.get(action, _NO_ACTION)
            if not may_give & mask:
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


def _bounds(tables: Tables, held: _Held) -> list[int]:
    """Return where the intervals begin and end, in turn and ascending, outside of which every answer is no.

    A person holds something at few of all organizations, so nearly every question ends with one look into these.
    """
    spans = [(first, max(first + 1, last)) for first, last in held.accesses]
    for bits, through, low, high in held.roles:
        if tables.everywhere[bits >> 1]:
            return [NOWHERE, len(tables.tree)]
        if not through:
            spans.append((low, high))
    bounds: list[int] = []
    for first, last in sorted(spans):
        if bounds and first <= bounds[-1]:
            bounds[-1] = max(bounds[-1], last)
        else:
            bounds += (first, last)
    return bounds


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
