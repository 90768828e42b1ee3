"""Pages and commands go by the machine's clock: a world that they look at says since when it is.

START, where tests with a calendar of their own begin, is further back with every day, and IQCS closes who was quiet for
twelve months: a page test that began there would fail from a year after START on.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LOOKING = ("api", "browser", "cli", "web")
"""The packages whose tests look by the machine's clock, or set it themselves."""
WORLDS = ("iqcs", "responders", "reviews")
"""The modules of tests.support that make worlds in which quiet ends."""
PACKAGE = "tests.support"


@cache
def beginning() -> dict[str, tuple[str, int]]:
    """The functions that begin at START when nobody says an instant: the parameter, and how many stand before it."""
    return {f"{module}.{name}": told for module in WORLDS for name, told in beginning_in(module)}


def beginning_in(module: str) -> Iterator[tuple[str, tuple[str, int]]]:
    for one in ast.parse((TESTS / "support" / f"{module}.py").read_text()).body:
        if isinstance(one, ast.FunctionDef):
            places = [*one.args.posonlyargs, *one.args.args]
            defaults = [None] * (len(places) - len(one.args.defaults)) + one.args.defaults
            pairs = [*zip(places, defaults, strict=True)]
            pairs += zip(one.args.kwonlyargs, one.args.kw_defaults, strict=True)
            for number, (parameter, default) in enumerate(pairs):
                if isinstance(default, ast.Name) and default.id == "START":
                    yield one.name, (parameter.arg, number)


def imported(tree: ast.Module) -> dict[str, str]:
    """What a file calls the things of tests.support: its name for each, and the thing's own from the package on."""
    found = {}
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom) and (one.module or "").startswith(PACKAGE):
            prefix = (one.module or "").removeprefix(PACKAGE).removeprefix(".")
            for alias in one.names:
                found[alias.asname or alias.name] = f"{prefix}.{alias.name}".removeprefix(".")
    return found


def without_an_instant(text: str) -> list[str]:
    """The calls of a file that leave to START when its world begins."""
    tree = ast.parse(text)
    names = imported(tree)
    found = []
    for one in ast.walk(tree):
        if isinstance(one, ast.Call):
            head, dot, rest = ast.unparse(one.func).partition(".")
            called = f"{names.get(head, '')}{dot}{rest}"
            parameter, before = beginning().get(called, ("", 0))
            said = len(one.args) > before or any(word.arg == parameter for word in one.keywords)
            if parameter and not said:
                found.append(f"{one.lineno} {called}")
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from tests.support import iqcs\niqcs.begin()", ["2 iqcs.begin"]),
        ("from tests.support import iqcs\niqcs.begin(LATELY)", []),
        ("from tests.support import iqcs as there\nthere.holder(role, code, name)", ["2 iqcs.holder"]),
        ("from tests.support import iqcs\niqcs.holder(role, code, name, at=LATELY)", []),
        ("from tests.support.reviews import agencies\nagencies()", ["2 reviews.agencies"]),
        ("from tests.support.reviews import agencies\nagencies(at=LATELY)", []),
        ("from tests.support import people\npeople.begin()\nbegin()", []),
    ],
)
def test_a_call_that_leaves_its_instant_to_the_support_is_found(text: str, found: list[str]) -> None:
    assert without_an_instant(text) == found


def test_worlds_that_pages_and_commands_look_at_say_since_when_they_are() -> None:
    left = {
        str(path.relative_to(TESTS)): found
        for package in LOOKING
        for path in (TESTS / package).rglob("*.py")
        if (found := without_an_instant(path.read_text()))
    }
    assert left == {}
