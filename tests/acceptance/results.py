"""What became of the tests: read from the JUnit files that `./run test` leaves in `test-results/`."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.acceptance.marks import TESTS, Proof

FOLDER = TESTS.parent / "test-results"
DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


def standings(folder: Path = FOLDER) -> Mapping[Proof, str]:
    """Return how each test that ran stands, in words: "passes on SQLite and PostgreSQL", "fails on SQLite"."""
    verdicts: dict[Proof, dict[str, set[str]]] = {}
    for name, database in DATABASES.items():
        file = folder / f"{name}.xml"
        if file.is_file():
            for case in ET.parse(file).iter("testcase"):
                by_database = verdicts.setdefault(_proof(case), {})
                by_database.setdefault(database, set()).add(_verdict(case))
    return {proof: words for proof, found in verdicts.items() if (words := _words(found))}


def ran_on(folder: Path = FOLDER) -> str:
    """Return the days of the runs, such as "2026-03-10", first to last; empty where nothing ran."""
    days = sorted(
        suite.get("timestamp", "")[:10]
        for name in DATABASES
        if (folder / f"{name}.xml").is_file()
        for suite in ET.parse(folder / f"{name}.xml").iter("testsuite")
    )
    return " to ".join(dict.fromkeys([days[0], days[-1]])) if days else ""


def _proof(case: ET.Element) -> Proof:
    """The test of a case, whichever its parameters: "tests.web.test_x.TestSome" is a class of tests/web/test_x.py."""
    _, *parts = case.get("classname", "").split(".")
    if parts and parts[-1].startswith("Test"):
        parts.pop()
    return Proof("/".join(parts) + ".py", case.get("name", "").partition("[")[0])


def _verdict(case: ET.Element) -> str:
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return "fails"
    return "skipped" if "skipped" in tags else "passes"


def _words(found: Mapping[str, Iterable[str]]) -> str:
    """A test fails where one of its cases fails; on which database it was skipped is not told."""
    for verdict in ("fails", "passes"):
        databases = [database for database, verdicts in found.items() if verdict in verdicts]
        if databases:
            return f"{verdict} on {' and '.join(databases)}"
    return ""
