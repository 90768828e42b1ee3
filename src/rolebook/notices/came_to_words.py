"""What a decision comes to, in mails: from when to when what was given holds, what ended, how one asks again."""

from collections.abc import Sequence
from datetime import datetime

from rolebook.governance.ended_meanwhile import TOLD, came_to_nothing
from rolebook.governance.models import Request, RequestItem
from rolebook.governance.narrowing import narrows, told_items
from rolebook.governance.queries.held_days import day_of, end_in_words
from rolebook.governance.queries.item_days import (
    REMOVALS,
    Days,
    by_days,
    capital,
    days_in_words,
    named_in_words,
)
from rolebook.notices.facts import Facts

_BACK = "What was held before, and is not past its end date, holds again."


def only_removes(items: Sequence[RequestItem]) -> bool:
    """Return whether everything asked is to be removed; narrower access stays."""
    return bool(items) and all(_is_removal(item) for item in items)


def days_lines(facts: Facts, items: Sequence[RequestItem]) -> tuple[tuple[str, str], ...]:
    """Return the lines that say from when to when what is added holds; none without a temporary detail (IQCS-11)."""
    return tuple(("Days", words) for words in days_in_words(facts.book, items, facts.now))


def days_in_brief(facts: Facts, items: Sequence[RequestItem]) -> str:
    """Return the days of a temporary detail for a list: ", from Dec 1, 2026 to the end of Dec 20, 2026"; else "".

    Where not all that is asked has them: ", 2 of 3 from …".
    """
    said = [
        f"{'' if len(one.items) == len(items) else f'{len(one.items)} of {len(items)} '}{_span(facts, one)}"
        for one in by_days(facts.book, items, facts.now)
        if one.ends_at is not None
    ]
    return "".join(f", {words}" for words in said)


def use_of(facts: Facts, items: Sequence[RequestItem], who: str) -> str:
    """Return from when ``who`` can use what was approved of ``items``, and what ended; "" where nothing was."""
    approved = [item for item in told_items(items) if item.state == RequestItem.State.APPROVED]
    nothing = came_to_nothing(items)
    ended = [item for item in approved if item.pk in nothing]
    narrowed = [item for item in approved if narrows(item) and item.pk not in nothing]
    back = [item for item in approved if item.kind == RequestItem.Kind.REACTIVATE]
    added = [item for item in approved if item.kind not in {*REMOVALS, RequestItem.Kind.REACTIVATE}]
    said = [f"The account is open again. {_BACK}"] if back else []
    groups = by_days(facts.book, added, facts.now)
    for one in groups:
        what = "it" if len(added) == len(items) else "what was added"
        said.append(
            _given(facts, one, who, what if len(groups) == 1 else named_in_words(facts.book, one.items))
        )
    if narrowed:
        said.append(f"{capital(named_in_words(facts.book, narrowed))}: without lower levels from now on.")
    if ended:
        said.append(f"{capital(named_in_words(facts.book, ended))}: {TOLD}.")
    if any(_is_removal(item) for item in approved):
        removed = "It" if only_removes(items) and len(approved) == len(items) else "What was to be removed"
        said.append(f"{removed} has ended, everywhere within moments. Whatever else is held stays.")
    return " ".join(said)


def _is_removal(item: RequestItem) -> bool:
    return item.kind in REMOVALS and not narrows(item)


def _given(facts: Facts, given: Days[RequestItem], who: str, what: str) -> str:
    if given.ends_at is None:
        return f"{who} can use {what} from now on."
    if not _begins_later(facts, given.starts_at):
        return f"{who} can use {what} from now on, until {end_in_words(facts.book, given.ends_at)}."
    named = "you" if who == "You" else who
    return f"Not yet in force: {named} can use {what} {_span(facts, given)}."


def _begins_later(facts: Facts, starts_at: datetime | None) -> bool:
    return starts_at is not None and starts_at > facts.event.occurred_at


def _span(facts: Facts, days: Days[RequestItem]) -> str:
    """Return the days of what ends by itself: "from Dec 1, 2026 to the end of …", "until the end of …"."""
    end = "" if days.ends_at is None else end_in_words(facts.book, days.ends_at)
    return f"until {end}" if days.starts_at is None else f"from {day_of(facts.book, days.starts_at)} to {end}"


def again_button(request: Request) -> str:
    """Return what the button is called with which the requester asks again, on the page of a request."""
    return "Ask again with these answers" if request.forms.exists() else "Submit again"
