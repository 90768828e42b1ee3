"""Who holds hundreds of roles or codes reads them a page at a time, and finds one by its organization."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.queries import my_access
from rolebook.governance.queries.access import my_access_page
from rolebook.governance.queries.codes import my_codes_page
from tests.support import grants, iqcs, people
from tests.support.iqcs import MANAGER, PROGRAM
from tests.support.people import LATELY, Person
from tests.web.reading import text_at
from tests.web.test_review_pages import browser
from tests.web.worlds import QPP, World, ask, signed_in, steward_of

PLACE = r'data-label="Organization"> ([^<]*?) <'
ROLE = r'data-label="Organization"> ([^<]*?) <span class="small under"><a href="[^"]*remove'
ASKED = r'data-label="Organization">([^<]*?)</td>'
NEXT = re.compile(r'<a href="([^"]*)" rel="next">')


def holds_many(world: World, number: int) -> Person:
    """Let Stella hold a role at so many practices besides Cedar Valley, the last of them Bluebell Clinic."""
    places = people.practices(number - 1, "Prairie Practice", world.start)
    for place in (*places, people.practice("Bluebell Clinic", at=world.start)):
        grants.placed(world.stella.account, "staff_user", place, at=world.start)
    return world.stella


def next_of(page: str) -> list[str]:
    return [found.replace("&amp;", "&") for found in NEXT.findall(page)]


def walked(client: Client, address: str, pattern: str) -> list[list[str]]:
    """What each page from an address on lists."""
    found: list[list[str]] = []
    while address:
        page = text_at(client, address)
        found.append(re.findall(pattern, page))
        address = next(iter(next_of(page)), "").partition("#")[0]
    return found


@pytest.mark.requirement("QPP-10")
@pytest.mark.invariant("I12")
def test_my_access_lists_hundreds_of_roles_a_page_at_a_time_each_once(world: World) -> None:
    client = signed_in(holds_many(world, 60))
    listed = walked(client, reverse("my-access", args=[QPP]), PLACE)
    assert [len(page) for page in listed] == [25, 25, 11]
    others = ["Bluebell Clinic", "Cedar Valley Family Practice"]
    assert sorted(name for page in listed for name in page) == [
        *others,
        *(f"Prairie Practice {one:02}" for one in range(59)),
    ]


@pytest.mark.requirement("QPP-10")
def test_my_access_is_searched_by_organization_and_says_when_none_matches(world: World) -> None:
    client = signed_in(holds_many(world, 30))
    address = reverse("my-access", args=[QPP])
    assert 'name="search"' in text_at(client, address)
    assert re.findall(PLACE, text_at(client, f"{address}?search=bluebell")) == ["Bluebell Clinic"]
    nothing = text_at(client, f"{address}?search=nowhere")
    assert "You hold no role at such an organization" in nothing
    assert f'href="{address}"' in nothing
    assert 'name="search"' not in text_at(signed_in(world.owen), address)


def test_home_shows_the_first_of_many_roles_and_leads_to_the_others(world: World) -> None:
    home = text_at(signed_in(holds_many(world, 30)), reverse("home", args=[QPP]))
    assert len(re.findall(PLACE, home)) == 10
    assert "See all that you hold on My Access" in home
    assert "See all that you hold" not in text_at(signed_in(world.owen), reverse("home", args=[QPP]))


def test_the_pages_of_what_one_holds_are_together_what_one_holds(world: World) -> None:
    stella, at = holds_many(world, 7).account, clock.now()
    rows: list[object] = []
    after: str | None = None
    while True:
        page = my_access_page(stella, QPP, at, after=after, limit=3)
        rows += page.rows
        after = page.next_after
        if after is None:
            break
    assert tuple(rows) == my_access(stella, QPP, at)


def test_manage_access_leads_to_ones_other_requests_where_more_wait_than_it_lists(world: World) -> None:
    client, address = signed_in(world.owen), reverse("manage-access", args=[QPP])
    places = people.practices(26, "Seaside Practice", world.start)
    for place in places[:25]:
        ask(world.owen, place, world.start)
    leads = f'<a href="{reverse("my-requests", args=[QPP])}?state=pending">'
    assert leads not in text_at(client, address)
    ask(world.owen, places[25], world.start)
    assert leads in text_at(client, address)


@pytest.mark.invariant("I12")
def test_the_page_of_a_person_lists_hundreds_of_roles_and_requests_a_page_at_a_time_each_once(
    world: World,
) -> None:
    stella = holds_many(world, 60)
    for place in people.practices(30, "Seaside Practice", world.start):
        ask(stella, place, world.start)
    client = signed_in(steward_of(world))
    address = reverse("steward-person", args=[QPP, stella.account.public_id])
    page = text_at(client, address)
    assert ("61 roles" in page, "31 requests" in page) == (True, True)
    roles, requests = (one for one in next_of(page))
    listed = [page, *(text_at(client, one.partition("#")[0]) for one in (roles, *_later(client, roles)))]
    assert [len(re.findall(ROLE, one)) for one in listed] == [25, 25, 11]
    assert len({name for one in listed for name in re.findall(ROLE, one)}) == 61
    second = text_at(client, requests.partition("#")[0])
    asked = [re.findall(ASKED, one) for one in (page, second)]
    assert ([len(one) for one in asked], len({*asked[0], *asked[1]})) == ([25, 6], 31)


def _later(client: Client, address: str) -> list[str]:
    """The address of the third page of roles."""
    return [one for one in next_of(text_at(client, address.partition("#")[0])) if one.endswith("#roles")]


def test_what_a_person_holds_and_asked_for_is_found_by_organization(world: World) -> None:
    stella = holds_many(world, 30)
    [place] = people.practices(1, "Seaside Practice", world.start)
    ask(stella, place, world.start)
    client = signed_in(steward_of(world))
    address = reverse("steward-person", args=[QPP, stella.account.public_id])
    found = text_at(client, f"{address}?search=bluebell")
    assert re.findall(ROLE, found) == ["Bluebell Clinic"]
    assert "None of their requests names such an organization" in found
    asked = text_at(client, f"{address}?search=seaside")
    assert re.findall(ASKED, asked) == ["Seaside Practice 00"]
    assert "They hold no role at such an organization" in asked
    few = reverse("steward-person", args=[QPP, world.owen.account.public_id])
    assert 'name="search"' not in text_at(client, few)


@pytest.mark.django_db
@pytest.mark.requirement("IQCS-04")
def test_the_page_of_a_person_lists_their_codes_with_what_they_reach() -> None:
    iqcs.begin(LATELY)
    mona = iqcs.holder(MANAGER, "FWS-R6-BNR", "Mona Manager", at=LATELY)
    for code in ("FWS", "USAF-ACC"):
        iqcs.gives_access(mona, code, at=LATELY)
    steward = grants.steward("Stella Steward", PROGRAM, LATELY)
    page = text_at(browser(steward), reverse("steward-person", args=[PROGRAM, mona.public_id]))
    assert "3 codes" in page
    assert re.findall(r"(FWS|USAF-ACC|FWS-R6-BNR)(?: with lower levels)?<", page) == [
        "FWS",
        "FWS-R6-BNR",
        "USAF-ACC",
    ]


@pytest.mark.django_db
@pytest.mark.requirement("IQCS-04")
def test_codes_are_listed_a_page_at_a_time_and_found_by_their_organization() -> None:
    iqcs.begin(LATELY)
    mona = iqcs.holder(MANAGER, "FWS-R6-BNR", "Mona Manager", at=LATELY)
    for code in ("FWS", "FWS-R6", "USAF-ACC"):
        iqcs.gives_access(mona, code, at=LATELY)
    first = my_codes_page(mona, PROGRAM, LATELY, limit=3)
    assert [one.organization_code for one in first.rows] == ["FWS", "FWS-R6", "FWS-R6-BNR"]
    [last] = my_codes_page(mona, PROGRAM, LATELY, after=first.next_after, limit=3).rows
    assert last.organization_code == "USAF-ACC"
    page = text_at(browser(mona), f"{reverse('my-access', args=[PROGRAM])}?search=combat")
    assert "USAF-ACC" in page
    assert "FWS-R6-BNR" not in page
