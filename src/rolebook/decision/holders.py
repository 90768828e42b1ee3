"""Who may hold something that counts at an organization: whom a search asks about, so that it need not ask everybody.

What is found here is no answer. It is a list of names, each of which then goes through the check (docs/decisions/0040):
it may have names too many, never too few. A row of a grant stands under its organization, or under none where its role
is not bound to one; an organization is asked about with what stands under it, under those above it and under none. What
holds at every organization although it is held at one (`elsewhere` in a rolebook) cannot be found so: then the answer
is that everybody must be asked.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from rolebook.decision.columns import (
    ACCESS_EXACT,
    ACCESS_LOWER,
    FIRST_ROLE,
    NO_ORGANIZATION,
    PLACE_SHIFT,
    ROLE,
    WIDTH,
)
from rolebook.decision.leads import IN_OVERLAY, ROW_SHIFT
from rolebook.decision.tables import EVERYWHERE, EXTENTS, OWN, OWN_SHIFT, Tables

if TYPE_CHECKING:
    from rolebook.decision.snapshot import Snapshot

_LEFT_OUT: Final = 0
"""Of a role whose organizations are those of access apart from it, which stands there itself; and of no grants."""
_ANYWHERE: Final = 1
"""Of a role that is not bound to an organization: it stands under none."""
_THERE: Final = 2
"""Of all others, access included: under their organization."""

type Candidates = tuple[list[str], str | None]
"""Names in their order, and the name after which there may be more; None where there are none."""


def _standing(tables: Tables) -> bytes:
    """Return for each role code where rows of it stand."""
    found = bytearray(
        _LEFT_OUT if through else _ANYWHERE if valid[1] else _THERE
        for through, valid in zip(tables.through, tables.valid, strict=True)
    )
    found[:FIRST_ROLE] = bytes(
        _THERE if code in (ACCESS_EXACT, ACCESS_LOWER) else _LEFT_OUT for code in range(FIRST_ROLE)
    )
    return bytes(found)


class Holders:
    """The accounts of a snapshot by the organizations that they hold something at; 6 bytes a grant.

    Accounts that change are noted beside it (`note`), and stay where they stood as well.

    Args:
        snapshot: as it is now.
    """

    __slots__ = (
        "_come",
        "_ends",
        "_names",
        "_noted",
        "_ranks",
        "_roles",
        "_snapshot",
        "_standing",
        "_starts",
    )

    def __init__(self, snapshot: "Snapshot") -> None:
        store = snapshot.store
        self._snapshot = snapshot
        self._standing = _standing(snapshot.tables)
        self._names = tuple(sorted(store.accounts))
        self._come: list[str] = []
        self._noted: dict[int, list[str]] = {}
        cells, standing = store.columns.cells, self._standing
        counts = array("q", bytes(8 * (len(snapshot.tables.low) + 1)))
        for cell in islice(cells, 0, None, WIDTH):
            where = standing[(cell & ROLE) >> 1]
            if where:
                counts[cell >> PLACE_SHIFT if where == _THERE else NO_ORGANIZATION] += 1
        total = sum(counts)
        self._starts = array("q", accumulate(counts, initial=0))
        self._ends = array("q", self._starts)
        self._ranks, self._roles = array("I", bytes(4 * total)), array("H", bytes(2 * total))
        self._fill()

    def _fill(self) -> None:
        store, standing = self._snapshot.store, self._standing
        cells, accounts, ends = store.columns.cells, store.accounts, self._ends
        ranks, roles = self._ranks, self._roles
        for rank, name in enumerate(self._names):
            lead = accounts[name]
            if lead & IN_OVERLAY:
                self.note(name)
                continue
            row, last = lead >> ROW_SHIFT, 0
            while not last:
                cell = cells[row]
                row, last = row + WIDTH, cell & 1
                code = (cell & ROLE) >> 1
                where = standing[code]
                if where:
                    place = cell >> PLACE_SHIFT if where == _THERE else NO_ORGANIZATION
                    at = ends[place]
                    ranks[at], roles[at] = rank, code
                    ends[place] = at + 1

    def fits(self) -> bool:
        """Return whether rows stand where the roles of the rolebook in force want them."""
        return _standing(self._snapshot.tables)[: len(self._standing)] == self._standing

    def note(self, subject_id: str) -> None:
        """Take over what an account holds now."""
        store = self._snapshot.store
        columns, first = store.rows(store.accounts[subject_id])
        if len(self._standing) < len(self._snapshot.tables.through):
            self._standing += _standing(self._snapshot.tables)[len(self._standing) :]
        for row in columns.rows(first):
            where = self._standing[columns.role(row)]
            if where:
                place = columns.organization(row) if where == _THERE else NO_ORGANIZATION
                _insert(self._noted.setdefault(place, []), subject_id)
        at = bisect_left(self._names, subject_id)
        if at == len(self._names) or self._names[at] != subject_id:
            _insert(self._come, subject_id)

    def everybody(self, after: str, most: int) -> Candidates:
        """Return the names of all accounts, in windows as `candidates` does."""
        found: list[str] = []
        horizons: list[str] = []
        for names in (self._names, self._come):
            first = bisect_right(names, after)
            window = names[first : first + most]
            found += window
            if len(names) > first + most:
                horizons.append(window[-1])
        return _first_of(found, horizons, most)

    def candidates(
        self, action: str, organization_id: str | None, *, of_record: bool, after: str, most: int
    ) -> Candidates | None:
        """Return whom to ask about, from the name ``after`` on; None when everybody must be asked.

        Args:
            action: a known action.
            organization_id: a known organization, or None.
            of_record: whether a record is asked about, which may be somebody's own.
            after: names up to this one are left out.
            most: how many names at most (≥ 1).
        """
        tables = self._snapshot.tables
        wanted = self._wanted(tables, action, of_record=of_record)
        if wanted is None or not self.fits():
            return None
        found: set[str] = set()
        horizons: list[str] = []
        names, ranks, roles = self._names, self._ranks, self._roles
        first = bisect_right(names, after)
        for place in self._places(organization_id):
            begin, end = self._stream(place, first)
            stop = min(end, begin + most)
            if stop < end:
                # Never between two rows of one account: the next window begins after its name.
                stop = bisect_right(ranks, ranks[stop - 1], stop, end)
            of_roles = zip(ranks[begin:stop], roles[begin:stop], strict=True)
            found.update(names[rank] for rank, role in of_roles if role in wanted)
            if stop < end:
                horizons.append(names[ranks[stop - 1]])
            there = self._noted.get(place, ())
            begin = bisect_right(there, after)
            found.update(there[begin : begin + most])
            if len(there) > begin + most:
                horizons.append(there[begin + most - 1])
        return _first_of(found, horizons, most)

    def _wanted(self, tables: Tables, action: str, *, of_record: bool) -> set[int] | None:
        """Return the role codes whose rows may give an action; None for one that is given where it is not held."""
        flags_of = tables.powers[action][1]
        wanted: set[int] = set()
        for code in range(FIRST_ROLE, len(tables.through)):
            flags = flags_of[code << 1]
            extents = (flags | (flags & OWN) >> OWN_SHIFT if of_record else flags) & EXTENTS
            where = self._standing[code] if code < len(self._standing) else _ANYWHERE
            if extents & EVERYWHERE and where != _ANYWHERE:
                return None
            if extents:
                wanted |= {ACCESS_EXACT, ACCESS_LOWER} if where == _LEFT_OUT else {code}
        return wanted

    def _places(self, organization_id: str | None) -> Iterator[int]:
        """Yield the codes under which there may be something for an organization."""
        yield NO_ORGANIZATION
        tree = self._snapshot.tables.tree
        while organization_id is not None:
            yield self._snapshot.organization_code(organization_id)
            organization_id = tree.parent(organization_id)

    def _stream(self, place: int, first: int) -> tuple[int, int]:
        """Return where the accounts under a place begin, from a rank on, and where they end."""
        if place >= len(self._starts):
            return 0, 0
        end = self._ends[place]
        return bisect_left(self._ranks, first, self._starts[place], end), end


def _insert(names: list[str], name: str) -> None:
    """Put a name where it belongs among sorted ones, unless it is there."""
    at = bisect_left(names, name)
    if at == len(names) or names[at] != name:
        names.insert(at, name)


def _first_of(found: Iterable[str], horizons: Sequence[str], most: int) -> Candidates:
    """Return the first names of which none can be missing, and where they end."""
    horizon = min(horizons, default=None)
    names = sorted(found if horizon is None else (name for name in found if name <= horizon))
    if len(names) > most:
        return names[:most], names[most - 1]
    return names, horizon
