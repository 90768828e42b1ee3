"""People, duplicates, merging and vouching in a browser: axe finds nothing, nothing is wider than the screen."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from rolebook.accounts.person_models import Recovery
from rolebook.audit import clock
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations
from tests.web.worlds import steward_of, user

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1280, 390])
def test_a_steward_closes_somebody_and_an_official_sees_a_lost_second_factor(
    site: Site, open_page: OpenPage, width: int
) -> None:
    world, now = site.world, clock.now()
    sten = steward_of(world, "Sten Steward", "sten")
    twin = user("Uma Underwood", "uma2", world.start)
    lost = Recovery.objects.create(
        account=world.stella.account,
        address=world.stella.account.email,
        asked_at=now - timedelta(hours=2),
        expires_at=now + timedelta(days=6),
        cancel_hash="0" * 64,
    )
    page = open_page(sten, width=width)
    found: list[str] = []
    pair = f"{world.stella.account.public_id}/{twin.account.public_id}"
    for address in (
        "/qpp/people/",
        "/qpp/people/?search=nobody-at-all",
        f"/qpp/people/{world.henry.account.public_id}/",
        f"/qpp/people/{world.henry.account.public_id}/status/close/",
        f"/qpp/people/{world.nora.account.public_id}/other-account/?user_id=nobody",
        "/qpp/people/duplicates/",
        f"/qpp/people/duplicates/{pair}/",
        "/security/other-account/",
    ):
        page.goto(address)
        found += violations(page)
    page.goto(f"/qpp/people/{world.henry.account.public_id}/status/close/")
    page.get_by_label("Reason").fill("Left the clinic")
    page.get_by_role("button", name="Yes, close").click()
    expect(page.get_by_role("status")).to_contain_text("Henry Hill's account was closed")
    expect(page.get_by_role("status")).to_contain_text("Confirmed everywhere")
    found += violations(page)
    official = open_page(world.maria, width=width)
    official.goto("/qpp/")
    found += violations(official)
    official.get_by_role("link", name="Stella Stone lost their second factor").click()
    found += violations(official)
    official.get_by_role("button", name="Vouch for Stella Stone").click()
    found += violations(official)
    expect(official.get_by_role("alert")).to_contain_text("Choose how you made sure.")
    stranger = open_page(width=width)
    for address in ("/new-second-factor/guessed/", "/not-me/guessed/"):
        stranger.goto(address)
        found += violations(stranger)
    assert found == []
    assert Recovery.objects.get(pk=lost.pk).state == "asked"
