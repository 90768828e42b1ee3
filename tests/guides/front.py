"""The four pictures of the README."""

from collections.abc import Callable

from playwright.sync_api import Page

from rolebook.cli.server.demo_world.cast import MARIA, RAY, ROSA
from tests.guides.people import sign_in
from tests.guides.walking import Walk

_SCREEN = {"width": 1280, "height": 760}


def walk(walk: Walk, open_page: Callable[..., Page]) -> None:
    """Take them."""
    page = open_page(**_SCREEN)
    sign_in(page, MARIA)
    walk.picture(page, "home", height=760)
    page.goto("/qpp/manage-access/")
    walk.picture(page, "pending-requests", height=760)
    page = open_page(**_SCREEN)
    sign_in(page, ROSA, "iqies")
    page.goto("/iqies/role-matrix/")
    page.get_by_role("heading", name="Table 4").evaluate(
        "heading => heading.closest('section, .card').scrollIntoView()"
    )
    walk.picture(page, "role-matrix", height=760)
    page = open_page(**_SCREEN)
    sign_in(page, RAY, "iqcs")
    page.goto("/iqcs/reviews/")
    page.get_by_role("main").get_by_role("link", name="Answer").first.click()
    judged = page.locator("[data-account]").filter(has=page.locator(".advice")).first
    judged.evaluate("card => card.scrollIntoView()")
    walk.picture(page, "review", height=760)
