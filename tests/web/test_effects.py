"""Whoever takes power away reads that it takes effect, and that it is confirmed once no decision point may say yes."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from rolebook.accounts.models import Client
from rolebook.audit import clock, followers, tags
from rolebook.audit.models import Event
from tests.support.people import Person
from tests.web.worlds import QPP, World, signed_in, steward_of

TAKEN = [tags.ACCESS_REMOVED.name, tags.PARTICIPATION_STATUS_CHANGED.name, tags.CLIENT_REVOKED.name]
pytestmark = [pytest.mark.django_db, pytest.mark.requirement("QPP-10"), pytest.mark.invariant("I10")]


@pytest.fixture
def steward(world: World) -> Person:
    """A steward of QPP."""
    return steward_of(world, "Sten Steward", "sten")


def text(answer: Any) -> str:
    return " ".join(unescape(strip_tags(answer.content.decode())).split())


def _removed(world: World, steward: Person) -> str:
    signed_in(world.maria).post(
        reverse("remove-access", args=[QPP, world.cedar.public_id, world.stella.account.public_id])
    )
    return "Stella Stone's access at Cedar Valley Family Practice was removed"


def _closed(world: World, steward: Person) -> str:
    address = reverse("person-status", args=[QPP, world.nora.account.public_id, "close"])
    signed_in(steward).post(address, {"reason": "Left the practice"})
    return "Nora Newell's account was closed"


def _revoked(world: World, steward: Person) -> str:
    browser = signed_in(steward)
    browser.post(reverse("applications", args=[QPP]), {"name": "Portal"})
    browser.post(reverse("revoke-application", args=[QPP, Client.objects.get().public_id]))
    return "The token of Portal was taken away"


@pytest.mark.parametrize("take_away", [_removed, _closed, _revoked])
def test_it_is_confirmed_only_when_no_decision_point_answers_from_before(
    world: World, steward: Person, take_away: Callable[[World, Person], str]
) -> None:
    behind = followers.register(kind="decision point", name="behind", lease_seconds=600, at=clock.now())
    said = take_away(world, steward)
    event = Event.objects.filter(tag__in=TAKEN).latest("sequence")
    browser = signed_in(world.maria if take_away is _removed else steward)
    address = reverse("effect", args=[QPP, event.sequence])
    waiting = text(browser.get(address))
    assert said in waiting
    assert "Taking effect." in waiting
    assert "Confirmed everywhere" not in waiting
    # Asked every second by the page, it says nothing until there is something to say.
    assert browser.get(address, headers={"HX-Request": "true"}).status_code == 204
    followers.deregister(behind)
    assert "Confirmed everywhere." in text(browser.get(address))
    part = browser.get(address, headers={"HX-Request": "true"})
    assert (part.status_code, "Confirmed everywhere." in text(part)) == (200, True)
    assert re.search(r"It took (less than )?0\.[1-9] seconds\.|It took [1-9]\d*\.\d seconds\.", text(part))
    assert signed_in(world.owen).get(address).status_code == 404
