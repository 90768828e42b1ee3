"""The tests are spread over workers so that these end together, and no file's set-up is made twice."""

import pytest

from tests.support.spreading import longest_first, unit


class Collected:
    """Stands in for a collected test."""

    def __init__(self, node_id: str, *marks: str) -> None:
        """Name the test and its marks."""
        self.nodeid = node_id
        self.marks = marks

    def get_closest_marker(self, name: str) -> str | None:
        """The mark, where the test has it."""
        return name if name in self.marks else None


def ordered(*collected: Collected) -> list[str]:
    return [one.nodeid for one in longest_first(collected)]  # type: ignore[arg-type]  # all that it reads is there


@pytest.mark.parametrize(
    ("test", "goes_with"),
    [
        ("tests/web/test_a.py::test_one", "tests/web/test_a.py"),
        ("tests/web/test_a.py::TestMany::test_one[a::b]", "tests/web/test_a.py"),
        ("tests/races/test_a.py::test_one[keep]", "tests/races/test_a.py::test_one[keep]"),
    ],
)
def test_the_tests_of_a_file_stay_together_and_each_race_goes_alone(test: str, goes_with: str) -> None:
    assert unit(test) == goes_with


def test_units_with_a_long_test_go_first_and_the_smallest_last() -> None:
    collected = [
        Collected("tests/a.py::one"),
        Collected("tests/b.py::one"),
        Collected("tests/b.py::two"),
        Collected("tests/c.py::one"),
        Collected("tests/c.py::two", "slow"),
        Collected("tests/races/d.py::one", "postgres"),
    ]
    assert ordered(*collected) == [
        "tests/c.py::one", "tests/c.py::two", "tests/races/d.py::one",
        "tests/b.py::one", "tests/b.py::two", "tests/a.py::one",
    ]  # fmt: skip
