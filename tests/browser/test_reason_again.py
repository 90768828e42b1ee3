"""A reason past the browser's own limit comes back in its row, accessible, with what was typed (QPP-07)."""

import pytest
from playwright.sync_api import expect

from rolebook.governance.models import Outcome
from tests.browser.conftest import OpenPage, Site
from tests.browser.test_accessibility import violations

pytestmark = pytest.mark.browser
LONG = ("Not with us. " * 200).strip()


@pytest.mark.requirement("QPP-07")
def test_a_reason_that_is_too_long_is_shortened_where_it_was_typed(site: Site, open_page: OpenPage) -> None:
    for width in (390, 1280):
        page = open_page(site.world.maria, width=width)
        page.goto("/qpp/manage-access/")
        page.get_by_text("Give a reason").first.click()
        field = page.get_by_label("Reason for a denial")
        field.evaluate("(field, text) => { field.removeAttribute('maxlength'); field.value = text; }", LONG)
        page.get_by_role("button", name="Deny Nora Newell").click()
        again = page.get_by_label("Reason (optional; Nora Newell reads it)")
        expect(again).to_have_value(LONG)
        expect(again).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_text("The reason is too long")).to_be_visible()
        assert violations(page) == []
        if width == 1280:
            again.fill("Not with us.")
            page.get_by_role("button", name="Deny Nora Newell").click()
            expect(page.get_by_text("You denied Nora Newell").first).to_be_visible()
    assert Outcome.objects.get(request=site.world.waiting).reason == "Not with us."
