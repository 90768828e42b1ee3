"""A guide as its walk reads it: numbered steps, the words that the page shows, the pictures."""

import re
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
GUIDES = CHECKOUT / "docs" / "guides"
PICTURES = CHECKOUT / "docs" / "pictures"

_STEP = re.compile(r"^## (\d+)\. (.+)$", re.MULTILINE)
_SHOWN = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_PICTURE = re.compile(r"!\[([^]]*)\]\((?:\.\./|docs/)?pictures/([a-z0-9-]+)\.png\)")


@dataclass(frozen=True, slots=True)
class GuideStep:
    """A step: its title, what the reader sees there (in bold in the guide), and the names of its pictures."""

    title: str
    shown: tuple[str, ...]
    pictures: tuple[str, ...]


def steps_of(name: str) -> tuple[GuideStep, ...]:
    """Return the steps of a guide, numbered from 1 without a gap.

    Raises:
        ValueError: a number is left out or comes twice.
    """
    text = (GUIDES / f"{name}.md").read_text(encoding="utf-8")
    _, *parts = _STEP.split(text)
    if [int(number) for number in parts[::3]] != list(range(1, len(parts) // 3 + 1)):
        raise ValueError(f"{name}: steps are numbered {parts[::3]}")
    return tuple(
        GuideStep(title, tuple(" ".join(words.split()) for words in _SHOWN.findall(body)), pictures_in(body))
        for title, body in zip(parts[1::3], (_until_next_heading(body) for body in parts[2::3]), strict=True)
    )


def pictures_in(text: str) -> tuple[str, ...]:
    """Return the names of the pictures that a text shows.

    Raises:
        ValueError: one has no words for those who do not see it.
    """
    found = _PICTURE.findall(text)
    if any(not said.strip() for said, _ in found):
        raise ValueError("a picture without words")
    return tuple(name for _, name in found)


def _until_next_heading(body: str) -> str:
    return re.split(r"^## ", body, flags=re.MULTILINE)[0]
