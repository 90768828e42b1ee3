"""Every kind of error of a rolebook, at its place and in the one grammar."""

import re
from pathlib import Path

import pytest

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

# What is edited (file, old, new), the piece at whose place the error stands, and the message.
KINDS: dict[str, tuple[str, str, str, str, str]] = {
    "YAML syntax": (
        ROLEBOOK,
        "access: with each role",
        "access: [with each role",
        "steward:\n",
        "bad YAML: found",
    ),
    "unknown key": (
        ROLEBOOK,
        "    obtained: request",
        "    obtaind: request",
        "obtaind",
        "unknown key: found 'obtaind', expected one of 'id', 'title', 'other_names', 'category', 'description', "
        "'source', 'obtained', 'reach', 'printed', 'by_note', 'notes', 'recommended'; did you mean 'obtained'?",
    ),
    "missing key": (
        ROLEBOOK,
        "    title: Official\n",
        "",
        "id: official",
        "missing key: found nothing, expected 'title'",
    ),
    "missing top key": (
        ROLEBOOK,
        "access: with each role",
        "# no access",
        "format",
        "missing key: found nothing, expected 'access'",
    ),
    "wrong type of a text": (
        ROLEBOOK,
        'version: "1"',
        "version: 1.0",
        "1.0",
        "wrong type: found '1.0', expected text (in quotes if it looks like a number)",
    ),
    "wrong type of a truth value": (
        ROLEBOOK,
        "exclusive: true",
        "exclusive: yes",
        "yes",
        "wrong type: found 'yes', expected true or false",
    ),
    "wrong type of a list": (
        ROLEBOOK,
        "areas: [Records, Manage access]",
        "areas: Records",
        "Records\n\n# By id",
        "wrong type: found 'Records', expected a list",
    ),
    "wrong type of a part": (
        ROLEBOOK,
        "reach: {scope: organization, kinds: [Office]}",
        "reach: organization",
        "organization\n    recommended",
        "wrong type: found 'organization', expected keys and values",
    ),
    "wrong type of a number": (
        ROLEBOOK,
        "at_least: 2",
        "at_least: two",
        "two, ours",
        "wrong type: found 'two', expected a whole number",
    ),
    "value out of bounds": (
        ROLEBOOK,
        "at_least: 2",
        "at_least: 0",
        "0, ours",
        "wrong value: found '0', expected at least 1",
    ),
    "empty text": (
        ROLEBOOK,
        "    title: Clerk",
        "    title: ''",
        "''",
        "wrong value: found nothing, expected some text",
    ),
    "one of several words": (
        ROLEBOOK,
        "scope: organization, kinds",
        "scope: organisation, kinds",
        "organisation, kinds",
        "wrong value: found 'organisation', expected one of 'everywhere', 'organization', 'own record'; "
        "did you mean 'organization'?",
    ),
    "bad id": (
        ROLEBOOK,
        "id: clerk",
        "id: Clerk-1",
        "Clerk-1",
        "wrong value: found 'Clerk-1', expected an id of small letters, digits and '_'",
    ),
    "bad id of a privilege": (
        ROLEBOOK,
        "  view_records: View",
        "  View-Records: View",
        "View-Records",
        "bad key: found 'View-Records', expected an id of small letters, digits and '_'",
    ),
    "bad e-mail address": (
        ROLEBOOK,
        "support@small-program.example",
        "nobody",
        "nobody\n",
        "wrong value: found 'nobody', expected an e-mail address",
    ),
    "format of the future": (
        ROLEBOOK,
        "format: 1",
        "format: 2",
        "2\n",
        "wrong value: found '2', expected '1'",
    ),
    "invalid date": (
        ROLEBOOK,
        "date: 2026-01-01",
        "date: 2026-02-30",
        "2026-02-30",
        "invalid date: found '2026-02-30', expected a date like 2026-11-21",
    ),
    "unknown zone": (
        ROLEBOOK,
        "zone: America/New_York",
        "zone: America/New_Yrok",
        "America/New_Yrok",
        "unknown zone: found 'America/New_Yrok', expected an IANA time zone",
    ),
    "unknown hint": (
        ROLEBOOK,
        "find_a_role: Choose",
        "find_role: Choose",
        "find_role",
        "unknown hint: found 'find_role', expected one of 13 names; did you mean 'find_a_role'?",
    ),
    "duplicate key": (
        ROLEBOOK,
        "access: with each role",
        "access: with each role\naccess: apart from roles",
        "access: apart",
        "duplicate key: found 'access', expected it once (first at line 21)",
    ),
    "duplicate id of a role": (
        ROLEBOOK,
        "id: clerk",
        "id: official",
        "official\n    title: Clerk",
        "duplicate role: found 'official', expected each id once (first at line 38)",
    ),
    "duplicate title of a role": (
        ROLEBOOK,
        "    title: Clerk",
        "    title: Official",
        "clerk\n",
        "duplicate role: found 'Official', expected a name that 'official' does not have",
    ),
    "duplicate privilege": (
        ROLEBOOK,
        "  edit_records: Edit records",
        "  edit_records: View records",
        "edit_records",
        "duplicate privilege: found 'View records', expected a name that 'view_records' does not have",
    ),
    "unknown category": (
        ROLEBOOK,
        "    category: Member\n    description: Keeps",
        "    category: Membre\n    description: Keeps",
        "Membre",
        "unknown category: found 'Membre', expected 'Member'; did you mean 'Member'?",
    ),
    "unknown organization kind": (
        ROLEBOOK,
        "kinds: [Office]}\n    recommended",
        "kinds: [Offices]}\n    recommended",
        "Offices]}",
        "unknown organization kind: found 'Offices', expected 'Office'; did you mean 'Office'?",
    ),
    "role held at an organization of no kind": (
        ROLEBOOK,
        "reach: {scope: organization, kinds: [Office]}\n    recommended",
        "reach: {scope: organization}\n    recommended",
        "{scope: organization}",
        "missing key: found nothing, expected 'kinds' of organization",
    ),
    "kinds of a role that reaches everywhere": (
        ROLEBOOK,
        "reach: {scope: organization, kinds: [Office]}\n\n",
        "reach: {scope: everywhere, kinds: [Office]}\n\n",
        "kinds: [Office]}\n\n# The headings",
        "unused key: found 'kinds', expected only with scope 'organization', not 'everywhere'",
    ),
    "operation that no verb tells": (
        ROLEBOOK,
        "{title: Approve or deny requests, operation: approve}",
        "Role approval",
        "Role approval\n",
        "unknown operation: found 'Role approval', expected a title that begins with a verb, or the key 'operation'",
    ),
    "unknown operation": (
        ROLEBOOK,
        "requests, operation: approve}",
        "requests, operation: aprove}",
        "aprove}",
        "unknown operation: found 'aprove', expected one of 'view', 'search', 'create', 'edit', 'delete', 'archive', "
        "'inactivate', 'submit', 'approve', 'manage', 'run', 'certify'; did you mean 'approve'?",
    ),
    "unknown role in authority": (
        ROLEBOOK,
        "- {role: Official, row",
        "- {role: Offical, row",
        "Offical",
        "unknown role: found 'Offical', expected one of 'Small program office', 'Official', 'Clerk', 'Guest'; "
        "did you mean 'Official'?",
    ),
    "row that is not printed": (
        ROLEBOOK,
        "row: Table 1 / Manage access / Approve or deny requests",
        "row: Table 1 / Manage access / Approve requests",
        "Table 1 / Manage access / Approve requests",
        "unknown row: found 'Table 1 / Manage access / Approve requests', expected a printed row like "
        "'Table 1 / Other / iQIES role approval'; did you mean 'Table 1 / Manage access / Approve or deny requests'?",
    ),
    "row that does not give it": (
        ROLEBOOK,
        "row: Table 1 / Manage access / Approve or deny requests",
        "row: Table 1 / Records / Edit records",
        "Table 1 / Records / Edit records",
        "row does not give it: found 'no for Official', expected a row whose cell for this role is not 'no'",
    ),
    "two bases": (
        ROLEBOOK,
        "{role: Official, ours: who decides sees who asks}",
        "{role: Official, ours: so, document: so}",
        "{role: Official, ours: so",
        "wrong keys: found 'keys 'role', 'ours', 'document'', expected one of 'row', 'document', 'ours'",
    ),
    "stage whose role may not decide": (
        ROLEBOOK,
        "approver: Official",
        "approver: Clerk",
        "Clerk, place",
        "stage whose role may not decide: found 'clerk', expected a role that 'authority: decide' names ('official')",
    ),
    "chain for nothing": (
        ROLEBOOK,
        CHAIN,
        CHAIN + CHAIN.replace("id: office", "id: spare").replace("      kinds: [Office]\n", ""),
        "spare",
        "chain for nothing: found 'spare', expected 'kinds', 'organizations' or 'everywhere: true'",
    ),
    "two chains for the same kind": (
        ROLEBOOK,
        CHAIN,
        CHAIN + CHAIN.replace("id: office", "id: spare").replace("kinds: [Office]", "kinds: [ Office ]"),
        "Office ]",
        "second chain: found 'office', expected one chain only (it is in 'office')",
    ),
    "no chain for a kind": (
        ROLEBOOK,
        "      kinds: [Office]\n",
        "      everywhere: true\n",
        "- id: office\n      title: The",
        "no chain for a kind: found 'office', expected a chain whose 'kinds' name it, as roles are asked for there",
    ),
    "unreachable stage": (
        ROLEBOOK,
        "place: organization}",
        "place: nearest, kinds: [Office]}\n"
        + CHAIN.replace("id: office", "id: spare").replace("kinds: [Office]", "everywhere: true"),
        "spare",
        "unreachable stage: found 'spare', expected a role that can be asked for at what the chain is for",
    ),
    "stage at the nearest of no kind": (
        ROLEBOOK,
        "place: organization}",
        "place: nearest}",
        "nearest}",
        "missing key: found nothing, expected 'kinds' with the place 'nearest'",
    ),
    "duplicate stage": (
        ROLEBOOK,
        "place: organization}",
        "place: organization}\n        - {id: official, title: Again, approver: Official, place: organization}",
        "official, title: Again",
        "duplicate stage: found 'official', expected each id once in a chain",
    ),
    "stages of another organization without an employing chain": (
        ROLEBOOK,
        "rules:\n",
        "  foreign_last:\n    - {id: last, title: Last, approver: Official, place: program}\n\nrules:\n",
        "foreign_last",
        "unreachable stage: found 'foreign_last', expected only with 'employing_chain: true'",
    ),
    "unknown organization of a chain": (
        ROLEBOOK,
        "      kinds: [Office]\n",
        "      kinds: [Office]\n      organizations: [OFFICE-9]\n",
        "OFFICE-9",
        "unknown organization: found 'OFFICE-9', expected a code from organizations.csv",
    ),
    "unknown rule": (
        ROLEBOOK,
        "{id: own_decision, source",
        "{id: own_decisions, source",
        "own_decisions",
        "unknown rule: found 'own_decisions', expected one of 'fitting_place', 'dates_in_order', 'designation_only', "
        "'one_category', 'already_held', 'already_pending', 'own_decision', 'statement_agreed', "
        "'certificate_required', 'new_or_modification'; did you mean 'own_decision'?",
    ),
    "rule without its settings": (
        ROLEBOOK,
        "{id: own_decision, source",
        "{id: new_or_modification, source",
        "{id: new_or_modification",
        "missing setting: found nothing, expected 'category' for the rule 'new_or_modification'",
    ),
    "unknown setting": (
        ROLEBOOK,
        "{id: own_decision, source",
        "{id: own_decision, settings: {strict: true}, source",
        "strict",
        "unknown setting: found 'strict', expected none",
    ),
    "setting that names no category": (
        ROLEBOOK,
        "{id: own_decision, source",
        "{id: new_or_modification, settings: {category: standard}, source",
        "standard",
        "unknown category: found 'standard', expected 'member'",
    ),
    "dates of a rule in the wrong order": (
        ROLEBOOK,
        "{id: own_decision, source",
        "{id: own_decision, effective_from: 2026-05-01, effective_until: 2026-04-01, source",
        "2026-04-01",
        "invalid date: found '2026-04-01', expected a day after 2026-05-01",
    ),
    "days of warning in the wrong order": (
        ROLEBOOK,
        "[14, 3]",
        "[3, 14]",
        "[3, 14]",
        "wrong order: found '3, 14', expected each number of days once, longest first",
    ),
    "anchor": (
        ROLEBOOK,
        "areas: [Records, Manage access]",
        "areas: &all [Records, Manage access]",
        "&all",
        "anchor or alias: found 'all', expected the value written out",
    ),
    "tag": (
        ROLEBOOK,
        "access: with each role",
        "access: !!python/name:os.system x",
        "!!python",
        "tag: found 'tag:yaml.org,2002:python/name:os.system', expected a value without a tag",
    ),
    "second document": (
        ROLEBOOK,
        "access: with each role",
        "access: with each role\n---\nformat: 1",
        "---",
        "second document: found '---', expected one document in a file",
    ),
    "table without rows": (
        ROLEBOOK,
        "  - {id: Table 1, title: What each role may do}",
        "  - {id: Table 1, title: What each role may do}\n  - {id: Table 2, title: More}",
        "Table 2",
        "table without rows: found 'Table 2', expected its rows in matrix.csv",
    ),
    "role without column": (
        MATRIX,
        "table,area,privilege,Official,Clerk,Guest\nTable 1,Records,View records,yes,yes,own",
        "table,area,privilege,Official,Clerk\nTable 1,Records,View records,yes,yes",
        "table",
        "",
    ),
    "header that names no role": (
        MATRIX,
        "Clerk",
        "Clark",
        "Clark",
        "unknown role: found 'Clark', expected one of 'Small program office', 'Official', 'Clerk', 'Guest'; "
        "did you mean 'Clerk'?",
    ),
    "column of the steward": (
        MATRIX,
        "Clerk,Guest",
        "Small program office,Guest",
        "Small program office",
        "column without role: found 'steward', expected a role that is printed",
    ),
    "two columns of one role": (
        MATRIX,
        "Clerk,Guest",
        "Official,Guest",
        "Official,Guest",
        "duplicate column: found 'Official', expected each role once in a table",
    ),
    "missing header": (
        MATRIX,
        "table,area,privilege,Official,Clerk,Guest\n",
        "",
        "Table 1",
        "missing header: found 'Table 1', expected 'table,area,privilege' and the roles",
    ),
    "bad header": (
        MATRIX,
        "table,area,privilege",
        "table,section,privilege",
        "section",
        "bad header: found 'section', expected 'area'",
    ),
    "row of the wrong width": (
        MATRIX,
        "Edit records,no,yes,no",
        "Edit records,no,yes",
        "Table 1,Records,Edit",
        "wrong width: found '5 cells', expected 6 cells, as the header at line 1",
    ),
    "bad cell": (
        MATRIX,
        "Edit records,no,yes,no",
        "Edit records,no,yse,no",
        "yse",
        "bad cell: found 'yse', expected one of 'yes', 'no', 'own'; did you mean 'yes'?",
    ),
    "empty cell": (
        MATRIX,
        "Edit records,no,yes,no",
        "Edit records,,yes,no",
        ",yes,no\nTable 1,Manage",
        "bad cell: found nothing, expected one of 'yes', 'no', 'own'",
    ),
    "unknown area": (
        MATRIX,
        "Records,Edit records",
        "Record,Edit records",
        "Record,Edit",
        "unknown area: found 'Record', expected one of 'Records', 'Manage access'; did you mean 'Records'?",
    ),
    "unknown privilege": (
        MATRIX,
        "Edit records",
        "Edit record",
        "Edit record,",
        "unknown privilege: found 'Edit record', expected one of 'View records', 'Create records', 'Edit records', "
        "'Approve or deny requests'; did you mean 'Edit records'?",
    ),
    "unknown table": (
        MATRIX,
        "Table 1,Records,Edit",
        "Table 7,Records,Edit",
        "Table 7",
        "unknown table: found 'Table 7', expected 'Table 1'; did you mean 'Table 1'?",
    ),
    "missing privilege": (
        MATRIX,
        "Records,Edit records",
        "Records,",
        ",no,yes,no\nTable 1,Manage",
        "missing privilege: found nothing, expected the title of a privilege",
    ),
    "row that contradicts another": (
        MATRIX,
        "Table 1,Manage access",
        "Table 1,Manage access,Edit records,no,no,no\nTable 1,Manage access",
        "no,no\nTable 1,Manage",
        "contradicting cell: found 'no', expected 'yes', as at line 4",
    ),
    "row that stands twice under an area": (
        MATRIX,
        "Table 1,Manage access",
        "Table 1,Records,Edit records,no,yes,no\nTable 1,Manage access",
        "Edit records,no,yes,no\nTable 1,Manage",
        "duplicate row: found 'Edit records', expected a privilege once under an area",
    ),
    "quote that is not closed": (
        MATRIX,
        "Edit records",
        '"Edit records',
        '"Edit',
        "bad cell: found",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_told_at_its_place(kind: str, tmp_path: Path) -> None:
    file, old, new, piece, message = KINDS[kind]
    files = spoiled(file, (old, new))
    found = errors_of(tmp_path, files)
    if kind == "role without column":
        file, piece = ROLEBOOK, "guest\n"
        message = "role without column: found 'Guest', expected a column in matrix.csv, or 'printed: false'"
    place = place_of(str(files[file]), piece, file)
    told = [error for error in found if error.startswith(f"{place}: {message}")]
    assert told, "\n".join([f"expected {place}: {message}", "found:", *found])


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_keeps_the_grammar(kind: str, tmp_path: Path) -> None:
    file, old, new, _, _ = KINDS[kind]
    found = errors_of(tmp_path, spoiled(file, (old, new)))
    assert found
    assert [error for error in found if not GRAMMAR.match(error)] == []


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


def test_a_stage_whose_role_decides_for_another_category_only_is_an_error(tmp_path: Path) -> None:
    other = "exclusive: true}\n  - {id: other, title: Other, exclusive: false}"
    files = spoiled(
        ROLEBOOK,
        ("exclusive: true}", other),
        ("- {role: Official, row", "- {role: Official, categories: [Other], row"),
    )
    problem = "stage whose role may not decide: found 'official'"
    expected = f"{problem}, expected a role that decides for the category 'member'"
    assert errors_of(tmp_path, files) == [
        f"{place_of(str(files[ROLEBOOK]), 'Official, place', ROLEBOOK)}: {expected}"
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
        "2:1: missing parent: found nothing, expected a Office or a Branch",
    ),
    "unknown parent": (
        "Office,OFFICE,First\nBranch,B,Branch,OFFIC\n",
        "3:17: unknown organization: found 'OFFIC', expected a Office or a Branch; did you mean 'OFFICE'?",
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
