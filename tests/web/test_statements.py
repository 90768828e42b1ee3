"""Pages make as many statements for a long list as for a short one (I12)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.web.worlds import QPP, World, answer, ask, signed_in, user


def statements(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as made:
        assert client.get(address).status_code == 200
    return len(made)


@pytest.mark.requirement("QPP-15")
@pytest.mark.invariant("I12")
def test_no_page_makes_more_statements_when_its_lists_grow(world: World) -> None:
    client = signed_in(world.maria)
    addresses = [reverse(name, args=[QPP]) for name in ("home", "manage-access", "my-requests", "my-access")]
    addresses.append(reverse("organization-users", args=[QPP, world.cedar.public_id]))
    addresses.append(reverse("request-role", args=[QPP, "staff_user"]))
    ask(world.maria, world.hilltop, world.start)
    client.get(addresses[0])
    before = {address: statements(client, address) for address in addresses}
    for number in range(12):
        someone = user(f"Person {number:02}", f"person{number}", world.start)
        request = ask(someone, world.cedar, world.start + timedelta(hours=number))
        if number % 2:
            answer(world.owen, request, "approved", world.start + timedelta(days=1))
    after = {address: statements(client, address) for address in addresses}
    assert after == before
    assert max(after.values()) <= 14
