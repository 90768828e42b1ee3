"""The acceptance report says what is so: every requirement, the tests that there are, and how they stand."""

from pathlib import Path

import pytest

from tests.acceptance.marks import Proof, proofs
from tests.acceptance.page import IDS, NOT_RUN, PAGE, listed, listed_standings, render
from tests.acceptance.results import ran_on, standings
from tests.acceptance.statements import STATEMENTS

ONE, TWO = Proof("web/test_some.py", "test_one_law"), Proof("web/test_some.py", "test_another_law")
FOUND, LISTED = proofs(), listed(PAGE.read_text(encoding="utf-8"))
SUITE = '<testsuites><testsuite timestamp="2026-03-10T09:00:00">{}</testsuite></testsuites>'
CASE = '<testcase classname="tests.web.test_some{}" name="{}">{}</testcase>'


def test_every_requirement_has_words_of_ours() -> None:
    assert sorted(STATEMENTS) == sorted(IDS)


@pytest.mark.parametrize("named", IDS)
def test_the_page_lists_exactly_the_tests_that_name_a_requirement(named: str) -> None:
    there = {(f"tests/{proof.file}", proof.sentence) for proof in FOUND.get(named, [])}
    assert there, f"no test names {named}"
    assert LISTED[named] == there, "run ./run acceptance, and commit the page"


def test_no_test_on_the_page_is_known_to_fail() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [proof for proof, standing in listed_standings(text).items() if standing.startswith("fails")] == []


def test_results_are_told_for_each_database_and_over_all_parameters(tmp_path: Path) -> None:
    one = CASE.format("", "test_one_law[1280]", "") + CASE.format("", "test_one_law[390]", "{}")
    other = CASE.format(".TestSome", "test_another_law", "<skipped/>")
    (tmp_path / "sqlite.xml").write_text(SUITE.format(one.format("") + other))
    (tmp_path / "postgres.xml").write_text(SUITE.format(other.replace("<skipped/>", "")))
    assert standings(tmp_path) == {ONE: "passes on SQLite", TWO: "passes on PostgreSQL"}
    (tmp_path / "postgres.xml").write_text(SUITE.format(one.format("<failure/>")))
    assert standings(tmp_path) == {ONE: "fails on PostgreSQL"}
    assert ran_on(tmp_path) == "2026-03-10"


def test_a_page_can_be_read_back() -> None:
    text = render({"QPP-10": [ONE, TWO], "QPP-11": [TWO]}, {ONE: "passes on SQLite"}, "2026-03-10")
    assert listed_standings(text) == {ONE: "passes on SQLite", TWO: NOT_RUN}
    assert "Results of `./run test` of 2026-03-10." in text
    assert "| [QPP-10](#qpp-10) | Remove Access | 2 | 1 not run yet |" in text
    assert "| [QPP-12](#qpp-12) | Any number of officials | 0 | **no test** |" in text
