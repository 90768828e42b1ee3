"""Rules of this house that no linter holds: sizes, and no drawers for leftovers."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHECKOUT = Path(__file__).parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
DRAWERS = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "misc",
    "manager",
    "managers",
    "service",
    "services",
}


def python_files() -> Iterator[Path]:
    for folder in ("src", "tests", "bench", "scripts"):
        for path in (CHECKOUT / folder).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {str(path.relative_to(CHECKOUT)): len(path.read_text().splitlines()) for path in python_files()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    long = {}
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long[f"{path.relative_to(CHECKOUT)}:{node.lineno} {node.name}"] = length
    assert long == {}


def test_there_are_no_drawers_for_leftovers() -> None:
    found = [str(path) for path in python_files() if DRAWERS & {path.stem, path.parent.name}]
    assert found == []


@pytest.mark.parametrize("name", ["quick", "ci", "long"])
def test_generated_tests_do_not_fail_for_a_busy_machine(name: str) -> None:
    profile = settings.get_profile(name)
    assert profile.deadline is None
    assert HealthCheck.too_slow in profile.suppress_health_check
