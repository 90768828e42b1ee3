"""The numbers that organizations are known by, checked by the scheme that the rolebook gives them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rolebook.policy.model import OrganizationKind, Rolebook

LONGEST_IDENTIFIER = 60


@dataclass(frozen=True, slots=True)
class Scheme:
    """One scheme of a program: its id, what people call it, and the kinds whose own it is."""

    id: str
    title: str
    kinds: tuple[OrganizationKind, ...]

    def clean(self, text: str) -> str | None:
        """Return an identifier as it is kept, or None when it is none of this scheme.

        "12-3456789" and "123456789" are one number: separators that the scheme allows to be left out are.
        """
        value = text.strip()
        if not value or len(value) > LONGEST_IDENTIFIER or not value.isprintable():
            return None
        patterns = [kind.identifier_pattern for kind in self.kinds]
        if None not in patterns and not any(re.fullmatch(p, value) for p in patterns if p):
            return None
        plain = re.sub(r"[\s-]", "", value)
        if any(p is None or re.fullmatch(p, plain) for p in patterns):
            return plain
        return value

    def such_as(self, kind: OrganizationKind | None = None) -> str:
        """Return what is expected, for people: "a TIN such as 00-1234567"."""
        examples = [one.identifier_example for one in ([kind] if kind else self.kinds)]
        example = next((one for one in examples if one), "")
        return f"a {self.title}" + (f" such as {example}" if example else "")


def schemes_of(book: Rolebook) -> Mapping[str, Scheme]:
    """Return the schemes of a program's identifiers by id, in the order of its kinds."""
    found: dict[str, list[OrganizationKind]] = {}
    for kind in book.organization_kinds:
        found.setdefault(kind.identifier_scheme, []).append(kind)
    return {
        scheme: Scheme(scheme, kinds[0].identifier_title, tuple(kinds)) for scheme, kinds in found.items()
    }


def needs_own(kind: OrganizationKind) -> bool:
    """Return whether every organization of a kind has the identifier of its own scheme."""
    return kind.identifier_pattern is not None


def punctuated(number: str, example: str) -> str:
    """Return a number with the punctuation of its kind's example: "123456789" by "00-1234567" as "12-3456789".

    One that has its own keeps it: "BLM-MT".
    """
    if not number.isalnum():
        return number
    if len(number) != sum(character.isalnum() for character in example):
        return number
    rest = iter(number)
    return "".join(next(rest) if character.isalnum() else character for character in example)
