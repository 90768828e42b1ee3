"""Narrowing of access: the same code without its lower levels, in one request and at one instant (IQCS-05).

A narrowing is a pair of items for one code in one version of a request: what is held with lower levels is removed, and
the code itself is added, for as long as it was held. Both carry one organization, so the same stages decide both. The
removed half has `lower_levels`, which a plain removal never has; a form cannot name one code twice otherwise.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from rolebook.policy.rules import ChangeKind, HeldAccess


class Asked(Protocol):
    """What is asked for one thing: an item, or a wish that becomes one."""

    @property
    def kind(self) -> str:
        """One of `ChangeKind`, as text."""

    @property
    def lower_levels(self) -> bool:
        """Of access: with those below."""

    @property
    def place_pk(self) -> int | None:
        """Internal id of the organization."""


def narrows(item: Asked) -> bool:
    """Return whether an item is the half of a narrowing that takes the wider access away."""
    return item.kind == ChangeKind.REMOVE_ACCESS and item.lower_levels


def narrowed_places(items: Iterable[Asked]) -> frozenset[int | None]:
    """Return the internal ids of the organizations at which items of one version narrow access."""
    return frozenset(item.place_pk for item in items if narrows(item))


def is_kept(item: Asked, narrowed: frozenset[int | None]) -> bool:
    """Return whether an item is the half of a narrowing that says what is kept."""
    return item.kind == ChangeKind.ADD_ACCESS and item.place_pk in narrowed


def told_items[One: Asked](items: Iterable[One]) -> list[One]:
    """Return what people are told of: a narrowing is one thing, and its kept half says nothing more."""
    asked = list(items)
    narrowed = narrowed_places(asked)
    return [item for item in asked if not is_kept(item, narrowed)]


class HeldInParts(ValueError):
    """A code is held at several times with others between: no one access says what would be kept."""


def kept_days(
    held: Sequence[HeldAccess], organization_id: str, at: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return from when to when an organization is held, with or without lower levels: that long it is kept.

    None for what has begun at ``at``, and for what has no end. Raises HeldInParts where it is held with gaps between.
    """
    spans = sorted(
        ((one.starts_at, one.ends_at) for one in held if one.organization_id == organization_id),
        key=lambda span: span[0],
    )
    if not spans:
        return None, None
    starts_at, ends_at = spans[0]
    for begins, ends in spans[1:]:
        if ends_at is not None and begins > ends_at:
            raise HeldInParts
        ends_at = None if ends_at is None or ends is None else max(ends_at, ends)
    return None if starts_at <= at else starts_at, ends_at
