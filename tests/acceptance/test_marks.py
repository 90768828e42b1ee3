"""Every requirement of QPP and iQIES, and the laws of governing, are named by tests."""

from pathlib import Path

import pytest

from tests.acceptance.marks import TESTS, Proof, proofs

IDS = (TESTS / "requirement_ids.txt").read_text(encoding="utf-8").split()
OF_TWO_PROGRAMS = [one for one in IDS if one.startswith(("QPP", "IQIES"))]
FOUND = proofs()
LAWS = ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I9", "I10", "I11", "I12", "I13"]


@pytest.mark.parametrize("named", [*OF_TWO_PROGRAMS, *LAWS])
def test_a_requirement_or_law_is_proved_by_a_test_that_names_it(named: str) -> None:
    assert FOUND.get(named)


def test_marks_of_modules_classes_and_functions_are_read(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "pytestmark = [pytest.mark.slow, pytest.mark.invariant('I1')]\n"
        "@pytest.mark.requirement('QPP-01', 'QPP-02')\n"
        "def test_one() -> None: ...\n"
        "@pytest.mark.fault(7)\n"
        "class TestMore:\n"
        "    def test_two(self) -> None: ...\n",
        encoding="utf-8",
    )
    one, two = Proof("test_some.py", "test_one"), Proof("test_some.py", "test_two")
    assert proofs(tmp_path) == {"I1": [one, two], "QPP-01": [one], "QPP-02": [one], "7": [two]}
