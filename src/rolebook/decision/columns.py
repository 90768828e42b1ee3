"""Grants as flat arrays: one row a grant, the rows of an account side by side, some 41 bytes a row.

A row is a grant of a role or, with one of two reserved codes, a grant of access held apart from roles. Roles and
organizations stand as codes that are given once and never used again, so that a row outlives every change of the
rolebook and of the tree. The last row of an account says so; a closed account begins with a row that says that, and
an account without grants has one row that gives nothing.

What a check reads of a row are three cells of one array, and a row is known by the index of its first cell: in a world
that is larger than a processor's caches, fetching them from four arrays took an eighth of a check's time. Of most rows
it reads the first cell only, which says whether the row has dates that need to be looked at.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rolebook.decision.evaluation import Access, Holding
from rolebook.decision.instants import NEVER, instant

ACCESS_EXACT = 0
ACCESS_LOWER = 1
EMPTY = 2
CLOSED = 3
MOVED = 4
FIRST_ROLE = 5
"""Reserved role codes: access without and with lower levels, no grants, a closed account, rows that are void now."""

NO_ORGANIZATION = 0

WIDTH = 3
"""Cells a row: its role and organization, the first microsecond in force, the first one no longer in force."""
ROLE = 0xFFFF
"""The bits of a row's first cell that say the role: twice its code, plus 1 in the last row of an account."""
DATED = 0x10000
"""The bit above them: the row ends, or began later than the instant up to which such rows go without the bit."""
PLACE_SHIFT = 17
"""Above it stands the organization's code."""

ENDS_CLOSED = 1
OWNS_SUBJECT = 2
"""Marks of a row: its end is a closing; it begins an account whose own record has the subject's id."""

_ID_BYTES = 16
_UUID_LENGTH = 36
_ASIDE = bytes(8)


class Codes:
    """Numbers for names, by first appearance; the first ``reserved`` numbers stand for no name."""

    __slots__ = ("names", "numbers")

    def __init__(self, reserved: int) -> None:
        self.names: list[str | None] = [None] * reserved
        self.numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """Return the number of a name, a new one for a new name."""
        known = self.numbers.get(name)
        if known is None:
            known = len(self.names)
            self.names.append(name)
            self.numbers[name] = known
        return known


class IdColumn:
    """Ids of grants, 16 bytes each when they are UUIDs as usually spelled; others stand aside."""

    __slots__ = ("_aside", "_packed")

    def __init__(self) -> None:
        self._packed = bytearray()
        self._aside: list[str] = []

    def __len__(self) -> int:
        return len(self._packed) // _ID_BYTES

    def append(self, grant_id: str | bytes) -> None:
        """Add an id at the end: as text, or the 16 bytes of a UUID."""
        if isinstance(grant_id, bytes):
            if grant_id[:8] != _ASIDE:
                self._packed += grant_id
                return
            grant_id = str(UUID(bytes=grant_id))
        if (
            len(grant_id) == _UUID_LENGTH
            and grant_id[8] == grant_id[13] == grant_id[18] == grant_id[23] == "-"
        ):
            digits = grant_id.replace("-", "")
            try:
                packed = bytes.fromhex(digits)
            except ValueError:
                packed = b""
            if len(packed) == _ID_BYTES and packed[:8] != _ASIDE and packed.hex() == digits:
                self._packed += packed
                return
        self._packed += _ASIDE + len(self._aside).to_bytes(8, "big")
        self._aside.append(grant_id)

    def __getitem__(self, row: int) -> str:
        packed = bytes(self._packed[row * _ID_BYTES : (row + 1) * _ID_BYTES])
        if packed[:8] == _ASIDE:
            return self._aside[int.from_bytes(packed[8:], "big")]
        digits = packed.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows of many accounts: those of the load, or those of the overlay, which only grow.

    Attributes:
        cells: three a row; see `WIDTH`. The end is the earlier of the promised end and the closing.
        marks: ENDS_CLOSED, OWNS_SUBJECT or neither; one a row.
        promised: promised end of the rows that were closed before it, by row (few: the load leaves old ones out).
        ids: the grant's id; one a row.
        settled: rows that began by this microsecond and have no end go without the mark `DATED`.
    """

    cells: "array[int]"
    marks: bytearray
    promised: dict[int, int]
    ids: IdColumn
    settled: int

    @classmethod
    def empty(cls, *, settled: int = 0) -> "Columns":
        """Return columns without rows."""
        return cls(array("q"), bytearray(), {}, IdColumn(), settled)

    def append(
        self,
        grant_id: str | bytes,
        role: int,
        organization: int,
        *,
        starts: int = 0,
        ends: int | None = None,
        closed: int | None = None,
    ) -> None:
        """Add a row; ``ends`` and ``closed`` in microseconds, None where there is none.

        Raises OverflowError for a role code that a cell cannot hold.
        """
        if role > ROLE >> 1:
            raise OverflowError(f"found the role code {role}, expected at most {ROLE >> 1}")
        end = NEVER if ends is None else ends
        if closed is not None and closed <= end:
            if ends is not None:
                self.promised[len(self.cells)] = ends
            end = closed
            self.marks.append(ENDS_CLOSED)
        else:
            self.marks.append(0)
        dated = 0 if end == NEVER and starts <= self.settled else DATED
        self.cells.extend((role << 1 | dated | organization << PLACE_SHIFT, starts, end))
        self.ids.append(grant_id)

    def begin(self, *, active: bool) -> int:
        """Begin an account and return its first row."""
        row = len(self.cells)
        if not active:
            self.append("", CLOSED, NO_ORGANIZATION)
            self.cells[row] |= 1
        return row

    def finish(self, row: int, *, owns_subject: bool) -> None:
        """Finish the account that began with ``row``."""
        end = len(self.cells)
        if end == row or (end == row + WIDTH and not self.active(row)):
            self.append("", EMPTY, NO_ORGANIZATION)
        self.cells[-WIDTH] |= 1
        if owns_subject:
            self.marks[row // WIDTH] |= OWNS_SUBJECT

    def void(self, row: int) -> None:
        """Say that the account which begins with ``row`` has its rows elsewhere now."""
        self.cells[row] = MOVED << 1 | 1

    def active(self, row: int) -> bool:
        """Return whether the account that begins with ``row`` is open."""
        return self.role(row) != CLOSED

    def owns_subject(self, row: int) -> bool:
        """Return whether the own record of the account that begins with ``row`` has the subject's id."""
        return bool(self.marks[row // WIDTH] & OWNS_SUBJECT)

    def role(self, row: int) -> int:
        """Return the role code of a row, or a reserved one."""
        return (self.cells[row] & ROLE) >> 1

    def organization(self, row: int) -> int:
        """Return the organization code of a row."""
        return self.cells[row] >> PLACE_SHIFT

    def role_codes(self, row: int) -> set[int]:
        """Return the codes, the reserved ones too, of the rows from ``row`` to the end."""
        return {(cell & ROLE) >> 1 for cell in self.cells[row::WIDTH]}

    def rows(self, row: int) -> Iterator[int]:
        """Yield the rows of the account that begins with ``row``, without those that are no grants."""
        if not self.active(row):
            row += WIDTH
        while True:
            if self.role(row) != EMPTY:
                yield row
            if self.cells[row] & 1:
                return
            row += WIDTH

    def _dates(self, row: int) -> tuple[datetime, datetime | None, datetime | None]:
        """Return starts_at, ends_at and closed_at of a row."""
        start, last = instant(self.cells[row + 1]), self.cells[row + 2]
        end = None if last == NEVER else instant(last)
        if not self.marks[row // WIDTH] & ENDS_CLOSED:
            return start, end, None
        promised = self.promised.get(row)
        return start, None if promised is None else instant(promised), end

    def holdings(self, first: int, roles: Codes, organizations: Codes) -> Iterator[Holding]:
        """Yield the grants of roles of the account that begins with a row."""
        for row in self.rows(first):
            role = self.role(row)
            if role >= FIRST_ROLE:
                role_id, organization_id = roles.names[role], organizations.names[self.organization(row)]
                yield Holding(self.ids[row // WIDTH], role_id or "", organization_id, *self._dates(row))

    def accesses(self, first: int, organizations: Codes) -> Iterator[Access]:
        """Yield the grants of access of the account that begins with a row."""
        for row in self.rows(first):
            role = self.role(row)
            if role <= ACCESS_LOWER:
                organization_id = organizations.names[self.organization(row)] or ""
                lower_levels = role == ACCESS_LOWER
                yield Access(self.ids[row // WIDTH], organization_id, lower_levels, *self._dates(row))
