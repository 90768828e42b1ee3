"""What is agreed to at sign-in is what the page showed (QPP-01)."""

import re
from unittest import mock

import pytest
from django.test import Client, RequestFactory

from rolebook.accounts.throttling import TooManyAttempts
from rolebook.audit import clock
from rolebook.web.account import pages
from tests.support.people import PASSWORD, Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("qpp")]


@pytest.mark.requirement("QPP-01")
def test_who_was_shown_an_earlier_statement_is_shown_the_new_one_first(
    client: Client, user_with_totp: Person
) -> None:
    page = client.get("/qpp/sign-in/").content.decode()
    found = re.search(r'name="wording" value="(\w+)"', page)
    assert found is not None
    typed = {"user_id": user_with_totp.account.user_id, "password": PASSWORD, "agree": "on"}
    refused = client.post("/qpp/sign-in/", {**typed, "wording": "0" * 64})
    assert refused.status_code == 422
    assert "The Statement of Truth has changed" in refused.content.decode()
    assert client.post("/qpp/sign-in/", {**typed, "wording": found[1]}).status_code == 302


@pytest.mark.parametrize(("zones", "shown"), [(["America/New_York"], "E"), (["America/Denver"] * 2, "UTC")])
def test_when_to_try_again_is_said_in_the_programs_zone_and_never_in_anothers(
    zones: list[str], shown: str
) -> None:
    books = [mock.Mock(**{"program.zone": zone}) for zone in zones]
    request = RequestFactory().get("/")
    with (
        mock.patch.object(pages, "programs_in_force", return_value=books),
        mock.patch.object(pages, "render") as rendered,
    ):
        pages.too_many(request, "account/register.html", {}, TooManyAttempts(clock.now()))
    (sentence,) = rendered.call_args.args[2]["problems"]
    assert f" {shown}" in sentence
