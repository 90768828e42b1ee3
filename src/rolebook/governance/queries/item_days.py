"""From when to when what a request asks for holds, in words: apart, where not all of it has the same days (IQCS-11).

A form's days are those of what it adds. What it removes ends with the approval, what it narrows is narrower from then
on, and a reactivation, which a form for somebody who is out asks for besides, opens the account then; none has days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolebook.governance.models import RequestItem
from rolebook.governance.narrowing import narrows, told_items
from rolebook.governance.queries.account_preview import change_in_words, dates_in_words, place_in_words
from rolebook.governance.submitting import Wish
from rolebook.policy.model import Rolebook

REMOVALS = frozenset({RequestItem.Kind.REMOVE_ROLE, RequestItem.Kind.REMOVE_ACCESS})
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Days[Asked: Wish | RequestItem]:
    """Some of what is asked, all with the same days; without both there are none."""

    starts_at: datetime | None
    ends_at: datetime | None
    items: tuple[Asked, ...]


def by_days[Asked: Wish | RequestItem](items: Iterable[Asked]) -> tuple[Days[Asked], ...]:
    """Return what is asked, grouped by its days, in the order in which each of these comes first."""
    found: dict[tuple[datetime | None, datetime | None], list[Asked]] = {}
    for item in items:
        found.setdefault((item.starts_at, item.ends_at), []).append(item)
    return tuple(Days(starts_at, ends_at, tuple(some)) for (starts_at, ends_at), some in found.items())


def days_in_words(book: Rolebook, items: Sequence[Wish | RequestItem]) -> tuple[str, ...]:
    """Return from when to when what is asked holds: one sentence where all of it has the same days, else one for each.

    Empty where nothing has days.
    """
    groups = by_days(told_items(items))
    if not any(one.ends_at for one in groups):
        return ()
    if len(groups) == 1:
        return (dates_in_words(book, groups[0].starts_at, groups[0].ends_at),)
    said: list[str] = []
    for one in groups:
        if one.ends_at is None:
            said += _without_days(book, one.items)
            continue
        dates = dates_in_words(book, one.starts_at, one.ends_at)
        said.append(f"{capital(named_in_words(book, one.items))}: {dates[:1].lower()}{dates[1:]}")
    return tuple(said)


def named_in_words(book: Rolebook, items: Sequence[Wish | RequestItem]) -> str:
    """Return what is added or removed in the middle of a sentence: "the role Account Manager and access to …"."""
    names = [_named(book, item) for item in items]
    if len(names) > _NAMED:
        names = [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _without_days(book: Rolebook, items: Sequence[Wish | RequestItem]) -> list[str]:
    said: list[str] = []
    if any(item.kind == RequestItem.Kind.REACTIVATE for item in items):
        said.append("The account is open again from the approval on; what comes back keeps its own days.")
    added = [item for item in items if item.kind not in {*REMOVALS, RequestItem.Kind.REACTIVATE}]
    if added:
        said.append(f"{capital(named_in_words(book, added))}: from the approval on, without a last day.")
    removed = [item for item in items if item.kind in REMOVALS and not narrows(item)]
    if removed:
        said.append(f"{capital(named_in_words(book, removed))}: removed with the approval.")
    narrowed = [item for item in items if narrows(item)]
    if narrowed:
        said.append(f"{capital(named_in_words(book, narrowed))}: without lower levels from the approval on.")
    return said


def _named(book: Rolebook, item: Wish | RequestItem) -> str:
    if narrows(item) and item.organization is not None:
        return f"access to {place_in_words(item.organization, lower_levels=False)}"
    words = change_in_words(book, item).removeprefix("Add ").removeprefix("Remove ")
    # A program that gives access with each role has the organization at the role.
    return f"{words} at {item.organization.name}" if item.role_id and item.organization is not None else words


def capital(words: str) -> str:
    """Begin some words with a capital letter."""
    return words[:1].upper() + words[1:]
