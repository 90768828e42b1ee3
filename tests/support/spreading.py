"""How pytest-xdist spreads the tests over its workers, so that these end at about the same time.

The tests of a file go to one worker, since they share what the file sets up once. A race shares nothing with its
neighbors and takes long: each of `tests/races` goes alone. What is long goes first, and the many short files last:
they fill the gap that a long one leaves. `pytest -n 2` spreads this way; with a `--dist` of its own it does not.
"""

from collections.abc import Sequence

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

ALONE = "tests/races/"
LONG = ("slow", "browser", "postgres")
"""The marks of what takes long."""


def unit(node_id: str) -> str:
    """Return what a test goes to a worker with: its file, or only itself."""
    return node_id if node_id.startswith(ALONE) else node_id.partition("::")[0]


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the tests unit by unit, each unit as it was: first those with a long test, then those with more tests."""
    units: dict[str, list[pytest.Item]] = {}
    for item in items:
        units.setdefault(unit(item.nodeid), []).append(item)
    return [one for of_unit in sorted(units.values(), key=_rank) for one in of_unit]


def _rank(items: Sequence[pytest.Item]) -> tuple[bool, int]:
    return not any(item.get_closest_marker(mark) for item in items for mark in LONG), -len(items)


class UnitScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist ships no types
    """Hands the workers one unit after another, in the order in which they were collected."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        """Begin, and leave the units in the workers' order: xdist would put those with more tests first."""
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> UnitScheduling | None:
    """Spread the tests by units, where nobody asked for another way."""
    return UnitScheduling(config, log) if config.getoption("dist") == "load" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long units first where the tests are spread."""
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)
