"""Commands that take power away say that it takes effect, and with --wait when it is confirmed and after how long."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from rolebook.audit import clock, followers
from rolebook.audit.feed import BEGINNING
from rolebook.cli.main import rolebook
from tests.support import grants, people

pytestmark = [pytest.mark.django_db, pytest.mark.invariant("I4")]
BEHIND_SECONDS = 0.4
type Command = Callable[..., Result]


@pytest.fixture
def command(qpp: str) -> Command:
    """Runs commands beside a decision point that has a lease and follows no longer."""
    registered = followers.register(
        kind="decision point", name="here", lease_seconds=BEHIND_SECONDS, at=clock.now()
    )
    assert followers.renew(registered, BEGINNING) is not None
    return lambda *arguments: CliRunner().invoke(rolebook, list(arguments), standalone_mode=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("users", "deactivate", "uma"),
        ("users", "close", "uma"),
        ("users", "close", "uma", "--program", "qpp"),
        ("end-designation", "qpp", "--role", "steward", "--user", "uma"),
    ],
)
def test_a_change_takes_effect_and_waits_for_those_who_are_behind(
    command: Command, arguments: tuple[str, ...]
) -> None:
    uma, other = people.new_user("Uma User", "uma").account, people.new_user("Stan Steward", "stan").account
    for account in (uma, other):
        grants.designated(account, grants.STEWARD, at=clock.now())
    told = command(*arguments, "--reason", "left", "--json")
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)
    assert (said["confirmed"], said["confirmed_after_seconds"]) == (False, None)


def test_a_waiting_command_says_after_how_long_it_was_confirmed(command: Command) -> None:
    people.new_user("Uma User", "uma")
    told = command("users", "deactivate", "uma", "--reason", "left", "--wait")
    assert told.exit_code == 0, told.output
    _, _, seconds = told.stdout.partition("confirmed everywhere after ")
    assert float(seconds.split(" ")[0]) >= BEHIND_SECONDS
    again = command("users", "deactivate", "uma", "--reason", "left", "--wait", "--json")
    assert json.loads(again.stdout)["confirmed"] is True
