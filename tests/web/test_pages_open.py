"""Every page opens for those whom it is for."""

import pytest
from django.urls import reverse

from tests.web.worlds import QPP, World, signed_in

PLAIN = ("home", "manage-access", "my-access", "my-requests", "request-a-role", "help")


@pytest.mark.parametrize("page", PLAIN)
@pytest.mark.parametrize("who", ["maria", "henry", "stella", "nora", "uma"])
def test_every_plain_page_opens_for_everybody_in_the_program(world: World, who: str, page: str) -> None:
    answer = signed_in(getattr(world, who)).get(reverse(page, args=[QPP]))
    assert answer.status_code == 200
    assert answer.content.count(b"<h1") == 1
