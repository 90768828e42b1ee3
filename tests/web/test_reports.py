"""The page Reports: what who answers for access can read, and nothing that would not open for them."""

import re

import pytest
from django.urls import reverse

from tests.web.reading import text_at
from tests.web.worlds import QPP, World, designate, signed_in, user

REPORTS = reverse("reports", args=[QPP])


def listed(page: str) -> list[str]:
    return re.findall(r"<h2> <a href=\"([^\"]+)\">", page)


@pytest.mark.parametrize("who", ["maria", "sten"])
def test_every_report_that_is_listed_opens(world: World, who: str) -> None:
    sten = user("Sten Steward", "sten", world.start)
    designate(sten, "steward", None, world.start)
    client = signed_in(sten if who == "sten" else world.maria)
    found = listed(text_at(client, REPORTS))
    assert len(found) == (6 if who == "sten" else 3)
    for address in found:
        assert client.get(address).status_code == 200, address


def test_the_pages_of_the_reports_stand_under_the_entry_reports(world: World) -> None:
    client = signed_in(world.maria)
    for name in ("reports", "audit", "then-who-could"):
        page = text_at(client, reverse(name, args=[QPP]))
        assert re.search(rf'<a href="{REPORTS}" aria-current="page">', page), name
