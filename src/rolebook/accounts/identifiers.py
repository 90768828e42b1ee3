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

        "12-3456789" and "123456789" are one number: separators that are only for show are left out. Those that belong
        to the number stay: "FWS-R6".
        """
        value = text.strip()
        if not value or len(value) > LONGEST_IDENTIFIER or not value.isprintable():
            return None
        patterns = [kind.identifier_pattern for kind in self.kinds]
        if None not in patterns and not any(re.fullmatch(p, value) for p in patterns if p):
            return None
        plain = re.sub(r"[\s-]", "", value)
        if None in patterns or any(separators_are_for_show(kind) for kind in self.kinds):
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


def punctuated(number: str, kind: OrganizationKind) -> str:
    """Return a number with the punctuation of its kind's example: "123456789" by "00-1234567" as "12-3456789".

    One that has its own keeps it, and one whose kind's separators belong to the number is never given any: "FWSR6" is
    not "FWS-R6".
    """
    example = kind.identifier_example
    if not number.isalnum() or not separators_are_for_show(kind):
        return number
    if len(number) != sum(character.isalnum() for character in example):
        return number
    rest = iter(number)
    return "".join(next(rest) if character.isalnum() else character for character in example)


def separators_are_for_show(kind: OrganizationKind) -> bool:
    """Return whether the separators in a kind's numbers only make them easier to read.

    They do where the pattern takes the example without them, and takes none at any other place.
    """
    example, pattern = kind.identifier_example, kind.identifier_pattern
    plain = "".join(character for character in example if character.isalnum())
    if pattern is None or plain == example or not re.fullmatch(pattern, plain):
        return False
    where = {at - _separators(example[:at]) for at, one in enumerate(example) if not one.isalnum()}
    elsewhere = (f"{plain[:at]}-{plain[at:]}" for at in range(1, len(plain)) if at not in where)
    return not any(re.fullmatch(pattern, one) for one in elsewhere)


def _separators(text: str) -> int:
    return sum(not character.isalnum() for character in text)
