"""Every kind of event, by its tag, with what its details hold. An event with an undeclared detail is refused.

Grammar: ``subject:verb[:qualifier]``, lower-case words joined by hyphens; the verb is what happened, in the
past. To record something new, declare it here: its meaning, the keys that ``old`` and ``new`` may have, and
the fields of personal data (names, addresses, free text), which stand in the erasable side table and never in
details.
"""

import re
from dataclasses import dataclass

_GRAMMAR = re.compile(r"[a-z]+(?:-[a-z]+)*(?::[a-z]+(?:-[a-z]+)*){1,2}")


@dataclass(frozen=True, slots=True)
class Tag:
    """One kind of event.

    Attributes:
        name: ``subject:verb[:qualifier]``.
        meaning: what happened, for people.
        details: the keys that ``old`` and ``new`` may have.
        personal: the fields of personal data it may carry.
    """

    name: str
    meaning: str
    details: frozenset[str]
    personal: frozenset[str]

    def __str__(self) -> str:
        return self.name


TAGS: dict[str, Tag] = {}


def declare(name: str, meaning: str, details: str = "", personal: str = "") -> Tag:
    """Declare a kind of event, once; see `Tag`. Raises ValueError for a name outside of the grammar or taken."""
    if not _GRAMMAR.fullmatch(name) or name in TAGS:
        raise ValueError(f"tag {name!r}: expected subject:verb[:qualifier], declared once")
    tag = Tag(name, meaning, frozenset(details.split()), frozenset(personal.split()))
    TAGS[name] = tag
    return tag


def tag_of(name: str) -> Tag:
    """Return the declared tag of that name. Raises KeyError when there is none."""
    return TAGS[name]
