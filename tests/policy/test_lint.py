"""What the lint finds, on iQIES and on a small rolebook spoiled on purpose."""

from pathlib import Path

import pytest

from rolebook.policy.lint import WHY, Finding, lint, open_findings
from rolebook.policy.reading import read
from rolebook.policy.skeleton import skeleton
from tests.policy.shipped_books import NAMES, book, reading
from tests.policy.small import MATRIX, ROLEBOOK, SMALL, spoiled, write


def findings_of(name: str) -> dict[tuple[str, str], Finding]:
    return {(found.code, found.about): found for found in lint(book(name), reading(name))}


@pytest.mark.requirement("IQIES-14")
@pytest.mark.requirement("IQIES-17")
@pytest.mark.parametrize(
    ("code", "about", "line"),
    [
        ("note_contradicts_cell", "assessment_coordinator: inactivate_an_assessment", None),
        ("name_promises_what_is_denied", "assessment_submitter", "Submit an assessment,no,no,yes,yes,yes"),
        (
            "changes_what_it_cannot_view",
            "help_desk: archive_provider_letters without view_provider_details",
            "Archive provider letters,yes,no",
        ),
        (
            "changes_what_it_cannot_view",
            "state_assessment_coordinator: archive_provider_letters without view_provider_letters",
            "Archive provider letters,yes,yes,no",
        ),
        (
            "changes_what_it_cannot_view",
            "state_general_user: edit_idr without view_idr",
            "Table 5,Surveys,Edit IDR",
        ),
        ("no_row_for_viewing", "Table 5: edit_cms_377_form", "Table 5,Surveys,Edit CMS-377 form"),
        (
            "changes_what_it_cannot_view",
            "mac_security_official: iqies_role_approval without view_user_profile",
            "Table 3,,iQIES role approval",
        ),
        ("privilege_under_two_areas", "edit_a_user_profile", "Table 5,Other,Edit a user profile"),
        (
            "changes_what_it_cannot_view",
            "cms_security_official: delete_a_citation without view_survey_details",
            "Table 1,Surveys,Delete a citation",
        ),
        ("privilege_not_printed", "delete_a_survey", None),
        ("note_without_row", "ofm_user: create", None),
    ],
)
def test_the_lint_finds_on_iqies_what_the_job_aid_contradicts_itself_in(
    code: str, about: str, line: str | None
) -> None:
    finding = findings_of("iqies")[code, about]
    assert finding.place is not None
    text = Path(finding.place.file).read_text().splitlines()[finding.place.line - 1]
    if line is None:
        assert finding.place.file.endswith("rolebook.yaml")
    else:
        assert line in text


@pytest.mark.requirement("IQIES-17")
def test_a_known_finding_is_acknowledged_with_a_reason_and_stays_in_the_list() -> None:
    finding = findings_of("iqies")["note_without_row", "ofm_user: create"]
    assert finding.acknowledged
    assert finding not in open_findings(lint(book("iqies")))


@pytest.mark.parametrize("name", ["qpp", "iqcs"])
def test_our_own_matrices_have_no_open_finding(name: str) -> None:
    assert open_findings(lint(book(name), reading(name))) == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_finding_has_a_severity_a_reason_and_a_place(name: str) -> None:
    for finding in lint(book(name), reading(name)):
        assert finding.why == WHY[finding.code][1]
        assert finding.place is not None
        assert str(finding).startswith(f"{finding.place}: {finding.severity}: ")


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_rolebook_gives_the_same_findings_without_places(name: str) -> None:
    with_places = [(f.code, f.about, f.message) for f in lint(book(name), reading(name))]
    without = lint(book(name))
    assert [(f.code, f.about, f.message) for f in without] == with_places
    assert all(finding.place is None for finding in without)


def codes(folder: Path, file: str, *edits: tuple[str, str]) -> set[str]:
    found = read(write(folder, spoiled(file, *edits)))
    return {finding.code for finding in lint(found.rolebook, found)}


def test_the_skeleton_lints_clean(tmp_path: Path) -> None:
    found = read(write(tmp_path, SMALL))
    assert lint(found.rolebook, found) == ()


@pytest.mark.parametrize(
    "name", ["Summer School", "null", "2nd: #program", '"quoted" \\ name', "{braces}", "   "]
)
def test_a_skeleton_of_any_name_lints_clean(name: str, tmp_path: Path) -> None:
    found = read(write(tmp_path, dict(skeleton(name))))
    assert lint(found.rolebook, found) == ()


@pytest.mark.parametrize(
    ("code", "file", "old", "new"),
    [
        ("privilege_without_role", MATRIX, "Create records,no,yes,no", "Create records,no,no,no"),
        ("changes_what_it_cannot_view", MATRIX, "View records,yes,yes,own", "View records,yes,no,own"),
        ("creates_what_it_cannot_view", MATRIX, "View records,yes,yes,own", "View records,yes,no,own"),
        ("no_row_for_viewing", MATRIX, "Table 1,Records,View records,yes,yes,own\n", ""),
        (
            "privilege_under_two_areas",
            MATRIX,
            "Table 1,Manage access",
            "Table 1,Manage access,Edit records,no,yes,no\nTable 1,Manage access",
        ),
        (
            "contained_role",
            MATRIX,
            "Approve or deny requests,yes,no,no",
            "Approve or deny requests,yes,yes,no",
        ),
        ("unused_mark", MATRIX, "yes,yes,own", "yes,yes,no"),
        ("name_promises_what_is_denied", ROLEBOOK, "title: Guest", "title: Record Editor"),
        (
            "stale_acknowledgement",
            ROLEBOOK,
            "lifecycle:",
            "acknowledged: [{finding: unused_mark, about: own, reason: none}]\n\nlifecycle:",
        ),
        (
            "unused_footnote",
            ROLEBOOK,
            "# The tables of",
            "footnotes: [{mark: '*', text: Nothing.}]\n\n# The tables of",
        ),
    ],
)
def test_a_spoiled_rolebook_is_found(code: str, file: str, old: str, new: str, tmp_path: Path) -> None:
    edits = [(old, new)]
    files = spoiled(file, *edits)
    if new.startswith("title: Record Editor"):
        files[MATRIX] = str(files[MATRIX]).replace("Clerk,Guest", "Clerk,Record Editor")
        files["cases/first.yaml"] = ""
    found = read(write(tmp_path, files))
    assert code in {finding.code for finding in lint(found.rolebook, found)}


def test_two_roles_with_equal_columns_are_found(tmp_path: Path) -> None:
    edits = [("View records,yes,yes,own", "View records,yes,yes,yes")]
    edits += [(f"{title},no,yes,no", f"{title},no,yes,yes") for title in ("Create records", "Edit records")]
    assert "equal_columns" in codes(tmp_path, MATRIX, *edits)


def test_a_kind_at_which_nobody_can_decide_is_found(tmp_path: Path) -> None:
    kind = (
        "\n  - {id: branch, title: Branch, plural: Branches, parents: [Office], "
        "identifier: {scheme: code, title: code}}\n\nroles:"
    )
    edits = [
        ("\n\nroles:", kind),
        ("kinds: [Office]}\n  - id: guest", "kinds: [Office, Branch]}\n  - id: guest"),
    ]
    assert "kind_without_decider" in codes(tmp_path, ROLEBOOK, *edits)


DEPOT = """\
  - {id: depot, title: Depot, plural: Depots, identifier: {scheme: code, title: code}}

roles:
  - id: keeper
    title: Keeper
    category: Member
    obtained: request
    printed: false
    reach: {scope: organization, kinds: [Depot]}
"""


def test_a_stage_whose_approver_cannot_be_held_there_is_found(tmp_path: Path) -> None:
    edits = [
        ("\nroles:\n", DEPOT),
        ("      kinds: [Office]\n", "      kinds: [Office, Depot]\n"),
        ("  decide:\n", "  decide:\n    - {role: Keeper, ours: so}\n"),
    ]
    files = spoiled(ROLEBOOK, *edits)
    found = read(write(tmp_path, files))
    finding = next(each for each in lint(found.rolebook, found) if each.code == "stage_without_decider")
    assert finding.message == "'Official' decides about a Depot, and cannot be held there"
    assert finding.about == "office/official: depot"
    assert "Official, place" in str(files[ROLEBOOK]).splitlines()[finding.place.line - 1]  # type: ignore[union-attr]
    assert "kind_without_decider" not in {each.code for each in lint(found.rolebook, found)}
