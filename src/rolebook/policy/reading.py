"""A rolebook's folder to a `Rolebook`. The only part of `policy`, with `shipped`, that looks at files.

A folder holds `rolebook.yaml`, `matrix.csv` and, where the program ships organizations, `organizations.csv`
(`cases/` is read by `policy.cases`). Every error is found in one run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rolebook.policy import building_matrix, building_organizations
from rolebook.policy.building import Builder
from rolebook.policy.errors import Place, Report, RolebookError, RolebookErrors, say
from rolebook.policy.form import RolebookForm
from rolebook.policy.mending import mended
from rolebook.policy.model import Rolebook
from rolebook.policy.names import Source
from rolebook.policy.shape import validated
from rolebook.policy.text_files import CsvLine, parse_csv, read_text
from rolebook.policy.yaml_tree import Tree, parse_yaml

__all__ = ["Reading", "RolebookError", "RolebookErrors", "read", "read_rolebook"]

ROLEBOOK_FILE = "rolebook.yaml"
MATRIX_FILE = "matrix.csv"
ORGANIZATIONS_FILE = "organizations.csv"
ECHOES = ("table without rows", "unknown row", "role without column")


@dataclass(frozen=True, slots=True)
class Reading:
    """A rolebook with the places of its parts, for findings that point at them."""

    rolebook: Rolebook
    tree: Tree
    rows: Mapping[tuple[str, int], Place] = field(default_factory=dict)
    columns: Mapping[str, Place] = field(default_factory=dict)


def read_rolebook(folder: Path) -> Rolebook:
    """Read a rolebook. Raises RolebookErrors with everything that is wrong in it."""
    return read(folder).rolebook


def read(folder: Path) -> Reading:
    """Read a rolebook and keep the places of its parts. Raises RolebookErrors."""
    report = Report()
    if not folder.is_dir():
        report.add(
            Place(str(folder), 1, 1),
            say("missing folder", found=None, expected="a folder with rolebook.yaml"),
        )
        report.check()
    yaml_file = str(folder / ROLEBOOK_FILE)
    text = read_text(folder / ROLEBOOK_FILE, yaml_file, report)
    matrix = _csv(folder / MATRIX_FILE, report, required=True)
    organizations = _csv(folder / ORGANIZATIONS_FILE, report, required=False)
    if text is None:
        raise RolebookErrors(report.errors)
    before = len(report.errors)
    tree = parse_yaml(text, yaml_file, report)
    if tree.data is None:
        if len(report.errors) == before:
            report.add(Place(yaml_file, 1, 1), say("empty file", found=None, expected="a rolebook"))
        building_matrix.judge_shape(matrix or [], report)
        building_organizations.judge_shape(organizations or [], report)
        raise RolebookErrors(report.errors)
    form = validated(RolebookForm, tree, report)
    if form is None:
        report.errors += _judged_further(tree, matrix or [], organizations or [])
        raise RolebookErrors(_without_echoes(report.errors, matrix))
    builder = Builder(form, Source(tree, report), matrix or [], organizations or [])
    rolebook = builder.build()
    report.errors = _without_echoes(report.errors, matrix)
    report.check()
    if rolebook is None:
        raise RolebookErrors(
            [RolebookError(yaml_file, 1, 1, say("unreadable", found=None, expected="a rolebook"))]
        )
    return Reading(rolebook, tree, builder.reading.rows, builder.reading.columns)


def _judged_further(tree: Tree, matrix: list[CsvLine], organizations: list[CsvLine]) -> list[RolebookError]:
    """What else is wrong in a rolebook whose shape is: all of it is told at once."""
    found = mended(RolebookForm, tree)
    if found is None:
        return []
    further = Report()
    Builder(found.form, Source(tree, further), matrix, organizations).build()
    return [error for error in further.errors if found.may_tell(error)]


def _without_echoes(errors: list[RolebookError], matrix: list[CsvLine] | None) -> list[RolebookError]:
    """The errors, without those that only say again that the matrix could not be read."""
    if matrix is not None:
        return errors
    return [error for error in errors if not error.message.startswith(ECHOES)]


def _csv(path: Path, report: Report, *, required: bool) -> list[CsvLine] | None:
    """The lines of a CSV file; an optional one that is not there has none. None when it cannot be read."""
    if not required and not path.exists():
        return []
    text = read_text(path, str(path), report)
    return parse_csv(text, str(path), report) if text is not None else None
