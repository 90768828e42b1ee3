"""What a rolebook declares about rejected mail, and that changes of it are told (IQCS-09)."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from rolebook.policy.diff import diff
from rolebook.policy.errors import RolebookErrors
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import resolve

pytestmark = pytest.mark.requirement("IQCS-09")


def declared(folder: Path, keys: str) -> Path:
    """IQCS with other keys about rejected mail."""
    copied = shutil.copytree(resolve("iqcs"), folder / "iqcs")
    file = copied / "rolebook.yaml"
    file.write_text(file.read_text().replace("  bounce_deactivates: true\n", keys))
    return copied


def test_at_the_first_or_after_several_within_days(tmp_path: Path) -> None:
    shipped = read_rolebook(resolve("iqcs")).lifecycle
    assert (shipped.bounces_needed, shipped.bounces_within_days) == (1, None)
    several = "  bounce_deactivates: true\n  bounces_needed: 3\n  bounces_within_days: 14\n"
    lifecycle = read_rolebook(declared(tmp_path, several)).lifecycle
    assert (lifecycle.bounce_deactivates, lifecycle.bounces_needed, lifecycle.bounces_within_days) == (
        True,
        3,
        14,
    )


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("  bounces_needed: 2\n  bounces_within_days: 7\n", "only with 'bounce_deactivates'"),
        ("  bounce_deactivates: true\n  bounces_needed: 2\n", "'bounces_within_days' beside it"),
        ("  bounce_deactivates: true\n  bounces_within_days: 7\n", "only with 'bounces_needed' of 2 or more"),
        ("  bounce_deactivates: true\n  bounces_needed: 0\n", "at least 1"),
    ],
)
def test_what_cannot_be_meant_is_told_with_its_place(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises(RolebookErrors) as wrong:
        read_rolebook(declared(tmp_path, keys))
    assert said in str(wrong.value)
    assert "rolebook.yaml:" in str(wrong.value)


def test_a_change_to_more_patience_is_told_and_marked_as_added_power() -> None:
    book = read_rolebook(resolve("iqcs"))
    patient = replace(book, lifecycle=replace(book.lifecycle, bounces_needed=3, bounces_within_days=14))
    told = {one.about: one for one in diff(book, patient)}
    assert told["bounces_needed"].added_power
    assert not told["bounces_within_days"].added_power
    assert "rejected e-mails before deactivation: 3 (was 1)" in told["bounces_needed"].sentence
