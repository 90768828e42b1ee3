"""Organization pages: who sees one, what it says, and how stewards find, change, move and close them."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from rolebook.accounts.models import Organization
from rolebook.audit.models import Event
from rolebook.governance.flows.edit_organization import edit_organization
from rolebook.governance.organization_record import Typed
from tests.support import people
from tests.web.reading import text_at
from tests.web.worlds import QPP, World, signed_in, steward_of


@pytest.fixture
def steward(world: World) -> Client:
    return signed_in(steward_of(world))


def address(name: str, *parts: object) -> str:
    return reverse(name, args=[QPP, *parts])


def recode(world: World, **typed: str) -> None:
    edit_organization(
        acting_user=None,
        program_id=QPP,
        organization_id=world.cedar.public_id,
        typed=Typed(
            typed.get("name", "Maple Practice"), typed.get("code", "52-1830045"), {"tin": "52-1830045"}
        ),
        at=world.start,
        origin=people.COMMAND,
    )


@pytest.mark.requirement("QPP-06")
@pytest.mark.invariant("I1", "I3")
@pytest.mark.fault(1)
def test_a_foreign_organization_looks_exactly_as_one_that_does_not_exist(world: World) -> None:
    nobody = signed_in(world.uma)
    foreign = nobody.get(address("organization", world.cedar.public_id))
    missing = nobody.get(address("organization", world.uma.account.public_id))
    assert foreign.status_code == missing.status_code == 404
    pages = [
        re.sub(r'(csrfmiddlewaretoken" value|X-CSRFToken&quot;: &quot;)[^>]*', "", answer.content.decode())
        for answer in (foreign, missing)
    ]
    assert pages[0] == pages[1].replace(str(world.uma.account.public_id), str(world.cedar.public_id))
    assert signed_in(world.henry).get(address("organization", world.cedar.public_id)).status_code == 404


@pytest.mark.requirement("QPP-06", "QPP-12", "IQIES-06")
def test_officials_are_named_to_who_may_view_users_and_to_nobody_else(world: World) -> None:
    url = address("organization", world.cedar.public_id)
    shown = text_at(signed_in(world.maria), url)
    assert "Owen Brandt" in shown
    assert address("organization-users", world.cedar.public_id) in shown
    told = text_at(signed_in(world.stella), url)
    assert "Cedar Valley Family Practice" in told
    assert "52-1830045" in told
    assert "Owen Brandt" not in told
    assert address("organization-users", world.cedar.public_id) not in told
    hint = "has 1 Security Official"
    assert hint in text_at(signed_in(world.henry), address("organization", world.hilltop.public_id))
    assert hint not in shown


@pytest.mark.invariant("I3")
def test_no_page_of_the_stewards_is_there_for_anybody_else(world: World) -> None:
    official = signed_in(world.maria)
    one = world.cedar.public_id
    pages = [
        address("steward-organizations"),
        address("organizations-csv"),
        address("add-organization"),
        *(address(f"{act}-organization", one) for act in ("edit", "move", "close", "reopen")),
    ]
    for page in pages:
        assert official.get(page).status_code == 404
        assert official.post(page, {"name": "Mine"}).status_code in (404, 405)
    assert not Event.objects.filter(
        tag__startswith="organization:", actor_id=world.maria.account.public_id
    ).exists()
    assert address("steward-organizations") not in text_at(official, address("home"))


def test_the_list_gives_a_number_once_where_it_is_the_code_too(world: World, steward: Client) -> None:
    listed = " ".join(strip_tags(text_at(steward, address("steward-organizations"))).split())
    assert "Cedar Valley Family Practice TIN 52-1830045" in listed
    recode(world, code="cedar-2")
    assert "Maple Practice cedar-2 · TIN 52-1830045" in " ".join(
        strip_tags(text_at(steward, address("steward-organizations"))).split()
    )


def test_the_list_finds_by_a_former_code_and_says_so(world: World, steward: Client) -> None:
    recode(world, code="cedar-2")
    shown = text_at(steward, address("steward-organizations") + "?search=52-1830045")
    assert "Maple Practice" in shown
    assert "Hilltop" not in shown
    edit_organization(
        acting_user=None,
        program_id=QPP,
        organization_id=world.cedar.public_id,
        typed=Typed("Maple Practice", "cedar-3", {"tin": "52-1830045"}),
        at=world.start,
        origin=people.COMMAND,
    )
    assert "Found by its former code <bdi>cedar-2</bdi>" in text_at(
        steward, address("steward-organizations") + "?search=cedar-2"
    )
    assert "Cedar Valley Family Practice" in text_at(steward, address("organization", world.cedar.public_id))


def test_the_list_is_paged_by_name_filtered_by_state_and_leaves_nobody_out(
    world: World, steward: Client
) -> None:
    for number in range(30):
        people.practice(f"Practice {number:02}", at=world.start)
    Organization.objects.filter(pk=world.hilltop.pk).update(closed_at=world.start)
    first = text_at(steward, address("steward-organizations"))
    [after] = {part.split('"')[0] for part in first.split('href="') if "after=" in part.split('"')[0]}
    second = text_at(steward, after.replace("&amp;", "&"))
    for number in range(30):
        assert (f"Practice {number:02}" in first) != (f"Practice {number:02}" in second)
    assert "Hilltop" not in first + second
    assert "Hilltop" in text_at(steward, address("steward-organizations") + "?state=closed")


@pytest.mark.fault(49, 50)
def test_the_file_of_the_list_is_one_that_an_import_reads_and_changes_nothing(
    world: World, steward: Client
) -> None:
    from rolebook.accounts.flows.organizations import import_organizations

    recode(world, name="=HYPERLINK(1)")
    answer = steward.get(address("organizations-csv"))
    data = b"".join(answer)
    assert b"'=HYPERLINK(1)" in data
    recode(world, name="Plain Practice")
    data = b"".join(steward.get(address("organizations-csv")))
    report = import_organizations(
        acting_user=None,
        program_id=QPP,
        data=data,
        file="export.csv",
        at=world.start,
        origin=people.COMMAND,
        dry_run=True,
    )
    assert (report.created, report.changed, report.unchanged) == ((), (), 2)


def test_an_organization_is_added_with_a_contact_and_what_is_wrong_stands_beside_its_field(
    world: World, steward: Client
) -> None:
    typed = {
        "kind": "practice",
        "name": "Elm Street",
        "code": "elm",
        "tin": "12-34",
        "contact-0-name": "Billing office",
    }
    refused = steward.post(address("add-organization"), typed)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Enter a TIN such as 00-1234567." in page
    assert "Give an e-mail address or a telephone number." in page
    assert 'value="Elm Street"' in page
    done = steward.post(
        address("add-organization"), {**typed, "tin": "12-3456789", "contact-0-phone": "410-555-0100"}
    )
    assert done.status_code == 303
    assert "410-555-0100" in text_at(steward, done["Location"])


@pytest.mark.invariant("I4")
def test_closing_says_what_it_does_asks_and_is_confirmed(world: World, steward: Client) -> None:
    one = world.cedar.public_id
    page = text_at(steward, address("close-organization", one))
    assert "3 people hold here answers no" in page
    assert "1 request that waits here goes back" in page
    shown = page.split('name="shown" value="')[1].split('"')[0]
    done = steward.post(address("close-organization", one), {"shown": shown, "reason": "Merged into Hilltop"})
    assert done.status_code == 303
    assert "was closed" in text_at(steward, done["Location"])
    assert signed_in(world.maria).get(address("organization", one)).status_code == 404
    stale = steward.post(address("reopen-organization", one), {"shown": shown})
    assert stale.status_code == 409
    assert "Something changed while you were looking" in stale.content.decode()


def test_a_browser_that_only_looks_changes_nothing(world: World, steward: Client) -> None:
    steward.get(address("home"))  # the session's first page is on record
    before = Event.objects.count()
    for act in ("edit", "move", "close", "reopen"):
        steward.get(address(f"{act}-organization", world.cedar.public_id))
    assert Event.objects.count() == before
