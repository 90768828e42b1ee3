"""The steward's page about applications: a token shown once, dated, scoped, and taken away until it is confirmed."""

import re
from collections.abc import Callable

import pytest
from django.test import Client as Browser

from rolebook.accounts.flows.clients import add_client, digest
from rolebook.accounts.models import Client
from rolebook.audit import clock
from rolebook.audit.models import Event
from rolebook.governance import locks
from rolebook.governance.flows.manage_clients import give_token, take_token_away
from rolebook.governance.refusals import NotFound
from rolebook.governance.usage import keep_client_uses
from tests.support import grants, people
from tests.web.worlds import World, signed_in, steward_of

pytestmark = pytest.mark.django_db
ADDRESS = "/qpp/applications/"


@pytest.fixture
def steward(world: World) -> Browser:
    return signed_in(steward_of(world, "Sten Steward", "sten"))


def give(steward: Browser, **more: str) -> str:
    answer = steward.post(ADDRESS, {"name": "Portal", **more})
    found = re.search(r"rbk_[A-Za-z0-9_-]{43}", answer.content.decode())
    assert found is not None
    assert answer["Cache-Control"] == "no-store"
    return found.group()


@pytest.mark.invariant("I8")
def test_a_token_is_shown_once_and_kept_as_a_digest(steward: Browser) -> None:
    token = give(steward, search="on", reasons="on")
    client = Client.objects.get()
    assert (client.token_hash, client.operations, client.reasons) == (
        digest(token),
        ["evaluation", "search"],
        True,
    )
    assert token not in steward.get(ADDRESS).content.decode()


def test_a_token_ends_after_its_last_day_in_the_programs_zone(steward: Browser) -> None:
    give(steward, ends_on="2099-06-30")
    ends_at = Client.objects.get().ends_at
    assert ends_at is not None
    assert ends_at.isoformat() == "2099-07-01T04:00:00+00:00"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Say what the application is called."),
        ({"ends_on": "2020-01-01"}, "Enter a day that is not over."),
        ({"ends_on": "soon"}, "Enter a day, such as"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(steward: Browser, fields: dict[str, str], said: str) -> None:
    answer = steward.post(ADDRESS, {"name": "Portal", **fields})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Client.objects.exists()


def test_one_name_is_given_once(steward: Browser) -> None:
    give(steward)
    answer = steward.post(ADDRESS, {"name": "Portal"})
    assert answer.status_code == 422
    assert "which is in use" in answer.content.decode()


def test_a_token_is_taken_away_taking_effect_and_then_confirmed(steward: Browser) -> None:
    give(steward)
    client = Client.objects.get()
    address = f"{ADDRESS}{client.public_id}/revoke/"
    assert "Take the token of" in steward.get(address).content.decode()
    answer = steward.post(address, follow=True)
    # No decision point runs, so that it is confirmed at once.
    assert "Confirmed everywhere." in answer.content.decode()
    client.refresh_from_db()
    assert client.revoked_at is not None
    assert "taken away" in steward.get(ADDRESS).content.decode()


def test_the_list_says_when_a_token_was_last_used(steward: Browser) -> None:
    assert "No application has a token yet" in steward.get(ADDRESS).content.decode()
    token = give(steward)
    assert "not known" in steward.get(ADDRESS).content.decode()
    today = clock.now().date()
    keep_client_uses([(digest(token), today)])
    assert f"{today:%b} {today.day}, {today.year}" in steward.get(ADDRESS).content.decode()


def test_nobody_but_a_steward_reaches_any_of_it(world: World, steward: Browser) -> None:
    give(steward)
    other = signed_in(world.maria)
    address = f"{ADDRESS}{Client.objects.get().public_id}/revoke/"
    for method, where in (("get", ADDRESS), ("post", ADDRESS), ("get", address), ("post", address)):
        assert getattr(other, method)(where, {"name": "Mine"}).status_code == 404
    assert Client.objects.get().revoked_at is None


@pytest.mark.fault(54)
def test_a_token_of_another_program_is_as_one_that_does_not_exist(world: World, steward: Browser) -> None:
    give(steward)
    people.activate("iqies", world.start)
    grants.designated(world.uma.account, grants.STEWARD, program_id="iqies", at=world.start)
    uma, elsewhere = signed_in(world.uma), "/iqies/applications/"
    assert uma.get(elsewhere).status_code == 200
    address = f"{elsewhere}{Client.objects.get().public_id}/revoke/"
    assert uma.get(address).status_code == uma.post(address).status_code == 404
    assert Client.objects.get().revoked_at is None


@pytest.mark.invariant("I8", "I13")
@pytest.mark.parametrize("flow", ["give", "take away"])
def test_who_loses_the_office_before_their_row_is_locked_gives_no_token_and_takes_none_away(
    db: None, monkeypatch: pytest.MonkeyPatch, flow: str
) -> None:
    people.activate()
    sten, at, lock = grants.steward(), grants.LATER, locks.lock
    portal = add_client(
        acting_user=None, program_id="qpp", name="Portal", at=at, origin=people.COMMAND
    ).client
    calls: dict[str, Callable[[], object]] = {
        "give": lambda: give_token(
            acting_user=sten,
            program_id="qpp",
            name="Another",
            operations=("evaluation",),
            reasons=False,
            ends_at=None,
            at=at,
            origin=people.WEB,
        ),
        "take away": lambda: take_token_away(
            acting_user=sten, program_id="qpp", client_id=portal.public_id, at=at, origin=people.WEB
        ),
    }

    def lock_after_a_colleague(*, accounts: list[int]) -> locks.Held:
        sten.grants.update(closed_at=at)
        return lock(accounts=accounts)

    monkeypatch.setattr(locks, "lock", lock_after_a_colleague)
    with pytest.raises(NotFound):
        calls[flow]()
    assert Client.objects.get(revoked_at=None) == portal
    refused = Event.objects.get(tag="attempt:refused:client")
    assert (refused.actor_id, refused.program_id) == (sten.public_id, "qpp")
