"""What holds for every test: the marks and what they may name, and how hard hypothesis looks.

Imports no Django: the tests of policy and decision run with Django absent, too.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.support.databases",
    "tests.support.once",
    "tests.support.people_fixtures",
    "tests.support.spreading",
]

FOLDER = Path(__file__).parent
REQUIREMENT_IDS = frozenset((FOLDER / "requirement_ids.txt").read_text().split())
INVARIANT_IDS = frozenset(f"I{number}" for number in range(1, 15))
FAULT_NUMBERS = frozenset(range(1, 61))

# No deadline anywhere: the tests assert nothing about time, and a busy machine is no failure.
# The suite takes the same examples everywhere: a change is judged by what it changed. "long" looks for new ones.
SLOW = (HealthCheck.too_slow,)
settings.register_profile(
    "quick",
    max_examples=25,
    deadline=None,
    stateful_step_count=20,
    derandomize=True,
    suppress_health_check=SLOW,
)
settings.register_profile(
    "ci",
    max_examples=150,
    deadline=None,
    stateful_step_count=40,
    derandomize=True,
    suppress_health_check=SLOW,
)
settings.register_profile(
    "long", max_examples=5000, deadline=None, stateful_step_count=100, suppress_health_check=SLOW
)
settings.load_profile(os.environ.get("ROLEBOOK_HYPOTHESIS", "ci"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse marks that name nothing, and skip, with the reason, what needs the other database."""
    wrong = [complaint for item in items for complaint in _complaints(item)]
    if wrong:
        raise pytest.UsageError("\n".join(wrong))
    if os.environ.get("ROLEBOOK_TEST_DATABASE") != "postgres":
        reason = "needs PostgreSQL; runs in the PostgreSQL pass of ./run test"
        for item in items:
            if item.get_closest_marker("postgres") is not None:
                item.add_marker(pytest.mark.skip(reason=reason))


def _complaints(item: pytest.Item) -> list[str]:
    known = {"requirement": REQUIREMENT_IDS, "invariant": INVARIANT_IDS, "fault": FAULT_NUMBERS}
    complaints = []
    for name, ids in known.items():
        for mark in item.iter_markers(name):
            if not mark.args:
                complaints.append(f"{item.nodeid}: the mark {name!r} names nothing")
            complaints += [
                f"{item.nodeid}: the mark {name!r} names {named!r}, which does not exist"
                for named in mark.args
                if named not in ids
            ]
    return complaints
