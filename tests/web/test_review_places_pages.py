"""Under which organization a review's page lists people, where roles are held at organizations: one's own alone."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from rolebook.accounts.models import Organization
from rolebook.audit import clock
from rolebook.governance.flows.open_review import open_review
from rolebook.governance.models import ReviewCampaign
from tests.support import grants, people
from tests.support.people import COMMAND
from tests.web.counted_statements import MOST, statements
from tests.web.worlds import QPP, World, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("IQCS-12")]


@pytest.fixture
def third(world: World) -> Organization:
    """A practice without an official; Stella is staff of all three, Uma of it and of Hilltop."""
    place = people.practice("Fox Run", "61-0000001", world.start)
    for somebody, where in ((world.stella, (world.hilltop, place)), (world.uma, (world.hilltop, place))):
        for one in where:
            grants.placed(somebody.account, grants.STAFF, one, at=world.start)
    return place


@pytest.fixture
def campaign(third: Organization) -> ReviewCampaign:
    """The yearly review, which asks about all of it."""
    return open_review(
        acting_user=None,
        program_id=third.program_id,
        review_id="yearly_review",
        at=clock.now(),
        origin=COMMAND,
    )


def headings(client: Client, campaign: ReviewCampaign, **narrowed: str) -> list[str]:
    """Return the organizations under which the page lists people."""
    page = client.get(reverse("review", args=[QPP, campaign.public_id]), narrowed).content.decode()
    found = re.findall(r'<h2 class="review-place">(.*?)</h2>', page, re.DOTALL)
    return [" ".join(strip_tags(one).split()) for one in found]


@pytest.mark.invariant("I1")
def test_no_page_of_a_review_names_an_organization_for_which_its_reviewer_does_not_answer(
    world: World, third: Organization, campaign: ReviewCampaign
) -> None:
    client = signed_in(world.henry)
    worklist = reverse("review", args=[QPP, campaign.public_id])
    addresses = [
        worklist,
        f"{worklist}?show=all&search=stella",
        reverse("review-account", args=[QPP, campaign.public_id, world.stella.account.public_id]),
        reverse("review-alike", args=[QPP, campaign.public_id]),
    ]
    for address in addresses:
        told = client.get(address).content.decode()
        assert [one.name for one in (world.cedar, third) if one.name in told or one.code in told] == []
        assert statements(client, address) <= MOST
    assert headings(client, campaign) == ["Hilltop Clinic (11-2223334)"]
    assert client.get(reverse("organization", args=[QPP, world.cedar.public_id])).status_code == 404


def test_who_answers_for_several_organizations_finds_people_under_one_of_these_and_under_the_chosen_one(
    world: World, third: Organization, campaign: ReviewCampaign
) -> None:
    grants.placed(world.henry.account, grants.OFFICIAL, third, at=world.start)
    client = signed_in(world.henry)
    assert headings(client, campaign) == ["Hilltop Clinic (11-2223334)"]
    chosen = campaign.places.get(organization=third)
    assert headings(client, campaign, place=str(chosen.pk)) == ["Fox Run (61-0000001)"]
