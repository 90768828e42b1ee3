"""The guide to writing rolebooks names everything that can be written."""

from pathlib import Path

import pytest

from rolebook.policy.form import HINTS
from rolebook.policy.form_process import ApprovalForm, AuthorityForm
from rolebook.policy.lint import WHY
from rolebook.policy.operations import OPERATIONS
from rolebook.policy.rules import RULES

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "writing-a-rolebook.md"


@pytest.mark.parametrize("name", [*RULES, *HINTS, *WHY, *OPERATIONS, *AuthorityForm.model_fields])
def test_the_guide_names_it(name: str) -> None:
    assert f"`{name}`" in GUIDE.read_text()


def test_the_guide_speaks_of_every_part_of_the_approval() -> None:
    text = GUIDE.read_text()
    assert [name for name in ApprovalForm.model_fields if name not in text] == []
