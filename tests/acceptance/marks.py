"""The marks of all tests, read from their files without running or importing them."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
KINDS = ("requirement", "invariant", "fault")


@dataclass(frozen=True, order=True, slots=True)
class Proof:
    """A test that names what it proves: its file below tests/, and its name."""

    file: str
    name: str

    @property
    def sentence(self) -> str:
        """The name as the sentence that it is."""
        return self.name.removeprefix("test_").replace("_", " ")


def proofs(folder: Path = TESTS) -> Mapping[str, list[Proof]]:
    """Return the tests that name each id: "QPP-04", "I6", "17"; sorted."""
    found: dict[str, list[Proof]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        file = path.relative_to(folder).as_posix()
        of_module = [named for node in module.body for named in _of_assignment(node)]
        for test, inherited in _tests(module):
            named = {*of_module, *inherited, *(one for mark in test.decorator_list for one in _named(mark))}
            for one in named:
                found.setdefault(one, []).append(Proof(file, test.name))
    return {one: sorted(tests) for one, tests in found.items()}


def _tests(module: ast.Module) -> Iterator[tuple[ast.FunctionDef, list[str]]]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node, []
        elif isinstance(node, ast.ClassDef):
            inherited = [one for mark in node.decorator_list for one in _named(mark)]
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test_"):
                    yield inner, inherited


def _of_assignment(node: ast.stmt) -> Iterator[str]:
    """The ids of a module's `pytestmark`."""
    if not isinstance(node, ast.Assign) or not any(_is_pytestmark(target) for target in node.targets):
        return
    marks = node.value.elts if isinstance(node.value, ast.List | ast.Tuple) else [node.value]
    for mark in marks:
        yield from _named(mark)


def _is_pytestmark(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "pytestmark"


def _named(mark: ast.expr) -> Iterator[str]:
    if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr in KINDS:
        yield from (str(given.value) for given in mark.args if isinstance(given, ast.Constant))
