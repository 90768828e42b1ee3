"""The stewards' report of organizations with few officials (IQIES-06)."""

import re

import pytest
from django.urls import reverse

from rolebook.accounts.models import Account
from tests.support import people
from tests.web.worlds import QPP, World, signed_in, steward_of

pytestmark = pytest.mark.requirement("IQIES-06")


@pytest.fixture
def steward(world: World) -> people.Person:
    return steward_of(world)


def report(person: people.Person, query: str = "") -> str:
    answer = signed_in(person).get(reverse("officials-report", args=[QPP]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_lists_who_has_fewer_than_recommended_and_nobody_else(
    world: World, steward: people.Person
) -> None:
    people.practice("Lakeside Pediatrics", at=world.start)
    page = " ".join(report(steward).split())
    assert "Hilltop Clinic" in page
    assert "Henry Hill" in page
    assert "Cedar Valley" not in page
    assert "Nobody" in page[page.index("Lakeside Pediatrics") :]
    assert "at least 2" in page


def test_it_is_paged_by_name_and_no_organization_is_left_out(world: World, steward: people.Person) -> None:
    for number in range(30):
        people.practice(f"Practice {number:02}", at=world.start)
    first = report(steward)
    [query] = [part.split('"')[0] for part in first.split('href="') if "after=" in part.split('"')[0]]
    second = report(steward, query[query.index("?") :])
    for number in range(30):
        assert (f"Practice {number:02}" in first) != (f"Practice {number:02}" in second)


def test_each_line_leads_to_the_organization_and_to_designating_somebody_there(
    world: World, steward: people.Person
) -> None:
    place = people.practice("Lakeside Pediatrics", at=world.start)
    page = report(steward)
    assert f'href="{reverse("organization", args=[QPP, place.public_id])}"' in page
    [address] = re.findall(rf'href="([^"]*{place.code})"', page)
    form = signed_in(steward).get(address).content.decode()
    assert re.search(rf'name="organization"\s+value="{place.code}"', form)


@pytest.mark.invariant("I7")
def test_a_deactivated_official_does_not_count(world: World, steward: people.Person) -> None:
    Account.objects.filter(pk=world.owen.account.pk).update(status=Account.Status.DEACTIVATED)
    assert "Cedar Valley" in report(steward)


def test_help_leads_stewards_to_it_and_nobody_else(world: World, steward: people.Person) -> None:
    address = reverse("officials-report", args=[QPP])
    pages = {
        who: signed_in(person).get(reverse("help", args=[QPP])).content.decode()
        for who, person in (("steward", steward), ("maria", world.maria))
    }
    assert address in pages["steward"]
    assert address not in pages["maria"]
