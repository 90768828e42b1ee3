"""How a flow or a query says no: what rules forbid, what is not yours, and what you may not know of."""

from collections.abc import Iterable
from typing import override

from rolebook.policy.rules import Violation


class Refused(Exception):
    """The change breaks rules that the person may be told about; nothing was changed.

    Attributes:
        violations: at least one; `rolebook.policy.words` has the sentences.
    """

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__(", ".join(violation.code for violation in self.violations))


class NotFound(LookupError):
    """There is no such thing for this person: it does not exist, or is foreign; both look alike (I1, fault 1)."""

    @override
    def __str__(self) -> str:
        return "not found"


class NotAllowed(Exception):
    """It stands at an organization of the person's own, but the act is not theirs (delivery answers 403).

    Attributes:
        code: the reason, of the catalogue of sentences.
    """

    def __init__(self, code: str = "not_yours_to_do") -> None:
        self.code = code
        super().__init__(code)
