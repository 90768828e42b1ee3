"""The operator's commands: migrate, activate, import organizations, users."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rolebook.accounts.models import Account, LinkedIdentity, Organization, RolebookVersion
from rolebook.accounts.second_factor import totp_of
from rolebook.cli.main import rolebook
from rolebook.notices.models import Notice
from tests.support import people
from tests.support.people import Person

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> Result:
    """Run the command; its exit code as the shell would see it."""
    result = CliRunner().invoke(rolebook, arguments, standalone_mode=False)
    if result.exception is not None and not hasattr(result.exception, "format_message"):
        raise result.exception
    return result


def refusal(result: Result) -> str:
    """What a refused command says."""
    assert result.exception is not None
    return str(result.exception.format_message())  # type: ignore[attr-defined]


def test_activating_says_what_is_in_force_and_the_second_time_that_there_is_nothing_to_do() -> None:
    first = run("activate", "qpp")
    assert first.return_value == 0
    assert first.output.startswith("Quality Payment Program: version 1 is in force\n2 roles, ")
    second = run("activate", "qpp")
    assert second.return_value == 1
    assert second.output == "nothing to do: version 1 of 'qpp' has exactly this content already\n"
    assert json.loads(run("activate", "qpp", "--json").output) == {
        "activated": False,
        "program": "qpp",
        "version": 1,
    }
    assert "command line" in RolebookVersion.objects.get().activated_by


def test_activating_something_unknown_names_what_there_is() -> None:
    assert "expected a folder, or one of 'iqcs', 'iqies', 'qpp'" in refusal(run("activate", "qqp"))


def test_a_program_that_ships_organizations_has_them_after_activation() -> None:
    told = json.loads(run("activate", "iqies", "--json").output)
    assert told["organizations_created"] == Organization.objects.filter(program_id="iqies").count() > 50


def test_importing_shows_each_change_and_a_dry_run_says_that_it_was_one(qpp: str, tmp_path: Path) -> None:
    file = tmp_path / "practices.csv"
    file.write_text("code,name,kind\n12-3456789,Cedar Valley,practice\n")
    dry = run("import", "organizations", str(file), "--program", "qpp", "--dry-run")
    assert dry.output == (
        "  + 12-3456789  Cedar Valley\n"
        "1 would be created, 0 would be changed, 0 as they are\n"
        "this was a dry run: nothing was changed\n"
    )
    assert not Organization.objects.exists()
    run("import", "organizations", str(file), "--program", "qpp")
    file.write_text("code,name,kind\n12-3456789,Cedar Hill,practice\n")
    changed = run("import", "organizations", str(file), "--program", "qpp")
    assert changed.output == (
        "  ~ 12-3456789  name: 'Cedar Valley' becomes 'Cedar Hill'\n0 created, 1 changed, 0 as they are\n"
    )
    same = json.loads(run("import", "organizations", str(file), "--program", "qpp", "--json").output)
    assert same == {
        "dry_run": False,
        "created": [],
        "changed": [],
        "closed": [],
        "unchanged": 1,
        "sequence": None,
    }


def test_an_import_that_is_refused_names_every_place(qpp: str, tmp_path: Path) -> None:
    file = tmp_path / "practices.csv"
    file.write_text("code,name,kind\n1,,practice\n2,B,nothing\n")
    said = refusal(run("import", "organizations", str(file), "--program", "qpp")).splitlines()
    assert said[0] == "3 errors; nothing was imported"
    assert [line.split(": ")[0] for line in said[1:]] == [
        "practices.csv:2:1",
        "practices.csv:2:3",
        "practices.csv:3:5",
    ]
    assert "activate one with 'rolebook activate'" in refusal(
        run("import", "organizations", str(file), "--program", "other")
    )


def test_users_are_listed_deactivated_and_reopened(new_user: Person) -> None:
    user_id = new_user.account.user_id
    people.new_user("Otto Other")
    assert run("users", "list", "--search", user_id.upper()).output.endswith("\n1 account\n")
    assert {told["status"] for told in json.loads(run("users", "list", "--json").output)} == {"active"}
    told = run("users", "deactivate", user_id, "--reason", "left").output
    assert told.startswith(f"{user_id} is deactivated (event ")
    assert (
        run("users", "deactivate", user_id, "--reason", "left").output
        == f"{user_id} is deactivated already\n"
    )
    assert Account.objects.get(user_id=user_id).status == "deactivated"
    run("users", "reopen", user_id, "--reason", "back")
    assert Account.objects.get(user_id=user_id).is_active
    assert "no account: found 'nobody'" in refusal(run("users", "deactivate", "nobody", "--reason", "x"))


@pytest.mark.requirement("QPP-01")
def test_resetting_a_lost_second_factor_tells_its_person_by_mail(user_with_totp: Person) -> None:
    user_id = user_with_totp.account.user_id
    assert "was removed" in run("users", "reset-second-factor", user_id).output
    assert totp_of(user_with_totp.account) is None
    assert Notice.objects.get().recipient == user_with_totp.account
    assert "was not set up" in run("users", "reset-second-factor", user_id).output
    again = json.loads(run("users", "reset-second-factor", user_id, "--json").output)
    assert again == {"user_id": user_id, "changed": False}


@pytest.mark.requirement("QPP-01")
def test_what_is_left_of_a_provider_that_is_gone_is_unlinked_by_the_operator(
    new_user: Person, user_with_totp: Person
) -> None:
    for person in (new_user, user_with_totp):
        LinkedIdentity.objects.create(
            account=person.account,
            provider_id="gone",
            issuer="https://gone.example",
            subject=person.account.user_id,
            linked_at=people.START,
            two_factors_at=people.START,
        )
    told = json.loads(run("users", "unlink-identities", user_with_totp.account.user_id, "--json").output)
    assert told == {"user_id": user_with_totp.account.user_id, "unlinked": ["gone"]}
    assert Notice.objects.get().recipient == user_with_totp.account
    user_id = new_user.account.user_id
    assert "no second factor" in refusal(run("users", "unlink-identities", user_id))
    assert LinkedIdentity.objects.filter(account=new_user.account).exists()
    assert "unlinked" in run("users", "unlink-identities", user_id, "--sure").output
    # The mailbox stands in for the factor now, and must not set the password as well.
    new_user.account.refresh_from_db()
    assert new_user.account.factors_removed_at is not None
    assert "has no identity" in run("users", "unlink-identities", user_id).output


def test_a_database_at_the_present_version_is_left_alone() -> None:
    assert run("migrate").output == "the database is at the present version already\n"
