"""What a decision comes to, in mails: from when to when what was given holds, what ended, how one asks again."""

from collections.abc import Sequence

from rolebook.governance.models import Request, RequestItem
from rolebook.governance.queries.account_preview import dates_in_words
from rolebook.governance.queries.held_days import day_of, end_in_words
from rolebook.notices.facts import Facts

_REMOVALS = frozenset({RequestItem.Kind.REMOVE_ROLE, RequestItem.Kind.REMOVE_ACCESS})


def only_removes(items: Sequence[RequestItem]) -> bool:
    """Return whether everything asked is to be removed."""
    return bool(items) and all(item.kind in _REMOVALS for item in items)


def days_lines(facts: Facts, items: Sequence[RequestItem]) -> tuple[tuple[str, str], ...]:
    """Return the line that says from when to when what is added holds; none without a temporary detail (IQCS-11)."""
    dated = _dated(items)
    if dated is None:
        return ()
    return (("Days", dates_in_words(facts.book, dated.starts_at, dated.ends_at)),)


def days_in_brief(facts: Facts, items: Sequence[RequestItem]) -> str:
    """Return the days of a temporary detail for a list: ", from Dec 1, 2026 to the end of Dec 20, 2026"; else ""."""
    dated = _dated(items)
    if dated is None or dated.ends_at is None:
        return ""
    end = end_in_words(facts.book, dated.ends_at)
    return (
        f", until {end}"
        if dated.starts_at is None
        else f", from {day_of(facts.book, dated.starts_at)} to {end}"
    )


def use_of(facts: Facts, items: Sequence[RequestItem], who: str) -> str:
    """Return from when ``who`` can use what was approved of ``items``, and what ended; "" where nothing was."""
    approved = [item for item in items if item.state == RequestItem.State.APPROVED]
    given = [item for item in approved if item.kind not in _REMOVALS]
    whole = len(given) == len(items)
    said: list[str] = []
    if given:
        said.append(_given(facts, given, who, "it" if whole else "what was added"))
    if len(given) < len(approved):
        removed = "It" if only_removes(items) and len(approved) == len(items) else "What was to be removed"
        said.append(f"{removed} has ended, everywhere within moments. Whatever else is held stays.")
    return " ".join(said)


def _given(facts: Facts, given: Sequence[RequestItem], who: str, what: str) -> str:
    dated = _dated(given)
    if dated is None or dated.ends_at is None:
        return f"{who} can use {what} from now on."
    end = end_in_words(facts.book, dated.ends_at)
    if dated.starts_at is None or dated.starts_at <= facts.event.occurred_at:
        return f"{who} can use {what} from now on, until {end}."
    first = day_of(facts.book, dated.starts_at)
    named = "you" if who == "You" else who
    return f"Not yet in force: {named} can use {what} from {first} to {end}."


def again_button(request: Request) -> str:
    """Return what the button is called with which the requester asks again, on the page of a request."""
    return "Ask again with these answers" if request.forms.exists() else "Submit again"


def _dated(items: Sequence[RequestItem]) -> RequestItem | None:
    return next((item for item in items if item.ends_at is not None), None)
