"""Tokens of applications: given once, kept as digests, taken away for good."""

import json
import os
import subprocess
import sys
import uuid

import pytest

from rolebook.accounts.flows.clients import ClientRefused, add_client, digest, revoke_client
from rolebook.accounts.models import Client
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.authzen.loading import load_clients
from tests.authzen.asking import OPERATOR, token_for
from tests.support import people
from tests.support.databases import CommittedDatabase
from tests.support.people import START


@pytest.mark.django_db
@pytest.mark.invariant("I8")
def test_a_token_is_shown_once_and_only_its_digest_is_kept(qpp: str) -> None:
    token = token_for()
    client = Client.objects.get()
    assert (client.token_hash, client.prefix) == (digest(token), token[:12])
    assert set(load_clients()) == {digest(token)}
    event = Event.objects.get(tag="client:added")
    assert token not in event.content
    assert digest(token) not in event.content
    assert json.loads(event.content)["new"]["name"] == "Portal"


@pytest.mark.django_db
def test_a_revoked_client_is_not_known_and_revoking_twice_changes_nothing(qpp: str) -> None:
    token_for()
    client_id = Client.objects.get().public_id
    first = revoke_client(acting_user=None, client_id=client_id, at=START, origin=OPERATOR)
    assert first.sequence is not None
    assert load_clients() == {}
    again = revoke_client(acting_user=None, client_id=client_id, at=clock.now(), origin=OPERATOR)
    assert again.sequence is None
    assert again.client.revoked_at == START
    token_for()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("program_id", "name", "operations"),
    [
        ("nothing", "Portal", ("evaluation",)),
        ("qpp", "", ("evaluation",)),
        ("qpp", "x" * 101, ("evaluation",)),
        ("qpp", "a\u202eb", ("evaluation",)),
        ("qpp", "Portal", ("everything",)),
        ("qpp", "Taken", ("evaluation",)),
    ],
)
def test_a_client_that_makes_no_sense_is_refused(
    qpp: str, program_id: str, name: str, operations: tuple[str, ...]
) -> None:
    token_for(name="Taken")
    with pytest.raises(ClientRefused, match="found"):
        add_client(
            acting_user=None,
            program_id=program_id,
            name=name,
            operations=operations,
            at=START,
            origin=OPERATOR,
        )
    assert Client.objects.count() == 1


@pytest.mark.django_db
def test_revoking_what_does_not_exist_is_refused() -> None:
    with pytest.raises(ClientRefused, match="clients list"):
        revoke_client(acting_user=None, client_id=uuid.uuid4(), at=START, origin=OPERATOR)


def run(database: CommittedDatabase, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rolebook.cli.main", "clients", *arguments],
        env={**os.environ, **database.environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_add_list_and_revoke(committed_db: CommittedDatabase) -> None:
    people.activate()
    added = run(committed_db, "add", "qpp", "Submissions portal")
    assert added.returncode == 0, added.stderr
    token = added.stdout.splitlines()[-1]
    assert set(load_clients()) == {digest(token)}
    client_id = str(Client.objects.get().public_id)
    listed = run(committed_db, "list", "qpp").stdout
    assert client_id in listed
    assert "active  no use known  Submissions portal" in listed
    assert token not in listed
    revoked = run(committed_db, "revoke", client_id)
    said = revoked.stdout.splitlines()[-1]
    assert said.startswith("confirmed everywhere after ")
    assert said.endswith(" s: no decision point accepts the token any more")
    assert load_clients() == {}
    assert "revoked" in run(committed_db, "list").stdout
    assert "revoked already" in run(committed_db, "revoke", client_id).stdout
    assert run(committed_db, "add", "nothing", "x").returncode == 2
