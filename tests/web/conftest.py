"""The world in which pages are tested."""

import pytest

from tests.web.worlds import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """Two practices with their people; see tests/web/worlds.py."""
    return make_world()
