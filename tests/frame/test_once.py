"""What touches no database is asked in one of the two passes; what might touch one is asked in both."""

import pytest

from tests.support.once import touches_a_database


class Collected:
    """Stands in for a collected test."""

    def __init__(self, node_id: str, marks: str = "", fixtures: str = "") -> None:
        """Name the test, its marks and its fixtures, these with spaces between them."""
        self.nodeid = node_id
        self.marks, self.fixturenames = marks.split(), fixtures.split()

    def get_closest_marker(self, name: str) -> str | None:
        """The mark, where the test has it."""
        return name if name in self.marks else None


@pytest.mark.parametrize(
    ("collected", "touches"),
    [
        (Collected("tests/policy/test_reading.py::test_one"), False),
        (Collected("tests/cli/test_demo.py::test_one"), False),
        (Collected("tests/histories/test_histories.py::test_one", marks="slow once", fixtures="db"), False),
        (Collected("tests/frame/test_cluster.py::test_one", marks="postgres"), True),
        (Collected("tests/web/test_pages.py::test_one", marks="django_db"), True),
        (Collected("tests/cli/test_demo_world.py::test_one", fixtures="tmp_path committed_db"), True),
        (Collected("tests/web/test_error_pages.py::test_one", fixtures="world db"), False),
        (Collected("tests/web/test_lists.py::test_one", fixtures="world db"), True),
    ],
)
def test_only_what_asks_for_no_database_or_is_marked_is_left_to_one_pass(
    collected: Collected, touches: bool
) -> None:
    assert touches_a_database(collected) is touches  # type: ignore[arg-type]  # all that it reads is there
