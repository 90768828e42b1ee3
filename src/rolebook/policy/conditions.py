"""Conditions: expressions of the Common Expression Language (cel.dev) that narrow what a rolebook gives.

A condition speaks about the properties of `subject`, `action`, `resource` and `context`. It is bounded before it is
ever run: in length, and by what it may call. Nothing in it repeats (no `all`, `exists`, `map`, `filter`) and nothing
matches patterns, so that it costs no more than reading its own text and the properties it names, once.

The library is loaded when the first condition is, and never for programs without any.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cel import Program

MOST_CHARACTERS: Final = 1000
NAMES: Final = ("subject", "action", "resource", "context")
"""What a condition may speak about."""
CALLS: Final = frozenset(
    {"contains", "startsWith", "endsWith", "size", "int", "double", "string", "timestamp", "duration"}
)
"""The functions that it may call; their cost is that of reading their arguments."""
OPERATORS: Final = frozenset(
    {
        "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_&&_", "_||_", "!_", "_?_:_", "@in", "_[_]",
        "_+_", "_-_", "_*_", "_/_", "_%_", "-_",
    }
)  # fmt: skip
_REPEATS = re.compile(r"\.\s*(all|exists|exists_one|existsOne|map|filter|transform\w*)\s*\(")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?(.*)")

type Properties = Mapping[str, Mapping[str, Any]]
"""By name of `NAMES`, the properties that are known."""


class ConditionError(ValueError):
    """A condition that cannot be used: what is wrong, and where in its text (both from 1)."""

    def __init__(self, problem: str, line: int = 1, column: int = 1) -> None:
        self.problem, self.line, self.column = problem, line, column
        super().__init__(problem)


class NotDecided(ValueError):
    """A condition that could not be answered about these properties; the message says why."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A condition, compiled once.

    Attributes:
        source: its text.
        program: what the library made of it.
    """

    source: str
    program: "Program"

    def holds(self, properties: Properties) -> bool:
        """Return whether it is true of the properties.

        Raises:
            NotDecided: it asks for a property that nobody gave, compares what cannot be compared, or says something
                else than true or false.
        """
        try:
            said = self.program.execute({name: properties.get(name, {}) for name in NAMES})
        except KeyError as missing:
            raise NotDecided(f"the property '{missing.args[0]}' is not given") from None
        except Exception as failure:
            raise NotDecided(_first_line(failure)) from None
        if said is not True and said is not False:
            raise NotDecided(f"it says {str(said)[:40]!r}, expected true or false")
        return said


@lru_cache(maxsize=4096)
def compile_condition(source: str) -> Compiled:
    """Return a condition, compiled. Raises ConditionError."""
    if len(source) > MOST_CHARACTERS:
        raise ConditionError(f"{len(source)} characters, expected at most {MOST_CHARACTERS}")
    if "//" in source and "\n" in source.strip():
        raise ConditionError("a comment, expected the condition alone")
    repeated = _REPEATS.search(source)
    if repeated is not None:
        line, column = _line_and_column(source, repeated.start(1))
        raise ConditionError(
            f"'{repeated[1]}' repeats, expected a condition without repetition", line, column
        )
    import cel

    try:
        program = cel.compile(source)
    except Exception as failure:
        found = _PLACE.search(str(failure))
        if found is None:
            raise ConditionError(_first_line(failure)) from None
        raise ConditionError(found[3], int(found[1]), int(found[2])) from None
    known = program.references()
    for names, allowed in ((known["variables"], NAMES), (known["functions"], CALLS | OPERATORS)):
        for name in names:
            if name not in allowed:
                at = max(source.find(name), 0)
                expected = ", ".join(sorted(CALLS) if allowed is not NAMES else NAMES)
                raise ConditionError(
                    f"'{name}' is unknown, expected {expected}", *_line_and_column(source, at)
                )
    return Compiled(source, program)


def _line_and_column(source: str, position: int) -> tuple[int, int]:
    before = source[:position]
    return before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1


def _first_line(failure: Exception) -> str:
    return (str(failure).strip().splitlines() or [type(failure).__name__])[0][:200]
