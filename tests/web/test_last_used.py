"""When a role was last used, on My Access and on the page of a person."""

from datetime import timedelta

import pytest

from rolebook.audit import clock
from rolebook.governance.usage import keep_span, keep_uses
from tests.authzen.asking import VIEW
from tests.web.worlds import World, signed_in, steward_of

pytestmark = pytest.mark.django_db


def test_my_access_and_the_page_of_a_person_say_when_a_role_was_last_used(world: World) -> None:
    steward = steward_of(world, "Sten Steward", "sten")
    today = clock.now().date()
    person = f"/qpp/people/{world.maria.account.public_id}/"
    pages = [(signed_in(world.maria), "/qpp/my-access/"), (signed_in(steward), person)]

    def shown() -> list[str]:
        return [client.get(address).content.decode() for client, address in pages]

    assert all("not known" in page for page in shown())
    began = today - timedelta(days=1)
    keep_span("qpp", began, clock.now())
    none = f"no use recorded since recording began on {began:%b} {began.day}, {began.year}"
    assert all(none in page for page in shown())
    keep_uses("qpp", [(str(world.maria.account.public_id), VIEW, today)])
    said = f"{today:%b} {today.day}, {today.year}"
    assert all(said in page and none not in page for page in shown())


def test_of_a_role_given_after_uses_were_recorded_it_says_that_there_was_none_since(world: World) -> None:
    keep_span("qpp", world.start.date() - timedelta(days=5), clock.now())
    page = signed_in(world.maria).get("/qpp/my-access/").content.decode()
    assert "no use recorded since it was given" in page
