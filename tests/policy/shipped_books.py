"""The three shipped rolebooks, read once."""

from functools import cache

from rolebook.policy.model import Rolebook
from rolebook.policy.reading import Reading, read
from rolebook.policy.shipped import shipped_folder

NAMES = ("iqcs", "iqies", "qpp")


@cache
def reading(name: str) -> Reading:
    """A shipped rolebook with the places of its parts."""
    return read(shipped_folder(name))


def book(name: str) -> Rolebook:
    """A shipped rolebook."""
    return reading(name).rolebook
