"""Every kind of error of a rolebook, at its place and in the one grammar."""

import re
from pathlib import Path

import pytest
import yaml

from tests.policy.small import MATRIX, ORGANIZATIONS, ROLEBOOK, SMALL, errors_of, place_of, spoiled

GRAMMAR = re.compile(
    r"^[^:]+:\d+:\d+: [a-z][^:]*: found (nothing|'.*'), expected [^;]+(; did you mean '.+'\?)?$", re.DOTALL
)

CHAIN = """\
    - id: office
      title: The office's officials decide
      kinds: [Office]
      stages:
        - {id: official, title: Official, approver: Official, place: organization}
"""

KINDS: dict[str, dict[str, str]] = {
    kind["kind"]: kind
    for kind in yaml.safe_load((Path(__file__).parent / "data" / "error_kinds.yaml").read_text())
}


@pytest.mark.parametrize("name", KINDS)
def test_an_error_is_told_at_its_place(name: str, tmp_path: Path) -> None:
    kind = KINDS[name]
    files = spoiled(kind["file"], (kind["old"], kind["new"]))
    found = errors_of(tmp_path, files)
    expected = f"{place_of(str(files[kind['file']]), kind['at'], kind['file'])}: {kind['told']}"
    assert any(error.startswith(expected) for error in found), "\n".join(
        [f"expected {expected}", "found:", *found]
    )


@pytest.mark.parametrize("name", KINDS)
def test_every_error_keeps_the_grammar(name: str, tmp_path: Path) -> None:
    found = errors_of(tmp_path, spoiled(KINDS[name]["file"], (KINDS[name]["old"], KINDS[name]["new"])))
    assert found
    assert [error for error in found if not GRAMMAR.match(error)] == []


def test_a_role_without_a_column_is_an_error(tmp_path: Path) -> None:
    files = spoiled(
        MATRIX,
        ("Official,Clerk,Guest", "Official,Clerk"),
        ("View records,yes,yes,own", "View records,yes,yes"),
    )
    found = errors_of(tmp_path, files)
    place = place_of(str(files[ROLEBOOK]), "guest\n", ROLEBOOK)
    told = "role without column: found 'Guest', expected a column in matrix.csv, or 'printed: false'"
    assert f"{place}: {told}" in found


def test_the_unspoiled_rolebook_reads(tmp_path: Path) -> None:
    assert errors_of(tmp_path, SMALL) == []


def test_all_errors_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files = spoiled(
        ROLEBOOK, ("approver: Official", "approver: Clerk"), ("zone: America/New_York", "zone: Mars")
    )
    files[MATRIX] = str(files[MATRIX]).replace("Edit records,no", "Edit record,maybe")
    files[ORGANIZATIONS] = "kind,code,name,parent\nOfice,OFFICE-1,First,\n"
    found = "\n".join(errors_of(tmp_path, files))
    for problem in (
        "stage whose role",
        "unknown zone",
        "unknown privilege",
        "bad cell",
        "unknown organization kind",
    ):
        assert problem in found
    assert found.count("\n") == 4


def test_errors_of_the_tables_that_need_no_names_are_told_beside_a_syntax_error(tmp_path: Path) -> None:
    files = spoiled(
        ROLEBOOK,
        ("zone: America/New_York", "zone: [America/New_York"),
        ("approver: Official", "approver: Clerk"),
    )
    files[MATRIX] = str(files[MATRIX]).replace("Edit records,no", "Edit records,no,no")
    files[ORGANIZATIONS] = "kind,code,name,parent\nOffice,OFFICE-1\n"
    told = [error.rpartition(": found")[0] for error in errors_of(tmp_path, files)]
    assert [error.rsplit(": ", 1)[-1] for error in told] == ["wrong width", "wrong width", "bad YAML"]


def test_a_stage_above_that_names_no_kind_is_told_as_nothing_found(tmp_path: Path) -> None:
    old = "approver: Official, place: organization"
    files = spoiled(ROLEBOOK, (old, "approver: Official, place: parent, kinds: []"))
    assert any("unreachable stage: found nothing" in error for error in errors_of(tmp_path, files))


def test_a_stage_whose_role_decides_for_another_category_only_is_an_error(tmp_path: Path) -> None:
    other = "exclusive: true}\n  - {id: other, title: Other, exclusive: false}"
    files = spoiled(
        ROLEBOOK,
        ("exclusive: true}", other),
        ("- {role: Official, row", "- {role: Official, categories: [Other], row"),
    )
    problem = "stage whose role may not decide: found 'Official'"
    expected = f"{problem}, expected a role that decides for the category 'member'"
    assert errors_of(tmp_path, files) == [
        f"{place_of(str(files[ROLEBOOK]), 'Official, place', ROLEBOOK)}: {expected}"
    ]


def test_the_ids_of_the_steward_and_of_its_category_are_taken(tmp_path: Path) -> None:
    category = spoiled(ROLEBOOK, ("{id: member, title: Member", "{id: office, title: Member"))
    (found,) = errors_of(tmp_path / "category", category)
    assert found.endswith("reserved id: found 'office', expected another id than the steward's")
    role = spoiled(ROLEBOOK, ("id: guest", "id: steward"))
    assert any("duplicate role: found 'steward'" in error for error in errors_of(tmp_path / "role", role))


@pytest.mark.fault(43)
def test_two_names_that_look_the_same_are_one_name(tmp_path: Path) -> None:
    composed, decomposed = "Caf\u00e9 clerk", "Cafe\u0301 clerk"
    files = spoiled(
        ROLEBOOK, ("title: Clerk", f"title: {composed}"), ("title: Guest", f"title: {decomposed}")
    )
    assert any("duplicate role" in error for error in errors_of(tmp_path, files))
    unseen = spoiled(ROLEBOOK, ("title: Guest", "title: Clerk\u200b"))
    assert any(
        "control character: found 'U+200B'" in error for error in errors_of(tmp_path / "unseen", unseen)
    )


def test_every_cycle_of_organizations_is_told(tmp_path: Path) -> None:
    files = spoiled(
        ROLEBOOK,
        ("identifier: {scheme: office_code", "parents: [Office]\n    identifier: {scheme: office_code"),
    )
    files[ORGANIZATIONS] = "kind,code,name,parent\n" + "".join(
        f"Office,{code},{code},{parent}\n" for code, parent in ("AB", "BA", "CD", "DC", "EE")
    )
    found = errors_of(tmp_path, files)
    assert [error.partition("found ")[2].partition(",")[0] for error in found] == [
        "'A under B under A'",
        "'C under D under C'",
        "'E under E'",
    ]


AGENCIES = "kind,code,name,parent\nOffice,NORTH,North,\nOffice,SOUTH,South,\n"


@pytest.mark.requirement("IQCS-03")
def test_an_agency_without_a_chain_is_an_error(tmp_path: Path) -> None:
    files = spoiled(ROLEBOOK, ("      kinds: [Office]\n", "      organizations: [NORTH]\n"))
    files[ORGANIZATIONS] = AGENCIES
    (found,) = errors_of(tmp_path, files)
    expected = "no chain for an organization: found 'SOUTH', expected a chain whose 'organizations' name it"
    assert found.endswith(expected)


@pytest.mark.requirement("IQCS-03")
def test_an_agency_with_two_chains_is_an_error(tmp_path: Path) -> None:
    north, south = (
        CHAIN.replace("kinds: [Office]", f"organizations: [{codes}]") for codes in ("NORTH", "SOUTH, NORTH")
    )
    files = spoiled(ROLEBOOK, (CHAIN, north + south.replace("id: office", "id: second")))
    files[ORGANIZATIONS] = AGENCIES
    place = place_of(str(files[ROLEBOOK]), "NORTH]\n      stages", ROLEBOOK)
    (found,) = errors_of(tmp_path, files)
    assert found.endswith("second chain: found 'NORTH', expected one chain only (it is in 'office')")
    assert found.startswith(f"{ROLEBOOK}:{int(place.split(':')[1]) + 5}:30:")


ORGANIZATION_KINDS: dict[str, tuple[str, str]] = {
    "bad header": ("kind,code,title,parent\n", "1:11: bad header: found 'title', expected 'name'"),
    "wrong width": ("Office,A\n", "2:1: wrong width: found '2 cells', expected 3 or 4 cells"),
    "unknown kind": (
        "Ofice,A,First,\n",
        "2:1: unknown organization kind: found 'Ofice', expected one of 'Office', 'Branch'; did you mean 'Office'?",
    ),
    "duplicate code": (
        "Office,A,First,\nOffice,A,Second,\n",
        "3:8: duplicate organization: found 'A', expected each code once (first at line 2)",
    ),
    "wrong code": (
        "Office,a b,First,\n",
        "2:8: wrong code: found 'a b', expected a code that matches [A-Z0-9-]+",
    ),
    "missing code": ("Office,,First,\n", "2:8: missing code: found nothing, expected a code"),
    "missing parent": (
        "Branch,B,First\n",
        "2:1: missing parent: found nothing, expected an Office or a Branch",
    ),
    "unknown parent": (
        "Office,OFFICE,First\nBranch,B,Branch,OFFIC\n",
        "3:17: unknown organization: found 'OFFIC', expected an Office or a Branch; did you mean 'OFFICE'?",
    ),
    "wrong parent": ("Office,A,First\nOffice,B,Second,A\n", "3:17: wrong parent: found 'A', expected none"),
    "cycle": (
        "Branch,A,First,B\nBranch,B,Second,C\nBranch,C,Third,A\n",
        "2:16: cycle of organizations: found 'A under B under C under A', "
        "expected a parent that is not below its child",
    ),
}


@pytest.mark.parametrize("kind", ORGANIZATION_KINDS)
def test_an_error_of_the_organizations_is_told_at_its_place(kind: str, tmp_path: Path) -> None:
    lines, expected = ORGANIZATION_KINDS[kind]
    branch = (
        "\n  - {id: branch, title: Branch, plural: Branches, parents: [Office, Branch], "
        "identifier: {scheme: code, title: code}}\n\nroles:"
    )
    files = spoiled(ROLEBOOK, ("\n\nroles:", branch))
    files[ORGANIZATIONS] = lines if kind == "bad header" else "kind,code,name,parent\n" + lines
    found = errors_of(tmp_path, files)
    assert f"{ORGANIZATIONS}:{expected}" in found
    assert all(GRAMMAR.match(error) for error in found)


def test_no_program_has_an_id_with_which_addresses_of_the_server_begin(tmp_path: Path) -> None:
    (found,) = errors_of(tmp_path, spoiled(ROLEBOOK, ('id: "small_program"', 'id: "api"')))
    assert "reserved id: found 'api', expected another id" in found
