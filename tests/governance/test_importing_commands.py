"""The commands: import accounts, import grants."""

import contextlib
import io
import json
from pathlib import Path

import pytest

from rolebook.accounts.models import Organization
from rolebook.governance.models import Grant
from tests.governance.importing import HEADER, run

pytestmark = pytest.mark.django_db


def test_the_commands_tell_each_row_and_a_dry_run_says_that_it_was_one(
    practice: Organization, tmp_path: Path
) -> None:
    crowd, roles = tmp_path / "people.csv", tmp_path / "roles.csv"
    crowd.write_text("user_id,name,email\nnora.new,Nora New,nora@example.org\n")
    roles.write_text(f"{HEADER}\nnora.new,Staff User,{practice.code},2021-05-04,Rita Ray,HARP\n")
    told = run("import", "accounts", str(crowd), "--program", "qpp")
    assert told.output == (
        "  + nora.new  Nora New  nora@example.org\n1 created, 0 joined to the program, 0 as they are\n"
    )
    dry = run("import", "grants", str(roles), "--program", "qpp", "--reason", "Migration", "--dry-run")
    assert dry.output == (
        f"  + nora.new  Staff User at {practice.code}  from 2021-05-04, approved by Rita Ray on 2021-05-04\n"
        "1 grant would be opened\n"
        "this was a dry run: nothing was changed\n"
    )
    assert not Grant.objects.exists()
    done = run("import", "grants", str(roles), "--program", "qpp", "--reason", "Migration", "--json")
    assert json.loads(done.output)["opened"][0]["approved_by"] == "Rita Ray"
    again = json.loads(run("import", "accounts", str(crowd), "--program", "qpp", "--json").output)
    assert (again["unchanged"], again["sequence"]) == (1, None)


def test_a_refused_import_is_told_with_its_places(practice: Organization, tmp_path: Path) -> None:
    roles = tmp_path / "roles.csv"
    roles.write_text(f"{HEADER}\nnobody,Staff User,{practice.code},2021-05-04,Rita Ray,HARP\n")
    for program, expected in (
        ("qpp", "1 error; nothing was imported\nroles.csv:2:1: "),
        ("none", "rolebook activate"),
    ):
        told = run("import", "grants", str(roles), "--program", program, "--reason", "x")
        assert expected in str(told.exception.format_message())  # type: ignore[union-attr]
    told = run("import", "grants", str(roles), "--program", "qpp", "--reason", "x", "--json")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        told.exception.show()  # type: ignore[union-attr]
    [error] = json.loads(printed.getvalue())["errors"]
    assert (error["file"], error["line"], error["column"]) == ("roles.csv", 2, 1)
    assert error["expected"] == "the user ID of an account"
    long = run("import", "grants", str(roles), "--program", "qpp", "--reason", "x" * 3000)
    assert "nothing was imported: " in str(long.exception.format_message())  # type: ignore[union-attr]


@pytest.mark.parametrize("what", ["accounts", "grants", "organizations", "responders"])
@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_told_as_every_refusal_is(
    practice: Organization, tmp_path: Path, what: str, name: str
) -> None:
    del practice
    reason = ("--reason", "Migration") if what == "grants" else ()
    asked = ("import", what, str(tmp_path / name), "--program", "qpp", *reason)
    told = run(*asked)
    said = str(told.exception.format_message())  # type: ignore[union-attr]
    assert said.startswith(f"file: found '{tmp_path / name}' (")
    assert said.endswith("expected a CSV file that can be read")
    as_json = run(*asked, "--json")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        as_json.exception.show()  # type: ignore[union-attr]
    assert json.loads(printed.getvalue()) == {"imported": False, "errors": [{"message": said}]}
    assert as_json.exception.exit_code == 2  # type: ignore[union-attr]
