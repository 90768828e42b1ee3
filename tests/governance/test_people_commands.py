"""`rolebook users`: what the operator does with people, as text and as JSON."""

import json

import pytest
from click.testing import CliRunner, Result

from rolebook.accounts.models import Account, Organization
from rolebook.cli.server.users import users
from rolebook.governance.models import Participation
from tests.support import grants

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> Result:
    return CliRunner().invoke(users, arguments, standalone_mode=True)


def test_somebody_is_shown_closed_in_one_program_and_reopened(practice: Organization) -> None:
    stan = grants.staff(practice, grants.official(practice))
    shown = json.loads(run("show", stan.user_id, "--json").output)
    assert shown["programs"][0]["holds"] == [["staff_user", practice.code]]
    assert "staff_user at" in run("show", stan.user_id).output
    closed = json.loads(run("close", stan.user_id, "--program", "qpp", "--reason", "left", "--json").output)
    assert (closed["ended"], closed["already"]) == (1, False)
    assert (
        "closed in qpp already" in run("close", stan.user_id, "--program", "qpp", "--reason", "left").output
    )
    run("reopen", stan.user_id, "--program", "qpp", "--reason", "back")
    assert Participation.objects.get(account=stan).status == "active"
    wrong = run("close", stan.user_id, "--program", "iqies", "--reason", "left")
    assert (wrong.exit_code, "takes part" in wrong.output) == (1, True)


def test_the_only_steward_is_closed_by_no_command_and_the_line_says_what_to_do(
    practice: Organization,
) -> None:
    refused = run("close", grants.steward().user_id, "--reason", "left")
    assert refused.exit_code == 1
    assert "Designate another steward first" in refused.output


@pytest.mark.requirement("IQIES-04")
def test_two_accounts_are_merged_after_a_dry_run_that_changes_nothing(practice: Organization) -> None:
    stan, kept = grants.staff(practice, grants.official(practice)), grants.official(practice, "Otto Other")
    arguments = ("merge", kept.user_id, stan.user_id, "--reason", "both are his")
    assert "moves from" in run(*arguments, "--dry-run").output
    assert Account.objects.get(pk=stan.pk).is_active
    assert json.loads(run(*arguments, "--json").output)["moved"] == 1
    assert Account.objects.get(pk=stan.pk).merged_into_id == kept.pk
    assert "merged already" in run(*arguments).output
