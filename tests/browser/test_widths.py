"""Between a phone and a desk, too, no page is wider than the screen: a tablet, or a desk with larger letters."""

import pytest

from tests.browser.conftest import OpenPage, Site

pytestmark = pytest.mark.browser
BETWEEN = (1240, 1160, 1024, 900, 768, 641)


def test_what_an_official_works_with_fits_screens_of_every_width(site: Site, open_page: OpenPage) -> None:
    page = open_page(site.world.maria)
    wider = []
    users = f"/qpp/organizations/{site.world.cedar.public_id}/users/"
    for address in ("/qpp/", "/qpp/manage-access/", users, f"/qpp/requests/{site.world.waiting.public_id}/"):
        page.goto(address)
        for width in BETWEEN:
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wider.append((address, width))
    assert wider == []
