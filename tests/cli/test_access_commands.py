"""`rolebook grants` in a program that holds access apart from roles: give, record, list."""

import json

import pytest
from click.testing import CliRunner, Result

from rolebook.cli.server.grants import grants as command
from rolebook.governance.models import Access, Employment
from tests.support import grants, iqcs
from tests.support.iqcs import PROGRAM
from tests.support.people import LATELY


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.mark.django_db
@pytest.mark.requirement("IQCS-05")
def test_the_operator_gives_access_records_employers_and_lists_both_kinds() -> None:
    iqcs.begin(LATELY)
    person = grants.user("Rita Requester", PROGRAM, LATELY)
    given = run(
        *("give-access", PROGRAM, "--user", person.user_id),
        *("--organization", "FWS-R6", "--lower-levels", "--json"),
    )
    assert given.exit_code == 0, given.output
    assert json.loads(given.output)["access_id"] == str(Access.objects.get().public_id)
    again = run("give-access", PROGRAM, "--user", person.user_id, "--organization", "FWS-R6")
    assert again.exit_code == 1
    assert "already held" in again.output
    recorded = run("record-employer", PROGRAM, "--user", person.user_id, "--organization", "FWS-R6")
    assert recorded.exit_code == 0, recorded.output
    assert Employment.objects.get().organization.code == "FWS-R6"
    listed = run("list", PROGRAM)
    assert f"{person.user_id}  access to FWS-R6 with lower levels" in listed.output
    [row] = json.loads(run("list", PROGRAM, "--json").output)
    assert (row["organization"], row["lower_levels"]) == ("FWS-R6", True)
    wrong = run("give-access", PROGRAM, "--user", "nobody", "--organization", "FWS-R6")
    assert "--user" in wrong.output
