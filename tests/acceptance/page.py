"""The acceptance report, docs/acceptance.md: each requirement in a few words, its tests, and whether they pass."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.acceptance.marks import TESTS, Proof, proofs
from tests.acceptance.results import ran_on, standings
from tests.acceptance.statements import STATEMENTS

PAGE = TESTS.parent / "docs" / "acceptance.md"
IDS = (TESTS / "requirement_ids.txt").read_text(encoding="utf-8").split()
NOT_RUN = "not run yet"
_PROGRAMS = {
    "IQIES": "iQIES: the role matrix",
    "QPP": "QPP: Manage Access",
    "IQCS": "IQCS: standard user accounts",
}
_LINE = re.compile(r"^- (?P<sentence>.+) \(\[`(?P<file>[^`]+)`\]\([^)]+\)\): (?P<standing>.+)$", re.MULTILINE)
_RAN = re.compile(r"^Results of `\./run test` of (.+)\.$", re.MULTILINE)


def write_page(page: Path = PAGE) -> None:
    """Write the report; without new results the standings of the page as it is are kept."""
    found, standing, ran = proofs(), standings(), ran_on()
    if not standing and page.is_file():
        text = page.read_text(encoding="utf-8")
        standing = listed_standings(text)
        ran = "".join(_RAN.findall(text))
    page.write_text(render(found, standing, ran), encoding="utf-8")


def render(found: Mapping[str, Sequence[Proof]], standing: Mapping[Proof, str], ran: str) -> str:
    """Return the report as Markdown; ``standing`` says how tests stand, ``ran`` on which day they did."""
    parts = [_HEAD.format(ran=f"Results of `./run test` of {ran}." if ran else "No results yet.")]
    for program, title in _PROGRAMS.items():
        ids = [one for one in IDS if one.startswith(f"{program}-")]
        rows = [
            f"| [{one}](#{one.lower()}) | {STATEMENTS[one][0]} | {len(found.get(one, []))} "
            f"| {_together(found.get(one, []), standing)} |\n"
            for one in ids
        ]
        parts.append(f"\n## {title}\n\n| id | what | tests | result |\n|---|---|--:|---|\n{''.join(rows)}")
    for one in IDS:
        title, sentence = STATEMENTS[one]
        lines = "".join(_line(proof, standing.get(proof, NOT_RUN)) for proof in found.get(one, []))
        parts.append(f"\n### {one}\n\n**{title}.** {sentence}\n\n{lines}")
    return "".join(parts)


def listed(text: str) -> Mapping[str, set[tuple[str, str]]]:
    """Return the (file, sentence) of each test that a report lists under each id."""
    sections = re.split(r"^### (\S+)$", text, flags=re.MULTILINE)[1:]
    return {
        one: {(line["file"], line["sentence"]) for line in _LINE.finditer(body)}
        for one, body in zip(sections[::2], sections[1::2], strict=True)
    }


def listed_standings(text: str) -> Mapping[Proof, str]:
    """Return how each test stands in a report."""
    return {
        Proof(line["file"].removeprefix("tests/"), "test_" + line["sentence"].replace(" ", "_")): line[
            "standing"
        ]
        for line in _LINE.finditer(text)
    }


def _line(proof: Proof, standing: str) -> str:
    file = f"tests/{proof.file}"
    return f"- {proof.sentence} ([`{file}`](../{file})): {standing}\n"


def _together(tests: Sequence[Proof], standing: Mapping[Proof, str]) -> str:
    """One word for all tests of a requirement: the worst."""
    words = [standing.get(proof, NOT_RUN) for proof in tests]
    if not words:
        return "**no test**"
    if failing := sum(one.startswith("fails") for one in words):
        return f"**{failing} fail**"
    waiting = words.count(NOT_RUN)
    return f"{waiting} not run yet" if waiting else "all pass"


_HEAD = """# Acceptance report

Each requirement of the three documents that Rolebook was built from, in a few words of ours, with the tests that name
it. A test names what it proves (`@pytest.mark.requirement("QPP-10")`), and a test sees to it that this page lists
exactly those tests. It is made by `./run acceptance`, from the marks and from what the last full `./run test` left
in `test-results/`.

{ran}
"""
