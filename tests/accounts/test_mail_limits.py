"""Mails with codes: what one network, and all strangers together, can have mailed to a mailbox (fault 38)."""

from datetime import timedelta
from pathlib import Path

import pytest

from rolebook.accounts import throttling
from rolebook.accounts.flows.registration import limit_mails
from rolebook.accounts.throttling import Limit, TooManyAttempts
from rolebook.audit.recording import Origin
from tests.support.people import START

pytestmark = [pytest.mark.django_db, pytest.mark.fault(38)]
DOCS = Path(__file__).parents[2] / "docs"
HOUR = timedelta(hours=1)


def mailed(network: str, number: int, mailbox: str = "ana@example.org", *, known: bool = False) -> int:
    """How many of so many mails in a day, evenly spread, are let through from a network."""
    done = 0
    for one in range(number):
        try:
            limit_mails(
                mailbox, Origin("web", address=network), START + one * 23 * HOUR / number, known_browser=known
            )
        except TooManyAttempts:
            continue
        done += 1
    return done


def test_one_network_has_a_mailbox_mailed_a_few_codes_a_day_and_the_owner_elsewhere_gets_one() -> None:
    assert mailed("192.0.2.1", 60) == throttling.MAIL_BY_SOURCE_AND_ADDRESS_A_DAY.attempts
    assert mailed("2001:db8::1", 30) + mailed("2001:db8::2", 30) == 8
    assert mailed("198.51.100.9", 1) == 1


def test_many_networks_use_up_a_mailbox_but_not_what_a_known_browser_gets() -> None:
    let_through = sum(mailed(f"192.0.2.{one}", 8) for one in range(9))
    assert let_through == throttling.MAIL_BY_ADDRESS.attempts
    assert mailed("198.51.100.9", 1) == 0
    assert mailed("198.51.100.9", 1, known=True) == 1


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (throttling.MAIL_BY_SOURCE, "30 codes mailed an hour"),
        (throttling.MAIL_BY_SOURCE_AND_ADDRESS, "5 an hour"),
        (throttling.MAIL_BY_SOURCE_AND_ADDRESS_A_DAY, "8 a day to one mailbox"),
        (throttling.MAIL_BY_ADDRESS, "50 a day to one mailbox"),
    ],
)
def test_the_hostile_reading_names_the_limits_that_hold(limit: Limit, said: str) -> None:
    assert said.startswith(f"{limit.attempts} ")
    assert ("a day" in said) == (limit.seconds == 24 * 3600)
    assert said in (DOCS / "security" / "hostile-reading.md").read_text()
