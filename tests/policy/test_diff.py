"""What changed between two rolebooks, in sentences, with added power marked."""

import json
from pathlib import Path

import pytest

from rolebook.policy.diff import Difference, as_data, diff
from rolebook.policy.reading import read_rolebook
from tests.policy.shipped_books import NAMES, book
from tests.policy.small import MATRIX, ORGANIZATIONS, ROLEBOOK, SMALL, spoiled, write


def changed(folder: Path, file: str, *edits: tuple[str, str]) -> tuple[Difference, ...]:
    old = read_rolebook(write(folder / "old", SMALL))
    new = read_rolebook(write(folder / "new", spoiled(file, *edits)))
    return diff(old, new)


@pytest.mark.parametrize("name", NAMES)
def test_a_rolebook_does_not_differ_from_itself(name: str) -> None:
    assert diff(book(name), book(name)) == ()


CHANGES: dict[str, tuple[str, str, str, str, bool]] = {
    "a no that becomes a yes": (
        MATRIX,
        "Edit records,no,yes,no",
        "Edit records,yes,yes,no",
        "'Official': 'Edit records' is now yes (was no).",
        True,
    ),
    "a yes that becomes a no": (
        MATRIX,
        "Edit records,no,yes,no",
        "Edit records,no,no,no",
        "'Clerk': 'Edit records' is now no (was yes).",
        False,
    ),
    "a mark that becomes a yes": (
        MATRIX,
        "yes,yes,own",
        "yes,yes,yes",
        "'Guest': 'View records' is now yes (was own).",
        True,
    ),
    "a row that is gone": (
        MATRIX,
        "Table 1,Records,Edit records,no,yes,no\n",
        "",
        "'Clerk': 'Edit records' is now not listed (was yes).",
        False,
    ),
    "a corrected title": (
        ROLEBOOK,
        "title: Clerk\n",
        "title: Record clerk\n    other_names: [Clerk]\n",
        "The role 'Clerk' is now called 'Record clerk'.",
        False,
    ),
    "a wider reach": (
        ROLEBOOK,
        "reach: {scope: organization, kinds: [Office]}\n\n# The headings",
        "reach: {scope: everywhere}\n\n# The headings",
        "'Guest' now reaches everywhere (was its organization).",
        True,
    ),
    "lower levels": (
        ROLEBOOK,
        "reach: {scope: organization, kinds: [Office]}\n\n# The headings",
        "reach: {scope: organization, kinds: [Office], lower_levels: true}\n\n# The headings",
        "'Guest' now reaches with lower levels (was that organization only).",
        True,
    ),
    "what holds elsewhere": (
        ROLEBOOK,
        "reach: {scope: organization, kinds: [Office]}\n  - id: guest",
        "reach: {scope: organization, kinds: [Office], elsewhere: {areas: [Records], operations: [view]}}\n"
        "  - id: guest",
        "'Clerk' now has 'View records' elsewhere, too.",
        True,
    ),
    "another way to have a role": (
        ROLEBOOK,
        "obtained: designation",
        "obtained: request",
        "'Guest' is now had by request (was by designation).",
        True,
    ),
    "a category that excludes no more": (
        ROLEBOOK,
        "exclusive: true",
        "exclusive: false",
        "People of 'Member' may hold roles of other categories (before: may not hold).",
        True,
    ),
    "authority for another role": (
        ROLEBOOK,
        "- {role: Official, ours: who gives access takes it away}",
        "- {role: Official, ours: who gives access takes it away}\n    - {role: Clerk, ours: so}",
        "'Clerk' may now remove access.",
        True,
    ),
    "authority with lower levels": (
        ROLEBOOK,
        "{role: Official, ours: who decides sees who asks}",
        "{role: Official, where: with lower levels, ours: who decides sees who asks}",
        "'Official' may view users with lower levels (was same organization).",
        True,
    ),
    "authority for fewer": (
        ROLEBOOK,
        "    - {role: Official, ours: who gives access takes it away}",
        "    []",
        "'Official' may no longer remove access.",
        False,
    ),
    "another stage": (
        ROLEBOOK,
        "place: organization}",
        "place: organization}\n        - {id: second, title: Second, approver: Steward, place: program}",
        "The chain 'The office's officials decide' is now: Official (organization), then Small program office "
        "(program) (was: Official (organization)).",
        False,
    ),
    "another approver of a stage": (
        ROLEBOOK,
        "    - {role: Official, row: Table 1 / Manage access / Approve or deny requests}",
        "    - {role: Official, row: Table 1 / Manage access / Approve or deny requests}\n"
        "    - {role: Clerk, ours: so}",
        "The chain 'The office's officials decide' is now: Clerk (organization) (was: Official (organization)).",
        True,
    ),
    "a new role": (
        ROLEBOOK,
        "\n# The headings",
        "  - {id: auditor, title: Auditor, category: Member, obtained: request, printed: false,\n"
        "     reach: {scope: organization, kinds: [Office], lower_levels: true}}\n\n# The headings",
        "'Auditor' is had by request; it reaches 'office', with lower levels.",
        True,
    ),
    "a grant for a set": (
        ROLEBOOK,
        "reach: {scope: organization, kinds: [Office]}\n\n# The headings",
        "reach: {scope: organization, kinds: [Office], lower_levels: true, many: true}\n\n# The headings",
        "One grant of 'Guest' is now for a set of organizations (was for one organization).",
        True,
    ),
    "a longer source": (
        ROLEBOOK,
        "source: Where the roles",
        "source: Here is where the roles",
        "The program's source changed.",
        False,
    ),
    "a rule that is gone": (
        ROLEBOOK,
        "{id: own_decision, source",
        "{id: already_held, source",
        "The rule 'own_decision' is no longer in force.",
        True,
    ),
    "a longer life": (
        ROLEBOOK,
        "temporary_details: true",
        "temporary_details: true\n  inactivity_months: 12",
        "Lifecycle, months without a sign-in before closing: 12 (was none).",
        False,
    ),
    "a new edition": (
        ROLEBOOK,
        'version: "1"',
        'version: "2"',
        "The program's version is now '2' (was '1').",
        False,
    ),
    "advice": (
        ROLEBOOK,
        "at_least: 2",
        "at_least: 3",
        "Organizations should have at least 3 holders of 'Official' (was 2).",
        False,
    ),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_is_told_in_a_sentence_and_added_power_is_marked(kind: str, tmp_path: Path) -> None:
    file, old, new, sentence, added = CHANGES[kind]
    edits = [(old, new)]
    if kind == "another approver of a stage":
        edits.append(("approver: Official", "approver: Clerk"))
    if kind == "another stage":
        edits = [(old, new.replace("Steward", "Small program office"))]
    found = changed(tmp_path, file, *edits)
    told = [difference for difference in found if difference.sentence == sentence]
    assert told, [difference.sentence for difference in found]
    assert told[0].added_power is added


SHIPPED = "kind,code,name,parent\nOffice,NORTH,North,\nOffice,SOUTH,South,\nBranch,B-1,First branch,NORTH\n"
BRANCH = """\
  - {id: branch, title: Branch, plural: Branches, parents: [Office], identifier: {scheme: code, title: code}}
"""


def test_a_shipped_organization_that_moves_comes_into_the_reach_of_others(tmp_path: Path) -> None:
    files = spoiled(ROLEBOOK, ("\nroles:", f"{BRANCH}\nroles:"))
    books = []
    for name, lines in (("old", SHIPPED), ("new", SHIPPED.replace("branch,NORTH", "branch,SOUTH"))):
        folder = write(tmp_path / name, {**files, ORGANIZATIONS: lines})
        books.append(read_rolebook(folder))
    (found,) = diff(*books)
    assert found.sentence == "The shipped organization 'B-1' now stands under 'SOUTH' (was 'NORTH')."
    assert found.added_power


def test_what_changed_in_the_source_is_told_to_programs(tmp_path: Path) -> None:
    (found,) = changed(tmp_path, ROLEBOOK, ("source: Where the roles", "source: Here is where the roles"))
    assert (found.before or "").startswith("Where the roles")
    assert (found.after or "").startswith("Here is where the roles")


OVERRIDE = "{id: own_decision, overrides: [{organizations: [OFFICE-1], effective_from: 2026-01-01}], source"


def test_the_overrides_of_a_rule_are_told(tmp_path: Path) -> None:
    files = {**SMALL, ORGANIZATIONS: "kind,code,name,parent\nOffice,OFFICE-1,First,\n"}
    old = read_rolebook(write(tmp_path / "old", files))
    text = str(SMALL[ROLEBOOK]).replace("{id: own_decision, source", OVERRIDE)
    new = read_rolebook(write(tmp_path / "new", {**files, ROLEBOOK: text}))
    (found,) = diff(old, new)
    assert found.sentence == (
        "The rule 'own_decision' changed: always; at OFFICE-1: from 2026-01-01 (was: always)."
    )


def test_a_moved_row_changes_no_power_and_is_told(tmp_path: Path) -> None:
    row = "Table 1,Records,Edit records,no,yes,no\n"
    found = changed(tmp_path, MATRIX, (row, ""), ("Table 1,Records,View", row + "Table 1,Records,View"))
    assert [difference.part for difference in found] == ["matrix"]
    assert not any(difference.added_power for difference in found)


def test_differences_are_data_as_well(tmp_path: Path) -> None:
    found = changed(tmp_path, MATRIX, ("Edit records,no,yes,no", "Edit records,yes,yes,no"))
    (data,) = json.loads(json.dumps(as_data(found)))
    assert data == {
        "part": "cell",
        "about": "official/edit_records",
        "sentence": "'Official': 'Edit records' is now yes (was no).",
        "before": "no",
        "after": "yes",
        "added_power": True,
    }


def test_two_programs_can_be_compared() -> None:
    found = diff(book("qpp"), book("iqcs"))
    assert {"program", "role", "cell", "authority", "chain", "review"} <= {
        difference.part for difference in found
    }


def test_a_change_of_words_alone_is_told_too(tmp_path: Path) -> None:
    (found,) = changed(
        tmp_path, ROLEBOOK, ("Keeps the office's records.", "Keeps all records of the office.")
    )
    assert found.part == "texts"
    assert not found.added_power
