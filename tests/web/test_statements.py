"""Pages make as many statements for a long list as for a short one, and a dozen at most (I12)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse

from tests.support import people
from tests.web.counted_statements import MOST, OF_A_STEWARD, OF_AN_OFFICIAL, names, statements
from tests.web.worlds import QPP, World, answer, ask, signed_in, steward_of, user


def plain(*names: str) -> Callable[[World], list[str]]:
    return lambda _: [reverse(name, args=[QPP]) for name in names]


def of_an_official(world: World) -> list[str]:
    users = reverse("organization-users", args=[QPP, world.cedar.public_id])
    manage = reverse("manage-access", args=[QPP])
    return [
        *plain("home", "manage-access", "my-requests", "my-access", "audit", "request-a-role", "which-role")(
            world
        ),
        users,
        f"{users}?search=person",
        f"{manage}?search=person&role=staff_user&sort=person",
        f"{manage}?sort=organization",
        reverse("request-role", args=[QPP, "staff_user"]),
        f"{reverse('my-requests', args=[QPP])}?search=hill",
    ]


def of_a_steward(world: World) -> list[str]:
    return plain("home", "manage-access", "my-requests", "my-access", "officials-report")(world)


def fill(world: World, first: int, number: int) -> None:
    """Let people ask, some be answered, and everybody who looks have requests of their own."""
    places = people.practices(number, f"Lakeside Practice {first}", world.start)
    for one, place in enumerate(places, first):
        someone = user(f"Person {one:02}", f"person{one}", world.start)
        request = ask(someone, world.cedar, world.start + timedelta(hours=one))
        if one % 3 == 0:
            answer(world.owen, request, "approved", world.start + timedelta(days=5))
        ask(world.maria, place, world.start + timedelta(days=1, hours=one))
        # Nobody decides there: these wait for the steward.
        ask(someone, place, world.start + timedelta(days=1, hours=one), role_id="security_official")


@pytest.mark.requirement("QPP-15")
@pytest.mark.invariant("I12")
@pytest.mark.parametrize(
    ("who", "addresses", "counted"),
    [
        ("maria", of_an_official, OF_AN_OFFICIAL),
        ("stella", plain("home", "my-requests", "my-access"), {"home", "my-requests", "my-access"}),
        ("sam", of_a_steward, OF_A_STEWARD),
    ],
    ids=["official", "staff", "steward"],
)
def test_no_listing_page_makes_more_than_a_dozen_statements_however_long_its_lists(
    world: World, who: str, addresses: Callable[[World], list[str]], counted: set[str]
) -> None:
    sam = steward_of(world, "Sam Steward", "sam")
    looking = sam if who == "sam" else getattr(world, who)
    client = signed_in(looking)
    fill(world, 0, 3)
    pages = addresses(world)
    assert names(pages) == counted
    client.get(pages[0])
    before = {address: statements(client, address) for address in pages}
    fill(world, 3, 26)
    after = {address: statements(client, address) for address in pages}
    assert {address: number for address, number in after.items() if number > MOST} == {}
    # A list of several pages is counted, once; no row of it costs anything.
    grown = {address: after[address] - before[address] for address in pages}
    assert max(grown.values()) <= 1, grown
