"""Small words of sentences that depend on what they stand beside."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from django import template

from rolebook.governance.queries import naming
from rolebook.governance.queries.officials import official_title
from rolebook.governance.queries.pending import PendingRow
from rolebook.governance.queries.waits import Waiting
from rolebook.governance.whose_turn import Whose
from rolebook.policy.model import OWN_RECORD, Rolebook

register = template.Library()


@register.filter
def with_article(title: str) -> str:
    """Name one who has a title: "a Security Official", "an Agency Lead", "IQCS Security"."""
    return naming.with_article(title)


@register.filter
def uncapitalized(words: str) -> str:
    """Begin some words in lower case, to go on in the middle of a sentence."""
    return words[:1].lower() + words[1:]


@register.filter
def that_nobody_decides(waits: Sequence[Waiting]) -> int:
    """How many of the things that a request waits for nobody can decide now."""
    return sum(one.whose == Whose.NOBODY for one in waits)


@register.filter
def official(book: Rolebook) -> str:
    """What the program calls its officials: "Security Official"."""
    return official_title(book)


@register.filter
def officials(number: int, book: Rolebook) -> str:
    """How many officials there are, as the program calls them: "2 Security Officials"."""
    return f"{number:,} {official_title(book)}{'' if number == 1 else 's'}"


@register.filter
def with_those_of_one_request(rows: Sequence[PendingRow]) -> Iterator[tuple[PendingRow, int]]:
    """Yield each row, the first of several of one request with how many follow each other, all others with 0."""
    for _, some in groupby(rows, key=lambda row: row.request_id):
        run = list(some)
        yield run[0], len(run) if len(run) > 1 else 0
        yield from ((row, 0) for row in run[1:])


@register.simple_tag(takes_context=True)
def place(
    context: template.Context,
    organization_name: str | None,
    role_id: str = "",
    own: str = "Your own record",
) -> str:
    """Name the organization, or say where something without one holds: apart from roles, only the access says where.

    ``role_id`` is of a role that somebody holds: one that reaches its own record holds there, whatever the access;
    ``own`` says so to who reads it.
    """
    book = getattr(context.get("request"), "rolebook", None)
    if organization_name:
        return organization_name
    if isinstance(book, Rolebook) and (role := book.role(role_id)) and role.reach.scope == OWN_RECORD:
        return own
    if isinstance(book, Rolebook) and book.access == "apart from roles":
        return "Where access is held"
    return "The whole program"
