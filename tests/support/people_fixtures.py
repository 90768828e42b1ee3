"""Fixtures of people in states (see tests/support/people.py). Imports Django only when one is used."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rolebook.accounts.models import Organization
    from tests.support.people import Mails, Person


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords(pytestconfig: pytest.Config) -> Iterator[None]:
    """Let hashing cost no time where Django is there; what a hash says is judged as always."""
    if not pytestconfig.pluginmanager.has_plugin("django"):
        yield
        return
    from django.test import override_settings

    from tests.support.hashing import QUICK

    with override_settings(PASSWORD_HASHERS=[QUICK]):
        yield


@pytest.fixture
def qpp(db: None) -> str:
    """QPP's rolebook, in force; gives the program id."""
    from tests.support import people

    people.activate("qpp")
    return "qpp"


@pytest.fixture
def mails() -> "Mails":
    """What flows wanted to be mailed about accounts."""
    from tests.support import people

    return people.Mails()


@pytest.fixture
def new_user(db: None) -> "Person":
    """Somebody without a second factor yet."""
    from tests.support import people

    return people.new_user()


@pytest.fixture
def user_with_totp(db: None) -> "Person":
    """Somebody who can sign in, and holds no role."""
    from tests.support import people

    return people.user_with_totp()


@pytest.fixture
def practice(qpp: str) -> "Organization":
    """A practice of QPP."""
    from tests.support import people

    return people.practice()
