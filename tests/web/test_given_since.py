"""What the page of a request says of what it gave, once some of that has ended."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rolebook.accounts.models import Organization
from rolebook.audit import clock
from rolebook.governance.flows import decide_stage, remove_access, request_role
from rolebook.governance.flows.merge_accounts import merge_accounts
from rolebook.governance.models import Request
from tests.support import people
from tests.web.counted_statements import statements
from tests.web.reading import text
from tests.web.worlds import QPP, World, signed_in, steward_of

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("QPP-10")]


@pytest.fixture
def given(world: World) -> Request:
    """The request that gave Stella her role."""
    return Request.objects.get(beneficiary=world.stella.account)


def removed(official: people.Person, place: Organization, person: people.Person) -> None:
    """Let an official remove what somebody holds at a practice."""
    remove_access(
        acting_user=official.account,
        program_id=QPP,
        organization_id=place.public_id,
        beneficiary_id=person.account.public_id,
        at=clock.now() - timedelta(days=2),
        origin=people.WEB,
        reason="Left the practice",
    )


def page(person: people.Person, request: Request) -> str:
    return text(signed_in(person).get(reverse("request", args=[QPP, request.public_id])))


def test_an_approved_request_says_nothing_of_an_end_while_what_it_gave_is_held(
    world: World, given: Request
) -> None:
    assert "nded since" not in page(world.stella, given)


def test_whose_access_was_removed_reads_it_on_the_request_that_gave_it(world: World, given: Request) -> None:
    removed(world.maria, world.cedar, world.stella)
    shown = page(world.stella, given)
    assert "Ended since</span>" in shown
    assert "Staff User at Cedar Valley Family Practice, on " in shown
    assert "it was removed." in shown
    assert reverse("my-history", args=[QPP]) in shown
    # Offices, not persons, and no private reasons (decision 33).
    assert "Maria" not in shown
    assert "Left the practice" not in shown


def test_officials_read_who_removed_what_a_request_gave_and_why(world: World, given: Request) -> None:
    removed(world.maria, world.cedar, world.stella)
    for official in (world.maria, world.owen, steward_of(world)):
        shown = page(official, given)
        assert "it was removed, by Maria Alvarez." in shown
        assert "Reason: Left the practice" in shown
        assert reverse("person-history", args=[QPP, world.stella.account.public_id]) in shown


@pytest.fixture
def of_both(world: World) -> Request:
    """Uma's request for a role at both practices, both of which approved it."""
    both = request_role(
        acting_user=world.uma.account,
        program_id=QPP,
        role_id="staff_user",
        organization_ids=[world.cedar.public_id, world.hilltop.public_id],
        reason="",
        at=world.start + timedelta(days=3),
        origin=people.WEB,
    )
    for official, place in ((world.maria, world.cedar), (world.henry, world.hilltop)):
        stage = both.stages.get(organization=place)
        decide_stage(
            acting_user=official.account,
            program_id=QPP,
            stage_id=stage.public_id,
            verdict="approved",
            shown_version=stage.request_version,
            shown_hash=stage.items_hash,
            at=world.start + timedelta(days=4),
            origin=people.WEB,
        )
    return both


def test_a_request_for_several_organizations_says_at_which_its_role_ended(
    world: World, of_both: Request
) -> None:
    removed(world.maria, world.cedar, world.uma)
    shown = page(world.uma, of_both)
    assert "1 of 2 ended since" in shown
    assert shown.count(">ended since, ") == 1
    assert "nded since" not in page(world.henry, of_both)


def test_what_a_merge_carried_on_has_not_ended_before_the_remaining_account_lost_it(
    world: World, given: Request
) -> None:
    merge_accounts(
        acting_user=steward_of(world).account,
        program_id=QPP,
        kept_id=world.uma.account.public_id,
        closed_id=world.stella.account.public_id,
        shown=None,
        reason="both told me so",
        at=clock.now() - timedelta(days=3),
        origin=people.WEB,
    )
    assert "nded since" not in page(world.maria, given)
    removed(world.maria, world.cedar, world.uma)
    assert "Ended since" in page(world.maria, given)


@pytest.mark.invariant("I12")
def test_the_page_makes_as_many_statements_however_much_of_what_was_given_has_ended(
    world: World, of_both: Request
) -> None:
    client = signed_in(world.uma)
    address = reverse("request", args=[QPP, of_both.public_id])
    before = statements(client, address)
    removed(world.maria, world.cedar, world.uma)
    first = statements(client, address)
    removed(world.henry, world.hilltop, world.uma)
    assert statements(client, address) == first <= before + 2
