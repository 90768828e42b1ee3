"""The operator's commands: designate, requests list, grants list."""

import json

import pytest
from click.testing import CliRunner, Result

from rolebook.accounts.models import Organization
from rolebook.audit import clock
from rolebook.cli.server.designate import designate
from rolebook.cli.server.grants import grants as grants_command
from rolebook.cli.server.requests import requests as requests_command
from rolebook.governance.models import Grant
from tests.support import grants
from tests.support.grants import asks

pytestmark = pytest.mark.usefixtures("qpp")


def run(command: object, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)  # type: ignore[arg-type]


@pytest.mark.requirement("IQIES-08")
def test_the_first_steward_and_the_first_official_are_designated_at_the_command_line(
    practice: Organization,
) -> None:
    person = grants.user()
    first = run(designate, "qpp", "--role", "steward", "--user", person.user_id, "--reason", "set up")
    assert first.exit_code == 0, first.output
    other = grants.user("Olga Official")
    told = run(
        designate,
        *("qpp", "--role", "security-official", "--user", other.user_id),
        *("--organization", practice.code, "--json"),
    )
    assert json.loads(told.output)["role_id"] == "security_official"
    assert Grant.objects.filter(organization=practice, account=other).exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--role", "king", "--user", "{user}"], "expected one of"),
        (["--role", "steward", "--user", "nobody"], "--user"),
        (["--role", "security-official", "--user", "{user}", "--organization", "nowhere"], "--organization"),
        (["--role", "security-official", "--user", "{user}"], "is held at an organization. Choose which one"),
        (
            ["--role", "staff-user", "--user", "{user}", "--organization", "{code}"],
            "not given by designation",
        ),
    ],
)
def test_what_cannot_be_designated_is_said_in_one_line(
    practice: Organization, arguments: list[str], expected: str
) -> None:
    person = grants.user()
    filled = [one.format(user=person.user_id, code=practice.code) for one in arguments]
    told = run(designate, "qpp", *filled)
    assert told.exit_code != 0
    assert expected in told.output
    assert not Grant.objects.exists()


def test_requests_and_grants_are_listed_for_people_and_as_json(practice: Organization) -> None:
    official = grants.official(practice, at=clock.now())
    request = asks(grants.user(), practice)
    assert str(request.public_id) in run(requests_command, "list", "qpp").output
    [row] = json.loads(run(requests_command, "list", "qpp", "--state", "pending", "--json").output)
    assert (row["roles"], row["waits_for"]) == (["staff_user"], ["security_official"])
    assert official.user_id in run(grants_command, "list", "qpp", "--organization", practice.code).output
    assert run(grants_command, "list", "qpp", "--as-of", "2020-01-01").output == ""
    [held] = json.loads(run(grants_command, "list", "qpp", "--all", "--json").output)
    assert held["origin"].startswith("designation ")
    assert (held["kind"], held["role_id"], held["lower_levels"]) == ("role", "security_official", None)
    assert json.loads(run(requests_command, "list", "qpp", "--state", "denied", "--json").output) == []
    assert json.loads(run(grants_command, "list", "qpp", "--as-of", "2020-01-01", "--json").output) == []


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        (requests_command, ["list", "nope"], "found no program 'nope'"),
        (requests_command, ["list", "qpp", "--state", "bogus"], "expected one of: pending"),
        (requests_command, ["list", "qpp", "--organization", "ZZZ"], "found 'ZZZ'"),
        (grants_command, ["list", "nope"], "found no program 'nope'"),
        (grants_command, ["list", "qpp", "--user", "zzz"], "found 'zzz'"),
    ],
)
def test_a_list_of_what_is_not_there_is_refused_and_not_empty(
    command: object, arguments: list[str], message: str
) -> None:
    found = run(command, *arguments)
    assert (found.exit_code, message in found.output) == (2, True)
