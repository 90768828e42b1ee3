"""Who decides others' requests sees their own beside them, with whom they wait for, while there is one that waits."""

import pytest
from django.test import Client

from rolebook.audit import clock
from tests.web.counted_statements import MOST, statements
from tests.web.worlds import World, answer, ask, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("QPP-04")]
HOME, MANAGE = "/qpp/", "/qpp/manage-access/"
NONE = "None of your requests is waiting."


def shown(client: Client, address: str) -> str:
    page = client.get(address).content.decode()
    assert statements(client, address) <= MOST
    return " ".join(page.split())


def test_an_officials_own_request_is_listed_while_it_waits_and_no_longer(world: World) -> None:
    client = signed_in(world.maria)
    assert NONE in shown(client, MANAGE)
    assert world.hilltop.name not in shown(client, HOME)

    own = ask(world.maria, world.hilltop, clock.now())
    for address in (HOME, MANAGE):
        page = shown(client, address)
        assert f"/qpp/requests/{own.public_id}/" in page
        assert "Waits for a Security Official of Hilltop Clinic" in page
        assert NONE not in page

    answer(world.henry, own, "denied", clock.now(), reason="You work elsewhere.")
    assert NONE in shown(client, MANAGE)
    home = shown(client, HOME)
    assert f"/qpp/requests/{own.public_id}/" in home
    assert "Waits for" not in home
