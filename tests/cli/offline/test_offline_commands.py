"""The offline commands: what they print, plain when piped and as JSON, and their exit codes."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.offline import Run


@pytest.mark.requirement("IQIES-09", "IQIES-18")
def test_the_iqies_matrix_as_csv_has_every_printed_cell_in_order(run: Run) -> None:
    printed = run("matrix", "iqies", "--format", "csv")
    assert printed.exit_code == 0
    lines = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert printed.stdout.splitlines()[0] == "table,area,privilege,role,allowed"
    assert len(lines) == 533
    answers = [line["allowed"] for line in lines]
    assert (answers.count("no"), answers.count("yes")) == (326, 207)
    first, last = lines[0], lines[-1]
    assert list(first.values()) == ["Table 1", "CMPTS", "Edit details", "CMS General User", "yes"]
    assert list(last.values())[:3] == ["Table 6", "CMPTS", "View CMPTS notes"]
    assert {line["area"] for line in lines if line["table"] == "Table 3"} == {""}
    assert not any("*" in line["privilege"] for line in lines)
    assert "Delete a survey" in {line["privilege"] for line in lines}
    roles = {line["role"] for line in lines}
    assert len(roles) == 16
    assert "CMS Admin" not in roles
    assert "Provider Assessment Viewer" in roles
    twice = [
        line for line in lines if (line["table"], line["privilege"]) == ("Table 5", "Edit a user profile")
    ]
    assert [line["area"] for line in twice] == ["Users"] * 3 + ["Other"] * 3


def test_the_matrix_is_filtered_by_role_and_area(run: Run) -> None:
    printed = run("matrix", "iqies", "--role", "sagu", "--area", "fsid", "--format", "json")
    (cell,) = json.loads(printed.stdout)
    assert (cell["role_id"], cell["privilege"], cell["allowed"]) == (
        "state_general_user",
        "Manage user FSID",
        "no",
    )


@pytest.mark.requirement("IQIES-10")
def test_the_matrix_for_people_has_headings_footnotes_and_no_color_when_piped(run: Run) -> None:
    printed = run("matrix", "iqies", "--area", "Surveys").stdout
    assert "Table 1: CMS Staff User Roles and Privileges" in printed
    assert "Delete a survey*" in printed
    assert "* Only the CMS Admin role can delete surveys" in printed
    assert "\x1b" not in printed


def test_a_matrix_without_a_line_says_why(run: Run) -> None:
    admin = run("matrix", "iqies", "--role", "CMS Admin").stdout
    assert admin.startswith(
        "no table prints CMS Admin\nDelete a survey: by a note (document: Only the CMS Admin"
    )
    submitter = run("matrix", "iqies", "--role", "Assessment Submitter", "--area", "CMPTS").stdout
    assert submitter == "the table of Assessment Submitter has no area 'CMPTS'\n"


@pytest.mark.parametrize("name", ["nope", "tests"])
def test_what_cannot_be_read_leaves_with_2_and_its_place(run: Run, name: str) -> None:
    refused = run("matrix", name)
    assert refused.exit_code == 2
    assert refused.stdout == ""


@pytest.mark.parametrize("command", [["roles", "--json"], ["matrix", "--format", "json"], ["lint", "--json"]])
def test_a_program_that_asked_for_json_reads_the_errors_as_json(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "rolebook.yaml").write_text("format: 1\nprogramm: {}\n", encoding="utf-8")
    refused = run(command[0], str(tmp_path), *command[1:])
    assert refused.exit_code == 2
    assert refused.stderr == ""
    first = json.loads(refused.stdout)["errors"][0]
    assert set(first) == {"file", "line", "column", "message"}


def test_every_error_of_a_rolebook_is_told_as_file_line_column(run: Run, tmp_path: Path) -> None:
    (tmp_path / "rolebook.yaml").write_text("format: 1\nprogramm: {}\n", encoding="utf-8")
    refused = run("roles", str(tmp_path))
    assert refused.exit_code == 2
    assert all(":" in line for line in refused.stderr.splitlines())
    assert f"{tmp_path}/rolebook.yaml:2:1" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (
            ("matrix", "iqies", "--role", "State Agency Generel User"),
            "did you mean 'State Agency General User'?",
        ),
        (("matrix", "iqies", "--area", "Survey"), "did you mean 'Surveys'?"),
        (("who-can", "iqies", "--privilege", "View IDRs"), "did you mean 'View IDR'?"),
        (("which-role", "iqies", "--need", "View IDR", "--category", "Providr"), "did you mean 'Provider'?"),
        (("check", "iqies", "--privilege", "View IDR", "--on", "tomorrow"), "is no date"),
        (("check", "iqies", "--privilege", "View IDR", "--on", "2026-01-01T09:00"), "says no offset"),
        (
            ("check", "iqies", "--privilege", "View IDR", "--organization", "1:Hospise:OH"),
            "did you mean 'Hospice'?",
        ),
        (("check", "iqies", "--privilege", "View IDR", "--organization", "1:Hospice:ZZ"), "the parent 'ZZ'"),
    ],
)
def test_wrong_use_leaves_with_2_and_says_what_was_perhaps_meant(
    run: Run, arguments: tuple[str, ...], hint: str
) -> None:
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert hint in refused.stderr


@pytest.mark.requirement("IQIES-03")
def test_which_role_lists_sets_with_their_extras(run: Run) -> None:
    found = run("which-role", "iqies", "--need", "Manage state-prohibited codes", "--need", "Edit a patient")
    assert found.exit_code == 0
    assert found.stdout.startswith("1. State Agency Assessment Coordinator (State Agency)\n")
    assert " besides: " in found.stdout
    as_json = run("which-role", "iqies", "--need", "Delete a survey", "--json")
    assert json.loads(as_json.stdout)[0]["not_requestable"] == ["cms_admin"]
    none = run("which-role", "iqies", "--need", "Delete a survey", "--category", "Provider")
    assert (none.exit_code, none.stdout) == (1, "no roles of one category give all of that\n")


@pytest.mark.requirement("IQIES-16")
def test_who_can_lists_roles_with_how_they_are_obtained(run: Run) -> None:
    listed = run("who-can", "iqies", "--privilege", "Manage state-prohibited codes")
    assert [line.split("  ")[0] for line in listed.stdout.splitlines()] == [
        "Role",
        "iQIES Help Desk Production Control",
        "State Agency Assessment Coordinator",
    ]


@pytest.mark.parametrize("program", ["iqies", "qpp", "iqcs"])
@pytest.mark.parametrize("command", ["roles", "privileges"])
def test_roles_and_privileges_are_listed_for_people_and_programs(
    run: Run, program: str, command: str
) -> None:
    plain, listed = run(command, program), run(command, program, "--json")
    assert plain.exit_code == listed.exit_code == 0
    assert len(plain.stdout.splitlines()) == len(json.loads(listed.stdout)) + 1


@pytest.mark.parametrize("arguments", [("schema",), ("schema", "--cases")])
def test_schemas_are_json_schema(run: Run, arguments: tuple[str, ...]) -> None:
    document = json.loads(run(*arguments).stdout)
    assert document["$schema"].endswith("draft/2020-12/schema")


@pytest.mark.parametrize("program", ["iqies", "qpp", "iqcs"])
def test_the_cases_of_the_shipped_rolebooks_hold(run: Run, program: str) -> None:
    told = run("test", program)
    assert told.exit_code == 0, told.stdout
    assert "claims hold" in told.stdout


def test_a_claim_that_does_not_hold_is_told_with_its_place(run: Run, tmp_path: Path) -> None:
    copy_of("qpp", tmp_path)
    (tmp_path / "cases").mkdir(exist_ok=True)
    (tmp_path / "cases" / "wrong.yaml").write_text(WRONG_CASE, encoding="utf-8")
    told = run("test", str(tmp_path))
    assert told.exit_code == 1
    assert "wrong.yaml:" in told.stdout
    assert "expected yes, got no" in told.stdout
    broken = [
        answer for answer in json.loads(run("test", str(tmp_path), "--json").stdout) if not answer["holds"]
    ]
    assert [answer["claim"] for answer in broken] == ["A Staff User approves requests."]


@pytest.mark.requirement("IQIES-14", "IQIES-17")
def test_lint_shows_every_finding_and_leaves_out_acknowledged_ones_when_asked(run: Run) -> None:
    told = run("lint", "iqies", "--json")
    findings = json.loads(told.stdout)
    still_open = [finding for finding in findings if finding["acknowledged"] is None]
    assert told.exit_code == (1 if still_open else 0)
    codes = {finding["code"] for finding in findings}
    assert {"note_contradicts_cell", "name_promises_what_is_denied", "note_without_row"} <= codes
    assert json.loads(run("lint", "iqies", "--open", "--json").stdout) == still_open
    plain = run("lint", "iqies")
    assert plain.stdout.count("why it matters: ") == len(findings)
    assert plain.stdout.splitlines()[-1].endswith(" more acknowledged")


def test_a_new_rolebook_lints_clean_passes_its_cases_and_is_never_overwritten(
    run: Run, tmp_path: Path
) -> None:
    folder = str(tmp_path / "harbor")
    made = run("new", folder, "--name", "Harbor Patrol")
    assert made.exit_code == 0, made.stdout
    assert run("lint", folder).exit_code == 0
    tested = run("test", folder)
    assert tested.exit_code == 0, tested.stdout
    again = run("new", folder)
    assert again.exit_code == 1
    assert "nothing was written" in again.stderr
    blocked = run("new", str(tmp_path / "harbor" / "matrix.csv" / "deeper"))
    assert blocked.exit_code == 2


@pytest.mark.parametrize("name", ["Harbor\x1b[31m Patrol", "no", "100", "{x}: 'y' \"z\" \\ #", "Ünï 日本"])
def test_a_program_of_any_name_begins_with_a_clean_rolebook(run: Run, tmp_path: Path, name: str) -> None:
    folder = str(tmp_path / "a folder")
    made = run("new", folder, "--name", name)
    assert f"rolebook lint '{folder}'" in made.stdout
    assert run("lint", folder).exit_code == 0, run("lint", folder).stderr
    assert run("new", " ").exit_code == 2


def test_diff_marks_added_power_and_leaves_with_1_when_there_is_a_difference(
    run: Run, tmp_path: Path
) -> None:
    copy_of("qpp", tmp_path)
    assert run("diff", "qpp", str(tmp_path)).exit_code == 0
    matrix = (tmp_path / "matrix.csv").read_text(encoding="utf-8").splitlines()
    changed = [line.replace("yes,no", "yes,yes") for line in matrix]
    assert changed != matrix
    (tmp_path / "matrix.csv").write_text("\n".join(changed) + "\n", encoding="utf-8")
    told = run("diff", "qpp", str(tmp_path))
    assert told.exit_code == 1
    assert told.stdout.startswith("+ ")
    assert any(line["added_power"] for line in json.loads(run("diff", "qpp", str(tmp_path), "--json").stdout))


def copy_of(program: str, folder: Path) -> None:
    """Copy a shipped rolebook's files, without its cases."""
    from rolebook.policy.shipped import shipped_folder

    for file in shipped_folder(program).iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())


WRONG_CASE = """\
about: a claim that is wrong
world:
  now: 2026-11-21T12:00:00Z
  organizations:
    - {kind: Practice, code: "1", name: One}
  people:
    ann:
      holds:
        - {role: Staff User, at: "1"}
cases:
  - claim: A Staff User approves requests.
    person: ann
    questions:
      - {do: "act:decide", at: "1", answer: "yes"}
"""


def test_help_begins_with_examples(run: Run) -> None:
    told = run("--help").stdout
    assert told.index("rolebook check iqies") < told.index("Commands:")
