"""Errors of rolebook files, each with its place, in one grammar.

A message reads `<what is wrong>: found <what>, expected <what>` and, where a valid name is close, goes on
with `; did you mean '<name>'?`, else perhaps with `; <what to do>`. It is lower case apart from what it quotes.
Printed: `file:line:column: message`; in a table, whose first line names the columns, `file:line:column: column 2
('name'): message`.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST_QUOTE = 60
MOST_NAMES = 12
MOST_KEPT = 10_000
"""Errors that a report keeps; of more, it keeps the number."""
MOST_TOLD = 200
"""Errors of one file of many rows that are told; of more, the number is."""
_GRAMMAR = re.compile(
    r"(?P<problem>.+?): found (?P<found>.+), expected (?P<expected>.+?)(?:; (?P<advice>.+))?", re.S
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file; line and column count from 1, columns in characters.

    Attributes:
        cell: in a table, which cell of its line it is, from 1; else 0.
    """

    file: str
    line: int
    column: int
    cell: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """The place as compilers print it."""
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class RolebookError:
    """One error at its place.

    Attributes:
        cell: in a table whose first line names the columns, which of them it is, from 1; else 0.
        heading: what that column is called.
    """

    file: str
    line: int
    column: int
    message: str
    cell: int = field(default=0, compare=False)
    heading: str = field(default="", compare=False)

    def __str__(self) -> str:
        """`file:line:column: message`."""
        where = f"column {self.cell} ({quote(self.heading)}): " if self.cell else ""
        return f"{self.file}:{self.line}:{self.column}: {where}{self.message}"

    @property
    def told(self) -> dict[str, str | int]:
        """The error for programs."""
        told: dict[str, str | int] = {"file": self.file, "line": self.line, "column": self.column}
        if self.cell:
            told |= {"cell": self.cell, "heading": self.heading}
        return told | {"message": self.message}

    @property
    def in_words(self) -> str:
        """The error for somebody with the file open in a spreadsheet."""
        where = f"Line {self.line}"
        if self.cell:
            where += f", column {self.cell} (“{self.heading}”)"
        parts = _GRAMMAR.fullmatch(self.message)
        if parts is None:
            return f"{where}: {self.message}"
        advice = parts["advice"]
        said = f"{where}: {parts['problem']}. Found {parts['found']}; expected {parts['expected']}."
        if not advice:
            return said
        return f"{said} {advice[:1].upper()}{advice[1:]}{'' if advice.endswith('?') else '.'}"


class RolebookErrors(Exception):
    """Everything that is wrong with a rolebook, in order of file and place. `errors` is never empty."""

    def __init__(self, errors: Iterable[RolebookError], unkept: int = 0) -> None:
        """Sort the errors and leave out exact repetitions; ``unkept`` more are known only by their number."""
        self.errors: tuple[RolebookError, ...] = tuple(sorted(set(errors)))
        self.number = len(self.errors) + unkept
        super().__init__(self.errors)

    @property
    def how_many(self) -> str:
        """How many they are: "1 error", "12 errors"."""
        return f"{self.number:,} error{'' if self.number == 1 else 's'}"

    @property
    def first(self) -> tuple[RolebookError, ...]:
        """So many of them as are told of one file."""
        return self.errors[:MOST_TOLD]

    @property
    def others(self) -> int:
        """How many are not among the first."""
        return self.number - len(self.first)

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


def expected_in(message: str) -> str | None:
    """What a message says was expected, or None."""
    parts = _GRAMMAR.fullmatch(message)
    return None if parts is None else parts["expected"]


def say(
    problem: str, *, found: str | None, expected: str, names: Iterable[str] = (), advice: str = ""
) -> str:
    """A message in the grammar of this module; `found` None means that nothing stood there.

    A name that was probably meant is a better advice than ``advice``.
    """
    shown = "nothing" if found is None else quote(found)
    near = nearest(found, names) if found else None
    if near is not None and near != found:
        advice = f"did you mean {quote(near)}?"
    hint = f"; {advice}" if advice else ""
    return f"{problem}: found {shown}, expected {expected}{hint}"


class Report:
    """Collects errors while reading goes on, so that all of them are told at once."""

    def __init__(self) -> None:
        """Start empty."""
        self.errors: list[RolebookError] = []
        self.unkept = 0
        self.headings: tuple[str, ...] = ()
        """What the first line of a table calls its columns."""

    def add(self, place: Place, message: str) -> None:
        """Note an error."""
        if len(self.errors) >= MOST_KEPT:
            self.unkept += 1
            return
        known = 0 < place.cell <= len(self.headings)
        heading = self.headings[place.cell - 1] if known else ""
        cell = place.cell if known else 0
        self.errors.append(RolebookError(place.file, place.line, place.column, message, cell, heading))

    def check(self) -> None:
        """Raise RolebookErrors if there is any error."""
        if self.errors:
            raise RolebookErrors(self.errors, self.unkept)
