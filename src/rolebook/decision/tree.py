"""Organizations as preorder intervals: "lies in" is two comparisons, and never a name (I1)."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

NOWHERE = -1
"""Position of a question, or of a holding, that names no organization."""


class TreeError(ValueError):
    """The nodes are not a forest: an id twice, a parent that is missing, or a cycle."""


class OrganizationTree:
    """A forest of organizations, numbered in preorder; siblings keep the order in which they were given.

    The organizations in the subtree of one are those whose position lies in ``first ≤ position < last``.

    Args:
        nodes: (id, parent id or None, kind id), in any order. Ids are opaque strings, compared whole.

    Raises:
        TreeError: an id stands twice, a parent is not among the nodes, or the parents form a cycle.
    """

    __slots__ = ("_ids", "_kinds", "_last", "_parents", "_positions", "_sorted")

    def __init__(self, nodes: Iterable[tuple[str, str | None, str]]) -> None:
        kinds: dict[str, str] = {}
        parents: dict[str, str | None] = {}
        for node_id, parent_id, kind_id in nodes:
            if node_id in kinds:
                raise TreeError(f"organization {node_id!r} stands twice among the nodes")
            kinds[node_id] = kind_id
            parents[node_id] = parent_id
        self._number(kinds, parents)

    @classmethod
    def from_paths(cls, paths: Iterable[tuple[str, str]]) -> "OrganizationTree":
        """Build the small tree that a flow needs from stored id paths.

        Args:
            paths: (path, kind id); a path has the ids from the root down, as ``/1/5/``. The ancestors that a
                path names are in the tree too; one whose own path was not given has the kind "" (which a role
                restricted to kinds does not accept).

        Raises:
            TreeError: two paths put the same id under different parents, or a path is empty.
        """
        kinds: dict[str, str] = {}
        parents: dict[str, str | None] = {}
        for path, kind_id in paths:
            steps = [step for step in path.split("/") if step]
            if not steps:
                raise TreeError(f"path {path!r} names no organization")
            parent: str | None = None
            for step in steps:
                if parents.setdefault(step, parent) != parent:
                    raise TreeError(f"organization {step!r} stands under two parents")
                kinds.setdefault(step, "")
                parent = step
            kinds[steps[-1]] = kind_id
        return cls((node_id, parent, kinds[node_id]) for node_id, parent in parents.items())

    def _number(self, kinds: Mapping[str, str], parents: Mapping[str, str | None]) -> None:
        """Walk the forest depth first, without recursion (a chain of 10,000 is legal), and number it."""
        children: dict[str | None, list[str]] = {}
        for node_id, parent_id in parents.items():
            if parent_id is not None and parent_id not in kinds:
                raise TreeError(
                    f"organization {node_id!r} names the parent {parent_id!r}, which is not there"
                )
            children.setdefault(parent_id, []).append(node_id)
        ids: list[str] = []
        positions: dict[str, int] = {}
        last: list[int] = []
        # A None on the stack ends the subtree of the innermost organization that is open.
        stack: list[str | None] = list(reversed(children.get(None, ())))
        within: list[int] = []
        while stack:
            entered = stack.pop()
            if entered is None:
                last[within.pop()] = len(ids)
                continue
            position = len(ids)
            positions[entered] = position
            ids.append(entered)
            last.append(position + 1)
            below = children.get(entered)
            if below:
                within.append(position)
                stack.append(None)
                stack.extend(reversed(below))
        if len(ids) != len(kinds):
            lost = next(node_id for node_id in kinds if node_id not in positions)
            raise TreeError(f"organization {lost!r} is its own ancestor")
        self._ids: tuple[str, ...] = tuple(ids)
        self._positions = positions
        self._last: tuple[int, ...] = tuple(last)
        self._kinds: tuple[str, ...] = tuple(kinds[node_id] for node_id in ids)
        self._parents = dict(parents)
        self._sorted: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, organization_id: object) -> bool:
        return organization_id in self._positions

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids in preorder."""
        return iter(self._ids)

    def position(self, organization_id: str | None) -> int | None:
        """Return the preorder position, `NOWHERE` for None, or None when the organization is unknown."""
        if organization_id is None:
            return NOWHERE
        return self._positions.get(organization_id)

    def interval(self, organization_id: str) -> tuple[int, int] | None:
        """Return (first, last) of the organization's subtree, last excluded; None when it is unknown."""
        first = self._positions.get(organization_id)
        return None if first is None else (first, self._last[first])

    def subtrees(self) -> Iterator[tuple[str, int, int, str]]:
        """Iterate over id, first and last position of the subtree (last excluded) and kind id, in preorder."""
        return zip(self._ids, range(len(self._ids)), self._last, self._kinds, strict=True)

    def kind(self, organization_id: str) -> str | None:
        """Return the organization's kind id, or None when it is unknown."""
        position = self._positions.get(organization_id)
        return None if position is None else self._kinds[position]

    def parent(self, organization_id: str) -> str | None:
        """Return the parent's id; None for a root and for an unknown organization."""
        return self._parents.get(organization_id)

    def lies_in(self, organization_id: str, upper_id: str) -> bool:
        """Return whether ``organization_id`` is ``upper_id`` or below it; False when either is unknown."""
        position, interval = self._positions.get(organization_id), self.interval(upper_id)
        return position is not None and interval is not None and interval[0] <= position < interval[1]

    def at_positions(self, first: int, last: int) -> Sequence[str]:
        """Return the ids at the positions first ≤ p < last, in preorder."""
        return self._ids[first:last]

    def sorted_after(self, after: str | None) -> Sequence[str]:
        """Return every id greater than ``after`` (all, when it is None) in the order of the ids themselves.

        That order does not move when the tree does, so a page's key stays good.
        """
        if self._sorted is None:
            self._sorted = tuple(sorted(self._ids))
        return self._sorted if after is None else self._sorted[bisect_right(self._sorted, after) :]
