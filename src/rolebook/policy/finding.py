"""Finding privileges by what people type: "delete a patient", "see letters", "modify assessments"."""

import re
from dataclasses import dataclass

from rolebook.policy.model import Privilege, Rolebook, fold
from rolebook.policy.operations import VERBS

_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
_MOST_WORDS = 12
_SHORTEST_STEM = 4
_EMPTY_WORDS = (
    "a able an and as at be by can could do for from how i in is it me must my need needs of on or our please should "
    "some that the their them this to us want we what which who with would you your"
)
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that say nothing about a privilege."""


@dataclass(frozen=True, slots=True)
class Found:
    """Privileges that fit a text.

    Attributes:
        every_word: those that have every word typed, best first.
        some_words: those that have some of them, most words first; empty when `every_word` is not.
    """

    every_word: tuple[Privilege, ...]
    some_words: tuple[Privilege, ...]


def find_privileges(book: Rolebook, text: str) -> Found:
    """Return the privileges that fit what was typed, in any order of words; at most twelve words count.

    A word fits one that begins with it, the area, the kind, or another verb of the same operation ("modify" finds
    "Edit ..."). A title that says exactly what was typed comes first, then the rolebook's order. Nothing typed finds
    nothing.
    """
    typed = _words(text)[:_MOST_WORDS]
    if not typed:
        return Found((), ())
    scored = []
    for number, privilege in enumerate(book.privileges):
        title = _title_words(privilege)
        around = {*title, *_words(_surroundings(book, privilege))}
        hits = _hits(typed, around)
        if hits:
            exact = 2 if fold(privilege.title) == fold(text) else int(_words(privilege.title) == typed)
            scored.append(((-hits, -exact, -_hits(typed, title), number), privilege))
    scored.sort(key=lambda found: found[0])
    every = tuple(privilege for score, privilege in scored if -score[0] == len(typed))
    return Found(every, () if every else tuple(privilege for _, privilege in scored))


def _words(text: str) -> list[str]:
    """Return the words that carry meaning, as they are compared, each once."""
    words = [word.group().casefold() for word in _WORD.finditer(text)]
    return list(dict.fromkeys(word for word in words if word not in _EMPTY))


def _title_words(privilege: Privilege) -> set[str]:
    """Return the words of a title, the parts of hyphenated ones, and the other verbs of its operation."""
    words = _words(privilege.title)
    parts = (part for word in words for part in re.split(r"[-'\u2019]", word))
    return {*words, *parts, *(verb for verb, operation in VERBS.items() if operation == privilege.operation)}


def _surroundings(book: Rolebook, privilege: Privilege) -> str:
    """Return the areas and the kind of a privilege as text."""
    kinds = [kind.title for kind in book.privilege_kinds if kind.id == privilege.kind_id]
    return " ".join([*book.areas_of(privilege.id), *kinds])


def _hits(typed: list[str], known: set[str]) -> int:
    """Return how many of the typed words fit."""
    return sum(any(_fits(word, other) for other in known) for word in typed)


def _fits(typed: str, known: str) -> bool:
    """Return whether a typed word means a known one: its beginning, or one without the other's plural ending."""
    if known.startswith(typed):
        return True
    stem = typed.removesuffix("s")
    return len(stem) >= _SHORTEST_STEM and known.startswith(stem)
