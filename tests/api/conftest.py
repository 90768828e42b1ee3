"""The world in which calls are tested."""

import pytest

from tests.support.people import Person
from tests.web.worlds import World, make_world, steward_of


@pytest.fixture
def world(db: None) -> World:
    """Two practices with their people; see tests/web/worlds.py."""
    return make_world()


@pytest.fixture
def steward(world: World) -> Person:
    """A steward of QPP."""
    return steward_of(world, "Sten Steward", "sten")
