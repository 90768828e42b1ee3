"""What a rolebook says of reminders and escalation: read, refused where it contradicts itself, compared."""

from pathlib import Path

import pytest

from rolebook.policy.canonical import from_document, to_document
from rolebook.policy.diff import diff
from rolebook.policy.reading import read_rolebook
from tests.policy.small import ROLEBOOK, SMALL, errors_of, spoiled, write


def small(*lines: str) -> dict[str, str | bytes]:
    """The small rolebook with keys put under `approval`."""
    return spoiled(ROLEBOOK, ("\napproval:\n", "\napproval:\n" + "".join(f"  {line}\n" for line in lines)))


REMIND, ESCALATE = "remind_after_working_days: [3, 7]", "escalate_after_working_days: 10"
HOLIDAYS = "holidays: [2026-11-26, 2026-12-25]"


def test_they_are_read_and_come_back_from_their_document(tmp_path: Path) -> None:
    found = read_rolebook(write(tmp_path, small(REMIND, ESCALATE, HOLIDAYS)))
    approval = found.approval
    assert approval.remind_after_working_days == (3, 7)
    assert approval.escalate_after_working_days == 10
    assert [str(day) for day in approval.holidays] == ["2026-11-26", "2026-12-25"]
    assert from_document(to_document(found)) == found


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("remind_after_working_days: [7, 3]",), "each number of days once, shortest first"),
        (("remind_after_working_days: [3, 3]",), "each number of days once, shortest first"),
        ((REMIND, "escalate_after_working_days: 2"), "no fewer days than before the first reminder"),
        ((REMIND, "holidays: [2026-12-25, 2026-11-26]"), "each day once, earliest first"),
        ((HOLIDAYS,), "only with 'remind_after_working_days' or 'escalate_after_working_days'"),
        (("escalate_after_working_days: 0",), "expected at least 1"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path: Path, lines: tuple[str, ...], told: str) -> None:
    found = errors_of(tmp_path, small(*lines))
    assert len(found) == 1
    assert told in found[0]


def test_a_steward_who_steps_in_sooner_is_added_power_and_a_reminder_is_not(tmp_path: Path) -> None:
    before = read_rolebook(write(tmp_path / "before", dict(SMALL)))
    after = read_rolebook(write(tmp_path / "after", small(REMIND, ESCALATE, HOLIDAYS)))
    found = {one.about: one.added_power for one in diff(before, after)}
    assert found == {
        "remind_after_working_days": False,
        "escalate_after_working_days": True,
        "holidays": False,
    }
