"""`rolebook check`: answers, their reasons, and what is wrong use."""

import json

import pytest

from tests.cli.offline import Run


def test_check_says_yes_with_0_and_no_with_1(run: Run) -> None:
    question = (
        "check",
        "iqies",
        "--holds",
        "State Agency General User@OH",
        "--privilege",
        "Edit IDR",
        "--at",
    )
    yes, no = run(*question, "OH"), run(*question, "TX")
    assert (yes.stdout, yes.exit_code) == ("yes\n", 0)
    assert (no.stdout, no.exit_code) == ("no\n", 1)


@pytest.mark.requirement("IQIES-15")
def test_check_explains_the_answer_first(run: Run) -> None:
    told = run(
        "check", "iqies", "--holds", "SAGU@OH", "--privilege", "Edit IDR", "--area", "Surveys", "--at", "TX",
        "--on", "2026-11-21", "--explain",
    )  # fmt: skip
    lines = told.stdout.splitlines()
    assert told.exit_code == 1
    assert lines[0].startswith("No: State Agency General User gives “Edit IDR”, but it is held at Ohio (OH)")
    assert lines[1] == "Asked: “Edit IDR” at Texas (TX) on November 21, 2026, 00:00 EST."


def test_check_gives_programs_codes_rows_and_ways(run: Run) -> None:
    told = run("check", "iqies", "--holds", "SAGU@OH", "--privilege", "Edit IDR", "--at", "TX", "--json")
    document = json.loads(told.stdout)
    assert (document["allowed"], document["reason"]["code"]) == (False, "outside_reach")
    assert document["rows"][0]["basis"] == "Table 5 / Surveys / Edit IDR"
    assert "state_general_user" in {way["role_id"] for way in document["roles_that_give_it"]}


def test_check_knows_dates_closed_accounts_records_and_organizations_that_are_not_shipped(run: Run) -> None:
    dated = (
        "check",
        "iqies",
        "--holds",
        "SAGU@OH[2026-01-01..2026-07-01]",
        "--privilege",
        "Edit IDR",
        "--at",
        "OH",
    )
    assert run(*dated, "--on", "2026-06-30").exit_code == 0
    assert run(*dated, "--on", "2026-07-01").exit_code == 1
    assert run(*dated, "--on", "2026-06-30", "--closed").exit_code == 1
    below = ("--organization", "365001:Nursing Home:OH", "--at", "365001")
    assert run("check", "iqies", "--holds", "SAGU@OH", "--privilege", "Edit IDR", *below).exit_code == 0


@pytest.mark.parametrize("on", ["1960-01-01", "0001-01-01", "9999-12-31"])
def test_what_is_held_without_dates_is_held_on_any_day(run: Run, on: str) -> None:
    asked = ("check", "iqies", "--holds", "SAGU@OH", "--privilege", "Edit IDR", "--at", "OH", "--on", on)
    assert run(*asked).stdout == "yes\n"
    reason = json.loads(run(*asked, "--json").stdout)["reason"]
    assert reason["params"]["starts_at"] is None
    later = run(*asked[:3], "SAGU@OH[1950-01-01..1950-02-01]", *asked[4:], "--json").stdout
    assert json.loads(later)["reason"]["params"]["starts_at"] == "1950-01-01T05:00:00Z"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--holds", "SAGU@OH[garbage]"),
        ("--holds", "SAGU@OH[2026-01-01"),
        ("--holds", "SAGU[2026-01-01]"),
        ("--access", "[2026-01-01..2026-02-01]"),
        ("--on", "9999-12-31T23:59-12:00"),
    ],
)
def test_dates_that_cannot_be_read_are_wrong_use(run: Run, option: str, value: str) -> None:
    assert run("check", "iqies", "--privilege", "Edit IDR", "--at", "OH", option, value).exit_code == 2


@pytest.mark.parametrize(
    ("program", "holds", "privilege", "sentence"),
    [
        (
            "iqies",
            "SAGU@OH",
            "Edit IDR",
            "No: State Agency General User gives “Edit IDR”, but it is held at Ohio (OH), and the question names no "
            "organization.",
        ),
        (
            "iqcs",
            "Responder",
            "View experience",
            "No: Responder gives “View experience” on the person's own record only, and the question names no record.",
        ),
        (
            "iqies",
            "Sheriff@OH",
            "Edit IDR",
            "No: a role is held that the rolebook in force does not have: Sheriff.",
        ),
        (
            "iqies",
            "SAGU@OH[1969-01-01..]",
            "Edit IDR",
            "No: State Agency General User, held at Ohio (OH), gives this, but only from January 1, 1969, "
            "00:00 EST on.",
        ),
    ],
)
def test_a_no_says_what_the_question_left_open(
    run: Run, program: str, holds: str, privilege: str, sentence: str
) -> None:
    place = ("--at", "OH", "--on", "1960-01-01") if "1969" in holds else ()
    asked = run("check", program, "--holds", holds, "--privilege", privilege, *place, "--explain")
    assert asked.stdout.splitlines()[0] == sentence


@pytest.mark.requirement("IQCS-05")
def test_check_needs_role_and_access_where_a_program_holds_them_apart(run: Run) -> None:
    question = (
        "check",
        "iqcs",
        "--holds",
        "Account Manager",
        "--privilege",
        "act:view_users",
        "--at",
        "USFS",
    )
    granted = run("who-can", "iqcs", "--privilege", "act:view_users", "--json")
    assert granted.exit_code == 0
    without = run(*question)
    assert without.exit_code == 1


def test_check_takes_an_organization_by_its_whole_name_and_says_what_unknown_names_meant(run: Run) -> None:
    asked = ("check", "iqies", "--privilege", "Edit IDR")
    assert run(*asked, "--holds", "SAGU@Ohio", "--at", "ohio").exit_code == 0
    assert run(*asked, "--holds", "SAGU@Ohio", "--at", "Ohi").exit_code == 1
    unknown = run(
        *("check", "iqies", "--privilege", "Edit IDRR", "--area", "Survys"),
        *("--holds", "State Agency Genral User@Ohioo", "--at", "Texs"),
    )
    assert unknown.exit_code == 1
    assert unknown.stdout == "no\n"
    for sort, meant in (
        ("role", "State Agency General User"),
        ("privilege", "Edit IDR"),
        ("area", "Surveys"),
        ("organization", "Ohio"),
        ("organization", "Texas"),
    ):
        assert any(
            line.startswith(f"no {sort} is called") and line.endswith(f"did you mean '{meant}'?")
            for line in unknown.stderr.splitlines()
        )
    assert "act:decide" in run("check", "qpp", "--privilege", "act:decid", "--holds", "Staff User@x").stderr
