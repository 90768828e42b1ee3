"""From when to when what a request asks for holds, in words: apart, where not all of it has the same days (IQCS-11).

A form's days are those of what it adds. What it removes ends with the approval, what it narrows is narrower from then
on, and a reactivation, which a form for somebody who is out asks for besides, opens the account then; none has days.
What was given is told from the day on which it was; so is, before that, what waits past the first day asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rolebook.governance.models import Access, Grant, RequestItem
from rolebook.governance.narrowing import narrows, told_items
from rolebook.governance.queries.account_preview import change_in_words, place_in_words
from rolebook.governance.queries.held_days import dates_in_words
from rolebook.governance.submitting import Wish
from rolebook.policy.model import Rolebook

REMOVALS = frozenset({RequestItem.Kind.REMOVE_ROLE, RequestItem.Kind.REMOVE_ACCESS})
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Days[Asked: Wish | RequestItem]:
    """Some of what is asked, all with the same days; without an end there are none.

    Attributes:
        starts_at: from when it holds; None: from the day on which it is given.
        passed: the first day asked for, where that passed before it was given; else None.
    """

    starts_at: datetime | None
    passed: datetime | None
    ends_at: datetime | None
    items: tuple[Asked, ...]


def by_days[Asked: Wish | RequestItem](
    book: Rolebook, items: Iterable[Asked], at: datetime
) -> tuple[Days[Asked], ...]:
    """Return what is asked, grouped by its days as of an instant, in the order in which each of these comes first."""
    asked, zone = tuple(items), ZoneInfo(book.program.zone)
    given = _given_at(asked)
    found: dict[tuple[datetime | None, datetime | None, datetime | None], list[Asked]] = {}
    for item in asked:
        begins, passed = _begins(item, given, at, zone)
        found.setdefault((begins, passed, item.ends_at), []).append(item)
    return tuple(Days(*days, tuple(some)) for days, some in found.items())


def _begins(
    item: Wish | RequestItem, given: Mapping[int, datetime], at: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Return from when an item holds, and the first day asked for where that passed before, as `Days` has both."""
    asked = item.starts_at
    begun = given.get(item.pk) if isinstance(item, RequestItem) else None
    if begun is None and not _waits(item, at):
        return asked, None
    # What is given in the course of the first day asked for is given as asked.
    late = asked is not None and asked.astimezone(zone).date() < (begun or at).astimezone(zone).date()
    if begun is None and not late:
        return asked, None
    return begun, asked if late else None


def _waits(item: Wish | RequestItem, at: datetime) -> bool:
    """Return whether an item that ends by itself may still be given at an instant."""
    if not isinstance(item, RequestItem) or item.ends_at is None:
        return False
    return item.state == RequestItem.State.PENDING and at < item.ends_at


def _given_at(items: Iterable[Wish | RequestItem]) -> dict[int, datetime]:
    """Return from when what was given for some days counts, by internal id of the item; two statements, or none."""
    dated = [
        item.pk
        for item in items
        if isinstance(item, RequestItem) and item.state == RequestItem.State.APPROVED and item.ends_at
    ]
    found: dict[int, datetime] = {}
    for opened in (Grant.objects, Access.objects) if dated else ():
        found.update(opened.filter(request_item__in=dated).values_list("request_item", "starts_at"))
    return found


def days_in_words(book: Rolebook, items: Sequence[Wish | RequestItem], at: datetime) -> tuple[str, ...]:
    """Return from when to when what is asked holds: one sentence where all of it has the same days, else one for each.

    Empty where nothing has days. ``at``: when it is told.
    """
    groups = by_days(book, told_items(items), at)
    if not any(one.ends_at for one in groups):
        return ()
    if len(groups) == 1:
        return (dates_in_words(book, groups[0].starts_at, groups[0].ends_at, groups[0].passed),)
    said: list[str] = []
    for one in groups:
        if one.ends_at is None:
            said += _without_days(book, one.items)
            continue
        dates = dates_in_words(book, one.starts_at, one.ends_at, one.passed)
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
