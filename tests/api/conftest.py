"""The world in which calls are tested."""

import pytest

from tests.support.people import Person
from tests.web.worlds import World, designate, make_world, user


@pytest.fixture
def world(db: None) -> World:
    """Two practices with their people; see tests/web/worlds.py."""
    return make_world()


@pytest.fixture
def steward(world: World) -> Person:
    """A steward of QPP."""
    found = user("Sten Steward", "sten", world.start)
    designate(found, "steward", None, world.start)
    return found
