"""One difference between two rolebooks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the part of the rolebook, what it is about (ids), a sentence, and both values as text.

    `before` or `after` is None where there was or is nothing. `added_power`: somebody may do more, or may decide
    what others had to decide before.
    """

    part: str
    about: str
    sentence: str
    before: str | None = None
    after: str | None = None
    added_power: bool = False
