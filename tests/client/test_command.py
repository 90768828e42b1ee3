"""`rolebook check --server` asks a decision point as an application does."""

import json

import pytest
from click.testing import CliRunner, Result

from rolebook.cli.offline.asking import check
from tests.client.conftest import Served

ASKED = ("made", "--privilege", "view", "--at", "here")


def run(served: Served | None, *arguments: str, token: str | None = None) -> Result:
    given = served.token if served is not None and token is None else token or ""
    return CliRunner().invoke(check, [*ASKED, *arguments], env={"ROLEBOOK_TOKEN": given})


def test_it_prints_and_leaves_as_the_decision_is(served: Served) -> None:
    allowed = run(served, "--server", served.url, "--user", "yes")
    assert (allowed.output, allowed.exit_code) == ("yes\n", 0)
    refused = run(served, "--server", served.url, "--user", "no", "--explain")
    assert refused.exit_code == 1
    assert refused.output.startswith("no\nreason code: ")


def test_json_says_the_context_and_the_revision(served: Served) -> None:
    said = json.loads(run(served, "--server", served.url, "--user", "yes", "--json").output)
    assert said["allowed"] is True
    assert said["context"]["reason"]["code"]
    assert said["revision"].startswith("7:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--server", "http://127.0.0.1:1"), "belong together"),
        (("--user", "yes"), "belong together"),
        (("--server", "http://127.0.0.1:1", "--user", "yes", "--holds", "X"), "--holds does not go with"),
        (("--server", "http://127.0.0.1:1", "--user", "yes", "--on", "2026-01-01"), "--on does not go with"),
        (("--server", "http://access.example.org", "--user", "yes"), "in the clear"),
    ],
)
def test_what_cannot_be_asked_is_a_wrong_use(arguments: tuple[str, ...], message: str) -> None:
    found = run(None, *arguments, token="rbk_good")
    assert found.exit_code == 2
    assert message in found.output


def test_no_token_and_no_server_are_told(served: Served) -> None:
    missing = run(None, "--server", served.url, "--user", "yes")
    assert (missing.exit_code, "rolebook clients add" in missing.output) == (2, True)
    nobody = run(served, "--server", "http://127.0.0.1:1", "--user", "yes")
    assert (nobody.exit_code, "no decision" in nobody.output) == (2, True)
    wrong = run(served, "--server", served.url, "--user", "yes", token="rbk_wrong")
    assert (wrong.exit_code, "401" in wrong.output) == (2, True)
