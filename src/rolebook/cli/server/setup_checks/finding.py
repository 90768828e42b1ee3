"""What one look found, and how grave it is."""

from dataclasses import dataclass
from typing import Literal

type Level = Literal["ok", "warning", "error"]
GRAVITY: dict[str, int] = {"ok": 0, "warning": 1, "error": 2}
"""Also the exit code when it is the gravest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the answer.

    Attributes:
        about: what was looked at: a short name that stays the same, for programs.
        level: how grave it is.
        said: what was found, in plain words.
        advice: what to do; empty where nothing is.
    """

    about: str
    level: Level
    said: str
    advice: str = ""


def ok(about: str, said: str, advice: str = "") -> Finding:
    """Return a finding that all is well."""
    return Finding(about, "ok", said, advice)


def warning(about: str, said: str, advice: str) -> Finding:
    """Return a finding that something is less than production deserves."""
    return Finding(about, "warning", said, advice)


def error(about: str, said: str, advice: str) -> Finding:
    """Return a finding that something does not work, or is not safe."""
    return Finding(about, "error", said, advice)
