"""docs/guides/for-operators.md as its test reads it: what is typed, and what is printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.guides.reading import GUIDES

_BLOCK = re.compile(r"^```console\n(.+?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Typed:
    """A command of the guide, and the output that it tells: "…" stands for anything."""

    command: str
    told: str

    def is_told_by(self, printed: str) -> bool:
        """Return whether the guide tells what was printed, line by line and without gaps but its own."""
        parts = (re.escape(part.strip("\n")) for part in self.told.strip().split("…"))
        return re.fullmatch(r"\s*" + r"(?:.|\n)*".join(parts) + r"\s*", printed) is not None


def commands(name: str = "for-operators") -> Iterator[Typed]:
    """Give the commands of a guide, in its order."""
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    for block in _BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, told = part.partition("\n")
            yield Typed(command, told)
