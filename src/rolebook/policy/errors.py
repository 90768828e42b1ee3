"""Errors of rolebook files, each with its place, in one grammar.

A message reads `<what is wrong>: found <what>, expected <what>` and, where a valid name is close, goes on
with `; did you mean '<name>'?`. It is lower case apart from what it quotes. Printed: `file:line:column:
message`.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST_QUOTE = 60
MOST_NAMES = 12


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file; line and column count from 1, columns in characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """The place as compilers print it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class RolebookError:
    """One error at its place."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """`file:line:column: message`."""
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class RolebookErrors(Exception):
    """Everything that is wrong with a rolebook, in order of file and place. `errors` is never empty."""

    def __init__(self, errors: Iterable[RolebookError]) -> None:
        """Sort the errors and leave out exact repetitions."""
        self.errors: tuple[RolebookError, ...] = tuple(sorted(set(errors)))
        super().__init__(self.errors)

    @property
    def how_many(self) -> str:
        """How many they are: "1 error", "12 errors"."""
        return f"{len(self.errors)} error{'' if len(self.errors) == 1 else 's'}"

    def __str__(self) -> str:
        """One line an error."""
        return "\n".join(str(error) for error in self.errors)


def quote(text: str) -> str:
    """What was found, quoted on one line and shortened; control characters are shown as escapes."""
    shown = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
    return "'" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown) + "'"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The valid name that was probably meant, or None when none is close."""
    folded: dict[str, str] = {}
    for candidate in names:
        folded.setdefault(candidate.casefold(), candidate)
    close = difflib.get_close_matches(name.casefold()[:200], folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def one_of(names: Iterable[str]) -> str:
    """`one of 'a', 'b'`, or the number of names where they are too many to list."""
    listed = list(names)
    if not listed:
        return "none"
    if len(listed) == 1:
        return quote(listed[0])
    if len(listed) > MOST_NAMES:
        return f"one of {len(listed)} names"
    return "one of " + ", ".join(quote(name) for name in listed)


def say(problem: str, *, found: str | None, expected: str, names: Iterable[str] = ()) -> str:
    """A message in the grammar of this module; `found` None means that nothing stood there."""
    shown = "nothing" if found is None else quote(found)
    near = nearest(found, names) if found else None
    hint = f"; did you mean {quote(near)}?" if near is not None and near != found else ""
    return f"{problem}: found {shown}, expected {expected}{hint}"


class Report:
    """Collects errors while reading goes on, so that all of them are told at once."""

    def __init__(self) -> None:
        """Start empty."""
        self.errors: list[RolebookError] = []

    def add(self, place: Place, message: str) -> None:
        """Note an error."""
        self.errors.append(RolebookError(place.file, place.line, place.column, message))

    def check(self) -> None:
        """Raise RolebookErrors if there is any error."""
        if self.errors:
            raise RolebookErrors(self.errors)
