"""Many questions at once: triples of (subject, action, organization) answered column by column.

With numpy each comparison is made for some thousand questions in one go; without it the questions are asked
one by one. Both give what `Snapshot.check` gives, in the order of the questions.
"""

from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rolebook.decision.columns import ACCESS_LOWER, PLACE_SHIFT, ROLE, WIDTH
from rolebook.decision.fast import Check, Store
from rolebook.decision.leads import IN_OVERLAY, ROW_SHIFT
from rolebook.decision.tables import EVERYWHERE, EXTENTS, LAST, LOWER, SAME, VOID, Tables
from rolebook.decision.tree import NOWHERE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    type Integers = NDArray[np.int64]
    type Booleans = NDArray[np.bool_]

BLOCK = 16384
"""Questions a block: their columns stay in the cache of a core."""

UNKNOWN = -(2**62)
"""In place of a number: the snapshot does not have that name."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions with their names looked up once, to be asked again and again.

    Attributes:
        subject_ids: the subjects.
        actions: the actions, one for each subject.
        organization_ids: the organizations or None, one for each subject.
        generation: the snapshot's when the names were looked up; see `Snapshot.check_many`.
        codes: the three columns as numbers (leads, actions, positions), `UNKNOWN` for names that the snapshot does not
            have; None without numpy.
    """

    subject_ids: Sequence[str]
    actions: Sequence[str]
    organization_ids: Sequence[str | None]
    generation: int
    codes: "tuple[Integers, Integers, Integers] | None"

    def __len__(self) -> int:
        return len(self.subject_ids)


def encode(  # the three columns, in the order of a question
    tables: Tables,
    store: Store,
    subject_ids: Sequence[str],
    actions: Sequence[str],
    organization_ids: Sequence[str | None],
    *,
    generation: int,
) -> Questions:
    """Look the names of questions up.

    Raises:
        ValueError: the columns are not equally long.
    """
    if not len(subject_ids) == len(actions) == len(organization_ids):
        raise ValueError(
            "a question has one subject, one action and one organization: the columns differ in length"
        )
    bits = {action: number for number, action in enumerate(tables.program.actions)}
    codes = None
    with suppress(ImportError):
        codes = (
            _numbers(store.accounts, subject_ids),
            _numbers(bits, actions),
            _numbers(tables.positions, organization_ids),
        )
    return Questions(subject_ids, actions, organization_ids, generation, codes)


def _numbers[Name](known: Mapping[Name, int], names: Sequence[Name]) -> "Integers":
    """Look a column up; the quick way first, for columns in which every name is known."""
    import numpy as np

    try:
        return np.fromiter(map(known.__getitem__, names), np.int64, len(names))
    except KeyError:
        return np.fromiter((known.get(name, UNKNOWN) for name in names), np.int64, len(names))


def answer_one_by_one(ask: Check, questions: Questions, at_micros: int, record_id: str | None) -> list[bool]:
    """Answer without numpy."""
    return [
        ask(subject_id, action, organization_id, at_micros, record_id)
        for subject_id, action, organization_id in zip(
            questions.subject_ids, questions.actions, questions.organization_ids, strict=True
        )
    ]


class Bulk:
    """The columns of a snapshot as numpy arrays (views, not copies, of the rows), for one set of tables."""

    def __init__(self, tables: Tables, store: Store) -> None:
        import numpy as np

        def view[Number: np.generic](buffer: "array[int] | bytes", kind: type[Number]) -> "NDArray[Number]":
            return np.frombuffer(buffer, kind) if len(buffer) else np.zeros(0, kind)

        self._store = store
        self._cells = view(store.columns.cells, np.int64)
        self._low = np.array(tables.low, np.int32)
        self._high = np.array(tables.high, np.int32)
        self._kinds = np.array(tables.kinds, np.int64)
        powers = [tables.powers[action] for action in tables.program.actions]
        self._masks = np.array([mask for mask, _ in powers], np.int64)
        self._flags = np.array([flags for _, flags in powers], np.uint8).ravel()
        self._width = 2 * len(tables.valid)
        self._kind_count = len(tables.valid[0])
        self._valid = view(b"".join(tables.valid), np.uint8)
        self._through = view(tables.through, np.uint8)
        self._apart = any(tables.through)

    def answer(self, questions: Questions, ask: Check, at_micros: int, record_id: str | None) -> "Booleans":
        """Answer all questions; the few whose account changed since the load are asked one by one."""
        import numpy as np

        assert questions.codes is not None  # noqa: S101  # the caller looked
        leads, actions, positions = questions.codes
        answers = np.zeros(len(leads), np.bool_)
        slow = np.zeros(len(leads), np.bool_)
        for start in range(0, len(leads), BLOCK):
            block = slice(start, start + BLOCK)
            self._answer_block(
                (leads[block], actions[block], positions[block]), at_micros, answers[block], slow[block]
            )
        if record_id is not None:
            store = self._store
            owners = {owner for owner, record in tuple(store.records.items()) if record == record_id}
            if record_id in store.accounts and store.owns(record_id, record_id):
                owners.add(record_id)
            slow |= np.fromiter((name in owners for name in questions.subject_ids), np.bool_, len(slow))
        for index in np.flatnonzero(slow).tolist():
            question = (
                questions.subject_ids[index],
                questions.actions[index],
                questions.organization_ids[index],
            )
            answers[index] = ask(*question, at_micros, record_id)
        return answers

    def _answer_block(
        self,
        codes: "tuple[Integers, Integers, Integers]",
        at_micros: int,
        answers: "Booleans",
        slow: "Booleans",
    ) -> None:
        """Write the answers of a block, and which of its questions must be asked one by one."""
        import numpy as np

        leads, actions, positions = codes
        known = (leads >= 0) & (actions >= 0) & (positions >= NOWHERE)
        known &= (leads & self._masks[np.maximum(actions, 0)]) != 0
        slow[:] = known & ((leads & IN_OVERLAY) != 0)
        asked = np.flatnonzero(known & ~slow)
        found, void = self._block(leads[asked] >> ROW_SHIFT, actions[asked], positions[asked], at_micros)
        answers[asked] = found
        slow[asked[void]] = True

    def _block(
        self, first_rows: "Integers", actions: "Integers", asked_positions: "Integers", at_micros: int
    ) -> "tuple[Booleans, Integers]":
        """Answer questions: the first row of every account at once, then the second, and so on.

        Returns the answers, and the questions whose rows are void.
        """
        import numpy as np

        answers = np.zeros(len(first_rows), np.bool_)
        wanted = np.zeros(len(first_rows), np.uint8)
        void = np.zeros(0, np.int64)
        left = np.arange(len(first_rows))
        rows, keys, positions = first_rows, actions * self._width, asked_positions
        while len(left):
            flags = self._flags[keys + (self._cells[rows] & ROLE)]
            telling = np.flatnonzero(flags & EXTENTS)
            if len(telling):
                telling = telling[self._count(rows[telling], at_micros)]
                asked, extents = left[telling], flags[telling]
                if self._apart:
                    through = self._through[self._roles(rows[telling])] != 0
                    wanted[asked[through]] |= extents[through] & EXTENTS
                    extents = np.where(through, extents & EVERYWHERE, extents)
                answers[asked] |= self._cover(rows[telling], extents, positions[telling])
            if len(left) == len(first_rows):
                void = np.flatnonzero(flags & VOID)
            on = np.flatnonzero((flags < LAST) & ~answers[left])
            left, rows, keys, positions = left[on], rows[on] + WIDTH, keys[on], positions[on]
        if self._apart:
            self._through_access(first_rows, asked_positions, wanted, answers, at_micros)
        return answers, void

    def _roles(self, rows: "Integers") -> "Integers":
        """Return the role codes of rows."""
        return (self._cells[rows] & ROLE) >> 1

    def _places(self, rows: "Integers") -> "Integers":
        """Return the organization codes of rows."""
        return self._cells[rows] >> PLACE_SHIFT

    def _dated(self, rows: "Integers", at_micros: int) -> "Booleans":
        """Return which rows are in force."""
        dated: Booleans = (self._cells[rows + 1] <= at_micros) & (at_micros < self._cells[rows + 2])
        return dated

    def _count(self, rows: "Integers", at_micros: int) -> "Booleans":
        """Return which rows count: in force, and of a role that can be held where it is."""

        keys = self._roles(rows) * self._kind_count + self._kinds[self._places(rows)]
        counts: Booleans = self._dated(rows, at_micros) & (self._valid[keys] != 0)
        return counts

    def _cover(self, rows: "Integers", extents: "NDArray[np.uint8]", positions: "Integers") -> "Booleans":
        """Return which rows cover a position by their own organization, or everywhere."""
        code = self._places(rows)
        low = self._low[code]
        below = ((extents & LOWER) != 0) & (low <= positions) & (positions < self._high[code])
        same = ((extents & SAME) != 0) & (positions == low)
        covers: Booleans = below | same | ((extents & EVERYWHERE) != 0)
        return covers

    def _through_access(
        self,
        first_rows: "Integers",
        positions: "Integers",
        wanted: "NDArray[np.uint8]",
        answers: "Booleans",
        at_micros: int,
    ) -> None:
        """Say yes where a role in force wants an access, and an access in force covers the place."""
        import numpy as np

        left = np.flatnonzero((wanted != 0) & ~answers)
        rows = first_rows[left]
        while len(left):
            roles, code = self._roles(rows), self._places(rows)
            dated = self._dated(rows, at_micros)
            low, asked = self._low[code], positions[left]
            below = (roles == ACCESS_LOWER) & ((wanted[left] & LOWER) != 0)
            covers = (asked == low) | (below & (low <= asked) & (asked < self._high[code]))
            answers[left[dated & (roles <= ACCESS_LOWER) & covers]] = True
            on = np.flatnonzero(((self._cells[rows] & 1) == 0) & ~answers[left])
            left, rows = left[on], rows[on] + WIDTH
