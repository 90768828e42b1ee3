"""What the cases of a rolebook say about people who were given something for later."""

from datetime import UTC, datetime, timedelta

import pytest

from rolebook.policy.case_answers import CaseFacts
from rolebook.policy.cases import CaseFile, CaseGrant, CasePerson
from rolebook.policy.rules.new_or_modification import request_type_for
from tests.policy.shipped_books import book

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)


def grant(starts: int, closed: int | None = None, role_id: str = "account_manager") -> CaseGrant:
    """A grant that starts, and was closed, so many days from now."""
    closed_at = None if closed is None else NOW + closed * DAY
    return CaseGrant(None, NOW + starts * DAY, None, closed_at, role_id)


@pytest.mark.requirement("IQCS-02")
@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ((), "new"),
        ((grant(-9),), "modification"),
        ((grant(-9, -1),), "modification"),
        ((grant(9),), "modification"),
        ((grant(9, 5),), "modification"),
        ((grant(9, -1),), "new"),
        ((grant(-9, -9),), "new"),
        ((grant(9, role_id="responder"),), "new"),
    ],
    ids=[
        "nothing held",
        "held",
        "held before",
        "given for later",
        "given for later, and not yet taken back",
        "given for later and taken back",
        "taken back at once",
        "another category",
    ],
)
def test_what_was_given_for_later_counts_for_new_or_modification_as_it_does_on_the_form(
    held: tuple[CaseGrant, ...], expected: str
) -> None:
    person = CasePerson("rita", active=True, holds=held, access=(), record=None, employed_at=None)
    facts = CaseFacts(book("iqcs"), CaseFile("cases.yaml", "", {}, ()), person)
    assert request_type_for(facts, "rita", NOW, "standard") == expected
