"""The world in which pages are tested."""

import logging
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.support.identity_provider import Provider, running_provider
from tests.web.identities import name_in_settings
from tests.web.worlds import World, make_world


@pytest.fixture
def world(db: None) -> World:
    """Two practices with their people; see tests/web/worlds.py."""
    return make_world()


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    """A running identity provider that the settings name; people call it HARP."""
    with running_provider() as running:
        name_in_settings(settings, running.settings())
        yield running


@pytest.fixture
def quiet_log(caplog: pytest.LogCaptureFixture) -> None:
    """The reasons for which answers of providers are refused are logged: not here."""
    caplog.set_level(logging.ERROR, logger="rolebook.web")
