"""Containment of organizations: who may stand under whom, and no cycles. Pure; ids and codes are opaque
words.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rolebook.policy.model import Rolebook


@dataclass(frozen=True, slots=True)
class OrganizationRef:
    """An organization as flows and approval know it: its id, code and kind."""

    id: str
    code: str
    kind_id: str


type OrganizationPath = tuple[OrganizationRef, ...]
"""From the top organization down to, and with, the one that is meant."""


def may_stand_under(rolebook: Rolebook, kind_id: str, parent_kind_id: str | None) -> bool:
    """Whether an organization of a kind may have a parent of a kind, or none (`parent_kind_id` None)."""
    kind = rolebook.kind(kind_id)
    if kind is None:
        return False
    if parent_kind_id is None:
        return not kind.parent_kinds
    return parent_kind_id in kind.parent_kinds


def cycles_in(parents: Mapping[str, str | None]) -> Iterator[tuple[str, ...]]:
    """Every cycle of the parent relation, each as the ids on it from its smallest.

    Each id is visited once, so the work is linear however deep the tree is.
    """
    done: set[str] = set()
    for start in parents:
        trail: dict[str, None] = {}
        here: str | None = start
        while here is not None and here not in done and here not in trail:
            trail[here] = None
            here = parents.get(here)
        done.update(trail)
        if here is not None and here in trail:
            ids = list(trail)
            cycle = ids[ids.index(here) :]
            first = cycle.index(min(cycle))
            yield tuple(cycle[first:] + cycle[:first])


def would_make_cycle(parents: Mapping[str, str | None], child_id: str, new_parent_id: str | None) -> bool:
    """Whether placing `child_id` under `new_parent_id` would put it below itself."""
    here = new_parent_id
    seen: set[str] = set()
    while here is not None and here not in seen:
        if here == child_id:
            return True
        seen.add(here)
        here = parents.get(here)
    return False


def identifier_matches(rolebook: Rolebook, kind_id: str, identifier: str) -> bool:
    """Whether an identifier has the form that its kind asks for; a kind without a pattern takes any text."""
    kind = rolebook.kind(kind_id)
    if kind is None or not identifier.strip():
        return False
    return kind.identifier_pattern is None or re.fullmatch(kind.identifier_pattern, identifier) is not None
