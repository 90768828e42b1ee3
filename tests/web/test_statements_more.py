"""Pages of reviews, reports, the past and stewards make as many statements for a long list as for a short one (I12)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from rolebook.audit import clock
from rolebook.governance.making_reports import ask_for_report, make_report
from rolebook.governance.models import ReviewCampaign
from tests.support import iqcs
from tests.support.iqcs import MANAGER, PROGRAM, place
from tests.support.people import LATELY
from tests.support.reviews import Agencies, agencies, opened, steward
from tests.web.counted_statements import (
    MOST,
    OF_A_REVIEWS_LEAD,
    OF_A_REVIEWS_STEWARD,
    names,
    statements,
)
from tests.web.test_review_pages import browser

pytestmark = [pytest.mark.django_db, pytest.mark.invariant("I12")]
UNITS = ("FWS-R6", "FWS-R6-BNR", "USAF-ACC", "USAF-ACC-1")
DAY = f"?day={LATELY + timedelta(days=90):%Y-%m-%d}"


def fill(first: int, number: int) -> None:
    """Let more people have a role, access and an employer."""
    for one in range(first, first + number):
        code = UNITS[one % len(UNITS)]
        iqcs.employed(iqcs.holder(MANAGER, code, f"Manager {one:02}", at=LATELY), code, at=LATELY)


def at(name: str, *parts: object) -> str:
    return reverse(name, args=[PROGRAM, *parts])


def of_a_lead(campaign: ReviewCampaign, world: Agencies) -> list[str]:
    mine = campaign.public_id
    unit = place("FWS-R6-BNR").public_id
    report = ask_for_report(acting_user=None, campaign=campaign, organization=place("FWS"), at=clock.now())
    make_report(report.pk, clock.now())
    return [
        at("home"),
        at("reviews"),
        at("review", mine),
        at("review", mine) + "?show=all&search=a",
        at("review", mine) + "?show=done",
        at("review-account", mine, world.fws_person.public_id),
        at("review-alike", mine),
        at("review-reports", mine),
        at("review-report", report.public_id),
        at("then-users", unit) + DAY,
        at("then-person", world.fws_person.public_id) + DAY,
        at("then-who-could") + f"{DAY}&privilege=responder_reports&organization={unit}",
        at("organization-users", unit),
        at("authorizations"),
        at("employers"),
        at("reactivations"),
        at("out-of-office"),
    ]


def of_a_steward(campaign: ReviewCampaign, world: Agencies) -> list[str]:
    return [
        at("home"),
        at("reviews"),
        at("review-progress", campaign.public_id),
        at("review-reports", campaign.public_id),
        at("review-quality", campaign.public_id),
        at("then") + DAY,
        at("then-person", world.fws_person.public_id) + DAY,
        at("applications"),
        at("inactivity"),
        at("mail-queue"),
        at("jobs"),
        at("steward-people"),
        at("steward-organizations"),
        at("audit"),
    ]


def in_a_dozen(address: str) -> bool:
    """Whether a page is one of a dozen statements while a review is open.

    View Users reads whose access reaches there, and the mail queue what waits of each kind, too.
    """
    return not any(part in address for part in ("/users/", "/mail-queue/"))


def most(address: str) -> int:
    """Return how many statements a page may make.

    For who is no steward, pages of the past also read at which organization, and how it stood, and what waited there.
    """
    return MOST + (2 if "/on-that-day/" in address else 0)


@pytest.mark.requirement("IQCS-12", "IQCS-13")
@pytest.mark.parametrize("who", ["lead", "steward"])
def test_a_page_makes_about_a_dozen_statements_and_no_more_for_a_longer_list(who: str) -> None:
    world = agencies(LATELY)
    fill(0, 3)
    opened_at = clock.now() - timedelta(hours=1)
    campaign = opened(opened_at, due_on=(opened_at + timedelta(days=30)).date())
    stella = steward(LATELY)
    client = browser(world.fws_lead if who == "lead" else stella)
    listed = of_a_lead if who == "lead" else of_a_steward
    addresses = listed(campaign, world)
    assert names(addresses) == (OF_A_REVIEWS_LEAD if who == "lead" else OF_A_REVIEWS_STEWARD)
    client.get(addresses[0])
    before = {address.split("?")[0]: statements(client, address) for address in addresses}
    fill(3, 22)
    after = {address.split("?")[0]: statements(client, address) for address in listed(campaign, world)}
    assert {one: number for one, number in after.items() if number > most(one) and in_a_dozen(one)} == {}
    # A list of several pages is counted, once, and a report that is made anew is looked for; no row costs anything.
    grown = {one: number - before[one] for one, number in after.items() if one in before}
    assert max(grown.values()) <= 1, grown
