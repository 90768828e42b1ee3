"""`rolebook organizations` and `rolebook end-designation`: what an administrator scripts about tree and stewards."""

import json

import pytest
from click.testing import CliRunner

from rolebook.accounts.models import Organization
from rolebook.cli.server.designate import end_designation
from rolebook.cli.server.places import organizations
from rolebook.governance.flows.edit_organization import add_organization
from rolebook.governance.organization_record import Typed
from tests.support import grants, people

IQIES = "iqies"


@pytest.fixture
def agency(db: None) -> Organization:
    people.activate(IQIES)
    ohio = Organization.objects.get(program_id=IQIES, code="OH")
    return add_organization(
        acting_user=None,
        program_id=IQIES,
        kind_id="home_health_agency",
        parent_id=ohio.public_id,
        typed=Typed("Cedar Home Health", "36-7001"),
        at=people.START,
        origin=people.COMMAND,
    ).organization


def run(*words: str) -> str:
    result = CliRunner().invoke(organizations, list(words), catch_exceptions=False)
    return result.output


def test_a_dry_run_says_who_gains_and_loses_reach_and_moves_nothing(agency: Organization) -> None:
    official = grants.user("Otto Ohio", program_id=IQIES)
    grants.placed(official, "state_general_user", Organization.objects.get(code="OH"), program_id=IQIES)
    told = run("move", IQIES, "36-7001", "--to", "KY", "--dry-run")
    assert "1 with State Agency General User at Ohio would no longer reach it: Otto Ohio" in told
    assert Organization.objects.get(pk=agency.pk).parent_id == agency.parent_id
    assert "It must belong to: State" in run("move", IQIES, "36-7001", "--to", "J15")


def test_an_organization_is_moved_closed_listed_and_opened_again(agency: Organization) -> None:
    moved = json.loads(run("move", IQIES, "36-7001", "--to", "KY", "--wait", "--json"))
    assert (moved["organizations"], moved["confirmed"]) == (1, True)
    assert "Cedar Home Health is closed" in run("close", IQIES, "36-7001", "--reason", "Merged")
    assert "has been closed already" in run("close", IQIES, "36-7001")
    [one] = json.loads(run("list", IQIES, "--search", "cedar 367001", "--state", "closed", "--json"))
    assert (one["code"], one["parent"]) == ("36-7001", "KY")
    assert "is open again" in run("reopen", IQIES, "36-7001")
    assert "belongs to KY" in run("list", IQIES, "--search", "cedar")


@pytest.mark.requirement("IQIES-08")
def test_a_stewards_office_ends_at_the_command_line_and_never_the_last_ones(agency: Organization) -> None:
    first, second = (grants.user(name, program_id=IQIES) for name in ("Stella", "Sasha"))
    for person in (first, second):
        grants.designated(person, "steward", program_id=IQIES)

    def end(user_id: str) -> str:
        words = [IQIES, "--role", "steward", "--user", user_id]
        return CliRunner().invoke(end_designation, words, catch_exceptions=False).output

    assert "Stella is no longer" in end(first.user_id)
    assert "Stella is not designated" in end(first.user_id)
    assert "not ended" in end(second.user_id)
