"""What looks wrong in a rolebook that reads well: findings with place, severity and why each matters.

A printed matrix is law for decisions, also where it looks odd; the lint is for the people who print the next one.
Findings that the authors know of stand in the rolebook under `acknowledged`, with a reason.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from rolebook.policy.errors import Place
from rolebook.policy.lint_checks import CHECKS, Found
from rolebook.policy.model import Rolebook
from rolebook.policy.reading import Reading

type Severity = Literal["error", "warning", "note"]

WHY: dict[str, tuple[Severity, str]] = {
    "privilege_without_role": (
        "warning",
        "what nobody may do, nobody can be given: a role or the row is missing",
    ),
    "privilege_not_printed": ("note", "who reads the tables alone does not learn who may do it"),
    "privilege_under_two_areas": ("note", "a correction of one row is easily forgotten in the other"),
    "changes_what_it_cannot_view": ("warning", "who cannot see a thing cannot change it with care"),
    "creates_what_it_cannot_view": ("warning", "who cannot see what they made cannot correct it"),
    "no_row_for_viewing": ("note", "the table leaves open whether those who change a thing may see it"),
    "name_promises_what_is_denied": ("warning", "people choose roles by their names"),
    "equal_columns": ("note", "two roles that give the same make people ask for both, or for the wrong one"),
    "contained_role": ("note", "who holds the larger role needs the smaller one no more"),
    "note_contradicts_cell": (
        "warning",
        "text and table disagree; the table decides, and readers of the text err",
    ),
    "note_without_row": ("warning", "the text promises what no row gives"),
    "kind_without_decider": ("error", "requests there would all end with the steward"),
    "stage_without_decider": ("error", "every request that comes to the stage would wait for the steward"),
    "unused_mark": ("note", "a mark that no cell has tells readers nothing"),
    "idle_condition": ("note", "a condition on what no role has narrows nothing"),
    "unused_footnote": ("note", "a footnote that no row has tells readers nothing"),
    "stale_acknowledgement": (
        "warning",
        "an acknowledgement of what is not found hides the next finding like it",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `about` names what it is about, stably: acknowledgements name it.

    `acknowledged` is the reason given in the rolebook, or None. `place` is None for a rolebook without files.
    """

    code: str
    about: str
    message: str
    severity: Severity
    why: str
    place: Place | None = None
    acknowledged: str | None = None

    def __str__(self) -> str:
        """`file:line:column: severity: message (code)`, on one line."""
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.severity}: {self.message} ({self.code})"


def lint(rolebook: Rolebook, reading: Reading | None = None) -> tuple[Finding, ...]:
    """Every finding, open ones and acknowledged ones, in order of the checks; `reading` gives their places."""
    known = {(known.finding, known.about): known.reason for known in rolebook.acknowledged}
    findings = [
        replace(_finding(found, rolebook, reading), acknowledged=known.get((found.code, found.about)))
        for found in _all_found(CHECKS, rolebook)
    ]
    seen = {(finding.code, finding.about) for finding in findings}
    for position, (code, about) in enumerate(known):
        if (code, about) not in seen:
            message = f"acknowledged but not found: '{code}' about '{about}'"
            stale = Found("stale_acknowledgement", f"{code}: {about}", message, ("acknowledged", position))
            findings.append(_finding(stale, rolebook, reading))
    return tuple(findings)


def open_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that nobody has acknowledged."""
    return tuple(finding for finding in findings if finding.acknowledged is None)


def _all_found(
    checks: Iterable[Callable[[Rolebook], Iterator[Found]]], rolebook: Rolebook
) -> Iterator[Found]:
    for check in checks:
        yield from check(rolebook)


def _finding(found: Found, rolebook: Rolebook, reading: Reading | None) -> Finding:
    severity, why = WHY[found.code]
    return Finding(found.code, found.about, found.message, severity, why, _place(found, rolebook, reading))


def _place(found: Found, rolebook: Rolebook, reading: Reading | None) -> Place | None:
    """The line of the printed row where there is one, else the key in rolebook.yaml."""
    if reading is None:
        return None
    if found.row is not None:
        return reading.rows.get(found.row)
    if found.role_id is not None:
        position = next((i for i, role in enumerate(rolebook.roles) if role.id == found.role_id), 0)
        return reading.tree.place(("roles", position, "id"))
    return reading.tree.key_place(found.path)
